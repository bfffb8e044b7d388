"""One import, ready to run: where the tasks come from, and what the user chose for them."""

import io
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from orca_desk.formats.tasks import DEFAULT_FAMILY, read_tasks
from orca_desk.library.database import Library
from orca_desk.processes.progress import JobControl, Progress, silent
from orca_desk.steps.collect.import_tasks import Imported, import_tasks


@dataclass(frozen=True, kw_only=True)
class TaskSource:
    """A file, or text that was pasted or dropped."""

    name: str
    path: Path | None = None
    text: str = ""

    @classmethod
    def of_file(cls, path: Path) -> "TaskSource":
        """Return the source that reads a file."""
        return cls(name=path.name, path=path)

    @classmethod
    def of_text(cls, text: str) -> "TaskSource":
        """Return the source that reads pasted text."""
        return cls(name="pasted text", text=text)

    def open(self) -> Path | BinaryIO:
        """Return the argument for `read_tasks` and `preview_tasks`, positioned at the beginning."""
        return self.path or _PastedText(self.text.encode("utf-8", "surrogatepass"))


@dataclass(frozen=True, kw_only=True)
class ImportRequest:
    """What to import and how.

    `mapping` (field -> column) overrides the columns that are found by their names. `family` is for rows
    without one. `heldout` is the percentage of the tasks to hold out, or None to follow the file. `update`
    replaces tasks that the library already has.
    """

    source: TaskSource
    mapping: dict[str, str] | None = None
    family: str = DEFAULT_FAMILY
    heldout: float | None = None
    update: bool = False

    def run(
        self, library: Library, *, progress: Progress = silent, control: JobControl | None = None
    ) -> Imported:
        """Import the tasks. Raises UserError if the source cannot be read or has no readable task."""
        return import_tasks(
            library,
            read_tasks(self.source.open(), self.mapping, family=self.family),
            heldout=self.heldout,
            update=self.update,
            progress=progress,
            control=control,
        )


class _PastedText(io.BytesIO):
    """Pasted text as a stream. The readers use `name` in their errors."""

    name = "The pasted text"
