"""What an import would do with the first rows of its source: what the import dialog shows."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from orca_desk.errors import UserError
from orca_desk.formats.preview import ImportPreview, preview_tasks
from orca_desk.formats.read_as import ReadAs, read_as
from orca_desk.formats.reading import TaskFile
from orca_desk.formats.refused import RefusedRows
from orca_desk.formats.rows import BadRow
from orca_desk.formats.tasks import opened
from orca_desk.method.records import Split, Task
from orca_desk.method.splits import HeldOut
from orca_desk.processes.progress import JobControl, Meter, Progress, silent
from orca_desk.steps.collect.answers_request import holds_answers
from orca_desk.steps.collect.questions import LibraryQuestions
from orca_desk.steps.collect.request import ImportRequest
from orca_desk.workers.task_batches import plan_held_out

CHUNK = 1_000  # rows between two checks for a stop


@dataclass(frozen=True, kw_only=True)
class PreviewedImport:
    """The first rows of a source, how it is read, and what would be held out of them.

    `are_answers`: the rows hold a model's answers, which can be imported as teacher records instead.
    """

    preview: ImportPreview
    read_as: ReadAs
    held: HeldOut | None
    are_answers: bool = False

    def split(self, task: Task) -> Split:
        """Return the split in which a task would be."""
        return task.split if self.held is None else self.held.split(task)

    @property
    def heldout(self) -> int:
        """How many of the rows that were read would be held out."""
        return sum(self.split(task) == "heldout" for task in self.preview.tasks)

    @property
    def families(self) -> Sequence[str]:
        """The families of the rows that were read."""
        return sorted({task.family for task in self.preview.tasks})

    @property
    def unanswered(self) -> int:
        """How many of the rows that were read have no answer."""
        return sum(task.answer is None for task in self.preview.tasks)


def preview_import(request: ImportRequest, questions: LibraryQuestions) -> PreviewedImport:
    """Return what `request` would do. Raises UserError for a source that cannot be read, or has no rows."""
    preview = preview_tasks(request.source.open(), request.asked)
    percent = request.heldout
    return PreviewedImport(
        preview=preview,
        read_as=read_as(preview.file, preview.survey),
        held=None if percent is None else plan_held_out(preview.tasks, percent, questions.known.sides),
        are_answers=holds_answers(request.source, request.asked),
    )


@dataclass(frozen=True, kw_only=True)
class PreviewedOther:
    """What would become of a further source; `problem` is why it cannot be read, "" if it can."""

    name: str
    preview: PreviewedImport | None = None
    problem: str = ""


def preview_others(request: ImportRequest, questions: LibraryQuestions) -> list[PreviewedOther]:
    """Return what `request` would do with each of its further sources."""
    return [_preview_other(replace(request, source=source, more=()), questions) for source in request.more]


def _preview_other(request: ImportRequest, questions: LibraryQuestions) -> PreviewedOther:
    try:
        return PreviewedOther(name=request.source.name, preview=preview_import(request, questions))
    except UserError as error:
        return PreviewedOther(name=request.source.name, problem=f"{error.message} {error.hint}".strip())


def save_refused(
    request: ImportRequest, path: Path, *, progress: Progress = silent, control: JobControl | None = None
) -> int:
    """Write the rows of a source that are not tasks to `path`, from where they can be imported once mended.

    Returns their number. Raises UserError if the source cannot be read, or the file not written.
    """
    control = control or JobControl()
    count = 0
    with opened(request.source.open()) as (stream, name):
        file = TaskFile(stream, name, request.asked)
        meter = Meter(progress, stage="reading", total=file.survey().rows, unit="rows")
        with RefusedRows(path, file) as refused:
            for place, row in enumerate(file.rows(), 1):
                if place % CHUNK == 0:
                    control.require_running()
                    meter.advance(CHUNK)
                if isinstance(row, BadRow):
                    refused.add(row)
                    count += 1
    return count
