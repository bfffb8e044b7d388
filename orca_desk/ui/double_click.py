"""Keeps the second click of a double click from hitting a widget that the first click brought up."""

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QGuiApplication, QMouseEvent, QWindow
from PySide6.QtWidgets import QApplication, QWidget


class StrayClicks(QObject):
    """Swallows the second press of a double click, and its release, on a widget that did not get the first.

    A first click may show, hide or move widgets, and a user who clicks twice meant only the first of them.
    The filter sits on windows, not on the app: there Qt would call Python for every event of every widget.
    """

    def __init__(self, app: QGuiApplication) -> None:
        super().__init__(app)
        self._pressed: QWidget | None = None
        self._swallows = False
        app.focusWindowChanged.connect(self._watch)

    def eventFilter(self, window: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """Remember the widget that a press hits; keep the second press from any other widget."""
        kind = event.type()
        if kind == QEvent.Type.MouseButtonPress:
            if not _is_second(event):  # widgets get only the double click that follows it
                self._pressed, self._swallows = _under(event), False
        elif kind == QEvent.Type.MouseButtonDblClick:
            self._swallows = _under(event) is not self._pressed
            return self._swallows
        elif kind == QEvent.Type.MouseButtonRelease:
            swallowed, self._swallows = self._swallows, False
            return swallowed
        return False

    def _watch(self, window: QWindow | None) -> None:
        if window is not None:
            window.installEventFilter(self)  # Qt moves a filter that is already installed


def _under(event: QEvent) -> QWidget | None:
    assert isinstance(event, QMouseEvent)
    return QApplication.widgetAt(event.globalPosition().toPoint())


def _is_second(event: QEvent) -> bool:
    assert isinstance(event, QMouseEvent)
    return bool(event.flags() & Qt.MouseEventFlag.MouseEventCreatedDoubleClick)
