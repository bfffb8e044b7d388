"""The dialog that exports data: it shows what will be written, and says what cannot be."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot
from window_actions import choose_format

from orca_desk.library.database import Library
from orca_desk.library.tasks import add_tasks
from orca_desk.method.records import Task
from orca_desk.steps.hand_over.request import HandOverRequest
from orca_desk.ui.widgets.data_export_dialog import DataChoice, DataExportDialog
from orca_desk.ui.window import Window

Started = list[tuple[HandOverRequest, Sequence[int] | None]]


@pytest.fixture
def started() -> Started:
    """The exports that the dialog started."""
    return []


@pytest.fixture
def dialog(library: Library, window: Window, qtbot: QtBot, started: Started) -> DataExportDialog:
    """The dialog for three tasks, of which one is held out, and for evaluations."""
    add_tasks(
        library,
        [
            Task(family="sums", query=f"{n}+1?", answer=str(n + 1), split="heldout" if n == 1 else "train")
            for n in range(3)
        ],
    )
    made = DataExportDialog(
        window.desk,
        window,
        choices=[
            DataChoice(name="3 tasks", table="tasks"),
            DataChoice(name="All evaluations", table="evaluations"),
        ],
        start=lambda request, rowids: started.append((request, rowids)),
    )
    made.open()
    return made


def test_it_shows_the_rows_and_what_is_left_out(
    dialog: DataExportDialog, qtbot: QtBot, started: Started, tmp_path: Path
) -> None:
    qtbot.waitUntil(lambda: dialog.notes.text() == "3 of 3 tasks will be written.")
    choose_format(dialog, "sharegpt")
    qtbot.waitUntil(lambda: "Left out: 1 held out for evaluation." in dialog.notes.text())
    assert '"from": "human"' in dialog.examples.toPlainText()
    assert dialog.place.text().endswith("tasks-sharegpt.jsonl")
    dialog.held_out.setChecked(True)
    qtbot.waitUntil(lambda: dialog.notes.text() == "3 of 3 tasks will be written.")
    dialog.place.setText(str(tmp_path / "mine.jsonl"))
    qtbot.waitUntil(dialog.export_button.isEnabled)
    qtbot.mouseClick(dialog.export_button, Qt.MouseButton.LeftButton)
    ((request, rowids),) = started
    assert (request.format, request.path, request.with_held_out, rowids) == (
        "sharegpt", tmp_path / "mine.jsonl", True, None,
    )  # fmt: skip


def test_it_asks_before_it_writes_over_a_file(
    dialog: DataExportDialog, qtbot: QtBot, started: Started, tmp_path: Path
) -> None:
    mine = tmp_path / "mine.jsonl"
    mine.write_text("mine")
    dialog.place.setText(str(mine))
    qtbot.waitUntil(dialog.export_button.isEnabled)
    qtbot.mouseClick(dialog.export_button, Qt.MouseButton.LeftButton)
    assert dialog.isVisible()
    assert dialog.notes.text() == f"{mine} already exists. Replace overwrites it."
    assert started == []
    dialog.place.setText(str(tmp_path / "other.jsonl"))
    assert dialog.export_button.text() == "Export"
    dialog.place.setText(str(mine))
    for text in ("Export", "Replace"):
        qtbot.waitUntil(dialog.export_button.isEnabled)
        assert dialog.export_button.text() == text
        qtbot.mouseClick(dialog.export_button, Qt.MouseButton.LeftButton)
    assert [request.path for request, _ in started] == [mine]


def test_it_says_what_cannot_be(dialog: DataExportDialog, qtbot: QtBot, started: Started) -> None:
    choose_format(dialog, "openai-batch")
    qtbot.waitUntil(lambda: "needs the name" in dialog.notes.text())
    assert not dialog.export_button.isEnabled()
    dialog.model.setText("some-model")
    qtbot.waitUntil(lambda: '"model": "some-model"' in dialog.examples.toPlainText())
    choose_format(dialog, "csv")
    dialog.place.setText("tasks.parquet")
    qtbot.waitUntil(lambda: "cannot be written to a .parquet file" in dialog.notes.text())
    dialog.what.setCurrentIndex(1)
    assert dialog.formats.count() == 3
    dialog.place.setText("evaluations.csv")
    choose_format(dialog, "csv")
    qtbot.waitUntil(lambda: dialog.notes.text() == "0 of 0 evaluations will be written.")
    assert not dialog.export_button.isEnabled()
    assert started == []
