"""The table of every page: it sorts by a click on a heading, and columns are chosen, moved and resized."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from PySide6.QtCore import QAbstractItemModel, QEvent, QItemSelectionModel, QPoint, Qt, Signal
from PySide6.QtGui import (
    QAction,
    QContextMenuEvent,
    QGuiApplication,
    QKeyEvent,
    QKeySequence,
    QMouseEvent,
    QResizeEvent,
)
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QMenu, QStyleOptionHeader, QTableView

from orca_desk.ui.icons import icon_size
from orca_desk.ui.theme import GRID, grown
from orca_desk.ui.widgets.blocks import FULL_TEXT, BlockTableModel
from orca_desk.ui.widgets.copy_rows import MOST_COPIED, CopyFormat, as_lines, rows_as
from orca_desk.ui.widgets.table_menus import add_columns, closing_menu, rows_menu

ROW = 4 * GRID  # px, the height of a row
LEAST_MAIN = 18 * GRID  # px of a main column, or a share of the room; below, the others shrink
LEAST_SHARE = 0.25
LEAST = 6 * GRID  # px of any other
RowActions = Sequence[QAction | None] | Callable[[], Sequence[QAction | None]]
Chosen = Mapping[str, Any]  # see RowTable.arrangement


class ColumnHeader(QHeaderView):
    """The headings: they sort, they can be dragged, and their menu chooses the columns."""

    def __init__(self, table: "RowTable") -> None:
        super().__init__(Qt.Orientation.Horizontal, table)
        self._table = table
        self.is_dragged = False
        self.setSectionsClickable(True)
        self.setSectionsMovable(True)
        self.setSortIndicatorClearable(True)
        self.setHighlightSections(False)
        self.setMinimumSectionSize(LEAST)
        self.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)

    def initStyleOptionForIndex(self, option: QStyleOptionHeader, section: int) -> None:  # noqa: N802
        """Let the sign point up where the rows ascend, as nearly everywhere; Qt's points down."""
        super().initStyleOptionForIndex(option, section)
        signs = QStyleOptionHeader.SortIndicator
        turned = {signs.SortUp: signs.SortDown, signs.SortDown: signs.SortUp}
        option.sortIndicator = turned.get(option.sortIndicator, option.sortIndicator)

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Know that the user is dragging."""
        self.is_dragged = event.button() == Qt.MouseButton.LeftButton
        super().mousePressEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Give the main column what the drag left for it."""
        super().mouseReleaseEvent(event)
        self.is_dragged = False
        self._table.fit()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:  # noqa: N802 - Qt's name
        """Open the menu of the columns."""
        menu = closing_menu(self._table)
        add_columns(self._table, menu)
        menu.popup(event.globalPos())


class RowTable(QTableView):
    """A table with rows of one height. Tab leaves it.

    The columns `main` share the room that the others leave: where the table is too narrow, the others shrink
    first. Without any, columns are as wide as they are made, and the table scrolls. `needs` maps a column,
    whose content also appears beside or below the table, to the width in px from which it is shown, unless
    the user chose to show it. `arranged` follows each change of sorting, widths, order or choice of columns
    by the user; `copied` carries how many rows were copied, and
    how many are selected.
    """

    arranged = Signal()
    copied = Signal(int, int)

    def __init__(
        self,
        model: QAbstractItemModel,
        name: str,
        *,
        needs: Mapping[int, int],
        main: tuple[int, ...],
        sorts: bool,
    ) -> None:
        super().__init__()
        self._needs, self.main, self.sorts = needs, main, sorts
        self._shown: dict[int, bool] = {}  # columns that the user shows or hides
        self._widths: dict[int, int] = {}  # px, as asked for: while text has its usual size, unless dragged
        self._dragged: set[int] = set()  # columns whose width the user chose
        self._first_widths: dict[int, int] = {}
        self._is_fitting = False
        self.row_actions: RowActions = ()
        header = ColumnHeader(self)
        self.setHorizontalHeader(header)
        self._columns = header
        self.setModel(model)
        # With the table's own selection model, each paint of a header asks whether all rows of a column are
        # selected, which takes a minute for a million rows
        header.setSelectionModel(QItemSelectionModel(model, header))
        self.setAccessibleName(name)
        self.setIconSize(icon_size(16))
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setTabKeyNavigation(False)
        self.setCornerButtonEnabled(False)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.verticalHeader().hide()
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self._row_height = ROW
        self.set_row_height(ROW)
        header.sectionResized.connect(self._resized)
        header.sectionMoved.connect(lambda *_: self.arranged.emit())
        header.sortIndicatorChanged.connect(self._sort)
        header.setSectionsClickable(sorts)
        self.show_order(None)

    # Sorting

    @property
    def order(self) -> tuple[int, bool] | None:
        """The column that sorts the rows, and whether it descends; None: as they are given."""
        header = self._columns
        if not header.isSortIndicatorShown() or header.sortIndicatorSection() < 0:
            return None
        return header.sortIndicatorSection(), header.sortIndicatorOrder() == Qt.SortOrder.DescendingOrder

    def order_by(self, order: tuple[int, bool] | None) -> None:
        """Sort by a column, as a click on its heading would."""
        column, descending = order or (-1, False)
        way = Qt.SortOrder.DescendingOrder if descending else Qt.SortOrder.AscendingOrder
        self._columns.setSortIndicator(column, way)

    def show_order(self, order: tuple[int, bool] | None) -> None:
        """Show the sign of an order without sorting."""
        header = self._columns
        blocked = header.blockSignals(True)
        header.setSortIndicatorShown(self.sorts)
        self.order_by(order)
        header.blockSignals(blocked)

    def sort_rows(self) -> None:
        """Sort the model by `order`; a table whose rows the library sorts asks for them again."""
        column, descending = self.order or (-1, False)
        way = Qt.SortOrder.DescendingOrder if descending else Qt.SortOrder.AscendingOrder
        self.model().sort(column, way)

    def _sort(self, column: int, way: Qt.SortOrder) -> None:
        self.sort_rows()
        self.arranged.emit()

    # Columns

    def show_column(self, column: int, shown: bool) -> None:
        """Show or hide a column, whatever the room."""
        self._shown[column] = shown
        self.fit()
        self.arranged.emit()

    def reset_columns(self) -> None:
        """Show all columns that have room, in their first order and width, and sort no more."""
        self._shown.clear()
        self._dragged.clear()
        for column in range(self._columns.count()):
            self._columns.moveSection(self._columns.visualIndex(column), column)
        self._widths = dict(self._first_widths)
        self.order_by(None)
        self.fit()
        self.arranged.emit()

    def arrangement(self) -> dict[str, Any]:
        """Return sorting, widths, order and choice of the columns by their headings, for JSON."""
        titles, header = self.titles(), self._columns
        order = self.order
        return {
            "widths": {
                titles[c]: width for c, width in self._widths.items() if c in self._dragged and c in titles
            },
            "order": [titles[header.logicalIndex(place)] for place in range(header.count())],
            "shown": {titles[column]: shown for column, shown in self._shown.items() if column in titles},
            "sort": None if order is None else [titles[order[0]], order[1]],
        }

    def arrange(self, chosen: Chosen) -> None:
        """Take what `arrangement` returned; what does not fit these columns is left out."""
        columns = {title: column for column, title in self.titles().items()}
        widths, shown = chosen.get("widths"), chosen.get("shown")
        for title, width in widths.items() if isinstance(widths, dict) else ():
            if title in columns and type(width) is int and LEAST <= width < 10_000:
                self._widths[columns[title]] = width
                self._dragged.add(columns[title])
        for title, is_shown in shown.items() if isinstance(shown, dict) else ():
            if title in columns and isinstance(is_shown, bool):
                self._shown[columns[title]] = is_shown
        order = chosen.get("order")
        known = [title for title in order if title in columns] if isinstance(order, list) else []
        if len(known) == len(set(known)):
            for place, title in enumerate(known):
                self._columns.moveSection(self._columns.visualIndex(columns[title]), place)
        match chosen.get("sort"):
            case [str() as title, bool() as descending] if title in columns and self.sorts:
                self.order_by((columns[title], descending))
        self.fit()

    def fit(self) -> None:
        """Show the columns that have room, and give the main ones what the others leave."""
        header = self._columns
        if self._is_fitting or not header.count():
            return
        self._is_fitting = True
        for column in range(header.count()):
            enough = self.width() >= grown(self._needs.get(column, 0))
            self.setColumnHidden(column, not self._shown.get(column, enough))
        self._share_room([c for c in range(header.count()) if not header.isSectionHidden(c)])
        self._is_fitting = False

    def _share_room(self, visible: Sequence[int]) -> None:
        header, room = self._columns, self.viewport().width()
        mains = [column for column in visible if column in self.main and column not in self._widths]
        asked = {c: self._asked(c) for c in visible if c not in mains}
        fixed = sum(width for column, width in asked.items() if column in self._dragged)
        least = max(grown(LEAST_MAIN) * len(mains), int(room * LEAST_SHARE)) if mains else 0
        total, left = sum(asked.values()) - fixed, room - fixed - least
        share = max(0.0, left / total) if self.main and total > left and not header.is_dragged else 1.0
        for column, width in asked.items():
            header.resizeSection(column, width if column in self._dragged else max(LEAST, int(width * share)))
        left = room - sum(header.sectionSize(column) for column in asked)
        for column in mains:
            header.resizeSection(column, max(left // len(mains), grown(LEAST_MAIN)))

    def _asked(self, column: int) -> int:
        """Return the width (px) that a column should have, if there is room."""
        width = self._widths.get(column)
        if width is None:
            return self._columns.sectionSize(column)
        return width if column in self._dragged else grown(width)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Fit the columns into the room."""
        super().resizeEvent(event)
        self.fit()

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802 - Qt's name
        """Follow the size of the text."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self.set_row_height(self._row_height)
            self.fit()

    def set_row_height(self, height: int) -> None:
        """Set the height (px) of every row at the usual size of the text."""
        self._row_height = height
        self.verticalHeader().setDefaultSectionSize(grown(height))

    def _resized(self, column: int, before: int, now: int) -> None:
        if self._is_fitting or not now or not before:  # 0: hidden or shown
            return
        if column not in self.main:
            self._set_width(column, now)
        elif self._columns.is_dragged:
            self._drag_main(column, before, now)
        self.fit()
        if self._columns.is_dragged:
            self.arranged.emit()

    def _drag_main(self, column: int, before: int, now: int) -> None:
        """Let the other main columns have what this one leaves, or the next column if there are none."""
        header = self._columns
        free = [
            c for c in self.main if c != column and c not in self._widths and not header.isSectionHidden(c)
        ]
        if free:
            self._set_width(column, now)
            return
        place = header.visualIndex(column)
        beside = [*range(place + 1, header.count()), *reversed(range(place))]
        for one in map(header.logicalIndex, beside):
            if not header.isSectionHidden(one):
                self._set_width(one, max(LEAST, header.sectionSize(one) + before - now))
                return

    def _set_width(self, column: int, width: int) -> None:
        if self._columns.is_dragged:
            self._dragged.add(column)
        self._widths[column] = width if column in self._dragged else round(1000 * width / grown(1000))

    def titles(self) -> dict[int, str]:
        """Return the headings by column, without those that occur twice."""
        model, role = self.model(), Qt.ItemDataRole.DisplayRole
        found = [
            str(model.headerData(c, Qt.Orientation.Horizontal, role)) for c in range(model.columnCount())
        ]
        return {
            column: title if found.count(title) == 1 else f"{title} {column}"
            for column, title in enumerate(found)
        }

    # Menus

    def set_widths(self, widths: Sequence[int]) -> None:
        """Set the widths (px) of columns as the page wants them; those of main ones do not count."""
        self._first_widths = {
            column: width for column, width in enumerate(widths) if width and column not in self.main
        }
        self._widths.update(self._first_widths)
        self.fit()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:  # noqa: N802 - Qt's name
        """Open the menu of the selected rows: what the page offers, copying, and the columns."""
        menu = self.menu()
        where = event.globalPos()
        if event.reason() == QContextMenuEvent.Reason.Keyboard and self.currentIndex().isValid():
            where = self.viewport().mapToGlobal(
                self.visualRect(self.currentIndex()).bottomLeft() + QPoint(GRID, 0)
            )
        menu.popup(where)

    def menu(self) -> QMenu:
        """Return the menu of the selected rows. It deletes itself when it closes."""
        return rows_menu(self)

    # Copying

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Copy the selected rows, where Qt would copy a cell."""
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy()
            event.accept()
            return
        super().keyPressEvent(event)

    def keyboardSearch(self, search: str) -> None:  # noqa: N802 - Qt's name
        """Go to the row that begins with what is typed; not where most rows are still in the library."""
        if not isinstance(self.model(), BlockTableModel):
            super().keyboardSearch(search)

    def copy(self, form: CopyFormat | None = None) -> None:
        """Put the shown columns of the selected rows on the clipboard, by default as lines with tabs."""
        rows, model, columns = self.selected_rows(MOST_COPIED), self.model(), self.shown_columns()
        headings = [self.titles()[column] for column in columns]
        selected = sum(last - first + 1 for first, last in selected_spans(self))

        def put(cells: Sequence[Sequence[str]]) -> None:
            text = as_lines(cells) if form is None else rows_as(form, headings, cells)
            QGuiApplication.clipboard().setText(text)
            self.copied.emit(len(cells), selected)

        if isinstance(model, BlockTableModel):
            model.read_cells(rows, columns, put)
        elif rows:
            put([[cell_text(model, row, column) for column in columns] for row in rows])

    def shown_columns(self) -> list[int]:
        """Return the columns on screen, from left to right."""
        header = self._columns
        in_order = map(header.logicalIndex, range(header.count()))
        return [column for column in in_order if not header.isSectionHidden(column)]

    def selected_rows(self, most: int) -> list[int]:
        """Return the selected rows from top to bottom, at most so many."""
        found: list[int] = []
        for first, last in selected_spans(self):
            found += range(first, min(last + 1, first + most - len(found)))
        return found


def row_table(
    model: QAbstractItemModel,
    name: str,
    *,
    needs: Mapping[int, int] | None = None,
    main: int | tuple[int, ...] | None = 0,
    sorts: bool = True,
) -> RowTable:
    """Return a table with single selection. For `needs` and `main` see RowTable; not every table `sorts`."""
    mains = (main,) if isinstance(main, int) else main or ()
    return RowTable(model, name, needs=needs or {}, main=mains, sorts=sorts)


def row_menu(table: RowTable, actions: RowActions) -> None:
    """Offer actions (None: a line) for the selected rows on a right click and the menu key.

    A callable is asked when the menu opens.
    """
    table.row_actions = actions


def cell_text(model: QAbstractItemModel, row: int, column: int) -> str:
    """Return what a copy holds of a cell: its full text if the model has one, or else what it shows."""
    index = model.index(row, column)
    full = index.data(FULL_TEXT)
    return str(index.data(Qt.ItemDataRole.DisplayRole) or "") if full is None else str(full)


def selected_spans(view: QAbstractItemView) -> list[tuple[int, int]]:
    """Return the selected rows as ordered spans (first, last), at a cost per span rather than per row."""
    selection = view.selectionModel().selection()
    spans = [selection.at(index) for index in range(selection.count())]
    return sorted((span.top(), span.bottom()) for span in spans)


def kept_arrangement(stored: object) -> dict[str, Any]:
    """Return an arrangement that was stored as JSON; {} if that is not one."""
    try:
        found = json.loads(stored) if isinstance(stored, str) else {}
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
