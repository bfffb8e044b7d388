"""What an import did, in words."""

from dataclasses import replace

from orca_desk.formats.rows import BadRow
from orca_desk.steps.collect.import_tasks import Imported
from orca_desk.ui.words.tasks import ImportReport, import_report

BAD = tuple(BadRow(line=n, what="the question is blank", hint="Fill it in.") for n in range(2, 8))
MIXED = Imported(
    added=1, already_there=2, differing=1, updated=False, unreadable=6, heldout=0, problems=BAD, examples=(),
    finished=True,
)  # fmt: skip


def report(imported: Imported) -> ImportReport:
    return import_report(imported, "quiz.csv", how_to_hold_out="Use --heldout.")


def test_every_outcome_of_an_import_is_reported() -> None:
    assert report(MIXED) == ImportReport(
        summary="Added 1 task from quiz.csv. Already in the library: 2.",
        notes=(
            "In the library with different content, left unchanged: 1 task.",
            "None of the new tasks is held out, so none can be used for evaluation. Use --heldout.",
        ),
        problems=(
            "6 rows could not be read:",
            *(f"Line {n}: The question is blank." for n in range(2, 6)),
            "… and 2 more.",
        ),
        tone="warn",
    )


def test_a_stopped_import_says_how_to_add_the_rest() -> None:
    stopped = report(replace(MIXED, finished=False, added=2000, unreadable=0, problems=(), heldout=5))
    assert stopped.summary.startswith("The import of quiz.csv was stopped after 2,000 new tasks.")
    assert stopped.notes[-1] == "Repeat the import to add the rest."
    assert stopped.tone == "warn"


def test_an_import_without_new_tasks_is_no_success() -> None:
    nothing = report(replace(MIXED, added=0, unreadable=0, problems=(), differing=0))
    assert nothing.summary == "quiz.csv contains no new tasks. Already in the library: 2."
    assert (nothing.notes, nothing.tone) == ((), "info")
    replaced = report(replace(MIXED, added=0, unreadable=0, problems=(), updated=True))
    assert replaced.tone == "good"
