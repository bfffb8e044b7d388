"""`orca-desk tidy`: what goes along is said first, what was deleted comes back, and space is freed."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from new_library import new_library
from tidy_library import fill

from orca_desk.cli import commands
from orca_desk.paths import bundled_models

LARGE = 2**20


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A closed library with something of every kind. What the tests delete, they bring back."""
    made = tmp_path_factory.mktemp("tidy") / "library"
    with new_library(made) as library:
        fill(library)
    return made


def tidy(folder: Path, *words: str) -> Result:
    return CliRunner().invoke(commands, ["tidy", *words, "--library", str(folder)])


def as_json(folder: Path, *words: str) -> Any:
    done = tidy(folder, *words, "--json")
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def _families(folder: Path) -> Any:
    done = CliRunner().invoke(commands, ["tasks", "families", "--library", str(folder), "--json"])
    return json.loads(done.stdout)


def test_a_deletion_says_what_goes_along_and_comes_back(folder: Path) -> None:
    would = tidy(folder, "delete", "training", "train-1", "--dry-run")
    assert "Also deleted, as it was made from it: 1 evaluation (evaluate-2)." in would.output
    assert "Would delete training train-1." in would.output
    refused = tidy(folder, "delete", "training", "train-1")
    assert refused.exit_code == 1 and "deletes more than that" in str(refused.exception)
    assert as_json(folder, "trash", "list") == []
    deleted = as_json(folder, "delete", "training", "train-1", "--yes")
    assert [one["id"] for one in deleted["along"]] == ["evaluate-2"]
    assert deleted["losing_their_adapter"] == ["evaluate-1"]
    listed = tidy(folder, "trash", "list")
    assert "training train-1" in listed.output
    back = tidy(folder, "trash", "restore", str(deleted["trash"]))
    assert back.output.strip() == "Restored 1 training."
    gone = tidy(folder, "trash", "restore", str(deleted["trash"]))
    assert gone.exit_code == 1 and "no longer in the trash" in str(gone.exception)


def test_a_chat_goes_whole_and_comes_back(folder: Path) -> None:
    deleted = tidy(folder, "delete", "chat", "chat-1")
    assert "Deleted chat Kites (chat-1)." in deleted.output
    back = tidy(folder, "trash", "restore", deleted.output.split()[-1])
    assert back.output.strip() == "Restored 1 chat."


def test_what_must_stay_says_why(folder: Path) -> None:
    done = tidy(folder, "delete", "record", "record-00001")
    assert done.exit_code == 1
    assert "1 record is frozen in the snapshot both." in done.output
    unknown = tidy(folder, "delete", "run", "train-99")
    assert unknown.exit_code == 1 and "There is no run train-99." in str(unknown.exception)


def test_a_kind_that_a_job_is_not_ends_in_a_sentence(folder: Path) -> None:
    for words in (["delete", "training"], ["delete", "checkpoints"], ["rename", "training"]):
        name = ["x"] if words[0] == "rename" else []
        done = tidy(folder, *words, "evaluate-1", *name)
        assert done.exit_code == 1 and "There is no training evaluate-1." in str(done.exception)


@pytest.mark.parametrize("days", ["-1", "nan", "inf", "1e300"])
def test_the_trash_is_not_emptied_by_a_limit_that_is_none(folder: Path, days: str) -> None:
    entry = as_json(folder, "delete", "evaluation", "evaluate-1")["trash"]
    assert tidy(folder, "trash", "empty", "--older-than", days).exit_code == 2
    assert [one["n"] for one in as_json(folder, "trash", "list")] == [entry]
    as_json(folder, "trash", "restore", str(entry))


def test_how_long_a_deletion_stays_in_the_trash_is_chosen(folder: Path) -> None:
    assert "in the trash for 30 days." in tidy(folder, "trash", "days").output
    assert as_json(folder, "trash", "days", "7") == {"days": 7, "deleted": 0}
    assert tidy(folder, "trash", "days", "-1").exit_code == 2
    assert "until it is emptied" in tidy(folder, "trash", "days", "0").output


def test_things_get_names_and_notes(folder: Path) -> None:
    assert tidy(folder, "rename", "snapshot", "both", "sums").output.endswith("is now called sums.\n")
    assert as_json(folder, "rename", "snapshot", "sums", "both")["before"] == "sums"
    assert tidy(folder, "rename", "training", "train-1", "checkpoint x").exit_code == 1
    assert as_json(folder, "note", "training", "train-1", "fast")["note"] == "fast"
    assert tidy(folder, "note", "training", "train-1").output == "fast\n"
    assert tidy(folder, "note", "training", "train-1", "").output == "There is no note on train-1.\n"
    (family,) = {one["family"] for one in _families(folder)}
    assert as_json(folder, "note", "family", family, "easy") == {"id": family, "note": "easy"}
    assert {one["note"] for one in _families(folder)} == {"easy"}
    assert "no family named none" in str(tidy(folder, "note", "family", "none").exception)
    model = str(bundled_models() / "mini-teacher" / "mini-teacher.gguf")
    assert as_json(folder, "note", "model", model, "small") == {"id": model, "note": "small"}
    assert "does not exist" in str(tidy(folder, "note", "model", f"{model}x").exception)


def test_sizes_are_told_by_kind_and_freed(folder: Path) -> None:
    cache, checkpoints = folder / "cache" / "unpacked-1-a", folder / "trainings" / "train-1" / "checkpoints"
    for place in (cache, checkpoints):
        place.mkdir(parents=True)
        (place / "model.gguf").write_bytes(bytes(LARGE))
    found = as_json(folder, "sizes")
    assert found["bytes"]["converted"] == found["bytes"]["checkpoints"] == LARGE
    assert found["total"] == sum(found["bytes"].values())
    suggested = {one["what"]: one for one in found["suggestions"]}
    assert suggested["converted"]["bytes"] == suggested["checkpoints"]["bytes"] == LARGE
    assert suggested.keys() == {"converted", "checkpoints"}, "a few bytes are no suggestion"
    told = tidy(folder, "sizes").output
    assert "They are re-created when a student is next trained or served" in told
    assert as_json(folder, "free", "converted", "checkpoints") == {"converted": LARGE, "checkpoints": LARGE}
    assert not cache.exists() and not checkpoints.exists()
    assert (folder / "trainings" / "train-1" / "adapter.gguf").exists()
    assert as_json(folder, "trash", "empty") == {"deleted": 0}
