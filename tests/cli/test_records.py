"""`orca-desk records`: listing, comparing, reviewing, inspecting and freezing from a terminal."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from library_doubles import judged, make_record, make_task
from new_library import new_library

from orca_desk.cli import commands
from orca_desk.errors import UserError
from orca_desk.library.database import Library
from orca_desk.library.new_records import add_records
from orca_desk.library.pairings import set_pairings
from orca_desk.library.strategies import get_strategy
from orca_desk.library.tasks import add_tasks
from orca_desk.method.erasure import CAUTIOUS
from orca_desk.method.pairing import Pairing
from orca_desk.paths import bundled_models

STUDENT = str(bundled_models() / "mini-student")
CORRECT, INCORRECT = make_record(1), make_record(2, response="Answer: 7")


@pytest.fixture
def records(tmp_path: Path) -> Callable[..., Result]:
    """Run `orca-desk records ...` on a library with one correct and one incorrect record."""
    with new_library(tmp_path / "library") as library:
        add_tasks(library, [make_task(1), make_task(2)])
        add_records(library, [judged(CORRECT, 1), judged(INCORRECT, 2)])
        pairing = Pairing(family="sums", strategy="direct", evidence=(), reason="")
        set_pairings(library, [pairing], source="chosen")

    def run(*words: str) -> Result:
        arguments = ["records", *words, "--library", str(tmp_path / "library")]
        return CliRunner().invoke(commands, arguments, catch_exceptions=False)

    return run


def test_records_are_listed_by_verdict(records: Callable[..., Result]) -> None:
    listed = json.loads(records("list", "--incorrect", "--json").stdout)
    assert [each["record"]["id"] for each in listed["records"]] == [INCORRECT.id]
    assert "incorrect" in records("list").stdout


def test_a_record_is_shown_beside_its_training_record(records: Callable[..., Result]) -> None:
    shown = json.loads(records("show", CORRECT.id, "--json").stdout)
    assert shown["teacher"]["record"]["system"] == CORRECT.system
    assert shown["training"]["system"] == CAUTIOUS
    assert [part["state"] for part in shown["difference"]] == ["erased", "inserted", "kept", "kept"]
    assert "sums, direct (version 1): correct" in records("show", CORRECT.id).stdout


def test_the_inspected_spans_cover_all_tokens(records: Callable[..., Result]) -> None:
    seen = json.loads(records("inspect", CORRECT.id, "--student", STUDENT, "--json").stdout)
    assert seen["trained_tokens"] == sum(seen["mask"]) > 0
    assert seen["trained_tokens"] + seen["masked_tokens"] == len(seen["ids"])
    ends = [0, *(span["end"] for span in seen["spans"])]
    assert [span["start"] for span in seen["spans"]] == ends[:-1] and ends[-1] == len(seen["ids"])
    trained = {span["role"] for span in seen["spans"] if seen["mask"][span["start"]]}
    assert trained == {"assistant", "end"}


def test_a_dropped_record_is_left_out_of_a_snapshot(records: Callable[..., Result], tmp_path: Path) -> None:
    assert records("drop", CORRECT.id).stdout == "1 record: dropped.\n"
    assert records("keep", INCORRECT.id).stdout == "1 record: kept.\n"
    snapshot = json.loads(records("freeze", "reviewed", "--json").stdout)
    assert snapshot["records"] == 1
    written = tmp_path / "training.jsonl"
    assert records("export", "reviewed", str(written)).exit_code == 0
    assert json.loads(written.read_text())["assistant"] == INCORRECT.response


def test_a_student_message_that_quotes_a_strategy_gets_a_warning(
    records: Callable[..., Result], tmp_path: Path
) -> None:
    with Library.open(tmp_path / "library") as library:
        instruction = get_strategy(library, "step-by-step").instruction
    frozen = records("freeze", "quoting", "--instruction", instruction)
    assert frozen.exit_code == 0
    assert "quotes the instruction of step-by-step" in " ".join(frozen.stderr.split())


def test_an_export_says_what_was_dropped_since(records: Callable[..., Result], tmp_path: Path) -> None:
    records("freeze", "both", "--with-incorrect")
    records("drop", CORRECT.id)
    written = records("export", "both", str(tmp_path / "out.jsonl"))
    assert "Wrote 2 records" in written.stdout
    assert "1 record dropped or held out since the snapshot was frozen" in " ".join(written.stderr.split())
    as_json = json.loads(
        records("export", "both", str(tmp_path / "out.jsonl"), "--overwrite", "--json").stdout
    )
    assert as_json["dropped_or_held_out_since"] == 1


def test_only_kept_records_are_frozen(records: Callable[..., Result]) -> None:
    records("keep", INCORRECT.id)
    made = json.loads(records("freeze", "kept", "--only-kept", "--json").stdout)
    assert (made["records"], made["left_out"]) == (1, {"not-kept": 1})


def test_records_are_found_by_their_text(records: Callable[..., Result]) -> None:
    listed = json.loads(records("list", "--text", "WHAT IS 2", "--json").stdout)
    assert [each["record"]["id"] for each in listed["records"]] == [INCORRECT.id]


def test_a_record_that_is_named_twice_counts_once(records: Callable[..., Result]) -> None:
    assert records("keep", CORRECT.id, CORRECT.id).stdout == "1 record: kept.\n"


def test_a_family_that_is_not_there_is_no_empty_choice(records: Callable[..., Result]) -> None:
    with pytest.raises(UserError, match="no records of a family named smus"):
        records("freeze", "x", "--family", "sums", "--family", "smus")
    assert records("freeze", "x", "--family", "sums").exit_code == 0


def test_records_that_are_frozen_already_get_no_second_name(records: Callable[..., Result]) -> None:
    assert "Snapshot first frozen." in records("freeze", "first").stdout
    again = " ".join(records("freeze", "second").stdout.split())
    assert "The same records are already frozen as first; no snapshot second was made." in again
    assert len(json.loads(records("snapshots", "--json").stdout)) == 1


def test_each_record_says_why_it_is_in_or_out(records: Callable[..., Result]) -> None:
    listed = json.loads(records("list", "--json").stdout)["records"]
    assert {each["record"]["id"]: each["standing"] for each in listed} == {
        CORRECT.id: {"used": True, "reasons": [], "basis": "correct"},
        INCORRECT.id: {"used": False, "reasons": ["incorrect"], "basis": "incorrect"},
    }
    for option, expected in (("--in", CORRECT), ("--out", INCORRECT)):
        found = json.loads(records("list", option, "--json").stdout)
        assert (found["total"], found["records"][0]["record"]["id"]) == (1, expected.id)
    assert json.loads(records("list", "--reason", "leak", "--json").stdout)["total"] == 0
    assert json.loads(records("list", "--reason", "incorrect", "--json").stdout)["total"] == 1
    assert "Out: incorrect answer." in records("show", INCORRECT.id).stdout
    assert "In: correct" in records("list").stdout


def test_rules_are_tried_and_put_in_force(records: Callable[..., Result]) -> None:
    first = json.loads(records("rules", "--json").stdout)
    assert (first["records"], first["usable"], first["saved"]) == (2, 1, False)
    assert first["effects"][0] == {
        "reason": "incorrect",
        "on": True,
        "removed": 1,
        "only": 1,
        "examples": [{"id": INCORRECT.id, "question": INCORRECT.user}],
    }
    tried = json.loads(records("rules", "--with-incorrect", "--match", "^Answer: 7", "--json").stdout)
    assert tried["used"] == {"incorrect": 1}
    assert (tried["entering"], tried["leaving"]) == (1, 1)
    assert {effect["reason"]: (effect["on"], effect["removed"]) for effect in tried["effects"]} == {
        "incorrect": (False, 1),
        "format": (True, 1),
    }
    assert json.loads(records("rules", "--json").stdout)["usable"] == 1
    languages = json.loads(records("rules", "--language", "EN, de", "--language", "fr", "--json").stdout)
    assert languages["rules"]["languages"] == ["en", "de", "fr"]
    assert "add --save" not in records("rules").stdout, "these are the rules in force"
    shown = records("rules", "--with-incorrect", "--per-task", "1", "--save").stdout
    assert "In: 2 of 2 records" in shown and "in force" in shown
    assert json.loads(records("rules", "--json").stdout)["rules"]["per_task"] == 1
    assert json.loads(records("list", "--out", "--json").stdout)["total"] == 0
    assert json.loads(records("rules", "--default", "--save", "--json").stdout)["rules"]["per_task"] == 4


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--match", "(a"), "is not a regular expression"),
        (("--language", "english"), "is not a known code"),
        (("--min-tokens", "9", "--max-tokens", "3"), "less than the minimum"),
    ],
)
def test_a_rule_that_cannot_be_used_is_refused(
    records: Callable[..., Result], words: tuple[str, ...], message: str
) -> None:
    with pytest.raises(UserError, match=message):
        records("rules", *words)
