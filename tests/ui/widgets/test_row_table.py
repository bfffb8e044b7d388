"""The table of every page, as its user meets it: sorted, arranged, searched and copied."""

import json
from collections.abc import Sequence
from itertools import pairwise

import pytest
from examples import at_most
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAction, QGuiApplication
from PySide6.QtWidgets import QMenu
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot

from orca_desk.ui.theme import Theme
from orca_desk.ui.widgets.copy_rows import rows_as
from orca_desk.ui.widgets.row_table import RowTable, row_menu, row_table
from orca_desk.ui.widgets.rows import Column, RowsModel, RowsProxy, in_order, natural_key, number_key

Item = tuple[str, int | None, str]
ITEMS: tuple[Item, ...] = (("run-10", 3, "x, y"), ("run-9", None, 'say "a"'), ("Run-2", 1200, "two\nlines"))


class Items(RowsModel[Item]):
    """Names, numbers and notes."""

    def __init__(self, rows: Sequence[Item] = ITEMS) -> None:
        super().__init__((
            Column("Name", lambda one: one[0]),
            Column("Number", lambda one: "–" if one[1] is None else f"{one[1]:,}", number=True),
            Column("Note", lambda one: one[2]),
        ))  # fmt: skip
        self.show(rows)

    def identity(self, row: Item) -> object:
        """Return the name."""
        return row[0]


def names(model: RowsModel[Item]) -> list[str]:
    return [one[0] for one in model.rows]


@pytest.fixture
def table(theme: Theme, qtbot: QtBot) -> RowTable:
    made = row_table(Items(), "Items")
    made.set_widths((0, 80, 120))
    qtbot.addWidget(made)
    made.resize(600, 200)
    with qtbot.waitExposed(made):
        made.show()
    return made


def click(table: RowTable, qtbot: QtBot, column: int) -> None:
    header = table.horizontalHeader()
    where = QPoint(header.sectionViewportPosition(column) + 20, header.height() // 2)
    qtbot.mouseClick(header.viewport(), Qt.MouseButton.LeftButton, pos=where)


def drag(table: RowTable, qtbot: QtBot, column: int, by: int) -> None:
    header = table.horizontalHeader()
    edge = header.sectionViewportPosition(column) + header.sectionSize(column) - 1
    start = QPoint(edge, header.height() // 2)
    qtbot.mousePress(header.viewport(), Qt.MouseButton.LeftButton, pos=start)
    qtbot.mouseMove(header.viewport(), start + QPoint(by, 0))
    qtbot.mouseRelease(header.viewport(), Qt.MouseButton.LeftButton, pos=start + QPoint(by, 0))


def widths(table: RowTable) -> list[int]:
    return [table.columnWidth(column) for column in range(3)]


def entry(menu: QMenu, text: str) -> QAction:
    return next(one for one in menu.actions() if one.text() == text)


def below(menu: QMenu, text: str) -> QMenu:
    found = entry(menu, text).menu()
    assert isinstance(found, QMenu)
    return found


def test_clicks_on_a_heading_sort_both_ways_and_then_no_more(table: RowTable, qtbot: QtBot) -> None:
    model = table.model()
    assert isinstance(model, Items)
    table.selectRow(1)  # run-9
    click(table, qtbot, 0)
    assert names(model) == ["Run-2", "run-9", "run-10"]
    click(table, qtbot, 0)
    assert names(model) == ["run-10", "run-9", "Run-2"]
    assert table.selected_rows(9) == [1] and model.rows[1][0] == "run-9"
    click(table, qtbot, 0)
    assert names(model) == [one[0] for one in ITEMS] and table.order is None
    for descending in (False, True):  # no number comes last either way
        click(table, qtbot, 1)
        assert names(model)[2] == "run-9" and table.order == (1, descending)


def test_no_cell_reads_as_another(table: RowTable) -> None:
    table.model().show([("1\u202e2", None, "")])  # type: ignore[attr-defined]
    assert table.model().index(0, 0).data() == "1‹RLO›2"


def test_new_rows_are_sorted_and_a_changed_row_moves_with_its_selection(
    table: RowTable, qtbot: QtBot
) -> None:
    model = table.model()
    assert isinstance(model, Items)
    table.order_by((1, True))
    assert model.show([*ITEMS, ("new", 50, "")]) and names(model) == ["Run-2", "new", "run-10", "run-9"]
    table.selectRow(2)  # run-10
    assert not model.show([("run-10", 5000, "x, y"), *ITEMS[1:], ("new", 50, "")])
    assert names(model)[0] == "run-10" and table.selected_rows(9) == [0]
    assert model.given[0][0] == "run-10"


def test_a_search_narrows_the_rows_and_keeps_the_selection(
    table: RowTable, qtbot: QtBot, qtmodeltester: ModelTester
) -> None:
    model = table.model()
    assert isinstance(model, Items)
    qtmodeltester.check(model)
    table.selectRow(0)
    table.order_by((0, False))
    model.find("RUN-1 x,")
    assert names(model) == ["run-10"] and table.selected_rows(9) == [0]
    model.find("")
    assert names(model) == ["Run-2", "run-9", "run-10"] and table.selected_rows(9) == [2]
    model.find("nowhere")
    assert not model.rows
    model.show([*ITEMS, ("nowhere", 1, "")])
    assert names(model) == ["nowhere"]


def test_the_main_column_has_the_room_that_the_others_leave(table: RowTable, qtbot: QtBot) -> None:
    room = table.viewport().width()
    assert widths(table) == [room - 200, 80, 120]
    drag(table, qtbot, 1, 30)
    assert widths(table) == [room - 230, 110, 120]
    drag(table, qtbot, 0, -50)  # the column beside it takes what the main one gives
    assert widths(table) == [room - 280, 160, 120]
    table.resize(380, 200)
    qtbot.waitUntil(lambda: table.viewport().width() < 390)
    assert widths(table)[1] == 160 and sum(widths(table)) == table.viewport().width()


def test_columns_are_chosen_moved_and_kept(table: RowTable, qtbot: QtBot) -> None:
    told: list[bool] = []
    table.arranged.connect(lambda: told.append(True))
    menu = table.menu()
    columns = below(menu, "Columns")
    assert [one.text() for one in columns.actions()[:3]] == ["Name", "Number", "Note"]
    entry(columns, "Note").trigger()
    below(columns, "Sort by").actions()[4].trigger()
    assert table.isColumnHidden(2) and table.order == (1, True) and told
    table.horizontalHeader().moveSection(1, 0)
    drag(table, qtbot, 1, 25)
    kept = json.loads(json.dumps(table.arrangement()))
    other = row_table(Items(), "Items")
    qtbot.addWidget(other)
    other.resize(600, 200)
    other.set_widths((0, 80, 120))
    other.arrange(kept)
    assert other.arrangement() == kept and other.isColumnHidden(2)
    assert other.horizontalHeader().visualIndex(1) == 0 and other.order == (1, True)
    model = other.model()
    assert isinstance(model, Items) and names(model)[0] == "Run-2"
    other.reset_columns()
    assert other.arrangement() == {
        "widths": {},
        "order": ["Name", "Number", "Note"],
        "shown": {},
        "sort": None,
    }


@pytest.mark.parametrize(
    "stored",
    [{}, {"widths": 3, "order": "x", "shown": [], "sort": 7},
     {"sort": ["gone", True], "order": ["Name", "Name"]},
     {"widths": {"Name": 10**9, "Number": True, "x": 5}, "shown": {"Note": 1}, "sort": ["Name", "yes"]}],
)  # fmt: skip
def test_an_arrangement_that_does_not_fit_is_left_out(table: RowTable, stored: dict[str, object]) -> None:
    before = table.arrangement()
    table.arrange(stored)
    assert table.arrangement() == before


def test_a_column_without_room_is_hidden_unless_the_user_shows_it(theme: Theme, qtbot: QtBot) -> None:
    table = row_table(Items(), "Items", needs={2: 500})
    qtbot.addWidget(table)
    table.resize(400, 200)
    table.fit()
    assert table.isColumnHidden(2)
    table.show_column(2, True)
    assert not table.isColumnHidden(2)
    table.resize(300, 200)
    table.fit()
    assert not table.isColumnHidden(2)


def test_selected_rows_are_copied_for_other_programs(table: RowTable, qtbot: QtBot) -> None:
    clipboard = QGuiApplication.clipboard()
    table.setSelectionMode(RowTable.SelectionMode.ExtendedSelection)
    table.selectAll()
    with qtbot.waitSignal(table.copied) as copied:
        qtbot.keyClick(table, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert copied.args == [3, 3]
    assert clipboard.text() == 'run-10\t3\tx, y\nrun-9\t–\tsay "a"\nRun-2\t1,200\ttwo lines\n'
    table.show_column(1, False)
    forms = below(table.menu(), "Copy rows as")
    entry(forms, "CSV").trigger()
    assert clipboard.text() == 'Name,Note\nrun-10,"x, y"\nrun-9,"say ""a"""\nRun-2,"two\nlines"\n'
    entry(forms, "JSON").trigger()
    assert json.loads(clipboard.text())[2] == {"Name": "Run-2", "Note": "two\nlines"}
    table.clearSelection()
    assert not entry(table.menu(), "Copy rows").isEnabled()


def test_a_page_offers_what_can_be_done_with_the_rows(table: RowTable, qtbot: QtBot) -> None:
    done: list[str] = []
    action = QAction("Do it", table)
    action.triggered.connect(lambda: done.append("it"))
    row_menu(table, lambda: [action, None])
    menu = table.menu()
    assert menu.actions()[0] is action
    menu.actions()[0].trigger()
    assert done == ["it"]


def test_a_filtered_table_is_sorted_by_the_values_of_its_source(theme: Theme, qtbot: QtBot) -> None:
    model, proxy = Items(), RowsProxy()
    proxy.setSourceModel(model)
    proxy.setFilterFixedString("un-")
    table = row_table(proxy, "Items")
    qtbot.addWidget(table)
    table.order_by((1, False))
    shown = [proxy.index(row, 0).data() for row in range(proxy.rowCount())]
    assert shown == ["run-10", "Run-2", "run-9"]


def test_two_main_columns_share_the_room_until_one_is_dragged(theme: Theme, qtbot: QtBot) -> None:
    table = row_table(Items(), "Items", main=(0, 2), sorts=False)
    qtbot.addWidget(table)
    table.set_widths((0, 80, 0))
    table.resize(600, 200)
    with qtbot.waitExposed(table):
        table.show()
    half = (table.viewport().width() - 80) // 2
    assert widths(table) == [half, 80, half]
    drag(table, qtbot, 0, 40)
    assert widths(table)[0] == half + 40 and widths(table)[2] <= half - 40
    click(table, qtbot, 1)
    assert table.order is None


@at_most(60)
@given(st.lists(st.none() | st.integers(-3, 3)), st.booleans())
def test_equal_keys_stay_as_they_came_and_none_comes_last(keys: list[int | None], descending: bool) -> None:
    places = in_order(keys, descending=descending)
    assert sorted(places) == list(range(len(keys)))
    ordered = [keys[place] for place in places]
    present = [key for key in ordered if key is not None]
    assert ordered == present + [None] * (len(keys) - len(present))
    assert present == sorted(present, reverse=descending)
    for one, two in pairwise(places):
        assert keys[one] != keys[two] or one < two


@at_most(60)
@given(st.lists(st.text(), min_size=2, max_size=4))
def test_any_texts_can_be_sorted(texts: list[str]) -> None:
    keys = [key for key in map(natural_key, texts) if key is not None]
    assert sorted(keys) == sorted(sorted(keys, reverse=True))
    assert [number_key(text) for text in ("-1,200.5%", "no", "−3 of 4")] == [-1200.5, None, -3]


def test_rows_are_written_with_their_headings() -> None:
    assert rows_as("text", ["A", "B"], [["1", "2\t3"]]) == "A\tB\n1\t2 3\n"
    assert rows_as("json", ["A"], [["ü"]]) == '[\n {\n  "A": "ü"\n }\n]\n'


def test_no_spreadsheet_calculates_a_cell_that_was_copied_as_csv() -> None:
    texts = ["=1+1", "@sum(A1)", "-3x + 5 = 0", "+cmd|x", "\tx", "-5", "+2.5e3", "-1,000", "a=b"]

    lines = rows_as("csv", ["A"], [[text] for text in texts]).splitlines()

    inert = ["'=1+1", "'@sum(A1)", "'-3x + 5 = 0", "'+cmd|x", "'\tx"]
    assert lines == ["A", *inert, "-5", "+2.5e3", '"-1,000"', "a=b"]
