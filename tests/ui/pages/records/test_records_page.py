"""The Records page: side by side, review by keyboard, Inspector."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from library_doubles import update_tasks
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QTextCursor, QTextTable
from PySide6.QtTest import QAbstractItemModelTester
from PySide6.QtWidgets import QApplication, QTextEdit
from pytestqt.qtbot import QtBot
from window_actions import choose_format

from orca_desk.errors import UserError
from orca_desk.library.database import Library
from orca_desk.library.new_records import NewRecord, add_records
from orca_desk.library.record_edits import decide
from orca_desk.library.records import RecordFilter, StoredRecord, count_records, get_record, iterate_records
from orca_desk.library.runs import create_run
from orca_desk.library.snapshots import freeze, preview_freeze
from orca_desk.library.strategies import get_strategy
from orca_desk.library.tasks import add_tasks, delete_tasks, get_task
from orca_desk.method.erasure import CAUTIOUS, erase
from orca_desk.method.fitness import Unfit
from orca_desk.method.grading import grade
from orca_desk.method.leaks import find_leaks
from orca_desk.method.records import Provenance, Sampling, Task, TeacherRecord
from orca_desk.method.snapshot_rules import SnapshotRules
from orca_desk.paths import bundled_models
from orca_desk.processes.asking import Runner
from orca_desk.prompts.hf import HFTokenizer
from orca_desk.prompts.renderer import Renderer
from orca_desk.steps.instruct.generate import generate
from orca_desk.ui.app import desktop
from orca_desk.ui.pages.records.page import RecordsPage
from orca_desk.ui.pages.records.record_list import signs
from orca_desk.ui.pages.records.texts import MAX_CELL, MAX_RESPONSE
from orca_desk.ui.theme import Theme
from orca_desk.ui.widgets.answer_dialog import AnswerDialog
from orca_desk.ui.widgets.message_box import MessageBox
from orca_desk.ui.window import Window

TEACHER = bundled_models() / "mini-teacher" / "mini-teacher.gguf"
STUDENT = bundled_models() / "mini-student"
COUNT = 6
SAMPLING = Sampling(max_tokens=24)
LEAKING = "🐋 As I was instructed, I count.\nAnswer: 2"


def put_records(library: Library, *, response: str | None = None, user: str | None = None) -> list[str]:
    """Add records of two families, every third one incorrect; `response` and `user` are for the second."""
    tasks = [
        Task(family="even" if n % 2 == 0 else "odd", query=f"What is {n} + 1?", answer=str(n + 1))
        for n in range(COUNT)
    ]
    add_tasks(library, tasks)
    strategy = get_strategy(library, "step-by-step")
    made_with = Provenance(
        model_sha256="0" * 64,
        quantisation="F16",
        template_sha256="1" * 64,
        sampling=SAMPLING,
        engine="orca-desk 1",
        batch=4,
        prompt_tokens=40,
        completion_tokens=8,
        finish_reason="stop",
        created_at="2026-01-31T12:00:00.000+00:00",
    )
    new = []
    for n, task in enumerate(tasks):
        text = response if n == 1 and response else f"Answer: {n + 1 if n % 3 else 99}"
        asked = user if n == 1 and user else task.user_text
        record = TeacherRecord(
            id=f"record-{n}",
            task_id=task.id,
            family=task.family,
            strategy=strategy.name,
            strategy_version=1,
            sample=0,
            system=strategy.instruction,
            user=asked,
            response=text,
            provenance=made_with,
        )
        leaks = find_leaks(record.system, text, question=record.user)
        new.append(NewRecord(record=record, verdict=grade(text, task.answer or ""), leaks=leaks))
    add_records(library, new, run=create_run(library, "generate", {}).id)
    return [item.record.id for item in new]


def open_page(window: Window, qtbot: QtBot) -> RecordsPage:
    """Show the page and wait for its first record."""
    page = window.show_page("records")
    assert isinstance(page, RecordsPage)
    window.activateWindow()
    qtbot.waitUntil(lambda: page.item is not None)
    page.table.setFocus()
    return page


def shown(page: RecordsPage) -> str:
    """The id of the record on the screen."""
    assert page.item is not None
    return page.item.stored.record.id


def wait_for(qtbot: QtBot, page: RecordsPage, record_id: str) -> StoredRecord:
    """Wait until a record is shown; return it."""
    qtbot.waitUntil(lambda: page.item is not None and shown(page) == record_id)
    assert page.item is not None
    return page.item.stored


def press(qtbot: QtBot, page: RecordsPage, key: str) -> None:
    """Press a letter where the focus is."""
    qtbot.keyClick(page.window().focusWidget(), getattr(Qt.Key, f"Key_{key}"))


def looks(view: QTextEdit) -> list[tuple[str, bool, bool]]:
    """The runs of text of a view: text, whether it is struck out, whether it has a ground."""
    found = []
    block = view.document().begin()
    while block.isValid():
        iterator = block.begin()
        while not iterator.atEnd():
            part = iterator.fragment()
            form = part.charFormat()
            ground = form.background().style() != Qt.BrushStyle.NoBrush
            found.append((part.text(), form.fontStrikeOut(), ground))
            iterator += 1
        block = block.next()
    return found


def cell(page: RecordsPage, row: int, column: int) -> str:
    """The text of one cell of the comparison."""
    table = next(
        frame
        for frame in page.side.erasure.document().rootFrame().childFrames()
        if isinstance(frame, QTextTable)
    )
    place = table.cellAt(row, column)
    cursor = place.firstCursorPosition()
    cursor.setPosition(place.lastPosition(), QTextCursor.MoveMode.KeepAnchor)
    return cursor.selectedText().replace("\u2029", "\n")


@pytest.fixture
def ids(library: Library) -> Iterator[list[str]]:
    """The ids of some records in the library."""
    yield put_records(library)


def test_an_empty_page_offers_the_teacher(window: Window, qtbot: QtBot) -> None:
    page = window.show_page("records")
    assert isinstance(page, RecordsPage)
    qtbot.waitUntil(page.view.empty.isVisible)
    qtbot.mouseClick(page.view.empty.button, Qt.MouseButton.LeftButton)
    assert window.page is window.pages["teacher"]


def test_erasure_is_shown_in_place(library: Library, ids: list[str], window: Window, qtbot: QtBot) -> None:
    page = open_page(window, qtbot)
    stored = wait_for(qtbot, page, ids[0])
    erased, inserted = stored.record.system, CAUTIOUS
    assert "erased" in cell(page, 0, 0) and cell(page, 0, 0).endswith(erased)
    assert "replacement" in cell(page, 0, 1) and cell(page, 0, 1).endswith(inserted)
    assert cell(page, 1, 0) == cell(page, 1, 1) == f"User text\n{stored.record.user}"
    assert (erased, True, True) in looks(page.side.erasure)
    assert (inserted, False, True) in looks(page.side.erasure)
    assert page.side.response.toPlainText() == stored.record.response
    assert page.side.verdict.word.text() == "Incorrect" and "99" in page.side.verdict.reason.text()
    page.side.instruction.kind.setCurrentIndex(page.side.instruction.kind.findData("empty"))
    qtbot.waitUntil(lambda: "No system message" in cell(page, 0, 1))
    page.side.instruction.kind.setCurrentIndex(page.side.instruction.kind.findData("own"))
    qtbot.keyClicks(page.side.instruction.text, "Be kind.")
    qtbot.waitUntil(lambda: cell(page, 0, 1).endswith("Be kind."))
    page.side.instruction.text.selectAll()
    qtbot.keyClicks(page.side.instruction.text, erased[:60])
    qtbot.waitUntil(lambda: "step-by-step" in page.side.instruction.warning.text())


def test_review_by_keyboard(library: Library, ids: list[str], window: Window, qtbot: QtBot) -> None:
    page = open_page(window, qtbot)
    press(qtbot, page, "J")
    wait_for(qtbot, page, ids[1])
    press(qtbot, page, "Down")
    wait_for(qtbot, page, ids[2])
    press(qtbot, page, "K")
    wait_for(qtbot, page, ids[1])
    press(qtbot, page, "Y")
    wait_for(qtbot, page, ids[2])
    qtbot.waitUntil(lambda: get_record(library, ids[1]).decision == "keep")
    page.side.erasure.setFocus()  # letters are the review's there too
    press(qtbot, page, "D")
    wait_for(qtbot, page, ids[3])
    page.side.response.setFocus()
    press(qtbot, page, "K")
    wait_for(qtbot, page, ids[2])
    qtbot.waitUntil(lambda: page.side.verdict.decision.text() == "Dropped")
    press(qtbot, page, "U")
    qtbot.waitUntil(lambda: page.side.verdict.decision.text() == "Not reviewed")
    qtbot.waitUntil(lambda: get_record(library, ids[2]).decision is None)
    window.desk.undo.undo()
    qtbot.waitUntil(lambda: get_record(library, ids[2]).decision == "drop")
    window.desk.undo.undo()
    window.desk.undo.undo()
    qtbot.waitUntil(lambda: count_records(library, RecordFilter(decision="none")) == COUNT)


def test_reviewing_the_queue_of_undecided_records(
    library: Library, ids: list[str], window: Window, qtbot: QtBot
) -> None:
    page = open_page(window, qtbot)
    page.go({"decision": "none"})
    qtbot.waitUntil(lambda: page.filters.decision.currentData() == "none")
    for place, key in enumerate("YDYDYD"):
        wait_for(qtbot, page, ids[place])
        press(qtbot, page, key)
        qtbot.waitUntil(lambda left=COUNT - place - 1: len(page.table.records.rowids) == left)
    qtbot.waitUntil(page.view.no_match.isVisible)
    assert page.view.no_match.title.text() == "Nothing left to review"
    qtbot.mouseClick(page.view.no_match.button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: len(page.table.records.rowids) == COUNT)
    assert page.filters.count.text() == f"{COUNT} records"


def test_filters(library: Library, ids: list[str], window: Window, qtbot: QtBot) -> None:
    page = open_page(window, qtbot)
    qtbot.waitUntil(lambda: page.filters.family.count() == 3)

    def choose(box_name: str, data: str | None, count: int) -> None:
        box = getattr(page.filters, box_name)
        box.setCurrentIndex(box.findData(data) if data else 0)
        qtbot.waitUntil(lambda: len(page.table.records.rowids) == count)

    choose("family", "odd", 3)
    choose("verdict", "incorrect", 1)
    wait_for(qtbot, page, ids[3])
    choose("family", None, 2)
    choose("verdict", "ungraded", 0)
    choose("verdict", None, 6)
    choose("leaks", "leaked", 0)
    page.go({"record": ids[4]})
    wait_for(qtbot, page, ids[4])
    assert page.filters.chosen() == {}
    page.go({"run": "generate-1"})
    qtbot.waitUntil(lambda: page.filters.run.currentData() == "generate-1")


def test_many_at_once(library: Library, ids: list[str], window: Window, qtbot: QtBot) -> None:
    page = open_page(window, qtbot)
    page.table.selectAll()
    assert page.bar.position.text() == "6 selected"
    press(qtbot, page, "D")
    qtbot.waitUntil(lambda: count_records(library, RecordFilter(decision="drop")) == COUNT)
    assert window.desk.undo.undoText() == "drop 6 records"
    window.desk.undo.undo()
    qtbot.waitUntil(lambda: count_records(library, RecordFilter(decision="none")) == COUNT)


def test_decisions_are_undone_in_order(
    library: Library, ids: list[str], window: Window, qtbot: QtBot
) -> None:
    page = open_page(window, qtbot)
    page.record_actions.decide(ids, "drop")
    page.record_actions.decide(ids[:1], "keep")
    window.desk.undo.undo()  # before anything is written
    window.desk.undo.redo()
    qtbot.waitUntil(lambda: get_record(library, ids[0]).decision == "keep")
    qtbot.waitUntil(lambda: count_records(library, RecordFilter(decision="drop")) == COUNT - 1)
    window.desk.undo.undo()
    qtbot.waitUntil(lambda: count_records(library, RecordFilter(decision="drop")) == COUNT)
    window.desk.undo.undo()
    qtbot.waitUntil(lambda: count_records(library, RecordFilter(decision="none")) == COUNT)


def test_an_edit_is_a_new_revision(library: Library, ids: list[str], window: Window, qtbot: QtBot) -> None:
    page = open_page(window, qtbot)
    original = get_record(library, ids[0])
    press(qtbot, page, "E")
    assert page.side.response.is_editing
    page.side.response.selectAll()
    qtbot.keyClicks(page.side.response, "Yes. Answer: 1")
    qtbot.keyClick(page.side.response, Qt.Key.Key_Escape)
    assert not page.side.response.is_editing
    assert page.side.response.toPlainText() == original.record.response
    press(qtbot, page, "E")
    assert page.side.response.toPlainText() == "Yes. Answer: 1"
    qtbot.keyClick(page.side.response, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: page.side.verdict.word.text() == "Correct")
    edited = get_record(library, ids[0])
    assert edited.edited == "Yes. Answer: 1" and edited.record == original.record
    qtbot.mouseClick(page.side.original_button, Qt.MouseButton.LeftButton)
    assert page.side.response.toPlainText() == original.record.response
    qtbot.mouseClick(page.side.original_button, Qt.MouseButton.LeftButton)
    qtbot.mouseClick(page.side.restore_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: page.side.verdict.word.text() == "Incorrect")
    assert get_record(library, ids[0]).edited is None
    window.desk.undo.undo()
    qtbot.waitUntil(lambda: get_record(library, ids[0]) == edited)
    window.desk.undo.undo()
    qtbot.waitUntil(lambda: get_record(library, ids[0]) == original)
    window.desk.undo.redo()
    qtbot.waitUntil(lambda: get_record(library, ids[0]).edited == "Yes. Answer: 1")


def test_an_empty_edit_is_refused_and_not_lost(
    library: Library, ids: list[str], window: Window, qtbot: QtBot
) -> None:
    page = open_page(window, qtbot)
    press(qtbot, page, "E")
    page.side.response.setPlainText(" ")
    qtbot.mouseClick(page.side.save_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: "empty" in page.notice.text.text() and page.side.response.is_editing)
    page.decide("keep")
    assert get_record(library, ids[0]).decision is None
    assert get_record(library, ids[0]).edited is None


def test_closing_asks_about_an_edit_that_is_not_saved(
    library: Library, ids: list[str], window: Window, qtbot: QtBot
) -> None:
    page = open_page(window, qtbot)

    def close(text: str) -> None:
        window.close()
        box = window.findChild(MessageBox)
        assert box is not None and window.isVisible() and "An edit in Records" in box.hint()
        qtbot.mouseClick(next(one for one in box.buttons() if one.text() == text), Qt.MouseButton.LeftButton)
        qtbot.waitUntil(lambda: window.findChild(MessageBox) is None)

    press(qtbot, page, "E")
    page.side.response.setPlainText("Answer: 1")
    close("Cancel")
    assert page.side.response.is_changed
    library.problem = UserError("The disk is full.", "Make room.")
    close("Save and close")
    qtbot.waitUntil(lambda: "The disk is full." in page.notice.text.text())
    library.problem = None
    assert window.isVisible()
    press(qtbot, page, "E")  # goes on with what was typed
    page.side.response.setPlainText("Answer: 11")
    close("Save and close")
    qtbot.waitUntil(lambda: not window.isVisible())
    assert get_record(library, ids[0]).edited == "Answer: 11"


def test_leaks_are_marked_where_they_are(library: Library, window: Window, qtbot: QtBot) -> None:
    ids = put_records(library, response=LEAKING)
    page = open_page(window, qtbot)
    page.go({"record": ids[1]})
    stored = wait_for(qtbot, page, ids[1])
    (mark,) = page.side.response.extraSelections()
    assert mark.cursor.selectedText() == stored.leaks[0].text == "As I was instructed"
    page.side.verdict.leak_selected.emit(stored.leaks[0])
    assert page.side.response.textCursor().selectedText() == "As I was instructed"


def test_the_view_survives_a_restart(library: Library, ids: list[str], theme: Theme, qtbot: QtBot) -> None:
    with desktop(library, theme) as first:
        first.show()
        page = open_page(first, qtbot)
        page.go({"family": "odd"})
        wait_for(qtbot, page, ids[1])
        press(qtbot, page, "J")
        wait_for(qtbot, page, ids[3])
        page.tabs.setCurrentIndex(1)
        page.side.instruction.kind.setCurrentIndex(page.side.instruction.kind.findData("empty"))
    with desktop(library, theme) as second:
        second.show()
        page = open_page(second, qtbot)
        wait_for(qtbot, page, ids[3])
        assert page.filters.chosen() == {"family": "odd"}
        assert page.tabs.currentWidget() is page.inspector and page.instruction() == ""
        assert page.table.currentIndex().row() == 1


def test_long_texts_are_shortened_until_the_user_asks_for_them(
    library: Library, window: Window, qtbot: QtBot
) -> None:
    response, user = "word " * MAX_RESPONSE, "text " * MAX_CELL
    ids = put_records(library, response=response, user=user)
    page = open_page(window, qtbot)
    page.go({"record": ids[1]})
    wait_for(qtbot, page, ids[1])
    assert "more characters" in cell(page, 1, 0) and len(page.side.response.toPlainText()) == MAX_RESPONSE
    qtbot.mouseClick(page.side.full_texts_button, Qt.MouseButton.LeftButton)
    qtbot.mouseClick(page.side.full_answer_button, Qt.MouseButton.LeftButton)
    assert cell(page, 1, 1) == f"User text\n{user}"
    assert page.side.response.toPlainText() == response
    press(qtbot, page, "E")
    assert page.side.response.toPlainText() == response


def test_the_list_keeps_to_the_contract_of_qt_models(
    library: Library, ids: list[str], window: Window, qtbot: QtBot
) -> None:
    page = open_page(window, qtbot)
    model = page.table.records
    tester = QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal)
    page.decide("keep")
    wait_for(qtbot, page, ids[1])
    page.go({"decision": "none"})
    qtbot.waitUntil(lambda: len(model.rowids) == COUNT - 1)
    words = "odd, step-by-step: correct, in"
    qtbot.waitUntil(lambda: model.data(model.index(0, 0)) == words)
    tester.deleteLater()


def inspector_shows(page: RecordsPage) -> bool:
    """Whether the Inspector has the record's tokens on the screen."""
    return bool(page.inspector.count.text())


def test_the_inspector_shows_what_is_trained(
    library: Library, ids: list[str], window: Window, qtbot: QtBot
) -> None:
    page = open_page(window, qtbot)
    page.tabs.setCurrentWidget(page.inspector)
    qtbot.waitUntil(lambda: inspector_shows(page), timeout=20_000)
    stored = get_record(library, ids[0])
    training = erase(stored.current, CAUTIOUS)
    rendered = Renderer(HFTokenizer.load(STUDENT)).example(training.system, training.user, training.assistant)
    described = [page.inspector.tokens.describe(index) for index in range(len(rendered.ids))]
    assert [int(words.split()[1]) for words in described] == list(rendered.ids)
    trained = sum(rendered.mask)
    assert page.inspector.count.text().startswith(f"{trained} trained, {len(rendered.ids) - trained} masked")
    text = page.inspector.tokens.toPlainText()
    assert "<|im_start|>" in text and training.assistant in text
    place = text.index(training.assistant)
    token = page.inspector.tokens.token_at(place)
    assert token == rendered.mask.index(True)
    assert f"ID {rendered.ids[token]} " in page.inspector.tokens.describe(token)
    view = page.inspector.tokens
    cursor = view.textCursor()
    cursor.setPosition(place)
    at = view.cursorRect(cursor).center() + QPoint(2, 0)
    qtbot.mouseMove(view.viewport(), at)
    qtbot.waitUntil(lambda: f"ID {rendered.ids[token]} " in page.inspector.pointed.text())
    page.inspector.limit.setValue(len(rendered.ids) - 2)
    qtbot.waitUntil(lambda: "2 beyond the limit" in page.inspector.count.text())
    assert any(struck for _, struck, _ in looks(view))


def test_the_totals_of_a_snapshot_and_of_the_kept_records(
    library: Library, ids: list[str], window: Window, qtbot: QtBot
) -> None:
    snapshot = freeze(library, name="first")
    page = open_page(window, qtbot)
    inspector = page.inspector
    page.tabs.setCurrentWidget(inspector)
    qtbot.waitUntil(lambda: inspector.source.count() == 2 and inspector.student.selected() is not None)
    qtbot.mouseClick(inspector.totals_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: "No records match" in inspector.problem.text.text(), timeout=20_000)
    inspector.source.setCurrentIndex(1)
    qtbot.mouseClick(inspector.totals_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(
        lambda: inspector.totals.text().startswith(f"{snapshot.records} records:"), timeout=20_000
    )
    assert "No record is too long." in inspector.totals.text()


def test_an_answer_is_regenerated(library: Library, window: Window, qtbot: QtBot) -> None:
    task = Task(family="sums", query="What is 1 + 1?", answer="2")
    add_tasks(library, [task])
    generate(library, Runner(model=TEACHER, threads=1), [task], strategy="direct", sampling=SAMPLING)
    (old,) = iterate_records(library)
    page = open_page(window, qtbot)
    qtbot.waitUntil(lambda: page.item.teacher is not None)
    assert page.item.teacher.path == TEACHER
    press(qtbot, page, "R")
    dialog = page.regenerating.dialog
    qtbot.waitUntil(lambda: dialog.strategy.count() == 7 and dialog.regenerate_button.isEnabled())
    assert dialog.strategy.currentText() == "direct" and dialog.seed.value() == 1
    dialog.strategy.setCurrentText("step-by-step")
    dialog.temperature.setValue(0.5)
    qtbot.mouseClick(dialog.regenerate_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: page.notice.text.text() == "The new answer is ready.", timeout=60_000)
    assert shown(page) == old.record.id
    qtbot.mouseClick(page.notice.action, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: shown(page) != old.record.id)
    new = get_record(library, shown(page)).record
    assert (new.strategy, new.task_id) == ("step-by-step", task.id)
    assert new.provenance.sampling == replace(SAMPLING, seed=1, temperature=0.5)
    assert get_record(library, old.record.id) == old
    assert page.notice.action.text() == "Back to the earlier one"
    qtbot.mouseClick(page.notice.action, Qt.MouseButton.LeftButton)
    wait_for(qtbot, page, old.record.id)


def test_new_records_leave_the_selection_alone(
    library: Library, ids: list[str], window: Window, qtbot: QtBot
) -> None:
    page = open_page(window, qtbot)
    page.table.selectRow(2)
    qtbot.keyClick(page.table, Qt.Key.Key_Down, Qt.KeyboardModifier.ShiftModifier)
    wait_for(qtbot, page, ids[3])
    assert page.bar.position.text() == "2 selected"
    old = get_record(library, ids[0]).record
    add_records(library, [NewRecord(record=replace(old, id="new"))])
    window.desk.tell("records")
    qtbot.waitUntil(lambda: len(page.table.records.rowids) == COUNT + 1)
    assert page.bar.position.text() == "2 selected" and shown(page) == ids[3]
    page.filters.verdict.setCurrentIndex(page.filters.verdict.findData("ungraded"))
    wait_for(qtbot, page, "new")
    assert page.side.verdict.word.text() == "Not graded"


def test_the_filtered_records_are_exported(
    library: Library, ids: list[str], window: Window, qtbot: QtBot, tmp_path: Path
) -> None:
    page = open_page(window, qtbot)
    page.go({"family": "odd"})
    qtbot.waitUntil(lambda: len(page.table.records.rowids) == 3)
    export_to(page, qtbot, tmp_path / "records.jsonl")
    qtbot.waitUntil(lambda: "3 training records" in page.notice.text.text())
    lines = (tmp_path / "records.jsonl").read_text("utf-8").splitlines()
    assert [json.loads(line)["family"] for line in lines] == ["odd"] * 3
    (tmp_path / "taken.jsonl").mkdir()
    export_to(page, qtbot, tmp_path / "taken.jsonl")
    qtbot.waitUntil(lambda: "cannot be written" in page.notice.text.text())


def export_to(page: RecordsPage, qtbot: QtBot, path: Path) -> None:
    """Export the listed training records by the dialog."""
    page.export()
    dialog = page.exports.dialog
    assert dialog is not None
    choose_format(dialog, "jsonl")
    dialog.place.setText(str(path))
    qtbot.waitUntil(dialog.export_button.isEnabled)
    qtbot.mouseClick(dialog.export_button, Qt.MouseButton.LeftButton)


def test_dropped_records_are_not_exported(
    library: Library, ids: list[str], window: Window, qtbot: QtBot, tmp_path: Path
) -> None:
    page, path = open_page(window, qtbot), tmp_path / "records.jsonl"
    decide(library, [ids[1], ids[3]], "drop")
    page.go({"family": "odd"})
    qtbot.waitUntil(lambda: len(page.table.records.rowids) == 3)
    export_to(page, qtbot, path)
    qtbot.waitUntil(lambda: page.notice.text.text() == f"Wrote 1 training record to {path.name}.")
    assert page.notice.hint.text() == f"Left out: 2 dropped in review.\n{path}"
    (line,) = path.read_text("utf-8").splitlines()
    assert json.loads(line)["user"] == "What is 5 + 1?"
    decide(library, [ids[5]], "drop")
    page.export()
    dialog = page.exports.dialog
    assert dialog is not None
    qtbot.waitUntil(lambda: "Left out: 3 dropped in review." in dialog.notes.text())
    assert not dialog.export_button.isEnabled()
    dialog.reject()


def test_records_are_found_by_their_text(
    library: Library, ids: list[str], window: Window, qtbot: QtBot
) -> None:
    page = open_page(window, qtbot)
    qtbot.keyClicks(page.filters.text, "WHAT is 4")
    wait_for(qtbot, page, ids[4])
    assert page.filters.count.text() == "1 record"
    qtbot.mouseClick(page.filters.clear, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: page.filters.count.text() == f"{COUNT} records")
    assert page.filters.text.text() == ""


def test_what_is_typed_but_not_listed_decides_about_nothing(
    library: Library, ids: list[str], window: Window, qtbot: QtBot
) -> None:
    page = open_page(window, qtbot)
    qtbot.keyClicks(page.filters.text, '"what is 4"')
    wait_for(qtbot, page, ids[4])
    assert page.filters.count.text() == "1 record"
    qtbot.keyClicks(page.filters.text, " wrong:maybe")
    qtbot.waitUntil(lambda: "maybe" in page.filters.problem.text())

    page.decide_listed("drop")

    qtbot.waitUntil(lambda: count_records(library, RecordFilter(decision="drop")) > 0)
    assert count_records(library, RecordFilter(decision="drop")) == 1


def test_esc_empties_the_search_and_enter_goes_to_the_list(
    ids: list[str], window: Window, qtbot: QtBot
) -> None:
    page = open_page(window, qtbot)
    page.search_here()
    qtbot.waitUntil(page.filters.text.hasFocus)
    qtbot.keyClicks(page.filters.text, "nothing has this")
    qtbot.keyClick(page.filters.text, Qt.Key.Key_Return)
    assert page.table.hasFocus()
    qtbot.waitUntil(lambda: page.filters.count.text() == "0 records")
    qtbot.keyClick(page.filters.text, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: page.filters.count.text() == f"{COUNT} records")


def test_all_listed_correct_records_are_kept_at_once(
    library: Library, ids: list[str], window: Window, qtbot: QtBot
) -> None:
    decide(library, [ids[5]], "drop")
    page = open_page(window, qtbot)
    page.go({"family": "odd"})
    qtbot.waitUntil(lambda: len(page.table.records.rowids) == 3)
    page.action("Keep all listed that are correct").trigger()
    qtbot.waitUntil(lambda: get_record(library, ids[1]).decision == "keep")
    decisions = [get_record(library, one).decision for one in ids]
    assert decisions == [None, "keep", None, None, None, "drop"]  # the third is incorrect
    qtbot.waitUntil(lambda: page.notice.text.text() == "Kept 1 record.")
    qtbot.mouseClick(page.notice.action, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: get_record(library, ids[1]).decision is None)
    decide(library, [ids[1]], "drop")
    page.keep_correct()
    qtbot.waitUntil(lambda: page.notice.text.text() == "No listed record is correct and not reviewed yet.")


def test_all_listed_records_are_dropped_and_kept_at_once(
    library: Library, ids: list[str], window: Window, qtbot: QtBot
) -> None:
    def decisions() -> list[str | None]:
        return [get_record(library, one).decision for one in ids]

    decide(library, [ids[5]], "drop")
    page = open_page(window, qtbot)
    page.go({"family": "odd"})
    qtbot.waitUntil(lambda: page.filters.count.text() == "3 records")
    menu = page.filters.all.menu()
    keep, drop = menu.actions()[:2]
    drop.trigger()
    qtbot.waitUntil(lambda: page.notice.text.text() == "Dropped 2 records.")
    assert decisions() == [None, "drop", None, "drop", None, "drop"]
    qtbot.mouseClick(page.notice.action, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: decisions() == [None, None, None, None, None, "drop"])
    keep.trigger()
    qtbot.waitUntil(lambda: page.notice.text.text() == "Kept 3 records.")
    assert decisions() == [None, "keep", None, "keep", None, "keep"]
    keep.trigger()
    qtbot.waitUntil(lambda: page.notice.text.text() == "Kept are all listed records already.")


def test_an_edit_that_leaves_the_list_is_said_and_shown(
    library: Library, ids: list[str], window: Window, qtbot: QtBot
) -> None:
    page = open_page(window, qtbot)
    page.filters.verdict.setCurrentIndex(page.filters.verdict.findData("incorrect"))
    wait_for(qtbot, page, ids[0])
    press(qtbot, page, "E")
    page.side.response.setPlainText("Answer: 1")
    page.side.save()
    qtbot.waitUntil(lambda: "no longer matches the filters" in page.notice.text.text())
    qtbot.waitUntil(lambda: shown(page) == ids[3])
    qtbot.mouseClick(page.notice.action, Qt.MouseButton.LeftButton)
    assert wait_for(qtbot, page, ids[0]).edited == "Answer: 1"


def test_undo_names_the_record_and_shows_it(
    library: Library, ids: list[str], window: Window, qtbot: QtBot
) -> None:
    page, said = open_page(window, qtbot), []
    window.desk.noticed.connect(lambda text, tone: said.append(text))
    wait_for(qtbot, page, ids[0])
    press(qtbot, page, "D")
    wait_for(qtbot, page, ids[1])
    page.table.go(3)
    wait_for(qtbot, page, ids[4])
    window.desk.undo.undo()
    wait_for(qtbot, page, ids[0])
    assert said[-1] == "Undone: drop the answer to “What is 0 + 1?”."
    assert get_record(library, ids[0]).decision is None


def test_only_kept_records_are_frozen(library: Library, ids: list[str]) -> None:
    decide(library, [ids[1]], "keep")
    found = preview_freeze(library, rules=SnapshotRules(only_kept=True))
    assert (found.records, found.left_out) == (1, {Unfit.NOT_KEPT: COUNT - 1})


def test_a_held_out_record_says_that_it_is_never_trained_on(
    library: Library, ids: list[str], window: Window, qtbot: QtBot
) -> None:
    task = get_task(library, get_record(library, ids[0]).record.task_id)
    update_tasks(library, [replace(task, split="heldout")])
    delete_tasks(library, [task.id])
    page = open_page(window, qtbot)
    wait_for(qtbot, page, ids[0])
    assert "held out, so it is never used for training" in page.side.verdict.reason.text()
    qtbot.waitUntil(lambda: page.table.records.item(0) is not None)
    line = page.table.records.item(0)
    assert line is not None and line.held_out and "held out" in [word for _, _, word in signs(line)]


def test_a_long_answer_scrolls_down_alone(window: Window, qtbot: QtBot, library: Library) -> None:
    sentence = "First we read the question carefully, then we add the numbers one at a time. "
    ids = put_records(library, response=f"{sentence * 6}\n\nAnswer: 2")
    page = open_page(window, qtbot)
    view = page.side.response
    page.go({"record": ids[1]})
    wait_for(qtbot, page, ids[1])
    view.setFixedHeight(90)
    for width in range(560, 680, 4):
        view.setFixedWidth(width)
        QApplication.processEvents()
        assert view.verticalScrollBar().isVisible() and not view.horizontalScrollBar().isVisible(), width


def test_the_answer_is_looked_at_step_by_step(window: Window, ids: list[str], qtbot: QtBot) -> None:
    page = open_page(window, qtbot)
    qtbot.mouseClick(page.side.steps_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: bool(page.side.findChildren(AnswerDialog)))
    (dialog,) = page.side.findChildren(AnswerDialog)
    assert dialog.text.toPlainText().startswith("Answer: ")
    assert not dialog.score.isVisible() and "not on this machine" in dialog.pointed.text()
    dialog.close()


def test_formulas_of_an_answer_are_set_until_it_is_edited(
    library: Library, window: Window, qtbot: QtBot
) -> None:
    answer = "So $x = 2$, **then**\nAnswer: 2"
    ids = put_records(library, response=answer)
    page = open_page(window, qtbot)
    page.go({"record": ids[1]})
    wait_for(qtbot, page, ids[1])
    side = page.side
    qtbot.waitUntil(lambda: side.formatted.isVisible() and "**" not in side.formatted.toPlainText())
    assert side.formatted.toPlainText().startswith("So $x = 2$, then")
    assert not side.response.isVisible()
    window.desk.choose_as_written(True)
    assert side.response.isVisible() and not side.formatted.isVisible()
    window.desk.choose_as_written(False)
    assert side.formatted.isVisible()
    side.edit()
    assert side.response.isVisible() and side.response.toPlainText() == answer
    side.cancel_edit()
    assert side.formatted.isVisible()


def test_the_list_is_ordered_and_the_record_stays(
    library: Library, ids: list[str], window: Window, qtbot: QtBot
) -> None:
    page = open_page(window, qtbot)
    arrived = list(page.table.records.rowids)
    page.go({"record": ids[1]})
    wait_for(qtbot, page, ids[1])
    order = page.filters.order
    order.setCurrentIndex(order.findData("newest"))
    qtbot.waitUntil(lambda: list(page.table.records.rowids) == arrived[::-1])
    assert page.item is not None and page.item.stored.record.id == ids[1]
    assert page.table.currentIndex().row() == COUNT - 2 and not page.filters.chosen()
    press(qtbot, page, "D")
    qtbot.waitUntil(lambda: get_record(library, ids[1]).decision == "drop")
    wait_for(qtbot, page, ids[0])  # the next one down
    order.setCurrentIndex(order.findData("family"))
    qtbot.waitUntil(lambda: list(page.table.records.rowids) not in (arrived, arrived[::-1]))
    qtbot.waitUntil(lambda: all(page.table.records.item(row) for row in range(COUNT)))
    families = [page.table.records.item(row).family for row in range(COUNT)]
    assert families == sorted(families)
