"""The rules for records on the desktop: previewed, put in force, undone; each record says how it stands."""

from collections.abc import Iterator

import pytest
from library_doubles import judged, make_record, make_task
from pytestqt.qtbot import QtBot

from orca_desk.library.database import Library
from orca_desk.library.new_records import NewRecord, add_records
from orca_desk.library.record_rules import current_rules
from orca_desk.library.tasks import add_tasks
from orca_desk.method.fitness import DEFAULT_RULES, FitnessRules
from orca_desk.ui.pages.records.page import RecordsPage
from orca_desk.ui.pages.records.rules_dialog import RulesDialog
from orca_desk.ui.widgets.rules_form import RulesForm
from orca_desk.ui.window import Window

REFUSAL = "I'm sorry, but I can't help with that."


@pytest.fixture(autouse=True)
def _records(library: Library) -> Iterator[None]:
    """A correct record, an incorrect one, and a refusal without a reference."""
    add_tasks(library, [make_task(1), make_task(2), make_task(3, answer=None)])
    add_records(
        library,
        [
            judged(make_record(1), 1),
            judged(make_record(2, response="Answer: 7"), 2),
            NewRecord(record=make_record(3, response=REFUSAL)),
        ],
    )
    yield


def open_page(window: Window, qtbot: QtBot) -> RecordsPage:
    window.desk.open("records")
    page = window.pages["records"]
    assert isinstance(page, RecordsPage)
    qtbot.waitUntil(lambda: page.item is not None)
    return page


def open_dialog(page: RecordsPage, qtbot: QtBot) -> RulesDialog:
    page.action("Rules…").trigger()
    dialog = page.rules_dialog
    assert dialog is not None
    qtbot.waitUntil(lambda: dialog.taken.text() == "2 of 3 records in")
    return dialog


def rows(dialog: RulesDialog) -> list[list[str]]:
    """What the table of the dialog shows."""
    model = dialog.model
    return [
        [model.data(model.index(row, column)) for column in range(model.columnCount())]
        for row in range(model.rowCount())
    ]


def test_rules_are_previewed_put_in_force_and_undone(library: Library, window: Window, qtbot: QtBot) -> None:
    page = open_page(window, qtbot)
    dialog = open_dialog(page, qtbot)
    assert rows(dialog) == [["incorrect answer", "on", "1", "1"], ["refuses to answer", "off", "1", "1"]]
    assert not dialog.apply_button.isEnabled()
    dialog.form.no_refusals.click()
    qtbot.waitUntil(lambda: dialog.taken.text() == "1 of 3 records in")
    assert dialog.change.text() == "Compared with the rules in force: 0 come in, 1 go out."
    assert rows(dialog)[1] == ["refuses to answer", "on", "1", "1"]
    assert current_rules(library) == DEFAULT_RULES
    dialog.apply_button.click()
    qtbot.waitUntil(lambda: current_rules(library) == FitnessRules(no_refusals=True))
    window.desk.undo.undo()
    qtbot.waitUntil(lambda: current_rules(library) == DEFAULT_RULES)


def test_a_rule_that_cannot_be_used_is_told_beside_the_form(window: Window, qtbot: QtBot) -> None:
    dialog = open_dialog(open_page(window, qtbot), qtbot)
    dialog.form.must_match.setText("(a")
    qtbot.waitUntil(lambda: "is not a regular expression" in dialog.notice.text.text())
    assert not dialog.apply_button.isEnabled()
    assert not rows(dialog)
    dialog.form.must_match.setText("Answer")
    qtbot.waitUntil(lambda: dialog.taken.text() == "1 of 3 records in")
    assert not dialog.notice.isVisible()
    dialog.default_button.click()
    qtbot.waitUntil(lambda: dialog.taken.text() == "2 of 3 records in")
    dialog.reject()


def test_an_example_is_opened(window: Window, qtbot: QtBot) -> None:
    page = open_page(window, qtbot)
    dialog = open_dialog(page, qtbot)
    dialog.effects.selectRow(1)
    assert dialog.examples_title.text() == "For example, refuses to answer"
    dialog.record_requested.emit(make_record(3).id)
    qtbot.waitUntil(lambda: page.item is not None and page.item.stored.record.id == make_record(3).id)
    dialog.reject()


def test_each_record_says_why_it_is_in_or_out(window: Window, qtbot: QtBot) -> None:
    page = open_page(window, qtbot)
    model = page.table.records
    qtbot.waitUntil(lambda: "correct, in" in (model.data(model.index(0, 0)) or ""))
    assert page.side.verdict.standing.text() == "In: correct."
    assert model.data(model.index(1, 0)).endswith("incorrect, out")
    page.table.go(1)
    qtbot.waitUntil(lambda: page.side.verdict.standing.text() == "Out: incorrect answer.")


def test_records_are_filtered_by_how_they_stand(window: Window, qtbot: QtBot) -> None:
    page = open_page(window, qtbot)
    box = page.filters.standing
    for data, count in (("used", 2), ("unused", 1), ("incorrect", 1), ("leak", 0), (None, 3)):
        box.setCurrentIndex(box.findData(data))
        qtbot.waitUntil(lambda count=count: len(page.table.records.rowids) == count)


def test_the_form_shows_rules_as_they_are(qtbot: QtBot) -> None:
    form = RulesForm()
    qtbot.addWidget(form)
    rules = FitnessRules(
        only_correct=False,
        agreement=0.75,
        per_task=None,
        allow_cut_off=True,
        languages=("en", "de"),
        min_tokens=5,
        max_characters=900,
        must_not_match="^As an",
        no_repetition=True,
    )
    with qtbot.waitSignal(form.changed):
        form.set_value(rules)
    assert form.value() == rules
    form.set_value(DEFAULT_RULES)
    assert form.value() == DEFAULT_RULES
