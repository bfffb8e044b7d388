"""At the start the window offers to resume runs that were interrupted, or stopped because it closed.

It also says which deletions an end of the process cut off.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from PySide6.QtCore import QObject

from orca_desk.counting import counted
from orca_desk.library.clock import now
from orca_desk.library.database import Library
from orca_desk.library.runs import Run, list_runs
from orca_desk.library.trainings import KIND, newest_checkpoint
from orca_desk.steps.demo.state import is_demo_interrupted
from orca_desk.steps.download.request import KIND as DOWNLOAD
from orca_desk.steps.download.request import DownloadRequest
from orca_desk.ui.desk import Desk
from orca_desk.ui.waiting import WaitingJobs
from orca_desk.ui.widgets.notice import Notice
from orca_desk.ui.words.hub import arrived_sentence
from orca_desk.ui.words.runs import page_of, progress_of, type_of
from orca_desk.ui.words.tidying import brought_back_text
from orca_desk.ui.words.trainings import resumes_from

CLOSING = "window/stopped-at"  # in desk.view_state: when the window began to close and to stop its jobs
OFFERED = "window/told-runs"  # in desk.view_state: runs that were offered and that the user dealt with
LATEST = 20  # runs to look at
SAVED = "Completed work was saved."


class _Resumable(NamedTuple):
    """Runs to offer, newest first; whether they belong to the demo; what was saved of the newest."""

    runs: list[Run]
    is_demo: bool
    saved: str


class ResumeOffer(QObject):
    """Looks for such runs in the background, and offers them in the window's notice."""

    def __init__(self, desk: Desk, notice: Notice) -> None:
        super().__init__(notice)
        self.desk, self.notice = desk, notice
        self._offered: list[Run] = []
        self._text = ""
        self._told = brought_back_text(desk.library.brought_back)  # until it is said
        self.waiting = WaitingJobs(desk)
        notice.dismiss.clicked.connect(self._dismissed)

    def look(self) -> None:
        """Find runs that can be resumed and offer them."""
        library, offered = self.desk.library, self._offered_before()
        since = str(self.desk.view_state.value(CLOSING) or "")

        def find() -> _Resumable:
            runs = [run for run in interrupted_runs(library, since) if _start_of(run) not in offered]
            if not runs:
                return _Resumable([], False, "")
            return _Resumable(runs, is_demo_interrupted(library), saved_of(library, runs[0]))

        self.desk.background.run(self, find, self._offer)

    def note_closing(self) -> None:
        """Remember that jobs stop from now on because the window closes, so that they are offered again."""
        self.waiting.hold()
        self.desk.view_state.setValue(CLOSING, now())

    def _offered_before(self) -> list[str]:
        offered = self.desk.view_state.value(OFFERED) or []
        return [offered] if isinstance(offered, str) else list(offered)

    def _offer(self, found: _Resumable) -> None:
        self._offered = found.runs
        if not found.runs:
            self._offer_waiting()
            if self._told:
                self._say(self._told)
            return
        first = found.runs[0]
        if found.is_demo:  # its runs are parts of it and resume with it
            self._text, saved, action, run = "The demo was not finished.", SAVED, "Resume", self._resume_demo
        elif len(found.runs) == 1:
            self._text = f"{type_of(first)} ({first.id}) was not finished."
            saved, action, run = found.saved, "Resume", self._resume
        else:
            self._text = f"{len(found.runs)} jobs were not finished."
            saved, action, run = SAVED, "Show them", self._show
        self._say(self._text, saved, action=action, run=run)

    def _say(
        self, text: str, hint: str = "", *, action: str = "", run: Callable[[], Any] | None = None
    ) -> None:
        """Show a message; the first one says too what came back at the opening."""
        more = self._told if self._told != text else ""
        self.notice.show_message(text, f"{hint} {more}".strip(), kind="warn", action=action, run=run)
        self._told = ""

    def _resume(self) -> None:
        first = self._offered[0]
        self._end()
        self.desk.open(page_of(first) or "jobs", resume=first.id)

    def _resume_demo(self) -> None:
        first = self._offered[0]
        self._end()
        self.desk.open("home", resume=first.id)

    def _show(self) -> None:
        first = self._offered[0]
        self._end()
        self.desk.open("jobs", run=first.id)

    def _dismissed(self) -> None:
        if self.notice.text.text() != self._text:
            return
        if self._offered:
            self._end()
        else:
            self.waiting.take()

    def _offer_waiting(self) -> None:
        """Offer the jobs that had not begun, or have no run to resume, after those that have."""
        if left := self.waiting.left:
            self._text = (
                f"{counted(len(left), 'job')} had not started: {', '.join(one.title for one in left)}."
            )
            self._say(self._text, action=starting(len(left)), run=self._start_waiting)

    def _start_waiting(self) -> None:
        self.notice.hide()
        for one in self.waiting.take():
            self.desk.open(one.page, **one.target)

    def _end(self) -> None:
        """Close the offer for good; the Jobs page can still resume the runs."""
        self.desk.view_state.setValue(OFFERED, [_start_of(run) for run in self._offered])
        self.desk.view_state.remove(CLOSING)
        self._offered = []
        self.notice.hide()
        self._offer_waiting()


def interrupted_runs(library: Library, since: str) -> list[Run]:
    """Return resumable runs, newest first: interrupted ones, and ones stopped after `since` ("": none)."""
    runs = list_runs(library, status="interrupted", limit=LATEST)
    if since:
        stopped = list_runs(library, status="cancelled", limit=LATEST)
        runs += [run for run in stopped if run.ended_at and run.ended_at >= since]
    return sorted((run for run in runs if page_of(run)), key=lambda run: run.created_at, reverse=True)


def starting(count: int) -> str:
    """Return the label of the button that starts jobs."""
    return "Start it" if count == 1 else "Start them"


def saved_of(library: Library, run: Run) -> str:
    """Return a sentence about what was saved of a run. A training saves only up to its last checkpoint."""
    if run.kind == KIND:
        return resumes_from(newest_checkpoint(library, run.id))
    if run.kind == DOWNLOAD and run.request is not None:
        return arrived_sentence(DownloadRequest.from_json(run.request))
    return f"{progress_of(run)} finished and saved." if run.done else SAVED


def _start_of(run: Run) -> str:
    """Identify one start of a run: a run that was resumed and interrupted again is offered again."""
    return f"{run.id} {run.started_at}"
