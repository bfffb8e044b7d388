"""The list of strategies: title, purpose, and the families paired with each."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from orca_desk.ui.theme import GRID, Role, Size, Theme, font

Index = QModelIndex | QPersistentModelIndex
INVALID = QModelIndex()
ENTRY = Qt.ItemDataRole.UserRole


@dataclass(frozen=True, kw_only=True)
class StrategyEntry:
    """A strategy or an unsaved new one. `key` is the strategy's name, or the draft's own key."""

    key: str
    title: str
    description: str
    families: tuple[str, ...]
    edited: bool = False

    @property
    def used_by(self) -> str:
        """The families paired with it, in words."""
        return f"For {', '.join(self.families)}" if self.families else "Not used by any family yet"


class StrategyListModel(QAbstractListModel):
    """The entries in order."""

    def __init__(self) -> None:
        super().__init__()
        self.entries: list[StrategyEntry] = []

    def show(self, entries: Sequence[StrategyEntry]) -> None:
        """Show these entries. If only their content changed, rows are repainted and the selection stays."""
        if [entry.key for entry in entries] == [entry.key for entry in self.entries]:
            self.entries = list(entries)
            if entries:
                self.dataChanged.emit(self.index(0), self.index(len(entries) - 1))
            return
        self.beginResetModel()
        self.entries = list(entries)
        self.endResetModel()

    def row_of(self, key: str) -> int:
        """Return the row of an entry, or -1."""
        return next((row for row, entry in enumerate(self.entries) if entry.key == key), -1)

    def rowCount(self, parent: Index = INVALID) -> int:  # noqa: N802 - Qt's name
        """Return the number of entries."""
        return 0 if parent.isValid() else len(self.entries)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return an entry's title, its text for screen readers, or the entry itself."""
        if not index.isValid():
            return None
        entry = self.entries[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return entry.title
        if role == Qt.ItemDataRole.AccessibleTextRole:
            edited = "Unsaved changes. " if entry.edited else ""
            return f"{entry.title}. {edited}{entry.description} {entry.used_by}"
        return entry if role == ENTRY else None


class StrategyDelegate(QStyledItemDelegate):
    """Paints an entry in three lines."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:  # noqa: N802 - Qt's name
        """Return the height of three lines."""
        heights = (QFontMetrics(font(size)).height() for size in ("body", "caption", "caption"))
        return QSize(20 * GRID, sum(heights) + 3 * GRID)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Paint the title, the description and the families, each elided at the edge of the list."""
        entry: StrategyEntry = index.data(ENTRY)
        colours = self._theme.colours
        painter.save()
        if option.state & QStyle.StateFlag.State_Selected:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colours.tint("accent", 0.12))
            painter.drawRoundedRect(option.rect.adjusted(4, 2, -4, -2), 6, 6)
        room = option.rect.adjusted(GRID + 6, GRID, -GRID - 6, -GRID)
        mark = "unsaved" if entry.edited else ""
        self._line(painter, room, mark, "caption", "warn", right=True)
        taken = QFontMetrics(font("caption")).horizontalAdvance(mark) + GRID if mark else 0
        line = room.adjusted(0, 0, -taken, 0)
        top = self._line(painter, line, entry.title, "body", "text", bold=True)
        room.setTop(top + 2)
        room.setTop(self._line(painter, room, entry.description, "caption", "muted") + 2)
        self._line(painter, room, entry.used_by, "caption", "teacher" if entry.families else "muted")
        painter.restore()

    def _line(
        self,
        painter: QPainter,
        room: QRect,
        text: str,
        size: Size,
        role: Role,
        *,
        bold: bool = False,
        right: bool = False,
    ) -> int:
        """Paint one line at the top of `room`; return the y where the next line begins."""
        written = font(size, bold=bold)
        metrics = QFontMetrics(written)
        place = QRect(room.left(), room.top(), room.width(), metrics.height())
        painter.setFont(written)
        painter.setPen(self._theme.colours(role))
        side = Qt.AlignmentFlag.AlignRight if right else Qt.AlignmentFlag.AlignLeft
        painter.drawText(
            place,
            side | Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine,
            metrics.elidedText(text, Qt.TextElideMode.ElideRight, place.width()),
        )
        return place.bottom() + 1
