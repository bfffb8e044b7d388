"""One import, ready to run: where the rows come from, and what the user chose for them."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO, ClassVar, Self

from orca_desk.errors import UserError
from orca_desk.formats.layout import Asked
from orca_desk.formats.packed import without_packing
from orca_desk.formats.tasks import DEFAULT_FAMILY
from orca_desk.library.database import Library
from orca_desk.library.imports import forget_state, rows_of_run
from orca_desk.method.records import digest
from orca_desk.processes.keeping import KeptWorker
from orca_desk.processes.progress import JobControl, Progress, silent
from orca_desk.steps.collect.import_position import Position
from orca_desk.steps.collect.import_tasks import UNIT, ReadJob, TaskImport
from orca_desk.steps.collect.imported import Imported, joined, outcome_of
from orca_desk.steps.collect.questions import LibraryQuestions
from orca_desk.steps.recorder import find_or_create_run, record_run, request_to_resume
from orca_desk.workers.rows import PastedText

KIND = "import"
SMALL = 100_000  # characters or bytes, which need no worker
_TEXTS = frozenset({".jsonl", ".ndjson", ".json", ".csv", ".tsv", ".txt", ".md"})  # they need no other file


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

    @property
    def is_small(self) -> bool:
        """Whether it is so little plain text that it takes no longer to read than a worker to start."""
        if self.path is None:
            return len(self.text) <= SMALL
        try:
            if self.path.suffix.casefold() not in _TEXTS or self.path.stat().st_size > SMALL:
                return False
            return self.path.is_file() and b"\0" not in self.path.read_bytes()
        except OSError:  # whoever reads it says why it cannot be read
            return True

    def open(self) -> Path | BinaryIO:
        """Return the argument for `formats.tasks.opened`, positioned at the beginning."""
        return self.path or PastedText(self.text)

    def job(self) -> dict[str, Any]:
        """Return what a job of a worker has of the source: see `workers.rows.source_of`."""
        path = str(self.path.absolute()) if self.path else None
        return {"path": path, "text": self.text, "name": "The pasted text"}


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

    `more` are further sources, read in the same way one after the other. `heldout` is the percentage of the
    tasks to hold out, or None to follow the file. `update` replaces tasks that the library already has.
    """

    kind = KIND
    more: tuple[TaskSource, ...] = ()
    heldout: float | None = None
    update: bool = False

    @property
    def sources(self) -> tuple[TaskSource, ...]:
        """All sources, in order."""
        return (self.source, *self.more)

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

    def to_json(self) -> dict[str, Any]:
        """Return the request as JSON can hold it; see `from_json`."""
        more = [str(one.path.absolute()) if one.path else one.text for one in self.more]
        values = super().to_json()
        del values["more"]
        return {**values, "more": more} if more else values

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Return the request that `to_json` wrote."""
        more = tuple(TaskSource.of_file(Path(one)) for one in values.get("more", ()))
        first = super().from_json({name: value for name, value in values.items() if name != "more"})
        return replace(first, more=more)

    def run(
        self,
        library: Library,
        *,
        refused: Path | None = None,
        progress: Progress = silent,
        control: JobControl | None = None,
    ) -> Imported:
        """Import the tasks, as a run of the library; write rows that are refused to the file `refused`.

        An import that was cut off is the same run when it is started again: it resumes after the last rows
        that it stored. Raises UserError if a source cannot be read or has no readable task.
        """
        run = find_or_create_run(library, KIND, self._settings(), self.to_json())
        with record_run(library, run, progress=progress) as recorder:
            recorder.unit = UNIT
            imported = self._import(library, refused, recorder.report, control, run=run, log=recorder.log)
            recorder.outcome = outcome_of(imported).to_json()
            recorder.finished = imported.finished
            if imported.finished:
                forget_state(library, run)
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
        return self._import(library, refused, progress, control, run="")

    def _import(
        self,
        library: Library,
        refused: Path | None,
        progress: Progress,
        control: JobControl | None,
        *,
        run: str,
        log: Path | None = None,
    ) -> Imported:
        """Import source after source, resuming where an earlier part of the run stopped."""
        control = control or JobControl()
        position = Position.of_run(library, run, self.sources) if run else Position()
        done: list[Imported] = []
        can_undo = True
        questions = LibraryQuestions(library)
        with KeptWorker() as keep:  # one worker reads all sources
            for place, source in enumerate(self.sources):
                if control.stopped and done:
                    break
                begun = position.take(place, source)
                # What an earlier part replaced is not known any more: half an undo is none
                can_undo &= not (self.update and begun.tally.counts["differing"])
                if self.update:  # the source before may have replaced some
                    questions = LibraryQuestions(library)
                work = TaskImport(
                    library=library,
                    questions=questions,
                    name=source.key,
                    heldout=self.heldout,
                    update=self.update,
                    progress=progress,
                    dry_run=not run,
                    run=run,
                    rows_before=sum(one.rows for one in done),
                    rows_stored=begun.rows,
                    bad_stored=begun.bad,
                    tally=begun.tally,
                    newly_held=begun.newly_held,
                )
                work.state = partial(position.at, place, source, work)
                job = self._job(source, refused_path(refused, place), stored=begun.rows)
                done.append(work.take(job, control, None if source.is_small else keep, log))
        finished = len(done) == len(self.sources) and all(one.finished for one in done)
        whole = replace(joined(done, [source.name for source in self.sources]), finished=finished, run=run)
        if run and whole.undo is not None and position.resumed:
            undo = replace(whole.undo, added=rows_of_run(library, run))
            whole = replace(whole, undo=undo if can_undo else None)
        return whole

    def _job(self, source: TaskSource, refused: Path | None, *, stored: int) -> ReadJob:
        return {
            **source.job(),
            "asked": asdict(self.asked),
            "percent": self.heldout,
            "stored": stored,
            "refused": str(refused.absolute()) if refused else None,
        }

    def _settings(self) -> dict[str, Any]:
        """Return what makes this import the same one when it is started again."""
        settings = {
            "file": self.source.key,
            "columns": self.mapping,
            "family": self.family,
            "percent_held_out": self.heldout,
            "replace_existing": self.update,
            "encoding": self.encoding,
            "first_row_is_a_header": self.header,
            "list": self.rows_in,
        }
        return {**settings, "more_files": [one.key for one in self.more]} if self.more else settings


def refused_path(refused: Path | None, place: int) -> Path | None:
    """Return where the refused rows of a source go: files of different columns cannot share one."""
    return refused.with_stem(f"{refused.stem}-{place + 1}") if refused and place else refused
