"""What every page is given: the library, jobs, background work, the theme, undo, and who is told of what."""

import logging
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, QSettings, Signal
from PySide6.QtGui import QUndoCommand, QUndoStack
from shiboken6 import isValid

from orca_desk.errors import UserError
from orca_desk.library.database import Library
from orca_desk.ui.background import Background
from orca_desk.ui.jobs import Jobs
from orca_desk.ui.model_list import ModelList
from orca_desk.ui.theme import Theme

logger = logging.getLogger(__name__)
# What can change in a library; pages watch some of these.
PARTS = frozenset(
    {"tasks", "strategies", "pairings", "records", "snapshots", "trainings", "evaluations", "chats",
     "models", "runs", "settings"}
)  # fmt: skip


class Desk(QObject):
    """The state that the pages share. Every write ends in `tell`, from which alone the views refresh."""

    changed = Signal(object)  # frozenset of PARTS
    wanted = Signal(str, object)  # a page's name, and what to show there
    noticed = Signal(str, str)  # a message for the status bar: text, and "good", "warn", "bad" or ""
    crashed = Signal(object)  # an exception that is a bug
    refused = Signal(object)  # a UserError that no page shows by itself

    def __init__(self, library: Library, theme: Theme, *, places: QSettings) -> None:
        """`places` is where the window keeps its sizes, column widths and splitters."""
        super().__init__()
        self.library, self.theme, self.places = library, theme, places
        self.jobs = Jobs(self)
        self.background = Background(self, failed=self.report)
        self.undo = QUndoStack(self)
        self.undo.indexChanged.connect(self._shed)
        self.models = ModelList(self)
        self.jobs.announced.connect(self.changed)

    def tell(self, *parts: str) -> None:
        """Say that something of the library was changed: names of PARTS."""
        assert PARTS.issuperset(parts), parts
        self.changed.emit(frozenset(parts))

    def open(self, page: str, **target: Any) -> None:
        """Show a page, and there what `target` says (see the page's `go`)."""
        self.wanted.emit(page, target)

    def say(self, text: str, tone: str = "") -> None:
        """Show a sentence in the status bar for some seconds."""
        self.noticed.emit(text, tone)

    def report(self, error: Exception) -> None:
        """Show an error that came where nothing on the page can show it: a sentence, or a crash report."""
        if isinstance(error, UserError):
            self.refused.emit(error)
        else:
            logger.error("a bug", exc_info=error)
            self.crashed.emit(error)

    def do(self, text: str, do: Callable[[], Any], undo: Callable[[], Any], *parts: str) -> "_Command | None":
        """Do something now that Ctrl+Z takes back; both sides tell of `parts`. `text` names it in the menu.

        An error is shown, and then nothing is on the undo stack and None is returned. Where the work goes on
        in the background, hand what is returned to `forget` if the work fails after all.
        """
        command = _Command(self, text, do, undo, parts)
        if not command.run(do):
            return None
        self.undo.push(command)
        return command

    def forget(self, command: "_Command | None") -> None:
        """Take a command off the undo stack whose work has failed: there is nothing to take back or do again.

        Qt can only drop the command next to be undone or redone: one under others goes when they have.
        """
        if command is not None and isValid(command):
            command.setObsolete(True)
            self._shed()

    def _shed(self) -> None:
        """Drop the failed commands next to be undone or redone; they do nothing when they are run."""
        stack = self.undo
        before, after = stack.index() - 1, stack.index()
        if before >= 0 and stack.command(before).isObsolete():
            stack.undo()
        elif after < stack.count() and stack.command(after).isObsolete():
            stack.redo()


class _Command(QUndoCommand):
    """A pair of closures on the undo stack; the first redo, which pushing makes, has been done already."""

    def __init__(
        self,
        desk: Desk,
        text: str,
        do: Callable[[], Any],
        undo: Callable[[], Any],
        parts: tuple[str, ...],
    ) -> None:
        super().__init__(text)
        self._desk, self._do, self._undo, self._parts = desk, do, undo, parts
        self._pushed = False

    def run(self, action: Callable[[], Any]) -> bool:
        """Run one of the two; show an error; return whether it went well."""
        try:
            action()
        except Exception as error:
            self._desk.report(error)
            return False
        self._desk.tell(*self._parts)
        return True

    def redo(self) -> None:
        """Do it again, unless it was only pushed now."""
        if self._pushed and not self.isObsolete() and not self.run(self._do):
            self.setObsolete(True)
        self._pushed = True

    def undo(self) -> None:
        """Take it back."""
        if not self.isObsolete() and not self.run(self._undo):
            self.setObsolete(True)
