"""Copying a small table that is read as a whole: by Ctrl+C and by the menu of a right click."""

from functools import partial

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication, QKeySequence, QShortcut
from PySide6.QtWidgets import QTableView

from orca_desk.formats.csv_file import inert
from orca_desk.ui.widgets.copy_rows import NAMES, CopyFormat, rows_as
from orca_desk.ui.widgets.row_table import cell_text
from orca_desk.ui.widgets.table_menus import closing_menu


def offer_copies(view: QTableView) -> None:
    """Let a table be copied with its headings, in the form that is chosen.

    A table of rows that one uses is a `RowTable`, whose menu has more.
    """

    def show(place: QPoint) -> None:
        menu = closing_menu(view)
        whole = menu.addAction("Copy table", partial(copy_table, view))
        whole.setShortcut(QKeySequence(QKeySequence.StandardKey.Copy))  # to be read: the shortcut below works
        forms: tuple[CopyFormat, ...] = ("csv", "json")
        for form in forms:
            menu.addAction(f"Copy table as {NAMES[form]}", partial(copy_table, view, form))
        menu.popup(view.viewport().mapToGlobal(place))

    view.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
    view.customContextMenuRequested.connect(show)
    key = QShortcut(QKeySequence(QKeySequence.StandardKey.Copy), view)
    key.setContext(Qt.ShortcutContext.WidgetShortcut)
    key.activated.connect(partial(copy_table, view))


def copy_table(view: QTableView, form: CopyFormat = "text") -> None:
    """Put a table on the clipboard, with the headings of columns and of rows that it shows."""
    model, across, down = view.model(), Qt.Orientation.Horizontal, Qt.Orientation.Vertical
    columns = [column for column in range(model.columnCount()) if not view.isColumnHidden(column)]
    headings = [_heading(model.headerData(column, across)) for column in columns]
    rows = [[cell_text(model, row, column) for column in columns] for row in range(model.rowCount())]
    if not view.verticalHeader().isHidden():
        headings = ["", *headings]
        rows = [[_heading(model.headerData(row, down)), *cells] for row, cells in enumerate(rows)]
    if form == "text":  # it may be pasted into a spreadsheet
        rows = [[inert(cell) for cell in cells] for cells in rows]
    QGuiApplication.clipboard().setText(rows_as(form, headings, rows))


def _heading(found: object) -> str:
    return " ".join(str(found or "").split())
