"""The records as a narrow list: two lines each, with the verdict, leaks and the user's decision."""

from array import array
from bisect import bisect_left
from collections.abc import Sequence
from typing import Any, Literal

from PySide6.QtCore import (
    QItemSelection,
    QItemSelectionModel,
    QModelIndex,
    QPersistentModelIndex,
    QRect,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QFontMetrics, QPainter, QPen
from PySide6.QtWidgets import (
    QAbstractItemView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
)

from orca_desk.library.review import RecordLine, record_lines
from orca_desk.method.fitness import UNFIT, Decision, RecordBasis, RecordStanding, Unfit
from orca_desk.ui.desk import Desk
from orca_desk.ui.icons import pixmap
from orca_desk.ui.theme import GRID, Theme, font
from orca_desk.ui.widgets.blocks import BlockTableModel
from orca_desk.ui.widgets.row_table import selected_spans
from orca_desk.ui.widgets.text import safe_tip
from orca_desk.ui.words.fitness import BASES
from orca_desk.ui.words.records import DECISIONS, HELD_OUT, verdict_word

Index = QModelIndex | QPersistentModelIndex
LINE = Qt.ItemDataRole.UserRole
ICON = 14
SignRole = Literal["good", "bad", "warn", "accent", "muted"]
Sign = tuple[str, SignRole, str]  # icon, colour, word


def signs(line: RecordLine) -> list[Sign]:
    """Return the state of a record as icons with words."""
    found: list[Sign] = [verdict_sign(line.correct)]
    if line.leaked:
        found.append(("flag", "warn", "leak"))
    if line.cut_off:
        found.append(("triangle-alert", "warn", "cut off"))
    if line.edited:
        found.append(("pencil", "accent", "edited"))
    if line.held_out:
        found.append(("list-checks", "warn", HELD_OUT))
    if line.decision:
        found.append(decision_sign(line.decision))
    if line.standing is not None:
        found.append(standing_sign(line.standing))
    return found


def verdict_sign(correct: bool | None) -> Sign:
    """Return the sign of a verdict; None means not graded."""
    word = verdict_word(correct)
    if correct is None:
        return ("circle-help", "muted", word)
    return ("circle-check", "good", word) if correct else ("circle-x", "bad", word)


def decision_sign(decision: Decision | None) -> Sign:
    """Return the sign of the user's decision."""
    word = DECISIONS[decision]
    if decision is None:
        return ("clock", "muted", word)
    return ("check", "good", word) if decision == "keep" else ("x", "bad", word)


# Out for one of these, which has a sign of its own
_SHOWN = frozenset({Unfit.HELD_OUT, Unfit.DROPPED, Unfit.CUT_OFF, Unfit.INCORRECT, Unfit.LEAK})


def standing_sign(standing: RecordStanding) -> Sign:
    """Return the sign of a record that is in or out, with the reason where no other sign says it."""
    if standing.reason is None:
        agreed = standing.basis is RecordBasis.AGREEMENT
        return ("plus", "good", f"in: {BASES[standing.basis]}" if agreed else "in")
    shown = standing.reason in _SHOWN
    return ("minus", "muted", "out" if shown else f"out: {UNFIT[standing.reason]}")


class RecordModel(BlockTableModel):
    """The filtered records, in one column. While lines are read again, the old ones stay visible."""

    headers = ("Record",)

    def __init__(self, desk: Desk) -> None:
        library = desk.library
        super().__init__(desk.background, lambda rowids: record_lines(library, rowids))
        self._old: dict[int, RecordLine] = {}
        self.is_by_arrival = True
        self.near = 0  # the row to take in place of one that is gone

    def set_rowids(self, rowids: "array[int]") -> None:
        """See BlockTableModel."""
        self._old = {
            line.rowid: line for block in self._blocks.values() for line in block if line is not None
        }
        super().set_rowids(rowids)

    def item(self, row: int) -> RecordLine | None:
        """Return the line of a row, or its previous version until the new one arrives."""
        line: RecordLine | None = super().item(row)
        return line or self._old.get(self.rowids[row])

    def cell(self, item: RecordLine, column: int, role: int) -> Any:
        """Return the line for the delegate, and text for screen readers and tooltips."""
        if role == LINE:
            return item
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            words = ", ".join(word for _, _, word in signs(item))
            return f"{item.family}, {item.strategy}: {words}"
        return safe_tip(item.question) if role == Qt.ItemDataRole.ToolTipRole else None

    def row_of(self, rowid: int) -> int:
        """Return the row of a record, or else of one near where it was; -1 if the list is empty."""
        if not self.is_by_arrival:
            near = min(self.near, len(self.rowids) - 1)
            return self.rowids.index(rowid) if rowid in self.rowids else near
        return min(bisect_left(self.rowids, rowid), len(self.rowids) - 1)


class RecordDelegate(QStyledItemDelegate):
    """Paints a record in two lines: family and strategy, then its signs and its question."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:  # noqa: N802 - Qt's name
        """Return the height of two lines."""
        return QSize(30 * GRID, row_height())

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Paint one record."""
        colours = self._theme.colours
        painter.save()
        selected = bool(option.state & QStyle.StateFlag.State_Selected)
        if selected:
            painter.fillRect(option.rect, colours.tint("accent", 0.12))
            bar = QRect(option.rect.left(), option.rect.top(), 3, option.rect.height())
            painter.fillRect(bar, colours("accent"))
        elif option.state & QStyle.StateFlag.State_MouseOver:
            painter.fillRect(option.rect, colours.tint("text", 0.04))
        line: RecordLine | None = index.data(LINE)
        if line is not None:
            self._paint_line(painter, option.rect.adjusted(GRID + 4, 0, -GRID, 0), line)
        painter.setPen(QPen(colours("border"), 1))
        painter.drawLine(option.rect.bottomLeft(), option.rect.bottomRight())
        painter.restore()

    def _paint_line(self, painter: QPainter, rect: QRect, line: RecordLine) -> None:
        colours = self._theme.colours
        bold, caption = font("body", bold=True), font("caption")
        upper, lower = QFontMetrics(bold), QFontMetrics(caption)
        gap = 4
        top = rect.top() + (rect.height() - upper.height() - lower.height() - gap) // 2
        painter.setFont(bold)
        painter.setPen(colours("text"))
        family = upper.elidedText(line.family, Qt.TextElideMode.ElideRight, rect.width() * 3 // 5)
        painter.drawText(rect.left(), top + upper.ascent(), family)
        painter.setFont(caption)
        painter.setPen(colours("muted"))
        start = rect.left() + upper.horizontalAdvance(family) + GRID
        strategy = lower.elidedText(line.strategy, Qt.TextElideMode.ElideRight, rect.right() - start)
        painter.drawText(start, top + upper.ascent(), strategy)
        x, y = rect.left(), top + upper.height() + gap
        for name, role, word in signs(line):
            word = lower.elidedText(word, Qt.TextElideMode.ElideRight, rect.right() - x - ICON - 4)
            width = lower.horizontalAdvance(word)
            if not width:
                return
            painter.drawPixmap(x, y + (lower.height() - ICON) // 2, pixmap(name, colours, role, ICON))
            painter.setPen(colours(role))
            painter.drawText(x + ICON + 4, y + lower.ascent(), word)
            x += ICON + 4 + width + GRID
        painter.setPen(colours("muted"))
        question = " ".join(line.question.split())
        question = lower.elidedText(question, Qt.TextElideMode.ElideRight, rect.right() - x)
        painter.drawText(x, y + lower.ascent(), question)


class RecordTable(QTableView):
    """The list on screen.

    `current_changed` carries the row id of the new current record, or None; `selection_updated` follows each
    change of the selection.
    """

    current_changed = Signal(object)
    selection_updated = Signal()

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk
        self.records = RecordModel(desk)
        self._rowid: int | None = None
        self._filling = False
        self.setModel(self.records)
        self.setItemDelegate(RecordDelegate(desk.theme))
        self.setAccessibleName("Records")
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setShowGrid(False)
        self.setMouseTracking(True)
        self.setTabKeyNavigation(False)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.horizontalHeader().hide()
        self.horizontalHeader().setStretchLastSection(True)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(row_height())
        self.verticalHeader().setMinimumSectionSize(row_height())
        self.selectionModel().currentRowChanged.connect(self._current_moved)
        self.selectionModel().selectionChanged.connect(self.selection_updated)
        desk.theme.changed.connect(self._repaint)

    @property
    def rowid(self) -> int | None:
        """The row id of the current record."""
        return self._rowid

    def show_rowids(
        self, rowids: "array[int]", *, current: int | None = None, by_arrival: bool = True
    ) -> None:
        """Show these records. Makes `current` the current one, or else keeps it, or else takes the next.

        `by_arrival`: they are in the order of their arrival.
        """
        self.records.is_by_arrival = by_arrival
        self.records.near = max(0, self.currentIndex().row())
        wanted = self._rowid if current is None else current
        before, before_row = self._rowid, self.currentIndex().row()
        spans, scrolled = self._spans(), self.verticalScrollBar().value()
        self._filling = True
        self.records.set_rowids(rowids)
        row = self.records.row_of(wanted) if wanted is not None else min(0, len(rowids) - 1)
        if row >= 0 and (self.currentIndex().row() != row or not self.selectionModel().hasSelection()):
            self._select(row)
            if (rowids[row], row) == (before, before_row):  # new records follow it: restore everything
                self._reselect(spans)
                self.verticalScrollBar().setValue(scrolled)
        self._filling = False
        self._rowid = rowids[row] if row >= 0 else None
        if self._rowid != before or self._rowid is None:
            self.current_changed.emit(self._rowid)

    def go(self, step: int) -> bool:
        """Move the current record by `step`. Returns False at either end of the list."""
        row = self.currentIndex().row() + step
        if not 0 <= row < len(self.records.rowids):
            return False
        self._select(row)
        return True

    def selected_rowids(self) -> list[int]:
        """Return the row ids of the selected records."""
        rowids: Sequence[int] = self.records.rowids
        return [rowid for first, last in selected_spans(self) for rowid in rowids[first : last + 1]]

    @property
    def selected_count(self) -> int:
        """How many records are selected."""
        return sum(last - first + 1 for first, last in selected_spans(self))

    def _select(self, row: int) -> None:
        self.selectRow(row)
        self.scrollTo(self.records.index(row, 0))

    def _spans(self) -> list[tuple[int, int, int]]:
        """Return the selected spans as (row id of the first, row id of the last, number of records)."""
        rowids = self.records.rowids
        return [(rowids[first], rowids[last], last - first + 1) for first, last in selected_spans(self)]

    def _reselect(self, spans: list[tuple[int, int, int]]) -> None:
        """Select the spans that still hold the same records."""
        selection = QItemSelection()
        rowids = self.records.rowids
        for first, last, count in spans:
            top, bottom = self.records.row_of(first), self.records.row_of(last)
            if (rowids[top], rowids[bottom], bottom - top + 1) == (first, last, count):
                selection.select(self.records.index(top, 0), self.records.index(bottom, 0))
        self.selectionModel().select(selection, QItemSelectionModel.SelectionFlag.Select)

    def _current_moved(self, current: QModelIndex, before: QModelIndex) -> None:
        if self._filling:
            return
        self._rowid = self.records.rowids[current.row()] if current.isValid() else None
        self.current_changed.emit(self._rowid)

    def _repaint(self) -> None:
        self.viewport().update()


def row_height() -> int:
    """Return the height (px) of a record in the list: two lines and a margin."""
    lines = QFontMetrics(font("body", bold=True)).height() + QFontMetrics(font("caption")).height()
    return lines + 4 + 2 * GRID
