"""Every job is a run in the library: what was asked, how far it came, how it ended."""

import contextlib
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from orca_desk.errors import UserError, explain_os_error
from orca_desk.library.database import Library
from orca_desk.library.runs import EndStatus, create_run, end_run, find_unfinished, note_progress, start_run
from orca_desk.processes.progress import JobControl, Progress, Update

NOTE_EVERY = 2.0  # s; each note is a write


class Journal:
    """The run of a job. Set `outcome`, the sentence that tells the user what came of it.

    Of a job of several stages set `unit`: how far the run came is noted in it alone.
    """

    def __init__(self, library: Library, run: str, progress: Progress) -> None:
        self.run = run
        self.outcome = self.unit = ""
        self.log: Path = library.folder / "logs" / f"{run}.log"
        self._library = library
        self._progress = progress
        self._next_note = 0.0
        self._last: Update | None = None

    def show(self, update: Update) -> None:
        """Show progress, and note it now and then."""
        self._progress(update)
        if self.unit in ("", update.unit):
            self._last = update
        if time.monotonic() >= self._next_note:
            self.note()

    def note(self) -> None:
        """Note the last progress shown; where there was none, what an earlier call noted stays."""
        if update := self._last:
            note_progress(self._library, self.run, done=update.done, total=update.total, unit=update.unit)
        self._next_note = time.monotonic() + NOTE_EVERY


@contextlib.contextmanager
def journal(library: Library, run: str, *, progress: Progress, control: JobControl) -> Iterator[Journal]:
    """Note the block as the work of `run`, which is set to running.

    The run ends as done, as cancelled where `control` was stopped or Ctrl-C was pressed, or as failed. A
    full or read-only disk is raised as a UserError.
    """
    start_run(library, run)
    notes = Journal(library, run, progress)
    try:
        yield notes
        notes.note()
    except KeyboardInterrupt:
        _end(library, run, "cancelled", "Interrupted.")
        raise
    except Exception as error:
        refusal = explain_os_error(error) if isinstance(error, OSError) else None
        _end(library, run, "failed", str(refusal or error) or type(error).__name__)
        if refusal:
            raise refusal from error
        raise
    end_run(library, run, "cancelled" if control.stopped else "done", notes.outcome)


def _end(library: Library, run: str, status: EndStatus, outcome: str) -> None:
    """Note the end of a run, unless a full disk keeps that from being noted too."""
    with contextlib.suppress(UserError):
        end_run(library, run, status, outcome)


def find_or_create_run(library: Library, kind: str, settings: Mapping[str, Any]) -> str:
    """Return the id of the unfinished run of this kind with these settings, or of a new one."""
    unfinished = find_unfinished(library, kind, settings)
    return (unfinished or create_run(library, kind, settings)).id
