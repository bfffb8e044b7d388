"""An overlay: a card over the darkened window. Esc or a click beside the card closes it."""

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QApplication, QFrame, QListView, QPushButton, QVBoxLayout, QWidget
from shiboken6 import isValid

from orca_desk.ui.theme import GRID, Theme, grown
from orca_desk.ui.widgets.entry_list import ROW

SHADE = 110  # of 255, how much the window behind is darkened
MARGIN = 8 * GRID  # above and below the card, in a window that is high enough
BESIDE_LIST = 16 * GRID  # px; what a card with a list needs besides it


class Overlay(QWidget):
    """Covers a window and holds a card. A subclass builds itself into `self.layout_`.

    While it is open it takes all keys: Tab stays inside, and no shortcut of the window works. On closing, the
    widget that had the focus gets it back. `closed` fires once; then the overlay deletes itself.
    """

    closed = Signal()

    def __init__(self, window: QWidget, theme: Theme, *, width: int, name: str) -> None:
        super().__init__(window)
        self.theme, self._covered = theme, window
        self._width = width
        self._before: QWidget | None = None
        self._is_closed = False
        self._fitted: tuple[QListView, int] | None = None  # whose height follows the window
        self.setObjectName("overlay")
        self.setAccessibleName(name)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.card = QFrame(self)
        self.card.setProperty("kind", "card")
        self.layout_ = QVBoxLayout(self.card)
        self.layout_.setContentsMargins(2 * GRID, 2 * GRID, 2 * GRID, 2 * GRID)
        self.layout_.setSpacing(GRID)
        window.installEventFilter(self)
        self.hide()

    def open(self) -> None:
        """Show the overlay, and close another one that is open."""
        for other in self.window().findChildren(Overlay):
            if other is not self and not other._is_closed:
                other.close_overlay()
        self._before = QApplication.focusWidget()
        self.setGeometry(self._covered.rect())
        self.place()
        self.show()
        self.raise_()
        self.first_focus().setFocus(Qt.FocusReason.PopupFocusReason)

    def close_overlay(self) -> None:
        """Close the overlay and give the focus back."""
        if self._is_closed:
            return
        self._is_closed = True
        self._covered.removeEventFilter(self)
        focus = QApplication.focusWidget()
        held = focus is None or self.isAncestorOf(focus)
        self.hide()
        if held and self._before is not None and isValid(self._before):  # Qt may have deleted it
            self._before.setFocus(Qt.FocusReason.PopupFocusReason)
        self.closed.emit()
        self.deleteLater()

    def first_focus(self) -> QWidget:
        """Return the widget that gets the focus when the overlay opens."""
        return self

    def place(self) -> None:
        """Put the card in the middle of the window, below its top."""
        room = self.rect().adjusted(2 * GRID, self._margin(), -2 * GRID, -self._margin())
        width = min(self._width, room.width())
        height = min(self.card.sizeHint().height(), room.height())
        self.card.setGeometry(room.center().x() - width // 2, room.top(), width, height)

    def show_rows(self, view: QListView, most: int) -> None:
        """Let a list in the card be as high as its rows, at most `most`, as far as the window has room."""
        self._fitted = view, most
        self._fit_list()

    def _fit_list(self) -> None:
        if self._fitted is None:
            return
        view, most = self._fitted
        row = grown(ROW)
        room = self._covered.height() - 2 * self._margin() - BESIDE_LIST
        rows = min(view.model().rowCount(), most, max(2, room // row))
        view.setFixedHeight(rows * row + 8)

    def _margin(self) -> int:
        return min(MARGIN, self._covered.height() // 16)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """Follow the size of the window."""
        if event.type() == QEvent.Type.Resize and watched is self._covered:
            self.setGeometry(self._covered.rect())
            self._fit_list()
            self.layout_.activate()
            self.place()
        return False

    def event(self, event: QEvent) -> bool:
        """Keep keys from the shortcuts of the window: they arrive here as keys."""
        if event.type() == QEvent.Type.ShortcutOverride:
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Close on Esc, press the focused button on Enter, and let no key through to the window."""
        pressed = QApplication.focusWidget()
        if event.key() == Qt.Key.Key_Escape:
            self.close_overlay()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and isinstance(pressed, QPushButton):
            pressed.click()
        event.accept()

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Close on a click outside the card."""
        if not self.card.geometry().contains(event.position().toPoint()):
            self.close_overlay()
        event.accept()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Darken the window behind."""
        shade = QColor(self.theme.colours("text" if not self.theme.is_dark else "background"))
        shade.setAlpha(SHADE if not self.theme.is_dark else SHADE + 60)
        QPainter(self).fillRect(self.rect(), shade)

    def focusNextPrevChild(self, forwards: bool) -> bool:  # noqa: N802 - Qt's name
        """Keep the focus inside the overlay."""
        stops = [
            one
            for one in self.card.findChildren(QWidget)
            if one.isVisibleTo(self) and one.isEnabled() and one.focusPolicy() & Qt.FocusPolicy.TabFocus
        ]
        if not stops:
            return True
        here = QApplication.focusWidget()
        place = stops.index(here) if here in stops else -1 if forwards else 0
        stops[(place + (1 if forwards else -1)) % len(stops)].setFocus(
            Qt.FocusReason.TabFocusReason if forwards else Qt.FocusReason.BacktabFocusReason
        )
        return True
