"""Running a job from a terminal: progress with rate and time left, and Ctrl-C to stop cleanly."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

from rich.progress import BarColumn, Progress, ProgressColumn, TaskID, TextColumn, TimeRemainingColumn
from rich.progress import Task as Bar
from rich.text import Text

from orca_desk.cli.output import complain, console, errors
from orca_desk.errors import UserError
from orca_desk.inventory.serving import serving_notes
from orca_desk.inventory.templates import Overrides
from orca_desk.machine.awake import kept_awake
from orca_desk.processes.progress import JobControl, Update
from orca_desk.processes.progress import Progress as ShowProgress
from orca_desk.ui.words.awake import REFUSED
from orca_desk.ui.words.models import notes_before_run

WHOLE = "all steps"  # the bar of a job of several steps
RESUME = "Run the same command again to resume."


class CountColumn(ProgressColumn):
    """How much is done, of how much, and at what rate."""

    def render(self, task: Bar) -> Text:
        """Return e.g. "120/400 records, 31/s"; empty for a stage without a count."""
        if task.total is None and not task.completed:
            return Text()
        unit, rate = task.fields["unit"], task.fields["rate"]
        count = f"{task.completed:,.0f}" + (f"/{task.total:,.0f}" if task.total is not None else "")
        speed = f", {rate:,.0f}/s" if rate and rate >= 10 else f", {rate:.2f}/s" if rate else ""
        return Text(f"{count} {unit}{speed}")


class StageBars:
    """One progress bar per stage, on stderr: stdout carries only results."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._bars: dict[str, TaskID] = {}

    def show(self, update: Update) -> None:
        """Draw `update`, and how far the whole job is where it has several steps."""
        if (overall := update.overall) is not None:
            whole = Update(
                stage=WHOLE,
                done=100 * overall.share,
                total=100,
                unit="%",
                message=f"step {overall.step} of {overall.steps}",
            )
            self.show(whole)
        fields: dict[str, Any] = {"unit": update.unit, "rate": update.rate, "message": update.message}
        if update.stage not in self._bars:
            self._bars[update.stage] = self._progress.add_task(update.stage, total=update.total, **fields)
        self._progress.update(self._bars[update.stage], completed=update.done, total=update.total, **fields)


def tell_notes(model: Path, adapter: Path | None = None, *, folder: Path) -> None:
    """Say on stderr what the user should know before a model runs, short of what then refuses it.

    `folder` is that of the library, which knows the user's chat templates.
    """
    notes = serving_notes(model, adapter, overrides=Overrides.in_folder(folder))
    for note in notes_before_run(notes):
        complain(f"Note: {note}", "yellow")


@contextmanager
def running(*, quiet: bool = False) -> Iterator[tuple[ShowProgress, JobControl]]:
    """Yield the two things that a job needs: a progress callback, and the control that Ctrl-C stops.

    The first Ctrl-C lets the job finish its current piece of work, the second interrupts immediately. Raises
    UserError at the end of a stopped job, so that the command exits with 1 and says how to resume, unless the
    control says that the job had finished.
    """
    control = JobControl()

    def stop(_number: int, _frame: FrameType | None) -> None:
        if control.state == "stop":
            raise KeyboardInterrupt
        errors.print("Stopping; finished work will be saved. Press Ctrl-C again to stop immediately.")
        control.stop()

    before = signal.signal(signal.SIGINT, stop)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        CountColumn(),
        TimeRemainingColumn(compact=True, elapsed_when_finished=True),
        TextColumn("{task.fields[message]}", markup=False),
    )
    try:
        with (
            kept_awake("An Orca Desk command is running", _tell_refused),
            Progress(*columns, console=errors, disable=quiet, redirect_stdout=console.is_terminal) as bars,
        ):
            yield StageBars(bars).show, control
    finally:
        signal.signal(signal.SIGINT, before)
    if control.stopped and not control.finished:
        raise UserError("Stopped.", RESUME)


def _tell_refused(why: str) -> None:
    complain(f"Note: {REFUSED.format(why)}", "yellow")
