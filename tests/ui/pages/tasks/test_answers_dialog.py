"""A file of a model's answers is recognised, shown with its strategies, imported and taken back."""

import json
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from orca_desk.library.database import Library
from orca_desk.library.records import RecordFilter, count_records, iterate_records
from orca_desk.library.tasks import count_tasks
from orca_desk.steps.collect.request import TaskSource
from orca_desk.ui.pages.tasks.answers_dialog import AnswersDialog
from orca_desk.ui.pages.tasks.import_dialog import ImportDialog
from orca_desk.ui.pages.tasks.page import TasksPage
from orca_desk.ui.window import Window

ROWS = [
    {"system_prompt": "Think step by step.", "question": "What is 2+2?", "response": "It is 4."},
    {"system_prompt": "", "question": "What is 2+3?", "response": "5"},
    {"system_prompt": "", "question": "What is 2+4?"},
]


@pytest.fixture
def page(window: Window, qtbot: QtBot) -> TasksPage:
    """The page on a library without tasks."""
    page = window.show_page("tasks")
    assert isinstance(page, TasksPage)
    qtbot.waitUntil(lambda: bool(page.choices.strategies))
    return page


@pytest.fixture
def source(tmp_path: Path) -> TaskSource:
    """A file with two answers, and a row that is none."""
    path = tmp_path / "answers.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    return TaskSource.of_file(path)


def answers_dialog(page: TasksPage, qtbot: QtBot) -> AnswersDialog:
    qtbot.waitUntil(
        lambda: isinstance(page.files.dialog, AnswersDialog) and page.files.dialog.import_button.isEnabled()
    )
    assert isinstance(page.files.dialog, AnswersDialog)
    return page.files.dialog


def test_the_import_of_tasks_offers_to_import_answers(
    page: TasksPage, library: Library, source: TaskSource, qtbot: QtBot
) -> None:
    page.files.import_from([source])
    qtbot.waitUntil(
        lambda: isinstance(page.files.dialog, ImportDialog) and page.files.dialog.notice.action.isVisible()
    )
    first = page.files.dialog
    assert isinstance(first, ImportDialog)
    assert first.notice.text.text().startswith("These rows hold a model's answers")
    qtbot.mouseClick(first.notice.action, Qt.MouseButton.LeftButton)
    dialog = answers_dialog(page, qtbot)
    assert dialog.import_button.text() == "Import 2 answers"
    assert "1 refused. 1 system message." in dialog.summary.text()
    assert dialog.tabs.tabText(1) == "Strategies (2)"
    assert dialog.messages.rows[0].texts[1].startswith("imported-")
    dialog.answers_choices.model.setText("gpt-4")
    strategy = dialog.answers_choices.strategy
    strategy.setCurrentIndex(strategy.findData("direct"))
    dialog.accept()
    qtbot.waitUntil(lambda: page.notice.action.isVisible(), timeout=10_000)
    assert page.notice.text.text().startswith("Added 2 teacher records from answers.jsonl")
    assert page.notice.action.text() == "Show the records"
    found = {one.record.strategy: one.record for one in iterate_records(library)}
    assert found.keys() == {"imported-think-step", "direct"}
    assert {one.provenance.imported.model for one in found.values() if one.provenance.imported} == {"gpt-4"}


def test_an_import_of_answers_is_undone(
    page: TasksPage, library: Library, source: TaskSource, qtbot: QtBot
) -> None:
    page.go({"do": "import", "what": "records", "files": [str(source.path)]})
    answers_dialog(page, qtbot).accept()
    change = "import the answers in answers.jsonl"
    qtbot.waitUntil(lambda: page.desk.undo.undoText() == change, timeout=10_000)
    page.desk.undo.undo()
    qtbot.waitUntil(lambda: count_records(library, RecordFilter(decision="drop")) == 2)
    qtbot.waitUntil(lambda: count_tasks(library) == 0)
    qtbot.waitUntil(lambda: page.notice.text.text().startswith("The import is undone"))
    assert "strategies that they name stay: imported-" in page.notice.hint.text()


def test_the_import_of_answers_goes_back_to_tasks(page: TasksPage, source: TaskSource, qtbot: QtBot) -> None:
    page.files.import_from([source], as_answers=True)
    dialog = answers_dialog(page, qtbot)
    qtbot.mouseClick(dialog.tasks_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(
        lambda: isinstance(page.files.dialog, ImportDialog) and page.files.dialog.import_button.isEnabled()
    )
    assert isinstance(page.files.dialog, ImportDialog)
    page.files.dialog.reject()
    qtbot.waitUntil(lambda: page.files.dialog is None)
