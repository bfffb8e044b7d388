"""Looking into a source before it is imported: a worker does, as a file may be huge, or made to do harm."""

from dataclasses import asdict
from pathlib import Path
from typing import Literal

from orca_desk.errors import UserError
from orca_desk.formats.answers import AnswersAsked
from orca_desk.formats.json_layout import SeveralListsError
from orca_desk.formats.layout import Asked
from orca_desk.processes.host import run_worker
from orca_desk.processes.process import WorkerCrashError, WorkerEndedError
from orca_desk.processes.progress import JobControl, Meter, Progress, StoppedError, silent
from orca_desk.processes.protocol import Message
from orca_desk.steps.collect.request import TaskSource
from orca_desk.workers.preview import found_in


def look_into(
    source: TaskSource,
    wanted: Literal["tasks", "answers", "refused"],
    asked: Asked | AnswersAsked,
    *,
    refused: Path | None = None,
    progress: Progress = silent,
    control: JobControl | None = None,
) -> Message:
    """Return what the worker `preview` finds.

    Raises UserError for a source that cannot be read, or has no rows, and StoppedError once the user stops.
    """
    control = control or JobControl()
    meter = Meter(progress, stage="reading", total=None, unit="rows read")
    job = {
        **source.job(),
        "wanted": wanted,
        "asked": asdict(asked),
        "refused": str(refused.absolute()) if refused else None,
    }
    if source.is_small:
        return found_in(job, lambda rows: control.require_running())
    found: Message = {}

    def receive(events: list[Message]) -> None:
        for event in events:
            if event["event"] == "several":
                raise SeveralListsError(event["message"], event["hint"], event["names"])
            if event["event"] == "looked":
                meter.advance(event["rows"])
            else:
                found.update(event)

    try:
        run_worker("preview", job, on_events=receive, control=control)
    except (WorkerEndedError, WorkerCrashError) as error:
        raise UserError(
            f"{source.name} could not be read: the reader was ended by its limits of time and memory, by a"
            " fault in the file, or by another program.",
            "Look for a damaged or huge row, or split the file.",
        ) from error
    if not found:
        raise StoppedError
    return found
