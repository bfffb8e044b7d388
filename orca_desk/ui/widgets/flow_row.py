"""Rows that continue on the next line where the room is too narrow, and the row at the top of a page."""

from typing import NamedTuple

from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtWidgets import QLayout, QLayoutItem, QSpacerItem, QWidget, QWidgetItem

from orca_desk.ui.theme import GRID

Stretched = tuple[QLayoutItem, int]  # with its share of the room that its row leaves
EASY = 18 * GRID  # px; the width from which what stretches is easy to use
NARROWEST = 28 * GRID  # px; with less, what the words beside buttons say would be hard to read


class FlowRow(QLayout):
    """Lays its items in a row, each as wide as it likes to be, and begins another row when one is full.

    Items with a stretch ask for less and share what a row leaves, as in a QHBoxLayout.
    """

    def __init__(self, *widgets: QWidget, spacing: int = GRID) -> None:
        super().__init__()
        self._items: list[QLayoutItem] = []
        self._stretches: list[int] = []  # of each item
        self._heights: dict[int, int] = {}  # by width: nested layouts ask for the same ones again and again
        self.setContentsMargins(0, 0, 0, 0)
        self.setSpacing(spacing)
        for widget in widgets:
            self.addWidget(widget)

    def addItem(self, item: QLayoutItem) -> None:  # noqa: N802 - Qt's name
        """Add an item at the end."""
        self._items.append(item)
        self._stretches.append(0)
        self.invalidate()

    def addWidget(  # noqa: N802 - Qt's name
        self, widget: QWidget, stretch: int = 0
    ) -> None:
        """Add a widget at the end, which takes a share of the room that its row leaves."""
        self.insertWidget(self.count(), widget, stretch)

    def insertWidget(self, index: int, widget: QWidget, stretch: int = 0) -> None:  # noqa: N802 - as in QBoxLayout
        """Insert a widget before the item at `index`."""
        self.addChildWidget(widget)
        self._items.insert(index, QWidgetItem(widget))
        self._stretches.insert(index, stretch)
        self.invalidate()

    def addLayout(self, layout: QLayout, stretch: int = 0) -> None:  # noqa: N802 - as in QBoxLayout
        """Add a layout at the end, which takes a share of the room that its row leaves."""
        self.addChildLayout(layout)
        self._items.append(layout)
        self._stretches.append(stretch)
        self.invalidate()

    def addStretch(self, stretch: int) -> None:  # noqa: N802 - as in QBoxLayout
        """Add an empty item that takes a share of the room that its row leaves."""
        self._items.append(QSpacerItem(0, 0))
        self._stretches.append(stretch)
        self.invalidate()

    def count(self) -> int:
        """Return the number of items."""
        return len(self._items)

    def itemAt(self, index: int) -> QLayoutItem | None:  # noqa: N802 - Qt's name
        """Return an item, or None beyond the last."""
        return self._items[index] if 0 <= index < len(self._items) else None

    def takeAt(self, index: int) -> QLayoutItem | None:  # noqa: N802 - Qt's name
        """Remove an item and return it."""
        if not 0 <= index < len(self._items):
            return None
        self._stretches.pop(index)
        self._heights.clear()
        return self._items.pop(index)

    def invalidate(self) -> None:
        """Forget the heights: an item has changed."""
        self._heights.clear()
        super().invalidate()

    def expandingDirections(self) -> Qt.Orientation:  # noqa: N802 - Qt's name
        """Return sideways if there are items that stretch."""
        return Qt.Orientation.Horizontal if any(self._stretches) else Qt.Orientation(0)

    def hasHeightForWidth(self) -> bool:  # noqa: N802 - Qt's name
        """Return True: in less width it has more rows."""
        return True

    def heightForWidth(self, width: int) -> int:  # noqa: N802 - Qt's name
        """Return the height of all rows at a width."""
        if width not in self._heights:
            around = self.contentsMargins()
            inside = self._lay(QRect(0, 0, width - around.left() - around.right(), 0), move=False)
            self._heights[width] = inside + around.top() + around.bottom()
        return self._heights[width]

    def setGeometry(self, area: QRect) -> None:  # noqa: N802 - Qt's name
        """Move the items to their places."""
        super().setGeometry(area)
        self._lay(area.marginsRemoved(self.contentsMargins()), move=True)

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Return the size of everything in one row."""
        sizes = [_hint(item) for item, _ in self._shown()]
        width = sum(size.width() for size in sizes) + self.spacing() * max(len(sizes) - 1, 0)
        inside = QSize(width, max((size.height() for size in sizes), default=0))
        return inside.grownBy(self.contentsMargins())

    def minimumSize(self) -> QSize:  # noqa: N802 - Qt's name
        """Return the size of the largest item."""
        least = QSize(0, 0)
        for item, _ in self._shown():
            least = least.expandedTo(item.minimumSize())
        return least.grownBy(self.contentsMargins())

    def _shown(self) -> list[Stretched]:
        both = zip(self._items, self._stretches, strict=True)
        return [(item, share) for item, share in both if item.spacerItem() or not item.isEmpty()]

    def _lay(self, area: QRect, *, move: bool) -> int:
        """Go through the rows in `area`, moving each item to its place or not; return the height."""
        return _flow(self._shown(), area, self.spacing(), move=move)


class HeaderRow(FlowRow):
    """Words, with buttons at their right; where both do not fit, the buttons flow below the words."""

    def __init__(self, words: QLayout) -> None:
        super().__init__()
        self.addLayout(words)

    def expandingDirections(self) -> Qt.Orientation:  # noqa: N802 - Qt's name
        """Return sideways: the words take what there is."""
        return Qt.Orientation.Horizontal

    def _lay(self, area: QRect, *, move: bool) -> int:
        words, others = self._items[0], self._shown()[1:]
        beside = sum(_hint(item).width() + self.spacing() for item, _ in others)
        least = max(words.minimumSize().width(), NARROWEST)
        if least + beside > area.width():
            high = _height(_measure(words, 0, area.width()), area.width())
            if move:
                words.setGeometry(QRect(area.topLeft(), QSize(area.width(), high)))
            below = area.adjusted(0, high + self.spacing(), 0, 0)
            return high + self.spacing() + _flow(others, below, self.spacing(), move=move)
        room = area.width() - beside
        high = _height(_measure(words, 0, room), room)
        if move:
            words.setGeometry(QRect(area.topLeft(), QSize(room, high)))
        right = QRect(area.x() + room + self.spacing(), area.y(), beside, 0)
        return max(high, _flow(others, right, self.spacing(), move=move))


class _Measured(NamedTuple):
    """An item as one pass sees it: it is measured once a pass, as that of nested rows takes long."""

    item: QLayoutItem
    share: int
    width: int  # px, before what its row leaves is shared; at most that of a row
    height: int  # px, where it does not depend on the width


def _measure(item: QLayoutItem, share: int, room: int) -> _Measured:
    least = item.minimumSize()
    hint = item.sizeHint().expandedTo(least)
    most = min(room, EASY) if share else room
    return _Measured(item, share, max(least.width(), min(hint.width(), most)), hint.height())


def _flow(items: list[Stretched], area: QRect, spacing: int, *, move: bool) -> int:
    """Put items into rows of the width of `area`; return the height of all rows."""
    y = area.y()
    for row in _rows(items, area.width(), spacing):
        widths = _widths(row, area.width() - spacing * (len(row) - 1))
        heights = [_height(one, width) for one, width in zip(row, widths, strict=True)]
        high, x = max(heights), area.x()
        for one, width, tall in zip(row, widths, heights, strict=True):
            if move:
                one.item.setGeometry(QRect(QPoint(x, y + (high - tall) // 2), QSize(width, tall)))
            x += width + spacing
        y += high + spacing
    return max(y - spacing, area.y()) - area.y()


def _widths(row: list[_Measured], room: int) -> list[int]:
    """Return the widths of a row's items: those with a share get what is left, up to what they may have."""
    widths = [one.width for one in row]
    most = {place: one.item.maximumSize().width() for place, one in enumerate(row) if one.share}
    while most and (left := room - sum(widths)) > 0:
        shares = sum(row[place].share for place in most)
        wanted = {place: widths[place] + left * row[place].share // shares for place in most}
        full = [place for place in most if wanted[place] >= most[place]]
        for place in full or most:
            widths[place] = max(widths[place], min(wanted[place], most[place]))
        if not full:
            break
        for place in full:
            del most[place]
    return widths


def _rows(items: list[Stretched], room: int, spacing: int) -> list[list[_Measured]]:
    """Return the items of each row."""
    rows: list[list[_Measured]] = []
    used = 0
    for item, share in items:
        one = _measure(item, share, room)
        if rows and used + spacing + one.width <= room:
            rows[-1].append(one)
            used += spacing + one.width
        else:
            rows.append([one])
            used = one.width
    return rows


def _hint(item: QLayoutItem) -> QSize:
    return item.sizeHint().expandedTo(item.minimumSize())


def _height(one: _Measured, width: int) -> int:
    return one.item.heightForWidth(width) if one.item.hasHeightForWidth() else one.height
