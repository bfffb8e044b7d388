"""Indexing older texts in the background while the desktop is open, a piece at a time."""

from functools import partial

from PySide6.QtCore import QObject, QTimer

from orca_desk.library.text_indexes import index_some
from orca_desk.ui.desk import Desk

FIRST_MS = 3_000  # the window and its first page come first
EVERY_MS = 60  # between two pieces: whoever writes meanwhile waits for one at most


class TextIndexing(QObject):
    """Indexes what an older version left without an index, and is done for good then."""

    def __init__(self, desk: Desk, parent: QObject, *, first: int = FIRST_MS) -> None:
        """Begin after `first` milliseconds; a library that can only be read stays as it is."""
        super().__init__(parent)
        self._desk = desk
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._index)
        if desk.library.problem is None:
            self._timer.start(first)

    def _index(self) -> None:
        self._desk.background.run(
            self, partial(index_some, self._desk.library), self._go_on, failed=self._desk.report
        )

    def _go_on(self, is_left: bool) -> None:
        if is_left:
            self._timer.start(EVERY_MS)
