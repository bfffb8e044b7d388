"""One import, ready to run: where the rows come from, and what the user chose for them."""

import io
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, BinaryIO, ClassVar, Self

from orca_desk.errors import UserError
from orca_desk.formats.layout import Asked
from orca_desk.formats.packed import without_packing
from orca_desk.formats.tasks import DEFAULT_FAMILY
from orca_desk.library.database import Library
from orca_desk.method.records import digest
from orca_desk.processes.progress import JobControl, Progress, silent
from orca_desk.steps.collect.import_tasks import import_file
from orca_desk.steps.collect.imported import Imported, outcome_of
from orca_desk.steps.recorder import find_or_create_run, record_run, request_to_resume

KIND = "import"
UNIT = "rows"


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

    @property
    def family(self) -> str:
        """The family for rows without one: a file gives its name."""
        return (without_packing(self.path).stem.strip() if self.path else "") or DEFAULT_FAMILY

    @property
    def key(self) -> str:
        """What tells this source from others in the settings of a run."""
        return str(self.path.absolute()) if self.path else f"pasted text {digest(self.text)[:8]}"

    def open(self) -> Path | BinaryIO:
        """Return the argument for `formats.tasks.opened`, positioned at the beginning."""
        return self.path or _PastedText(self.text.encode("utf-8", "surrogatepass"))


@dataclass(frozen=True, kw_only=True)
class SourceRequest:
    """What every import is told: the source, and how its rows are read.

    `mapping` (field -> column) overrides the columns that are found by their names. `family` is for rows
    without one. For `encoding`, `header` and `rows_in` see `Asked`.
    """

    kind: ClassVar[str]  # of the run
    source: TaskSource
    mapping: dict[str, str] | None = None
    family: str = DEFAULT_FAMILY
    encoding: str | None = None
    header: bool | None = None
    rows_in: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return the request as JSON can hold it; see `from_json`."""
        choices = asdict(self)
        del choices["source"]
        path = self.source.path
        return {"file": str(path.absolute()) if path else None, "text": self.source.text, **choices}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Return the request that `to_json` wrote."""
        path = values["file"]
        source = TaskSource.of_file(Path(path)) if path else TaskSource.of_text(values["text"])
        choices = {name: value for name, value in values.items() if name not in ("file", "text")}
        return cls(source=source, **choices)

    @classmethod
    def to_resume(cls, library: Library, run_id: str) -> Self:
        """Return the request of an import that was not finished. Raises UserError if there is no such."""
        request = request_to_resume(library, run_id, cls.kind)
        if request is None:
            raise UserError(f"{run_id} does not know its file.", "Import the file again.")
        return cls.from_json(request)


@dataclass(frozen=True, kw_only=True)
class ImportRequest(SourceRequest):
    """What to import as tasks, and how.

    `heldout` is the percentage of the tasks to hold out, or None to follow the file. `update` replaces tasks
    that the library already has.
    """

    kind = KIND
    heldout: float | None = None
    update: bool = False

    @property
    def asked(self) -> Asked:
        """What the user said about the file."""
        return Asked(
            mapping=self.mapping,
            family=self.family,
            encoding=self.encoding,
            header=self.header,
            rows_in=self.rows_in,
        )

    def run(
        self,
        library: Library,
        *,
        refused: Path | None = None,
        progress: Progress = silent,
        control: JobControl | None = None,
    ) -> Imported:
        """Import the tasks, as a run of the library; write rows that are refused to the file `refused`.

        An import that was cut off is the same run when it is started again: its tasks are found, not doubled.
        Raises UserError if the source cannot be read or has no readable task.
        """
        run = find_or_create_run(library, KIND, self._settings(), self.to_json())
        with record_run(library, run, progress=progress) as recorder:
            recorder.unit = UNIT
            imported = self._import(library, refused, recorder.report, control)
            recorder.outcome = outcome_of(imported).to_json()
            recorder.finished = imported.finished
        return imported

    def try_out(
        self,
        library: Library,
        *,
        refused: Path | None = None,
        progress: Progress = silent,
        control: JobControl | None = None,
    ) -> Imported:
        """Return what `run` would do, without storing anything."""
        return self._import(library, refused, progress, control, dry_run=True)

    def _import(
        self,
        library: Library,
        refused: Path | None,
        progress: Progress,
        control: JobControl | None,
        *,
        dry_run: bool = False,
    ) -> Imported:
        return import_file(
            library,
            self.source.open(),
            self.asked,
            heldout=self.heldout,
            update=self.update,
            refused=refused,
            dry_run=dry_run,
            progress=progress,
            control=control,
        )

    def _settings(self) -> dict[str, Any]:
        """Return what makes this import the same one when it is started again."""
        return {
            "file": self.source.key,
            "columns": self.mapping,
            "family": self.family,
            "percent_held_out": self.heldout,
            "replace_existing": self.update,
            "encoding": self.encoding,
            "first_row_is_a_header": self.header,
            "list": self.rows_in,
        }


class _PastedText(io.BytesIO):
    """Pasted text as a stream. The readers use `name` in their errors."""

    name = "The pasted text"
