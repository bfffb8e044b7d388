"""The menus of a table: of its rows, with what the page offers, and of its headings."""

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QMenu, QWidget

from orca_desk.ui.widgets.copy_rows import NAMES, CopyFormat

if TYPE_CHECKING:
    from orca_desk.ui.widgets.row_table import RowTable


def rows_menu(table: "RowTable") -> QMenu:
    """Return the menu of the selected rows: what the page offers, copying, and the columns."""
    menu = closing_menu(table)
    actions = table.row_actions() if callable(table.row_actions) else table.row_actions
    for action in actions:
        if action is None:
            menu.addSeparator()
        else:
            menu.addAction(action)
    menu.addSeparator()
    has_rows = bool(table.selected_rows(1))
    copy = menu.addAction("Copy rows")
    key = QKeySequence(QKeySequence.StandardKey.Copy)
    if not any(action is not None and key in action.shortcuts() for action in actions):
        copy.setShortcut(key)  # to be read: the table takes the key
    copy.triggered.connect(lambda: table.copy())
    copy.setEnabled(has_rows)
    forms = menu.addMenu("Copy rows as")
    forms.setEnabled(has_rows)
    for form, name in NAMES.items():
        forms.addAction(name).triggered.connect(partial(_copy_as, table, form))
    add_columns(table, menu.addMenu("Columns"))
    return menu


def add_columns(table: "RowTable", menu: QMenu) -> None:
    """Add which columns are shown, and by which the rows are sorted, to a menu."""
    titles, header, visible = table.titles(), table.horizontalHeader(), table.shown_columns()
    for column in map(header.logicalIndex, range(header.count())):
        action = menu.addAction(_plain(titles[column]))
        action.setCheckable(True)
        action.setChecked(column in visible)
        action.setEnabled(column not in table.main[:1] and visible != [column])
        action.toggled.connect(partial(table.show_column, column))
    menu.addSeparator()
    if table.sorts:
        _add_orders(table, menu.addMenu("Sort by"), {column: titles[column] for column in visible})
    menu.addAction("Reset columns").triggered.connect(table.reset_columns)


def closing_menu(parent: QWidget) -> QMenu:
    """Return an empty menu that is deleted when it closes."""
    menu = QMenu(parent)
    menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    return menu


def _add_orders(table: "RowTable", by: QMenu, titles: Mapping[int, str]) -> None:
    orders: list[tuple[str, tuple[int, bool] | None]] = [("As given", None)]
    for column, title in titles.items():
        orders += [(f"{title}, ascending", (column, False)), (f"{title}, descending", (column, True))]
    for text, order in orders:
        action = by.addAction(_plain(text))
        action.setCheckable(True)
        action.setChecked(table.order == order)
        action.triggered.connect(partial(_order_by, table, order))


def _order_by(table: "RowTable", order: tuple[int, bool] | None, checked: bool = False) -> None:
    table.order_by(order)


def _copy_as(table: "RowTable", form: CopyFormat, checked: bool = False) -> None:
    table.copy(form)


def _plain(title: str) -> str:
    return title.replace("&", "&&")
