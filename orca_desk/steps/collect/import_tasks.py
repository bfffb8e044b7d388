"""Importing tasks batch by batch: a worker reads the file, and each batch is one transaction."""

from array import array
from base64 import b64decode
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from orca_desk.errors import UserError
from orca_desk.formats.read_as import ReadAs
from orca_desk.formats.rows import BadRow
from orca_desk.library.bulk import BulkAdded
from orca_desk.library.database import Library
from orca_desk.library.imports import add_batch, store_state
from orca_desk.library.incoming import read_incoming
from orca_desk.library.samples import mixed_families
from orca_desk.library.scratch import working_folder
from orca_desk.library.task_columns import task_from_values
from orca_desk.library.tasks import count_tasks, same_tasks
from orca_desk.method.known_questions import KnownQuestions
from orca_desk.method.records import Task
from orca_desk.method.splits import SplitQuestions
from orca_desk.processes.host import run_worker
from orca_desk.processes.keeping import KeptWorker
from orca_desk.processes.process import WorkerCrashError, WorkerEndedError
from orca_desk.processes.progress import JobControl, Meter, Progress, StoppedError
from orca_desk.processes.protocol import Message
from orca_desk.steps.collect.imported import SHOWN, Imported, ImportUndo, LeftAside
from orca_desk.steps.collect.questions import LibraryQuestions
from orca_desk.steps.regrading import regrade, replace_tasks
from orca_desk.workers.rows import batch_job, encode_known
from orca_desk.workers.task_batches import read_batches

MAX_FAMILIES = 50  # that are counted one by one
SECONDS_TO_STOP = 0.5  # the worker holds nothing that could be lost
UNIT = "rows"

ReadJob = dict[str, Any]  # see `workers.rows`


@dataclass
class TaskImport:
    """An import of one source at work.

    `run` notes what it adds, and how far it got, in the library; without one nothing is noted. An earlier
    part of it stored `rows_stored` rows, of which `bad_stored` were refused. With `dry_run` nothing is
    stored.
    """

    library: Library
    questions: LibraryQuestions
    name: str
    heldout: float | None
    update: bool
    dry_run: bool
    progress: Progress
    run: str = ""
    rows_before: int = 0  # of the sources before this one
    rows_stored: int = 0
    bad_stored: int = 0
    tally: "Tally" = field(default_factory=lambda: Tally())
    state: Callable[[], dict[str, Any]] = dict  # what is stored with each batch
    read_as: ReadAs = field(default_factory=lambda: ReadAs(format="text", encoding="utf-8"))
    total: int | None = None  # rows of the source, once all were looked at
    rows: int = 0
    notes: dict[str, int] = field(default_factory=dict)
    problems: list[BadRow] = field(default_factory=list)
    examples: list[Task] = field(default_factory=list)
    added: "array[int]" = field(default_factory=lambda: array("q"))
    replaced: list[Task] = field(default_factory=list)
    held_out: dict[int, bool] = field(default_factory=dict)
    newly_held: "array[int]" = field(default_factory=lambda: array("q"))
    bad: int = 0
    general: int = 0
    _questions: KnownQuestions = field(default_factory=KnownQuestions)
    _own: "array[int]" = field(default_factory=lambda: array("Q"))  # ids (64 bits) of tasks that were there
    _splits: SplitQuestions = field(default_factory=SplitQuestions)
    _seen: dict[int, int] = field(default_factory=dict)  # of a dry run: what would have been added
    _meter: Meter | None = None
    _is_read: bool = False  # the whole source

    @property
    def rows_so_far(self) -> int:
        """How many rows are stored, by this or an earlier part of the run, which reads them all again."""
        return max(self.rows, self.rows_stored)

    @property
    def bad_so_far(self) -> int:
        """How many of them were refused."""
        return max(self.bad, self.bad_stored)

    def take(
        self, job: ReadJob, control: JobControl, keep: KeptWorker | None, log: Path | None = None
    ) -> Imported:
        """Import what the job reads, by the worker in `keep`; without one, the source is read here.

        Raises UserError if that cannot be read; what came before stays.
        """
        with working_folder(self.library.folder, ".import-") as scratch:
            here = {"scratch": str(scratch), "tasks": count_tasks(self.library)}
            return self._take({**job, **here}, control, keep, log)

    def _take(self, job: ReadJob, control: JobControl, keep: KeptWorker | None, log: Path | None) -> Imported:
        self._meter = Meter(self.progress, stage="reading", total=None, unit="rows read")
        with suppress(StoppedError):
            if keep is None:
                self._read_here(job, control)
            else:
                self._read_in_worker(job, control, keep, log)
        return self.result(finished=self.rows == self.total)

    def _read_here(self, job: ReadJob, control: JobControl) -> None:
        def look(rows: int) -> None:
            control.require_running()

        self._ask_library(control)
        for event in read_batches(batch_job(job), self._questions.sides, look):
            self._receive(event, control)
            control.require_running()

    def _read_in_worker(self, job: ReadJob, control: JobControl, keep: KeptWorker, log: Path | None) -> None:
        def requests() -> Iterator[Message]:
            yield job
            self._ask_library(control)  # while the worker reads
            if self.heldout is not None:
                yield from encode_known(self._questions)
            while not self._is_read:
                yield {}

        def receive(events: list[Message]) -> None:
            for event in events:
                if control.stopped:
                    return
                self._receive(event, control)

        try:
            run_worker(
                "rows",
                {},
                requests=requests(),
                on_events=receive,
                control=control,
                log=log,
                seconds_to_stop=SECONDS_TO_STOP,
                keep=keep,
            )
        except (WorkerEndedError, WorkerCrashError) as error:
            where = f"after {self.rows:,} of its rows" if self.rows else "before its first row"
            raise UserError(
                f"{self.name} could not be read to its end: the reader was ended {where}, by its limits of"
                " time and memory, by a fault in the file, or by another program. The tasks in the rows"
                " before are imported.",
                "Import it again, which resumes there; if it ends at the same place, look for a damaged"
                " or huge row, or split the file.",
            ) from error

    def _ask_library(self, control: JobControl) -> None:
        """Read which questions the library has before the import."""
        self._questions = self.questions.read(control.require_running)

    def _receive(self, event: Message, control: JobControl) -> None:
        assert self._meter is not None
        if event["event"] == "looked":
            self._meter.advance(event["rows"])
        elif event["event"] == "read":
            self._is_read = True
        elif event["event"] == "opened":
            self.read_as = ReadAs.from_json(event["read_as"])
        elif event["event"] == "survey":
            self.read_as, self.total = ReadAs.from_json(event["read_as"]), event["rows"]
            self._meter = Meter(
                self.progress,
                stage="importing",
                total=self.rows_before + event["rows"],
                unit=UNIT,
                already=self.rows_before,
            )
        else:
            self._take_batch(event, control)
            self._meter.advance(event["rows"])

    def _take_batch(self, event: Message, control: JobControl) -> None:
        """Store a batch, and count its rows with it: one that is stopped half-way is not in the counts."""
        if event["file"] is not None and not self.dry_run:
            self._store(event, control)
        else:
            keys = self._advance(event)
            if event["file"] is not None:
                self._try_out([task_from_values(one) for one in read_incoming(Path(event["file"]))], keys)
            elif self.run and not self.update:
                store_state(self.library, self.run, self.state())
        if event["file"] is not None:
            Path(event["file"]).unlink()

    def _advance(self, event: Message) -> "array[int]":
        """Count the rows of a batch; return the keys of the tasks that no earlier part of the run stored."""
        keys, ids = _numbers(event["keys"]), _numbers(event["ids"])
        self.notes = event["notes"]
        self.bad += event["bad"]
        self.general += event["general"]
        self.problems += [BadRow(**one) for one in event["problems"]]
        self._splits.extend(keys)
        stored_before = len(keys) - event["tasks"]
        self._own += ids[:stored_before]
        self.rows += event["rows"]
        return keys[stored_before:]

    def _store(self, event: Message, control: JobControl) -> None:
        others: dict[str, Task] = {}

        def check() -> None:
            if control.stopped:
                raise StoppedError

        def count(done: BulkAdded, old: list[Task], stored: dict[str, Task]) -> dict[str, Any] | None:
            keys = self._advance(event)
            others.update(self._compare(old, stored))
            self._count(done, keys)
            return None if self.update else self.state()

        done = add_batch(
            self.library, Path(event["file"]), run=self.run, source=self.name, count=count, check=check
        )
        self.added.extend(range(done.first, done.last + 1) if done.added else ())
        self.tally.counts["regraded"] += regrade(self.library, done.recorded) if done.recorded else 0
        if self.update and others:
            self._replace(list(others.values()))
        if self.run and self.update:
            store_state(self.library, self.run, self.state())

    def _replace(self, tasks: Sequence[Task]) -> None:
        done = replace_tasks(self.library, tasks)
        self.replaced += done.before
        self.held_out = done.held_out | self.held_out
        self.tally.counts["regraded"] += done.regraded

    def _count(self, done: BulkAdded, keys: "array[int]") -> None:
        others = set(done.others)
        self.newly_held.extend(done.newly_held)
        self.tally.counts.update(added=done.added, heldout=done.heldout, unanswered=done.unanswered)
        self.tally.families.update(done.families)
        if len(self._questions):
            new = array("Q", (key for place, key in enumerate(keys) if place not in others))
            self.tally.counts["elsewhere"] += self._questions.count(new)

    def _try_out(self, tasks: list[Task], keys: "array[int]") -> None:
        """Count what storing these tasks would do."""
        stored = same_tasks(self.library, tasks)
        old: list[Task] = []
        for task, key in zip(tasks, keys, strict=True):
            marks = _marks(task)
            if task.id in stored or any(mark in self._seen for mark in marks):
                old.append(task)
                continue
            self._seen |= dict.fromkeys(marks, self._content(task))
            self.tally.counts.update(
                added=1,
                heldout=task.split == "heldout",
                unanswered=task.answer is None,
                elsewhere=self._questions.count(array("Q", [key])),
            )
            self.tally.families[task.family] += 1
        self._compare(old, stored)

    def _compare(self, old: list[Task], stored: dict[str, Task]) -> dict[str, Task]:
        """Count the rows whose tasks exist already; return these as the file has them, by their ids."""
        others: dict[str, Task] = {}
        for task in old:
            before = stored.get(task.id)
            if before is None:
                is_same = any(self._seen.get(mark) == self._content(task) for mark in _marks(task))
            else:
                self._own.append(int(before.id[:16], 16))
                after = self._merged(before, task)
                if not (is_same := after == before):
                    others[after.id] = after
            self.tally.counts["same" if is_same else "differing"] += 1
            if not is_same and len(self.examples) < SHOWN:
                self.examples.append(task)
        return others

    def result(self, *, finished: bool) -> Imported:
        """Return what was done."""
        repeated = self._splits.repeated(self._questions.others(self._splits, self._own))
        counts = self.tally.counts
        return Imported(
            rows=self.rows_so_far,
            added=counts["added"],
            already_there=counts["same"],
            differing=counts["differing"],
            updated=self.update,
            unreadable=self.bad_so_far,
            heldout=counts["heldout"],
            unanswered=counts["unanswered"],
            repeated=repeated.rows,
            elsewhere=counts["elsewhere"],
            both=repeated.both,
            general=self.general,
            families=dict(self.tally.families.most_common(MAX_FAMILIES)),
            problems=tuple(self.problems),
            examples=tuple(self.examples),
            regraded=counts["regraded"],
            finished=finished,
            read_as=self.read_as,
            left_aside=LeftAside.of_notes(self.notes),
            samples={} if self.dry_run else self._samples(),
            dry_run=self.dry_run,
            undo=None
            if self.dry_run
            else ImportUndo(
                added=self.added,
                replaced=tuple(self.replaced),
                newly_held=tuple(self.newly_held),
                held_out=self.held_out,
            ),
        )

    def _samples(self) -> dict[str, int]:
        """Return how many sample tasks lie in the families that got tasks."""
        mixed = mixed_families(self.library)
        return {family: count for family, count in mixed.items() if family in self.tally.families}

    def _content(self, task: Task) -> int:
        return hash(tuple(getattr(task, name) for name in self._given(task)))

    def _merged(self, before: Task, row: Task) -> Task:
        """Return the stored task with what the file says: what it has no column for stays as it is."""
        return replace(before, **{name: getattr(row, name) for name in self._given(row)})

    def _given(self, row: Task) -> list[str]:
        """Return the fields that the file gives. The family may have been renamed since."""
        mapping = self.read_as.mapping
        given = ["query", "context", "answer"]
        given += [name for name in ("tags", "answer_kind", "strategy") if name in mapping]
        if "split" in mapping or self.heldout is not None:
            given.append("split")
        if "choices" in mapping and "answer_kind" not in given and row.answer_kind is not None:
            given.append("answer_kind")
        return given


@dataclass
class Tally:
    """What an import counts in the library, and stores with each batch."""

    counts: Counter[str] = field(default_factory=Counter)
    families: Counter[str] = field(default_factory=Counter)

    def to_json(self) -> dict[str, Any]:
        """Return what `from_json` reads."""
        return {"counts": dict(self.counts), "families": dict(self.families)}

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> "Tally":
        """Return what `to_json` wrote."""
        return cls(counts=Counter(values["counts"]), families=Counter(values["families"]))


def _numbers(text: str) -> "array[int]":
    numbers = array("Q")
    numbers.frombytes(b64decode(text))
    return numbers


def _marks(task: Task) -> tuple[int, int]:
    """Return what identifies a task: its id, and what it asks in its family."""
    return int(task.id[:16], 16), hash((task.family, task.conversation))
