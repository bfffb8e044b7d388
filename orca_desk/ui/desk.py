"""What every page is given: the library, jobs, background work, the theme, undo, and who is told of what."""

import logging
from collections.abc import Callable
from typing import Any, TypeVar

from PySide6.QtCore import QObject, QSettings, Signal

from orca_desk.errors import UserError
from orca_desk.library.database import Library
from orca_desk.ui.background import Background
from orca_desk.ui.jobs import Jobs
from orca_desk.ui.model_list import ModelList
from orca_desk.ui.theme import Theme
from orca_desk.ui.undo import UndoStack

T = TypeVar("T")
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
        self.undo = UndoStack(self.background, self)
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

    def do(
        self,
        text: str,
        work: Callable[[], T],
        undo: Callable[[T], Any],
        *parts: str,
        then: Callable[[T], Any] = lambda result: None,
        failed: Callable[[Exception], Any] | None = None,
    ) -> None:
        """Change the library by `work`; Ctrl+Z calls `undo` with what `work` returned.

        Both run off the event loop, after every earlier change. Then `parts` are told, and after the first
        `work`, `then` gets its result. An error goes to `failed`, by default to `report`. `text` names the
        change in the menu.
        """
        waiting = [then]

        def done(result: T) -> None:
            self.tell(*parts)
            if waiting:
                waiting.pop()(result)

        self.undo.do(
            text, work, undo, done=done, undone=lambda: self.tell(*parts), failed=failed or self.report
        )

    def write(
        self,
        work: Callable[[], T],
        *parts: str,
        then: Callable[[T], Any] = lambda result: None,
        failed: Callable[[Exception], Any] | None = None,
    ) -> None:
        """Change the library by `work` as `do` does, but without undo: settings, drafts, new versions."""

        def done(result: T) -> None:
            if parts:
                self.tell(*parts)
            then(result)

        self.background.run_in_order(work, done, failed=failed)
