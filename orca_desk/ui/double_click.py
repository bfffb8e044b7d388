"""The second half of a double click does nothing to what came under the mouse in the meantime."""

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QGuiApplication, QMouseEvent, QWindow
from PySide6.QtWidgets import QApplication, QWidget


class StrayClicks(QObject):
    """Swallows the second press of a double click, and its release, on a widget that did not get the first.

    A first click may show, hide and move what is on the page; the user who clicks twice meant only that one.
    It filters windows and not the app, for which Python would be called with every event of every widget.
    """

    def __init__(self, app: QGuiApplication) -> None:
        super().__init__(app)
        self._pressed: QWidget | None = None
        self._swallows = False
        app.focusWindowChanged.connect(self._watch)

    def eventFilter(self, window: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """Note what a press meets; keep a second one from anything else."""
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
            window.installEventFilter(self)  # where it was before, it is moved, not there twice


def _under(event: QEvent) -> QWidget | None:
    assert isinstance(event, QMouseEvent)
    return QApplication.widgetAt(event.globalPosition().toPoint())


def _is_second(event: QEvent) -> bool:
    assert isinstance(event, QMouseEvent)
    return bool(event.flags() & Qt.MouseEventFlag.MouseEventCreatedDoubleClick)
