"""`orca-desk records freeze` and what shows, compares and exports the snapshots that it makes."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from library_doubles import judged, make_record, make_task
from new_library import new_library

from orca_desk.cli import commands
from orca_desk.errors import UserError
from orca_desk.library.base_answers import BaseAnswer, add_base_answers
from orca_desk.library.database import Library
from orca_desk.library.new_records import add_records
from orca_desk.library.samples import add_samples, samples_in
from orca_desk.library.tasks import TaskFilter, add_tasks, iterate_tasks
from orca_desk.method.erasure import CAUTIOUS
from orca_desk.method.records import Task, question_key

STORY = (
    "On Monday the baker gave seven loaves to the school kitchen, four to the hospital and the rest to a "
    "family that had lost its house in the flood. How many loaves did the family get if he baked {}?"
)
HELD_OUT = Task(family="loaves", query=STORY.format("twenty"), answer="9", split="heldout")
NEAR = Task(family="loaves", query=STORY.format("thirty"), answer="9")


@pytest.fixture
def records(tmp_path: Path) -> Callable[..., Result]:
    """Run `orca-desk records ...` on six records of sums, two of words, and one that nearly overlaps."""
    tasks = [make_task(n, family="sums" if n < 7 else "words") for n in range(1, 9)]
    with new_library(tmp_path / "library") as library:
        add_tasks(library, [*tasks, HELD_OUT, NEAR])
        made = [
            make_record(n, task_id=task.id, family=task.family, user=task.user_text)
            for n, task in enumerate([*tasks, NEAR], start=1)
        ]
        add_records(library, [judged(record, n) for n, record in enumerate(made, start=1)])

    def run(*words: str) -> Result:
        arguments = ["records", *words, "--library", str(tmp_path / "library")]
        return CliRunner().invoke(commands, arguments, catch_exceptions=False)

    return run


def flat(result: Result) -> str:
    return " ".join(result.output.split())


def test_a_balanced_snapshot_shows_what_was_asked_for_beside_what_got_in(
    records: Callable[..., Result],
) -> None:
    made = json.loads(records("freeze", "even", "--balance", "even", "--total", "10", "--json").stdout)
    assert made["families"] == {"sums": 5, "words": 2}
    groups = made["account"]["mix"]["groups"]
    assert [(one["name"], one["asked"], one["taken"]) for one in groups] == [("sums", 5, 5), ("words", 5, 2)]
    shown = flat(records("freeze", "again", "--balance", "even", "--total", "10"))
    assert "Asked for and taken" in shown and "The same records are already frozen as even;" in shown


def test_a_preview_freezes_nothing_and_names_the_overlap(records: Callable[..., Result]) -> None:
    shown = flat(records("freeze", "x", "--weight", "words=2", "--preview"))
    assert "3 records of 9 would get in" in shown
    assert "words has the fewest records for its share" in shown
    assert "0 repeated exactly, 1 nearly." in shown
    assert f"like held-out task {HELD_OUT.id[:8]}" in shown
    seen = json.loads(records("freeze", "x", "--preview", "--json").stdout)
    assert (seen["records"], seen["left_out"]) == (8, {"near-overlap": 1})
    assert json.loads(records("snapshots", "--json").stdout) == []


def test_an_overlap_can_be_taken_and_that_is_recorded(records: Callable[..., Result]) -> None:
    refused = " ".join(records("freeze", "without").stderr.split())
    assert f"{NEAR.id[:8]} “" in refused and f"like held-out task {HELD_OUT.id[:8]}" in refused
    assert "gets in by --take-overlap TASK" in refused
    made = json.loads(records("freeze", "taken", "--take-overlap", NEAR.id[:8], "--json").stdout)
    assert made["records"] == 9
    found = json.loads(records("manifest", "taken").stdout)
    assert found["rules"]["overlaps_taken"] == [question_key(NEAR.user_text)]
    assert found["account"]["overlap"]["pairs"][0]["held_out_task"] == HELD_OUT.id
    assert json.loads(records("freeze", "all", "--overlap", "allow-near", "--json").stdout)["records"] == 9


def test_long_answers_are_limited(records: Callable[..., Result]) -> None:
    made = json.loads(records("freeze", "short", "--long-share", "0", "--long-over", "3", "--json").stdout)
    assert (made["records"], made["left_out"]["too-many-long"]) == (3, 5)


def test_a_freeze_says_which_own_families_hold_samples_too(
    records: Callable[..., Result], tmp_path: Path
) -> None:
    with Library.open(tmp_path / "library") as library:
        add_samples(library)
        sample = next(iterate_tasks(library, TaskFilter(family="words", ids=samples_in(library))))
        of_sample = replace(make_record(90), task_id=sample.id, family="words")
        add_records(library, [judged(of_sample, 90)])
    said = "Left out: 1 record of sample tasks in your own families (words). --with-samples takes them too."
    assert said in flat(records("freeze", "own"))
    assert "Left out" not in flat(records("freeze", "all", "--with-samples"))
    assert "Left out" not in flat(records("freeze", "words", "--family", "words"))


def test_tasks_that_a_measured_student_always_solves_are_left_out(
    records: Callable[..., Result], tmp_path: Path
) -> None:
    with pytest.raises(UserError, match="was not measured on the training tasks"):
        records("freeze", "x", "--learnable", "abc")
    answer = BaseAnswer(
        question=question_key(make_task(1).user_text),
        sample=0,
        response="1",
        correct=True,
        completion_tokens=1,
        finish_reason="stop",
    )
    with Library.open(tmp_path / "library") as library:
        add_base_answers(library, [answer], model="abcdef", system=CAUTIOUS, asked="", run=None)
    made = json.loads(records("freeze", "x", "--learnable", "abc", "--json").stdout)
    assert made["left_out"]["always-solved"] == 1
    assert made["account"]["mix"]["not_measured"] == 7
    kept = records("freeze", "y", "--learnable", "abc", "--with-always-solved", "--json")
    assert json.loads(kept.stdout)["records"] == 8


def test_an_export_has_its_manifest_beside_it(records: Callable[..., Result], tmp_path: Path) -> None:
    records("freeze", "first")
    assert "out.jsonl.manifest.json beside it" in flat(
        records("export", "first", str(tmp_path / "out.jsonl"))
    )
    beside = json.loads((tmp_path / "out.jsonl.manifest.json").read_text())
    assert beside["written"] == 8
    found = beside["snapshot"]
    assert found["records"] == len((tmp_path / "out.jsonl").read_text().splitlines()) == 8
    assert found["strategies"][0]["instruction"] == "Answer at once."
    written = json.loads(records("manifest", "first", str(tmp_path / "own.json"), "--json").stdout)
    assert written == {"written": str(tmp_path / "own.json")}
    assert json.loads((tmp_path / "own.json").read_text()) == found


def test_two_snapshots_are_compared(records: Callable[..., Result]) -> None:
    records("freeze", "all")
    records("freeze", "sums", "--family", "sums", "--cap", "4")
    found = json.loads(records("compare-snapshots", "all", "sums", "--json").stdout)
    assert (found["equal"], found["only_first"], found["only_second"]) == (4, 4, 0)
    assert [one["name"] for one in found["settings"]] == ["cap", "families"]
    shown = flat(records("compare-snapshots", "all", "sums"))
    assert "4 records in both, 4 only in all, 0 only in sums." in shown
    assert "Maximum per family" in shown
    records("freeze", "even", "--weight", "sums=2", "--overlap", "allow-near")
    shown = flat(records("compare-snapshots", "all", "even"))
    assert "weighted shares over families (sums 2)" in shown and "Refuse exact repeats only" in shown
    first, again = (
        json.loads(records("freeze", "same", "--cap", cap, "--json").stdout)["id"] for cap in "12"
    )
    shown = flat(records("compare-snapshots", first, again))
    assert f"0 only in same ({first[:8]}), 2 only in same ({again[:8]})." in shown


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--weight", "sums"), "'sums' is not a weight"),
        (("--weight", "sums=much"), "'sums=much' is not a weight"),
        (("--weight", "sums=-1"), "weight -1.0 of sums"),
        (("--weight", "sums=2", "--balance", "even"), "--weight has no effect"),
        (("--weight", "smus=2"), "no group named smus"),
        (("--take-overlap", "zzz"), "no task 'zzz'"),
        (("--long-over", "20"), "without a share"),
        (("--over", "strategy"), "--over has no effect"),
        (("--with-never-solved",), "--with-never-solved has no effect"),
        (("--family", "smus"), "no records of a family named smus"),
        (("--family", "smus", "--preview"), "no records of a family named smus"),
        (("--family", "loaves"), r"\(nearly a held-out question: 1\)"),
    ],
)
def test_a_mix_that_cannot_be_made_is_refused(
    records: Callable[..., Result], words: tuple[str, ...], sentence: str
) -> None:
    with pytest.raises(UserError, match=sentence):
        records("freeze", "x", *words)
