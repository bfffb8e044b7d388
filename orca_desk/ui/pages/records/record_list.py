"""The records as a narrow list: two lines each, with what grading, the leak check and the user say of it."""

from array import array
from bisect import bisect_left
from collections.abc import Sequence
from typing import Any

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
from orca_desk.ui.desk import Desk
from orca_desk.ui.icons import pixmap
from orca_desk.ui.theme import GRID, Role, Theme, font
from orca_desk.ui.widgets.blocks import BlockTableModel

Index = QModelIndex | QPersistentModelIndex
LINE = Qt.ItemDataRole.UserRole
ICON = 14
Sign = tuple[str, Role, str]  # icon, colour, word


def signs(line: RecordLine) -> list[Sign]:
    """Return what to say of a record, with an icon and a word for each thing."""
    found: list[Sign] = [verdict_sign(line.correct)]
    if line.leaked:
        found.append(("flag", "warn", "leak"))
    if line.cut_off:
        found.append(("triangle-alert", "warn", "cut off"))
    if line.edited:
        found.append(("pencil", "accent", "edited"))
    if line.decision:
        found.append(decision_sign(line.decision))
    return found


def verdict_sign(correct: bool | None) -> Sign:
    """Return the sign of a verdict; None: there was no reference answer."""
    if correct is None:
        return ("circle-help", "muted", "not graded")
    return ("circle-check", "good", "right") if correct else ("circle-x", "bad", "wrong")


def decision_sign(decision: str | None) -> Sign:
    """Return the sign of the user's decision."""
    if decision == "keep":
        return ("check", "good", "kept")
    return ("x", "bad", "dropped") if decision == "drop" else ("clock", "muted", "not reviewed")


class RecordModel(BlockTableModel):
    """The filtered records, one column. While lines are fetched anew the old ones stay on the screen."""

    headers = ("Record",)

    def __init__(self, desk: Desk) -> None:
        library = desk.library
        super().__init__(desk.background, lambda numbers: record_lines(library, numbers))
        self._old: dict[int, RecordLine] = {}

    def set_numbers(self, numbers: "array[int]") -> None:
        """See BlockTableModel."""
        self._old = {
            line.number: line for block in self._blocks.values() for line in block if line is not None
        }
        super().set_numbers(numbers)

    def item(self, row: int) -> RecordLine | None:
        """Return a row's line, perhaps as it was before the last change until the new one is here."""
        line: RecordLine | None = super().item(row)
        return line or self._old.get(self.numbers[row])

    def cell(self, item: RecordLine, column: int, role: int) -> Any:
        """Return a line for the delegate, and words for those who cannot see it."""
        if role == LINE:
            return item
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            words = ", ".join(word for _, _, word in signs(item))
            return f"{item.family}, {item.strategy}: {words}"
        return item.question if role == Qt.ItemDataRole.ToolTipRole and "<" not in item.question else None

    def row_of(self, number: int) -> int:
        """Return the row of a record by its number, or of the one that follows it; -1 in an empty list."""
        return min(bisect_left(self.numbers, number), len(self.numbers) - 1)


class RecordDelegate(QStyledItemDelegate):
    """Paints a record in two lines: family and strategy, then its signs."""

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
            width = lower.horizontalAdvance(word)
            if x + ICON + 4 + width > rect.right():
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
    """The list on the screen. `shown` comes with the number of the record that is current now, or None;
    `selected` when other records are selected.
    """

    shown = Signal(object)
    selected = Signal()

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk
        self.records = RecordModel(desk)
        self._number: int | None = None
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
        self.selectionModel().currentRowChanged.connect(self._moved)
        self.selectionModel().selectionChanged.connect(self.selected)
        desk.theme.changed.connect(self._repaint)

    @property
    def number(self) -> int | None:
        """The number of the current record."""
        return self._number

    def fill(self, numbers: "array[int]", *, number: int | None = None) -> None:
        """Show other records; go to record `number`, or stay, or go to what follows."""
        wanted = self._number if number is None else number
        before, before_row = self._number, self.currentIndex().row()
        spans, scrolled = self._spans(), self.verticalScrollBar().value()
        self._filling = True
        self.records.set_numbers(numbers)
        row = self.records.row_of(wanted) if wanted is not None else min(0, len(numbers) - 1)
        if row >= 0 and (self.currentIndex().row() != row or not self.selectionModel().hasSelection()):
            self._select(row)
            if (numbers[row], row) == (before, before_row):  # new records came behind it: all stays as it was
                self._choose(spans)
                self.verticalScrollBar().setValue(scrolled)
        self._filling = False
        self._number = numbers[row] if row >= 0 else None
        if self._number != before or self._number is None:
            self.shown.emit(self._number)

    def go(self, step: int) -> bool:
        """Go some records on or back; return False at the end of the list."""
        row = self.currentIndex().row() + step
        if not 0 <= row < len(self.records.numbers):
            return False
        self._select(row)
        return True

    def go_to(self, number: int) -> None:
        """Show a record of the list by its number, or the one that follows it."""
        row = self.records.row_of(number)
        if row >= 0:
            self._select(row)

    def chosen(self) -> list[int]:
        """Return the numbers of all selected records."""
        numbers: Sequence[int] = self.records.numbers
        return [
            number
            for span in self.selectionModel().selection()
            for number in numbers[span.top() : span.bottom() + 1]
        ]

    @property
    def count_chosen(self) -> int:
        """How many records are selected."""
        return sum(span.height() for span in self.selectionModel().selection())

    def _select(self, row: int) -> None:
        self.selectRow(row)
        self.scrollTo(self.records.index(row, 0))

    def _spans(self) -> list[tuple[int, int, int]]:
        """Return the selected spans as first record, last record and how many there are."""
        numbers = self.records.numbers
        return [
            (numbers[span.top()], numbers[span.bottom()], span.height())
            for span in self.selectionModel().selection()
        ]

    def _choose(self, spans: list[tuple[int, int, int]]) -> None:
        """Select spans again, those that hold the same records as before."""
        chosen = QItemSelection()
        numbers = self.records.numbers
        for first, last, count in spans:
            top, bottom = self.records.row_of(first), self.records.row_of(last)
            if (numbers[top], numbers[bottom], bottom - top + 1) == (first, last, count):
                chosen.select(self.records.index(top, 0), self.records.index(bottom, 0))
        self.selectionModel().select(chosen, QItemSelectionModel.SelectionFlag.Select)

    def _moved(self, current: QModelIndex, before: QModelIndex) -> None:
        if self._filling:
            return
        self._number = self.records.numbers[current.row()] if current.isValid() else None
        self.shown.emit(self._number)

    def _repaint(self) -> None:
        self.viewport().update()


def row_height() -> int:
    """Return the height of a record in the list, with air around its two lines."""
    lines = QFontMetrics(font("body", bold=True)).height() + QFontMetrics(font("caption")).height()
    return lines + 4 + 2 * GRID
