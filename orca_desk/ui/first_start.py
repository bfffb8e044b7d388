"""What the first start of a library shows: the tour, once, in a moment."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer

if TYPE_CHECKING:
    from orca_desk.ui.window import Window

KEY = "window/tour"  # in desk.places: whether the tour was shown
AFTER_MS = 400  # so that the first page is seen before the tour begins


def begin_once(window: "Window") -> None:
    """Begin the tour in a moment, if this library's window never showed it."""
    if window.desk.places.value(KEY) is None:
        QTimer.singleShot(AFTER_MS, window, window.show_tour)
