"""Record every job as a run in the library: what it was to do, how far it got, how it ended."""

import contextlib
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from orca_desk.errors import UserError, explain_os_error
from orca_desk.inventory.run_models import find_model
from orca_desk.library.database import Library
from orca_desk.library.runs import (
    EndStatus,
    Run,
    create_run,
    end_run,
    failure_outcome,
    find_unfinished,
    get_run,
    set_request,
    start_run,
    store_progress,
)
from orca_desk.machine.clock import asleep_seconds
from orca_desk.processes.progress import Progress, Update

SAVE_EVERY = 2.0  # s; each save is a write
NAP = 5.0  # s; less is no sleep, but how the clocks differ


class RunRecorder:
    """Records one run. Set `outcome` to the sentence that tells the user how the run ended.

    Set `finished` once all the work is done: a stop that arrives with the last answer stops nothing. A job of
    several stages sets `unit`: only updates in that unit are saved as the run's progress. `failure` is the
    outcome of a run that then raises, where data says more than the error.
    """

    def __init__(self, library: Library, run: str, progress: Progress) -> None:
        self.run = run
        self.outcome = self.unit = self.failure = ""
        self.finished = False
        self.log: Path = library.folder / "logs" / f"{run}.log"
        self._library = library
        self._progress = progress
        self._next_save = 0.0
        self._slept_before = asleep_seconds()
        self._last: Update | None = None

    def report(self, update: Update) -> None:
        """Pass progress on to the caller, and save it every few seconds."""
        self._progress(update)
        if self.unit in ("", update.unit):
            self._last = update
        if time.monotonic() >= self._next_save:
            self.save_progress()

    @property
    def asleep(self) -> float:
        """The seconds in which the computer slept meanwhile: they are not the run's."""
        slept = asleep_seconds() - self._slept_before
        return slept if slept >= NAP else 0.0

    def save_progress(self) -> None:
        """Save the last reported progress. Without any, the progress of an earlier attempt stays."""
        if update := self._last:
            store_progress(self._library, self.run, done=update.done, total=update.total, unit=update.unit)
        self._next_save = time.monotonic() + SAVE_EVERY


@contextlib.contextmanager
def record_run(library: Library, run: str, *, progress: Progress) -> Iterator[RunRecorder]:
    """Mark `run` as running while the block works on it, then record how it ended.

    The run ends as done if the block set the recorder's `finished`, as failed if it raised, and as cancelled
    otherwise or after Ctrl-C. A full or read-only disk is raised as a UserError.
    """
    start_run(library, run)
    recorder = RunRecorder(library, run, progress)
    try:
        yield recorder
        recorder.save_progress()
    except KeyboardInterrupt:
        _end(library, recorder, "cancelled", "Interrupted.")
        raise
    except Exception as error:
        refusal = explain_os_error(error) if isinstance(error, OSError) else None
        _end(library, recorder, "failed", recorder.failure or failure_outcome(refusal or error))
        if refusal:
            raise refusal from error
        raise
    status: EndStatus = "done" if recorder.finished else "cancelled"
    end_run(library, run, status, recorder.outcome, asleep=recorder.asleep)


def _end(library: Library, recorder: RunRecorder, status: EndStatus, outcome: str) -> None:
    """Record the end of a run that raised; a full disk may prevent even that."""
    with contextlib.suppress(UserError):
        end_run(library, recorder.run, status, outcome, asleep=recorder.asleep)


def find_or_create_run(
    library: Library, kind: str, settings: Mapping[str, Any], request: Mapping[str, Any] | None = None
) -> str:
    """Return the id of the unfinished run of this kind with these settings, or of a new one.

    `request` is what the user asked for; the run that is found takes it over.
    """
    unfinished = find_unfinished(library, kind, settings)
    if unfinished is None:
        return create_run(library, kind, settings, request).id
    if request is not None:
        set_request(library, unfinished.id, request)
    return unfinished.id


def request_to_resume(library: Library, run_id: str, kind: str) -> dict[str, Any] | None:
    """Return what an unfinished run of `kind` was asked for, to resume it; None if it stored no request.

    A model that was moved or renamed since is found by its content, which may take long. Raises UserError for
    an unknown run, one of another kind, one that is done or running, and one whose model is missing.
    """
    run = get_run(library, run_id)
    if run.kind != kind:
        raise UserError(f"{run_id} cannot be resumed here.", "Resume it from the Jobs page.")
    require_unfinished(run)
    if run.request is None or not run.request.get("model"):
        return run.request
    model = find_model(library, Path(run.request["model"]), run.settings.get("teacher"))
    return {**run.request, "model": str(model)}


def require_unfinished(run: Run) -> None:
    """Raise UserError for a run that is done or running: there is nothing to resume."""
    if run.status in ("done", "running"):
        state = "finished" if run.status == "done" else "running"
        raise UserError(f"{run.id} is already {state}.", "Start a new run instead.")
