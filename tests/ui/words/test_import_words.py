"""What an import did, in words."""

from array import array
from dataclasses import replace
from typing import get_args

from orca_desk.formats.rows import BadRow
from orca_desk.formats.shapes import Shape
from orca_desk.steps.collect.imported import Imported, ImportUndo, LeftAside, ReadAs, outcome_of
from orca_desk.ui.words.imports import SHAPES, ImportReport, import_report, outcome_words, reading_notes
from orca_desk.ui.words.outcomes import outcome_text

BAD = tuple(BadRow(line=n, what="the question is blank", hint="Fill it in.") for n in range(2, 8))
PLAIN = ReadAs(format="CSV", encoding="utf-8", mapping={"query": "Q", "answer": "A"})
MIXED = Imported(
    rows=10, added=1, already_there=2, differing=1, updated=False, unreadable=6, heldout=0, unanswered=1,
    repeated=1, elsewhere=1, both=1, families={"general": 1}, problems=BAD, examples=(), finished=True,
    read_as=PLAIN,
)  # fmt: skip
CLEAN = replace(
    MIXED,
    rows=4,
    unreadable=0,
    problems=(),
    differing=0,
    unanswered=0,
    repeated=0,
    elsewhere=0,
    both=0,
    heldout=1,
)


def report(imported: Imported) -> ImportReport:
    return import_report(imported, "quiz.csv", how_to_hold_out="Use --heldout.")


def test_every_outcome_of_an_import_is_reported() -> None:
    assert report(MIXED) == ImportReport(
        summary="Added 1 task from quiz.csv. Already in the library: 2.",
        notes=(
            "Read 10 rows of CSV in UTF-8, 6 refused.",
            "In the library with different content, left unchanged: 1 task.",
            "1 task has no reference answer, so answers to it are not graded.",
            "1 row asks what an earlier row asks, in the same words or nearly the same.",
            "1 new task asks what a task of the library asks, in another family or in nearly the same words.",
            "1 question stands in both Train and Held-out, here or in the library:"
            " a score on it may be memory. Use --heldout.",
            "None of the new tasks is held out, so none can be used for evaluation. Use --heldout.",
        ),
        problems=(
            "6 rows could not be read:",
            *(f"Line {n}: The question is blank." for n in range(2, 6)),
            "… and 2 more.",
        ),
        tone="warn",
    )


def test_how_the_file_was_read_is_said() -> None:
    read = ReadAs(
        format="CSV", encoding="cp1252", guessed=True, headerless=True, above=1, unread=("Column 3", "kind"),
        aside=("kind",), numbers="from 0", sure=False,
        mapping={"query": "Column 1", "answer": "Column 2"},
    )  # fmt: skip
    assert reading_notes(read) == (
        "No header was found, so the first line was read as a task:"
        " Column 1 is the question, Column 2 is the answer.",
        "Above the header, 1 row was left out.",
        "Columns not read: Column 3, kind.",
        "The values in kind are neither splits nor answer types, so they were ignored.",
        "Answers that are numbers count the choices from 0. The file does not show whether it counts so:"
        " check a few answers.",
    )
    seen = report(replace(CLEAN, read_as=read))
    assert seen.notes[0] == (
        "Read 4 rows of CSV in Windows-1252 (Western) (recognised, not certain), none refused."
    )
    assert seen.tone == "warn"


def test_what_was_left_aside_is_said() -> None:
    aside = LeftAside(systems=2, several_answers=1, splits=3, kinds=1, damaged=1)
    assert report(replace(CLEAN, left_aside=aside)).notes[1:] == (
        "The system messages of 2 conversations were left out.",
        "1 row has several right answers; the first one is the reference.",
        "The split of 3 rows is unknown; read as Train.",
        "The answer type of 1 row is unknown and was left out.",
        "1 row holds the sign \ufffd in place of letters:"
        " they were lost when the file was saved in another encoding.",
    )


def test_numbers_that_may_stand_for_words_are_named() -> None:
    seen = report(replace(CLEAN, read_as=replace(CLEAN.read_as, classes="label")))
    assert seen.notes[1:] == (
        "The answers in label are numbers, which may stand for words that the file does not name:"
        " check a few.",
    )
    assert seen.tone == "warn"


def test_a_stopped_import_says_how_to_add_the_rest() -> None:
    stopped = report(replace(CLEAN, finished=False, added=2000, heldout=5))
    assert stopped.summary.startswith(
        "The import of quiz.csv was stopped after 2,000 new tasks, 5 of them held out."
    )
    assert stopped.notes[-1] == "Resume the import to add the rest; nothing is added twice."
    assert stopped.tone == "warn"


def test_an_import_without_new_tasks_is_no_success() -> None:
    nothing = report(replace(CLEAN, added=0, heldout=0))
    assert nothing.summary == "quiz.csv contains no new tasks. Already in the library: 2."
    assert (nothing.notes, nothing.tone) == (("Read 4 rows of CSV in UTF-8, none refused.",), "info")
    replaced = report(replace(CLEAN, added=0, differing=1, updated=True))
    assert replaced.tone == "good"


def test_replaced_tasks_are_counted_apart() -> None:
    replaced = replace(CLEAN, differing=1, updated=True)
    assert report(replaced).summary == (
        "Added 1 task from quiz.csv, 1 of them held out. Replaced 1 task. Already in the library: 2."
    )
    tried = report(replace(replaced, dry_run=True))
    assert "It would replace 1 task. Already in the library: 2." in tried.summary
    assert "In the library with different content, to be replaced: 1 task." in tried.notes
    assert replaced.to_json()["replaced"] == 1
    assert replace(replaced, updated=False).to_json()["replaced"] == 0
    outcome = outcome_of(replaced)
    assert outcome_words(outcome) == "4 rows read: 1 task added, 2 already there, 1 replaced, 1 held out."
    stored = outcome.to_json()
    assert outcome_text(stored) == outcome_words(outcome)
    assert outcome_text(stored.replace(', "replaced": 1', "")) == (
        "4 rows read: 1 task added, 2 already there, 1 held out."
    )


def test_a_run_keeps_what_its_import_did() -> None:
    words = "10 rows read: 1 task added, 3 already there, 6 rows refused."
    assert outcome_words(outcome_of(MIXED)) == words
    assert outcome_text(outcome_of(MIXED).to_json()) == words
    stopped = outcome_of(replace(CLEAN, finished=False))
    assert outcome_words(stopped) == "Stopped. 4 rows read: 1 task added, 2 already there, 1 held out."


def test_every_shape_has_words_and_files_that_are_not_read_are_named() -> None:
    assert set(SHAPES) == set(get_args(Shape))
    names = tuple(f"{number}.png" for number in range(7))
    notes = reading_notes(replace(PLAIN, format="folder", left_out=names))
    assert notes == ("Files not read: 0.png, 1.png, 2.png, 3.png, 4.png and 2 more.",)
    left = LeftAside(tools=1, thoughts=2, unwanted=1)
    report = import_report(replace(CLEAN, left_aside=left), "x", how_to_hold_out="")
    assert report.notes[1:] == (
        "Calls of tools, and their results, in 1 conversation are kept as text.",
        "The assistant's thoughts in 2 conversations are not part of a task and were left out.",
        "1 row gives an answer that is marked as unwanted and so cannot be a reference.",
    )


def test_an_import_that_cannot_be_undone_says_so() -> None:
    undo = ImportUndo(added=array("q"), replaced=())
    done = replace(CLEAN, differing=1, updated=True, run="import-1", undo=undo)
    assert not any("undone" in note for note in report(done).notes)
    assert any("cannot be undone" in note for note in report(replace(done, undo=None)).notes)
