"""At the start: runs that were cut off, or stopped because the window closed, are offered to go on with."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from orca_desk.library.clock import now
from orca_desk.library.database import Library
from orca_desk.library.runs import Run, list_runs
from orca_desk.library.trainings import KIND, newest_checkpoint
from orca_desk.steps.demo.state import is_demo_interrupted
from orca_desk.ui.words.runs import kind_of, page_of, progress_of
from orca_desk.ui.words.trainings import resumes_from

if TYPE_CHECKING:
    from orca_desk.ui.desk import Desk
    from orca_desk.ui.widgets.notice import Notice

CLOSING = "window/stopped-at"  # in desk.places: since when jobs were stopped because the window was closing
TOLD = "window/told-runs"  # runs that the user was told of, and what he did with that is done
LOOKED_AT = 20


class GoingOn(QObject):
    """Looks once, in the background, and says it in the window's notice."""

    def __init__(self, desk: "Desk", notice: "Notice") -> None:
        super().__init__(notice)
        self.desk, self.notice = desk, notice
        self._offered: list[Run] = []
        self._text = ""
        notice.dismiss.clicked.connect(self._dismissed)

    def look(self) -> None:
        """Look for such runs and offer them."""
        library, told = self.desk.library, self._told()
        since = str(self.desk.places.value(CLOSING) or "")

        def find() -> tuple[list[Run], bool, str]:
            runs = [run for run in cut_off(library, since) if _name(run) not in told]
            return (runs, is_demo_interrupted(library), kept_of(library, runs[0])) if runs else ([], False, "")

        self.desk.background.run(self, find, lambda found: self._offer(*found))

    def note_closing(self) -> None:
        """Note that what is stopped from now on is stopped because the window closes."""
        self.desk.places.setValue(CLOSING, now())

    def _told(self) -> list[str]:
        told = self.desk.places.value(TOLD) or []
        return [told] if isinstance(told, str) else list(told)

    def _offer(self, runs: list[Run], is_demo: bool, kept: str) -> None:
        self._offered = runs
        if not runs:
            return
        first = self._offered[0]
        if is_demo:  # its runs go on as parts of it, not by themselves
            self._text, kept = "The demo was not finished.", "What it did is kept."
            action, run = "Go on", self._resume_demo
        elif len(self._offered) == 1:
            self._text = f"{kind_of(first)} ({first.id}) was not finished."
            action, run = "Go on", self._resume
        else:
            self._text = f"{len(self._offered)} jobs were not finished."
            kept = "What they did is kept."
            action, run = "Show them", self._show
        self.notice.show_message(self._text, kept, kind="warn", action=action, run=run)

    def _resume(self) -> None:
        first = self._offered[0]
        self._done()
        self.desk.open(page_of(first) or "jobs", resume=first.id)

    def _resume_demo(self) -> None:
        first = self._offered[0]
        self._done()
        self.desk.open("home", resume=first.id)

    def _show(self) -> None:
        first = self._offered[0]
        self._done()
        self.desk.open("jobs", run=first.id)

    def _dismissed(self) -> None:
        if self._offered and self.notice.text.text() == self._text:
            self._done()

    def _done(self) -> None:
        """Not to be offered again by itself; the Jobs page still can go on with it."""
        told = [_name(run) for run in self._offered]
        self._offered = []
        self.desk.places.setValue(TOLD, told)
        self.desk.places.remove(CLOSING)
        self.notice.hide()


def cut_off(library: Library, since: str) -> list[Run]:
    """Return the runs that a dead process left, and those stopped after `since` ("": none), newest first."""
    runs = list_runs(library, status="interrupted", limit=LOOKED_AT)
    if since:
        stopped = list_runs(library, status="cancelled", limit=LOOKED_AT)
        runs += [run for run in stopped if run.ended_at and run.ended_at >= since]
    return sorted((run for run in runs if page_of(run)), key=lambda run: run.created_at, reverse=True)


def kept_of(library: Library, run: Run) -> str:
    """Return what of a run is kept. A training keeps what its checkpoint has, not all that it has done."""
    if run.kind == KIND:
        return resumes_from(newest_checkpoint(library, run.id))
    return f"{progress_of(run)} are done and kept." if run.done else "What it did is kept."


def _name(run: Run) -> str:
    """A run as it was started now: started anew and cut off again, it is another one."""
    return f"{run.id} {run.started_at}"
