"""What every page shares: the library, jobs, background work, undo, models, the theme, and change signals."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from PySide6.QtCore import QObject, QSettings, Signal

from orca_desk.errors import UserError
from orca_desk.library.database import Library
from orca_desk.ui.background import Background
from orca_desk.ui.jobs import Jobs
from orca_desk.ui.library_name import LibraryName
from orca_desk.ui.models import ModelList
from orca_desk.ui.online import Online
from orca_desk.ui.preferences import PLAIN_TEXT, TEXT_SIZE, THEME
from orca_desk.ui.serving import Serving
from orca_desk.ui.theme import Choice, Theme, Tone
from orca_desk.ui.undo import UndoStack

T = TypeVar("T")
logger = logging.getLogger(__name__)
# The parts of a library that can change; each page watches some of them.
PARTS = frozenset(
    {"tasks", "strategies", "pairings", "records", "snapshots", "trainings", "evaluations", "chats",
     "models", "runs", "settings", "proposals", "benchmarks"}
)  # fmt: skip
# The page on which an undone change is seen, by the first of its parts
PAGE_OF = {
    "tasks": "tasks",
    "strategies": "strategies",
    "pairings": "strategies",
    "records": "records",
    "snapshots": "training",
    "trainings": "training",
    "evaluations": "evaluate",
    "chats": "chat",
    "models": "models",
    "proposals": "grow",
}


@dataclass(frozen=True)
class Unsaved:
    """What a page loses when the window closes or the library is replaced.

    `told` says so in a sentence; "" where it loses nothing. `save` stores it, and calls what it is given once
    that is done; None where it cannot be stored.
    """

    told: Callable[[], str]
    save: Callable[[Callable[[], Any]], Any] | None = None


class Desk(QObject):
    """The state that the pages share. Every write ends in `tell`, and views refresh on nothing else."""

    changed = Signal(object)  # a frozenset of PARTS
    page_requested = Signal(str, object)  # the name of a page, and the target to show there
    noticed = Signal(str, str)  # a message for the status bar: its text and its Tone
    crashed = Signal(object)  # an exception that is a bug
    refused = Signal(object)  # a UserError that no page shows
    help_requested = Signal(str)  # the name of a chapter of the handbook

    def __init__(
        self, library: Library, theme: Theme, *, view_state: QSettings, preferences: QSettings
    ) -> None:
        """`view_state` stores the sizes of the window, of columns and of splitters: they are the library's.

        `preferences` are the user's, whatever the library.
        """
        super().__init__()
        self.library, self.theme = library, theme
        self.view_state, self.preferences = view_state, preferences
        self.jobs = Jobs(self)
        self.background = Background(self, failed=self.report)
        self.undo = UndoStack(self.background, self)
        self.undo.slow.connect(self.say)
        self.models = ModelList(library, self.background, self)
        self.serving = Serving(library, self.report, self)
        self.online = Online(library, self.jobs, self, failed=self.report)
        self.name = LibraryName(library, self.background, preferences, self)
        self.move_to: Path | None = None  # the folder into which the library goes when the window has ended
        # What pages would lose; and what stores, in a thread, what they have under way before the library is
        # replaced
        self.unsaved: list[Unsaved] = []
        self.under_way: list[Callable[[], None]] = []
        self.changed.connect(lambda parts: self.models.read() if "models" in parts else None)
        self.changed.connect(lambda parts: self.name.read() if "settings" in parts else None)
        self.jobs.announced.connect(self.changed)

    def tell(self, *parts: str) -> None:
        """Announce that PARTS of the library have changed."""
        assert PARTS.issuperset(parts), parts
        self.changed.emit(frozenset(parts))

    def would_lose(self) -> list[Unsaved]:
        """Return what is not saved on the pages at the moment."""
        return [one for one in self.unsaved if one.told()]

    def open(self, page: str, **target: Any) -> None:
        """Show a page, and `target` on it (see the page's `go`)."""
        self.page_requested.emit(page, target)

    def show_help(self, name: str) -> None:
        """Show a chapter of the handbook."""
        self.help_requested.emit(name)

    def say(self, text: str, tone: Tone = "") -> None:
        """Show a sentence in the status bar for a few seconds."""
        self.noticed.emit(text, tone)

    def say_share(self, text: str) -> Callable[[int, int], None]:
        """Return what says, from any thread, how many of some steps are done: "Deleting 900 records: 40%"."""
        said = ""

        def on_step(done: int, steps: int) -> None:
            nonlocal said
            before, said = said, f"{text}: {done / steps:.0%}"
            if steps > 1 and said != before:
                self.noticed.emit(said, "")

        return on_step

    def choose_theme(self, choice: Choice) -> None:
        """Switch to another theme, now and at later starts of any library."""
        self.theme.choose(choice)
        self.preferences.setValue(THEME, choice)

    def choose_text_size(self, percent: int) -> None:
        """Make all text so large (one of TEXT_SIZES), now and at later starts of any library."""
        self.theme.choose_text_size(percent)
        self.preferences.setValue(TEXT_SIZE, self.theme.text_size)
        self.say(f"Text size {self.theme.text_size}%")

    def choose_as_written(self, as_written: bool) -> None:
        """Show answers as plain text everywhere, or not, now and at later starts of any library."""
        self.theme.choose_as_written(as_written)
        self.preferences.setValue(PLAIN_TEXT, "yes" if as_written else "no")

    def report(self, error: Exception) -> None:
        """Show an error that no page shows: a UserError as a notice, a bug as a crash report."""
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
        undone: Callable[[], Any] = lambda: None,
        failed: Callable[[Exception], Any] | None = None,
        shows: Callable[[T], tuple[str, Mapping[str, Any]]] | None = None,
    ) -> None:
        """Change the library by `work`; Ctrl+Z calls `undo` with what `work` returned.

        Both run off the event loop, after every earlier change. Afterwards `parts` are announced, and `then`
        gets the result of the first `work`, and `undone` is called after an undo. The status line says what
        an undo took back, and the window goes where that is seen: `shows` tells the page and the target on it
        from what `work` returned; without it that is the page of the first part. A redo goes to the page, and
        so does the error of both. An error goes to `failed`, by default to `report`. `text` names the change
        in the menu, in lower case.
        """
        waiting = [then]
        results: list[T] = []
        page = next((PAGE_OF[part] for part in parts if part in PAGE_OF), "")

        def done(result: T) -> None:
            results[:] = [result]
            self.tell(*parts)
            if waiting:
                waiting.pop()(result)
                return
            self._show_again(shows(result)[0] if shows else page, {})
            self.say(f"Redone: {text}.")

        def taken_back() -> None:
            self.tell(*parts)
            self._show_again(*(shows(results[0]) if shows and results else (page, {})))
            self.say(f"Undone: {text}.")
            undone()

        def fail(error: Exception) -> None:
            if not waiting:  # an undo or a redo: the page that says why may not be the one in front
                self._show_again(shows(results[0])[0] if shows and results else page, {})
            (failed or self.report)(error)

        self.undo.do(text, work, undo, done=done, undone=taken_back, failed=fail)

    def _show_again(self, page: str, target: Mapping[str, Any]) -> None:
        if page:
            self.page_requested.emit(page, dict(target))

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
