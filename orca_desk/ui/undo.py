"""The one undo stack: changes to the library that Ctrl+Z takes back, written off the event loop, in order."""

from collections.abc import Callable
from typing import Any, TypeVar

from PySide6.QtCore import QObject
from PySide6.QtGui import QUndoCommand, QUndoStack
from shiboken6 import isValid

from orca_desk.ui.background import Background

T = TypeVar("T")


class UndoStack(QUndoStack):
    """Holds what can be undone and redone.

    A change enters the stack at once, while its work joins a queue: whoever presses Ctrl+Z before the change
    is written undoes it right after. A change that fails, be it done, undone or redone, leaves the stack.
    """

    def __init__(self, background: Background, parent: QObject) -> None:
        super().__init__(parent)
        self._background = background
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

        queue = self._background.run_in_order
        change = _Change(
            text,
            redo=lambda: queue(forward, done, failed=fail),
            undo=lambda: queue(back, lambda _: undone(), failed=fail),
        )
        self.push(change)  # Qt calls its redo

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
