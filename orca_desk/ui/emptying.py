"""Emptying the trash of what has been in it for long enough, some seconds after each start."""

from PySide6.QtCore import QObject, QTimer

from orca_desk.steps.tidy.storage import empty_old_trash
from orca_desk.ui.desk import Desk

AFTER_MS = 5_000  # the window and its first page come first


class TrashEmptying(QObject):
    """Empties the trash of old deletions once, in a thread."""

    def __init__(self, desk: Desk, parent: QObject) -> None:
        super().__init__(parent)
        self._desk = desk
        if desk.library.problem is None:
            timer = QTimer(self)  # a child, which ends with the window
            timer.setSingleShot(True)
            timer.timeout.connect(self._empty)
            timer.start(AFTER_MS)

    def _empty(self) -> None:
        library = self._desk.library
        self._desk.background.run(self, lambda: empty_old_trash(library), failed=self._desk.report)
