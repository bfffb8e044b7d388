"""A list of one-line entries: an icon, a title, a detail, and keys drawn as key caps on the right."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import (
    QAbstractItemView,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
)

from orca_desk.method.hidden_characters import visible
from orca_desk.ui.icons import pixmap
from orca_desk.ui.theme import GRID, Theme, font, grown

Index = QModelIndex | QPersistentModelIndex
INVALID = QModelIndex()
ROW = 36  # px
TITLE_SHARE = 0.75  # of a line at most, if the entry has a detail
ENTRY = Qt.ItemDataRole.UserRole


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One line. A heading has only a title and cannot be selected; `run` is called on selection.

    `also` are other words by which the palette finds the line; `weight` is added to how well it matches.
    """

    title: str
    detail: str = ""
    keys: tuple[str, ...] = ()
    image: str = ""
    run: Callable[[], Any] | None = None
    is_heading: bool = False
    also: tuple[str, ...] = ()
    weight: float = 0.0


class EntryModel(QAbstractListModel):
    """Entries, one per row."""

    def __init__(self) -> None:
        super().__init__()
        self.entries: list[Entry] = []

    def show(self, entries: Sequence[Entry]) -> None:
        """Show other entries."""
        self.beginResetModel()
        self.entries = list(entries)
        self.endResetModel()

    def rowCount(self, parent: Index = INVALID) -> int:  # noqa: N802 - Qt's name
        """Return the number of entries."""
        return 0 if parent.isValid() else len(self.entries)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return the title of an entry, the entry itself, or its full text for a screen reader."""
        if not index.isValid() or index.row() >= len(self.entries):
            return None
        entry = self.entries[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return entry.title
        if role == ENTRY:
            return entry
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return ", ".join(filter(None, (entry.title, entry.detail, *entry.keys)))
        return None

    def flags(self, index: Index) -> Qt.ItemFlag:
        """Return no flags for headings, which cannot be selected."""
        if not index.isValid() or self.entries[index.row()].is_heading:
            return Qt.ItemFlag.NoItemFlags
        return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable


class EntryDelegate(QStyledItemDelegate):
    """Paints entries."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:  # noqa: N802 - Qt's name
        """Return the same size for all entries."""
        return QSize(10 * GRID, grown(ROW))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Paint one entry."""
        entry: Entry = index.data(ENTRY)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        room = option.rect.adjusted(4, 1, -4, -1)
        if option.state & QStyle.StateFlag.State_Selected:
            self._paint_selection(painter, room)
        room.adjust(GRID, 0, -GRID, 0)
        if entry.is_heading:
            self._paint_heading(painter, room, entry.title)
        else:
            self._paint_entry(painter, room, entry)
        painter.restore()

    def _paint_selection(self, painter: QPainter, room: QRect) -> None:
        colours = self._theme.colours
        painter.setPen(colours("accent"))
        painter.setBrush(colours.tint("accent"))
        painter.drawRoundedRect(room, 6, 6)

    def _paint_heading(self, painter: QPainter, room: QRect, title: str) -> None:
        painter.setFont(font("caption", bold=True))
        painter.setPen(self._theme.colours("muted"))
        painter.drawText(room, Qt.AlignmentFlag.AlignBottom | Qt.AlignmentFlag.AlignLeft, title)

    def _paint_entry(self, painter: QPainter, room: QRect, entry: Entry) -> None:
        colours = self._theme.colours
        if entry.image:
            picture = pixmap(entry.image, colours, "muted")
            painter.drawPixmap(room.left(), room.center().y() - 8, picture)
            room.setLeft(room.left() + 18 + GRID + 2)
        room.setRight(self._paint_keys(painter, room, entry.keys) - GRID)
        painter.setFont(font("body"))
        painter.setPen(colours("text"))
        most = round(room.width() * TITLE_SHARE) if entry.detail else room.width()
        title = painter.fontMetrics().elidedText(visible(entry.title), Qt.TextElideMode.ElideRight, most)
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter, title)
        room.setLeft(room.left() + painter.fontMetrics().horizontalAdvance(title) + GRID + 4)
        if entry.detail and room.width() > 5 * GRID:
            painter.setFont(font("caption"))
            painter.setPen(colours("muted"))
            detail = visible(entry.detail)
            detail = painter.fontMetrics().elidedText(detail, Qt.TextElideMode.ElideRight, room.width())
            painter.drawText(room, Qt.AlignmentFlag.AlignVCenter, detail)

    def _paint_keys(self, painter: QPainter, room: QRect, keys: Sequence[str]) -> int:
        """Paint key caps from the right; return their left edge."""
        colours, right = self._theme.colours, room.right()
        painter.setFont(font("caption"))
        for key in reversed(keys):
            width = painter.fontMetrics().horizontalAdvance(key) + 14
            cap = QRect(right - width, room.center().y() - 10, width, 21)
            painter.setPen(colours("border"))
            painter.setBrush(colours("raised"))
            painter.drawRoundedRect(cap, 4, 4)
            painter.setPen(colours("muted"))
            painter.drawText(cap, Qt.AlignmentFlag.AlignCenter, key)
            right -= width + 4
        return right


def entry_list(model: EntryModel, theme: Theme, name: str) -> QListView:
    """Return a list view of entries."""
    made = QListView()
    made.setModel(model)
    delegate = EntryDelegate(theme)
    delegate.setParent(made)
    made.setItemDelegate(delegate)
    made.setAccessibleName(name)
    made.setUniformItemSizes(True)
    made.setMouseTracking(True)
    made.setFrameShape(QListView.Shape.NoFrame)
    made.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
    made.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    return made
