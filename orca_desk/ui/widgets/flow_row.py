"""Rows that continue on the next line where the room is too narrow, and the row at the top of a page."""

from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtWidgets import QLayout, QLayoutItem, QSizePolicy, QWidget, QWidgetItem

from orca_desk.ui.theme import GRID

NARROWEST = 28 * GRID  # px; with less, what the words beside buttons say would be hard to read


class FlowRow(QLayout):
    """Lays its items in a row, each as wide as it likes to be, and begins another row when one is full."""

    def __init__(self, *widgets: QWidget, spacing: int = GRID) -> None:
        super().__init__()
        self._items: list[QLayoutItem] = []
        self.setContentsMargins(0, 0, 0, 0)
        self.setSpacing(spacing)
        for widget in widgets:
            self.addWidget(widget)

    def addItem(self, item: QLayoutItem) -> None:  # noqa: N802 - Qt's name
        """Add an item at the end."""
        self._items.append(item)

    def insertWidget(self, index: int, widget: QWidget) -> None:  # noqa: N802 - as in QBoxLayout
        """Insert a widget before the item at `index`."""
        self.addChildWidget(widget)
        self._items.insert(index, QWidgetItem(widget))
        self.invalidate()

    def count(self) -> int:
        """Return the number of items."""
        return len(self._items)

    def itemAt(self, index: int) -> QLayoutItem | None:  # type: ignore[override]  # noqa: N802 - Qt's name
        """Return an item, or None beyond the last."""
        return self._items[index] if 0 <= index < len(self._items) else None

    def takeAt(self, index: int) -> QLayoutItem | None:  # type: ignore[override]  # noqa: N802 - Qt's name
        """Remove an item and return it."""
        return self._items.pop(index) if 0 <= index < len(self._items) else None

    def expandingDirections(self) -> Qt.Orientation:  # noqa: N802 - Qt's name
        """Return none: the row takes what it needs."""
        return Qt.Orientation(0)

    def hasHeightForWidth(self) -> bool:  # noqa: N802 - Qt's name
        """Return True: in less width it has more rows."""
        return True

    def heightForWidth(self, width: int) -> int:  # noqa: N802 - Qt's name
        """Return the height of all rows at a width."""
        return self._lay(QRect(0, 0, width, 0), move=False)

    def setGeometry(self, area: QRect) -> None:  # noqa: N802 - Qt's name
        """Move the items to their places."""
        super().setGeometry(area)
        self._lay(area, move=True)

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Return the size of everything in one row."""
        sizes = [_hint(item) for item in self._shown()]
        width = sum(size.width() for size in sizes) + self.spacing() * max(len(sizes) - 1, 0)
        return QSize(width, max((size.height() for size in sizes), default=0))

    def minimumSize(self) -> QSize:  # noqa: N802 - Qt's name
        """Return the size of the largest item."""
        least = QSize(0, 0)
        for item in self._shown():
            least = least.expandedTo(item.minimumSize())
        return least

    def _shown(self) -> list[QLayoutItem]:
        return [item for item in self._items if not item.isEmpty()]

    def _lay(self, area: QRect, *, move: bool) -> int:
        """Go through the rows in `area`, moving each item to its place or not; return the height."""
        return _flow(self._shown(), area, self.spacing(), move=move)


class HeaderRow(FlowRow):
    """Words, with buttons at their right; where both do not fit, the buttons flow below the words."""

    def __init__(self, words: QLayout) -> None:
        super().__init__()
        self.addChildLayout(words)
        self.addItem(words)

    def expandingDirections(self) -> Qt.Orientation:  # noqa: N802 - Qt's name
        """Return sideways: the words take what there is."""
        return Qt.Orientation.Horizontal

    def _lay(self, area: QRect, *, move: bool) -> int:
        words, *others = self._items
        others = [item for item in others if not item.isEmpty()]
        beside = sum(_hint(item).width() + self.spacing() for item in others)
        least = max(words.minimumSize().width(), NARROWEST)
        if least + beside > area.width():
            high = _height(words, area.width())
            if move:
                words.setGeometry(QRect(area.topLeft(), QSize(area.width(), high)))
            below = area.adjusted(0, high + self.spacing(), 0, 0)
            return high + self.spacing() + _flow(others, below, self.spacing(), move=move)
        room = area.width() - beside
        high = _height(words, room)
        if move:
            words.setGeometry(QRect(area.topLeft(), QSize(room, high)))
        right = QRect(area.x() + room + self.spacing(), area.y(), beside, 0)
        return max(high, _flow(others, right, self.spacing(), move=move))


def flow(*widgets: QWidget) -> QWidget:
    """Return a widget whose content is a `FlowRow`."""
    made = QWidget()
    made.setLayout(FlowRow(*widgets))
    policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
    policy.setHeightForWidth(True)
    made.setSizePolicy(policy)
    return made


def _flow(items: list[QLayoutItem], area: QRect, spacing: int, *, move: bool) -> int:
    """Put items into rows of the width of `area`; return the height of all rows."""
    x, y, high = area.x(), area.y(), 0
    row: list[tuple[QLayoutItem, QRect]] = []
    for item in items:
        size = _hint(item)
        width = min(size.width(), max(area.width(), item.minimumSize().width()))
        if row and x + width > area.x() + area.width():
            _place(row, high, move=move)
            x, y, high, row = area.x(), y + high + spacing, 0, []
        tall = _height(item, width)
        row.append((item, QRect(QPoint(x, y), QSize(width, tall))))
        x += width + spacing
        high = max(high, tall)
    _place(row, high, move=move)
    return y + high - area.y()


def _hint(item: QLayoutItem) -> QSize:
    return item.sizeHint().expandedTo(item.minimumSize())


def _height(item: QLayoutItem, width: int) -> int:
    return item.heightForWidth(width) if item.hasHeightForWidth() else _hint(item).height()


def _place(row: list[tuple[QLayoutItem, QRect]], high: int, *, move: bool) -> None:
    """Put the items of a row in the middle of its height."""
    for item, place in row if move else ():
        item.setGeometry(place.translated(0, (high - place.height()) // 2))
