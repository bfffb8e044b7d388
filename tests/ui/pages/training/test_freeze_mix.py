"""Freezing a mix by the dialog: shares, overlap, a measured student; and snapshots shown and compared."""

import json
from pathlib import Path

import pytest
from library_doubles import judged, make_record, make_task
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from orca_desk.library.base_answers import BaseAnswer, add_base_answers, measured_bases
from orca_desk.library.database import Library
from orca_desk.library.manifests import manifest
from orca_desk.library.new_records import add_records
from orca_desk.library.snapshots import freeze, list_snapshots
from orca_desk.library.tasks import add_tasks
from orca_desk.method.erasure import CAUTIOUS
from orca_desk.method.fitness import Unfit
from orca_desk.method.records import Task, question_key
from orca_desk.method.snapshot_rules import Balance, Learnable, SnapshotRules
from orca_desk.ui.pages.training.freeze_dialog import FreezeDialog
from orca_desk.ui.pages.training.measure_dialog import MeasureDialog
from orca_desk.ui.pages.training.page import TrainingPage
from orca_desk.ui.pages.training.view import NO_SNAPSHOT, READY, SET_UP
from orca_desk.ui.window import Window

STORY = (
    "On Monday the baker gave seven loaves to the school kitchen, four to the hospital and the rest to a "
    "family that had lost its house in the flood. How many loaves did the family get if he baked {}?"
)
NEAR = Task(family="loaves", query=STORY.format("thirty"), answer="9")
LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def tasks(library: Library) -> list[Task]:
    """Six tasks of sums, two of words and one that nearly repeats a held-out one, each with a record."""
    made = [make_task(n, family="sums" if n < 7 else "words") for n in range(1, 9)]
    add_tasks(library, [*made, NEAR, Task(family="loaves", query=STORY.format("twenty"), split="heldout")])
    records = [
        make_record(n, task_id=task.id, family=task.family, user=task.user_text)
        for n, task in enumerate([*made, NEAR], start=1)
    ]
    add_records(library, [judged(record, n) for n, record in enumerate(records, start=1)])
    return made


def opened(window: Window, qtbot: QtBot, state: int = NO_SNAPSHOT) -> tuple[TrainingPage, FreezeDialog]:
    """Open the dialog, and wait for its first count."""
    page = window.show_page("training")
    assert isinstance(page, TrainingPage)
    qtbot.waitUntil(lambda: page.view.currentIndex() == state)
    page.freeze()
    dialog = page.dialog
    assert dialog is not None
    counted(dialog, qtbot, 8)
    qtbot.waitUntil(lambda: dialog.freeze_button.isEnabled())
    return page, dialog


def counted(dialog: FreezeDialog, qtbot: QtBot, records: int) -> None:
    """Wait until the dialog shows that so many records get in."""
    words = "1 record selected" if records == 1 else f"{records} records selected"
    qtbot.waitUntil(lambda: dialog.counts.taken.text() == words)


def test_shares_show_what_was_asked_for_beside_what_gets_in(
    window: Window, qtbot: QtBot, library: Library, tasks: list[Task]
) -> None:
    page, dialog = opened(window, qtbot)
    mix = dialog.mix
    mix.targets.setCurrentIndex(mix.targets.findData("even"))
    counted(dialog, qtbot, 4)
    assert "words has the fewest records" in dialog.counts.notes.text()
    mix.limited.click()
    mix.total.setValue(7)
    counted(dialog, qtbot, 6)
    assert "sums: 4 of 6 taken, 4 asked for" in dialog.counts.bars.accessibleName()
    assert "Fewer than asked for: words 2 of 3." in dialog.counts.notes.text()
    mix.targets.setCurrentIndex(mix.targets.findData("weights"))
    qtbot.waitUntil(lambda: sorted(mix._weights) == ["loaves", "sums", "words"])
    mix._weights["words"].setValue(0)
    counted(dialog, qtbot, 6)
    mix.total.setValue(5)
    counted(dialog, qtbot, 5)
    dialog.name.setText("weighted")
    qtbot.mouseClick(dialog.freeze_button, LEFT)
    qtbot.waitUntil(lambda: page.dialog is None and page.view.currentIndex() == READY)
    (made,) = list_snapshots(library)
    assert made.families == {"sums": 5}
    balance = Balance(targets="weights", weights=(("words", 0.0),))
    assert made.rules == SnapshotRules(balance=balance, total=5)


def test_an_overlap_is_named_and_can_be_taken(
    window: Window, qtbot: QtBot, library: Library, tasks: list[Task]
) -> None:
    page, dialog = opened(window, qtbot)
    overlap = dialog.overlap
    assert dialog.tabs.tabText(dialog.tabs.indexOf(overlap)) == "&Overlap (1)"
    assert "0 repeated exactly, 1 nearly." in overlap.found.text()
    item = overlap.pairs.item(0)
    assert "baked thirty?" in item.text() and "baked twenty?" in item.text()
    item.setCheckState(Qt.CheckState.Checked)
    counted(dialog, qtbot, 9)
    dialog.overlap.rule.setCurrentIndex(2)
    qtbot.waitUntil(lambda: overlap.found.text() == "Questions are not compared.")
    dialog.overlap.rule.setCurrentIndex(0)
    qtbot.waitUntil(lambda: dialog.freeze_button.isEnabled() and overlap.pairs.count() == 1)
    qtbot.mouseClick(dialog.freeze_button, LEFT)
    qtbot.waitUntil(lambda: page.dialog is None and page.view.currentIndex() == READY)
    (made,) = list_snapshots(library)
    assert made.rules.overlaps_taken == (question_key(NEAR.user_text),)
    assert manifest(library, made.id)["account"]["overlap"]["pairs"][0]["task_id"] == NEAR.id


def test_what_a_measured_student_always_solves_can_be_left_out(
    window: Window, qtbot: QtBot, library: Library, tasks: list[Task]
) -> None:
    answer = BaseAnswer(
        question=question_key(tasks[0].user_text),
        sample=0,
        response="1",
        correct=True,
        completion_tokens=1,
        finish_reason="stop",
    )
    add_base_answers(library, [answer], model="ab" * 32, system=CAUTIOUS, asked="", run=None)
    page, dialog = opened(window, qtbot)
    qtbot.waitUntil(lambda: dialog.mix.base.count() == 1 and dialog.mix.learnable.isEnabled())
    dialog.mix.learnable.click()
    counted(dialog, qtbot, 7)
    assert "7 records taken without a measurement" in dialog.counts.notes.text()
    assert dialog.rules().learnable == Learnable(base="ab" * 32)
    assert dialog.preview is not None and dialog.preview.left_out[Unfit.ALWAYS_SOLVED] == 1
    dialog.kind.setCurrentIndex(1)  # under another message, nothing was measured
    qtbot.waitUntil(lambda: dialog.mix.base.count() == 0 and not dialog.mix.learnable.isEnabled())
    counted(dialog, qtbot, 8)
    dialog.reject()
    qtbot.waitUntil(lambda: page.dialog is None)


def test_a_student_is_measured_from_the_dialog(
    window: Window, qtbot: QtBot, library: Library, tasks: list[Task]
) -> None:
    pytest.importorskip("llama_cpp")
    page, dialog = opened(window, qtbot)
    qtbot.mouseClick(dialog.mix.measure, LEFT)
    asked = dialog.findChild(MeasureDialog)
    assert asked is not None
    qtbot.waitUntil(lambda: asked.student.selected() is not None, timeout=60_000)
    asked.samples.setValue(1)
    asked.per_family.setValue(1)
    qtbot.waitUntil(lambda: asked.count.text().startswith("3 training tasks"))
    with qtbot.waitSignal(asked.started, timeout=60_000) as started:
        qtbot.mouseClick(asked.start_button, LEFT)
    job = started.args[0]
    qtbot.waitUntil(lambda: job.is_over, timeout=120_000)
    assert job.error is None
    qtbot.waitUntil(lambda: dialog.mix.base.count() == 1)
    (base,) = measured_bases(library, CAUTIOUS)
    assert (base.questions, base.answers) == (3, 3)
    page.go({"resume": job.result.run})  # a finished one is measured again at once: nothing is left to ask
    again = window.desk.jobs.all[-1]
    qtbot.waitUntil(lambda: again.is_over, timeout=120_000)
    assert again.error is None and again.result.answers == 3
    dialog.reject()
    qtbot.waitUntil(lambda: page.dialog is None)


def test_a_snapshot_is_compared_and_its_manifest_saved(
    window: Window, qtbot: QtBot, library: Library, tasks: list[Task], tmp_path: Path
) -> None:
    first = freeze(library, name="all")
    freeze(library, name="sums", rules=SnapshotRules(families=("sums",)))
    page = window.show_page("training")
    assert isinstance(page, TrainingPage)
    content = page.set_up.content
    page.tabs.setCurrentIndex(SET_UP)
    page.set_up.choose_snapshot(first.id)
    qtbot.waitUntil(lambda: content.account.text().startswith("8 of 9 records; compared with "))
    assert "sums: 6 of 6 taken" in content.bars.accessibleName()
    qtbot.mouseClick(content.compare_button, LEFT)
    qtbot.waitUntil(lambda: content.dialog is not None and content.dialog.comparison is not None)
    dialog = content.dialog
    assert dialog is not None
    dialog.first.setCurrentIndex(dialog.first.findText("all", Qt.MatchFlag.MatchStartsWith))
    dialog.second.setCurrentIndex(dialog.second.findText("sums", Qt.MatchFlag.MatchStartsWith))
    qtbot.waitUntil(
        lambda: dialog.sentence.text().startswith("6 records in both, 2 only in all, 0 only in sums.")
    )
    rows = [
        [dialog.families.item(row, column).text() for column in range(3)]
        for row in range(dialog.families.rowCount())
    ]
    assert rows == [["sums", "6", "6"], ["words", "2", "0"]]
    assert dialog.settings.item(0, 0).text() == "Families"
    assert dialog.records.rowCount() == 2
    dialog.reject()
    qtbot.waitUntil(lambda: content.dialog is None)
    qtbot.mouseClick(content.manifest_button, LEFT)
    qtbot.waitUntil(lambda: content.findChild(QFileDialog) is not None)
    file = tmp_path / "all.manifest.json"
    chooser = content.findChild(QFileDialog)
    assert chooser is not None
    chooser.fileSelected.emit(str(file))
    qtbot.waitUntil(file.exists)
    chooser.reject()
    assert json.loads(file.read_text())["snapshot"] == first.id


def test_a_snapshot_of_an_earlier_version_says_that_it_has_no_account(
    window: Window, qtbot: QtBot, library: Library, tasks: list[Task]
) -> None:
    made = freeze(library, name="old")
    library.write(lambda db: db.execute("DELETE FROM manifests").rowcount)
    library.write(
        lambda db: (
            db.execute(
                "INSERT INTO manifests (snapshot, content, created_at) VALUES (?, '{}', '')", (made.id,)
            ).rowcount
        )
    )
    page = window.show_page("training")
    assert isinstance(page, TrainingPage)
    qtbot.waitUntil(lambda: "earlier version" in page.set_up.content.account.text())
    assert "sums: 6 of 6 taken" in page.set_up.content.bars.accessibleName()
