"""The one undo stack: changes to the library that Ctrl+Z takes back, written off the event loop, in order."""

from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtGui import QUndoCommand, QUndoStack
from shiboken6 import isValid

from orca_desk.ui.background import Background

T = TypeVar("T")
SLOW_MS = 500  # after which somebody who pressed Ctrl+Z would press it again


class UndoStack(QUndoStack):
    """Holds what can be undone and redone.

    A change enters the stack at once, while its work joins a queue: whoever presses Ctrl+Z before the change
    is written undoes it right after. A change that fails, be it done, undone or redone, leaves the stack.
    """

    slow = Signal(str)  # a sentence about an undo or a redo that takes more than a moment

    def __init__(self, background: Background, parent: QObject) -> None:
        super().__init__(parent)
        self._background = background
        self._under_way: dict[object, str] = {}
        self.indexChanged.connect(self._drop_failed)

    def do(
        self,
        text: str,
        work: Callable[[], T],
        undo: Callable[[T], Any],
        *,
        done: Callable[[T], Any],
        undone: Callable[[], Any],
        failed: Callable[[Exception], Any],
    ) -> None:
        """Run `work`, and at each Ctrl+Z `undo` with the result of the latest `work`, both in a thread.

        `done(result)`, `undone()` or `failed(error)` follows in the GUI's thread. `text` names the change in
        the menu.
        """
        results: list[T] = []

        def forward() -> T:
            if not results:  # otherwise the undo before this redo failed: the change is still made
                results.append(work())
            return results[0]

        def back() -> None:
            if results:  # otherwise the work failed: there is nothing to undo
                undo(results[0])
                results.clear()

        def fail(error: Exception) -> None:
            if isValid(change):
                change.setObsolete(True)
                self._drop_failed()
            failed(error)

        at_first = iter([""])  # whoever makes a change says what it does
        change = _Change(
            text,
            redo=lambda: self._queue(next(at_first, f"Redoing: {text}…"), forward, done, failed=fail),
            undo=lambda: self._queue(f"Undoing: {text}…", back, lambda _: undone(), failed=fail),
        )
        self.push(change)  # Qt calls its redo

    def _queue(
        self,
        sentence: str,
        work: Callable[[], T],
        then: Callable[[T], Any],
        *,
        failed: Callable[[Exception], Any],
    ) -> None:
        """Run `work` after what was queued before; tell `sentence`, if any, once that takes long."""
        this = object()

        def end(handler: Callable[[Any], Any], value: Any) -> None:
            self._under_way.pop(this, None)
            handler(value)

        if sentence:
            self._under_way[this] = sentence
            QTimer.singleShot(SLOW_MS, self, partial(self._tell, this))
        self._background.run_in_order(work, partial(end, then), failed=partial(end, failed))

    def _tell(self, this: object) -> None:
        if this in self._under_way:
            self.slow.emit(self._under_way[this])

    def _drop_failed(self) -> None:
        """Drop the failed changes that come next. Qt can drop no other: one below others goes after them."""
        before, after = self.index() - 1, self.index()
        if before >= 0 and self.command(before).isObsolete():
            self.undo()
        elif after < self.count() and self.command(after).isObsolete():
            self.redo()


class _Change(QUndoCommand):
    """Calls one of two functions, unless the change has failed."""

    def __init__(self, text: str, *, redo: Callable[[], None], undo: Callable[[], None]) -> None:
        super().__init__(text)
        self._redo, self._undo = redo, undo

    def redo(self) -> None:
        if not self.isObsolete():
            self._redo()

    def undo(self) -> None:
        if not self.isObsolete():
            self._undo()
