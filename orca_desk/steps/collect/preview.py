"""What an import would do with the first rows of its source: what the import dialog shows."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from orca_desk.errors import UserError
from orca_desk.formats.preview import ImportPreview
from orca_desk.formats.read_as import ReadAs
from orca_desk.method.records import Split, Task
from orca_desk.method.splits import HeldOut
from orca_desk.processes.progress import JobControl, Progress, silent
from orca_desk.steps.collect.looking import look_into
from orca_desk.steps.collect.questions import LibraryQuestions
from orca_desk.steps.collect.request import ImportRequest


@dataclass(frozen=True, kw_only=True)
class PreviewedImport:
    """The first rows of a source, how it is read, and what would be held out of them.

    `are_answers`: the rows hold a model's answers, which can be imported as teacher records instead.
    """

    preview: ImportPreview
    held: HeldOut | None
    are_answers: bool = False

    @property
    def read_as(self) -> ReadAs:
        """How the source is read."""
        return self.preview.read_as

    def split(self, task: Task) -> Split:
        """Return the split in which a task would be."""
        return task.split if self.held is None else self.held.split(task)

    @property
    def heldout(self) -> int:
        """How many of the rows that were read would be held out."""
        if self.held is None:
            return self.preview.splits.count("heldout")
        return sum(key in self.held.keys for key in self.preview.keys)

    @property
    def families(self) -> Sequence[str]:
        """The families of the rows that were read."""
        return sorted(set(self.preview.families))

    @property
    def unanswered(self) -> int:
        """How many of the rows that were read have no answer."""
        return self.preview.unanswered


def preview_import(request: ImportRequest, questions: LibraryQuestions) -> PreviewedImport:
    """Return what `request` would do. Raises UserError for a source that cannot be read, or has no rows."""
    found = look_into(request.source, "tasks", request.asked)
    preview = ImportPreview.from_json(found["preview"])
    held = None
    if request.heldout is not None:
        counts = preview.counts()
        held_before, trained = questions.read().sides(counts)
        held = counts.choose(request.heldout, held=held_before, trained=trained)
    return PreviewedImport(preview=preview, held=held, are_answers=found["are_answers"])


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
    found = look_into(
        request.source, "refused", request.asked, refused=path, progress=progress, control=control
    )
    return int(found["refused"])
