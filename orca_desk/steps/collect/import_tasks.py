"""Importing tasks as they are read, so that a file of any size needs little memory."""

from array import array
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import BinaryIO

from orca_desk.formats.layout import Asked
from orca_desk.formats.reading import Survey, TaskFile
from orca_desk.formats.refused import RefusedRows
from orca_desk.formats.rows import BadRow
from orca_desk.formats.tasks import opened, readable
from orca_desk.library.database import Library
from orca_desk.library.general_probe import probe_variants
from orca_desk.library.tasks import TaskFilter, add_tasks, same_tasks, task_rowids
from orca_desk.method.records import Task
from orca_desk.method.splits import HeldOut, QuestionCounts, SplitQuestions, variant_key
from orca_desk.processes.progress import JobControl, Meter, Progress, StoppedError, silent
from orca_desk.steps.collect.imported import SHOWN, Imported, ImportUndo, LeftAside, ReadAs
from orca_desk.steps.collect.questions import LibraryQuestions
from orca_desk.steps.regrading import regrade, replace_tasks
from orca_desk.yielding import yielding

CHUNK = 2_000  # tasks between two checks for a stop
MAX_FAMILIES = 50  # that are counted one by one


def import_file(
    library: Library,
    source: Path | BinaryIO,
    asked: Asked,
    *,
    heldout: float | None = None,
    update: bool = False,
    refused: Path | None = None,
    dry_run: bool = False,
    progress: Progress = silent,
    control: JobControl | None = None,
) -> Imported:
    """Add the tasks of a file; those that the library has stay as they are, unless `update`.

    The whole file is looked at first: it decides how its columns are read. `heldout` is the percentage to
    hold out, whatever the rows say. Each chunk is committed at once, so an interrupted import can be
    repeated. Rows that are refused are written to `refused`, from where they can be imported again. With
    `dry_run` nothing is stored. Raises UserError if the source cannot be read or has no readable task.
    """
    control = control or JobControl()
    with opened(source) as (stream, path):
        file = TaskFile(stream, path, asked)
        questions = LibraryQuestions(library)
        questions.read()  # as they are before the import
        try:
            survey, held = _look_ahead(file, questions, heldout, progress, control)
        except StoppedError:
            work = _Import(library, file, Survey(), None, questions, update=update, dry_run=dry_run)
            return work.result(finished=False)
        work = _Import(library, file, survey, held, questions, update=update, dry_run=dry_run)
        with RefusedRows(refused, file) as writer:
            work.take(readable(file.rows(), path), writer, progress, control)
        return work.result(finished=work.rows == survey.rows)


def plan_held_out(rows: Iterable[Task | BadRow], percent: float, questions: LibraryQuestions) -> HeldOut:
    """Return which questions of these rows to hold out: the nearest whole number of each family's tasks.

    A variant of a question that the library has goes where that one is.
    """
    counts = QuestionCounts()
    for row in rows:
        if isinstance(row, Task):
            counts.add(row)
    held, trained = questions.sides(counts)
    return counts.choose(percent, held=held, trained=trained)


def _look_ahead(
    file: TaskFile,
    questions: LibraryQuestions,
    percent: float | None,
    progress: Progress,
    control: JobControl,
) -> tuple[Survey, HeldOut | None]:
    """Go over the whole file before its first row is imported. Raises StoppedError once the user stops."""
    meter = Meter(progress, stage="reading", total=None, unit="rows read")

    def looked_at(rows: int) -> None:
        control.require_running()
        meter.advance(rows)

    def watched(rows: Iterable[Task | BadRow]) -> Iterator[Task | BadRow]:
        for place, row in enumerate(yielding(rows)):
            if place % CHUNK == 0:
                control.require_running()
            yield row

    survey = file.survey(progress=looked_at)
    return survey, None if percent is None else plan_held_out(watched(file.rows()), percent, questions)


def read_as(file: TaskFile, survey: Survey) -> ReadAs:
    """Return how a file was read."""
    table = file.layout.table
    return ReadAs(
        format=file.layout.format,
        encoding=file.layout.encoding.name.removesuffix("-sig"),
        guessed=file.layout.encoding.guessed,
        header=table.columns if table and table.header else (),
        headerless=table is not None and not table.header and not table.anki,
        above=table.above if table else 0,
        mapping=survey.mapping,
        unread=survey.unread,
        aside=tuple(column for _, column in survey.aside if column in survey.unread),
        numbers=survey.numbers,
        sure=survey.sure,
        classes=survey.classes,
    )


@dataclass
class _Import:
    """An import at work."""

    library: Library
    file: TaskFile
    survey: Survey
    held: HeldOut | None
    questions: LibraryQuestions
    update: bool
    dry_run: bool
    rows: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    families: Counter[str] = field(default_factory=Counter)
    problems: list[BadRow] = field(default_factory=list)
    examples: list[Task] = field(default_factory=list)
    added: "array[int]" = field(default_factory=lambda: array("q"))
    replaced: list[Task] = field(default_factory=list)
    held_out: dict[int, bool] = field(default_factory=dict)
    newly_held: "array[int]" = field(default_factory=lambda: array("q"))
    _own: "array[int]" = field(default_factory=lambda: array("Q"))  # ids (64 bits) of tasks that were there
    _splits: SplitQuestions = field(default_factory=SplitQuestions)
    _seen: dict[int, int] = field(default_factory=dict)  # of a dry run: what would have been added

    def take(
        self, rows: Iterator[Task | BadRow], refused: RefusedRows, progress: Progress, control: JobControl
    ) -> None:
        """Take over the rows, chunk by chunk, until there is none left or the user stops."""
        meter = Meter(progress, stage="importing", total=self.survey.rows, unit="rows")
        source = yielding(rows)
        while control.proceed() and (chunk := list(islice(source, CHUNK))):
            for row in chunk:
                if isinstance(row, BadRow):
                    refused.add(row)
            self._add([row for row in chunk if isinstance(row, Task)])
            bad = [row for row in chunk if isinstance(row, BadRow)]
            self.counts["bad"] += len(bad)
            self.problems += bad[: SHOWN - len(self.problems)]
            self.rows += len(chunk)
            meter.advance(len(chunk))

    def result(self, *, finished: bool) -> Imported:
        """Return what was done."""
        repeated = self._splits.repeated(self.questions.others(self._splits, self._own))
        notes = self.file.reader.notes
        return Imported(
            rows=self.rows,
            added=self.counts["added"],
            already_there=self.counts["same"],
            differing=self.counts["differing"],
            updated=self.update,
            unreadable=self.counts["bad"],
            heldout=self.counts["heldout"],
            unanswered=self.counts["unanswered"],
            repeated=repeated.rows,
            elsewhere=self.counts["elsewhere"],
            both=repeated.both,
            general=self.counts["general"],
            families=dict(self.families.most_common(MAX_FAMILIES)),
            problems=tuple(self.problems),
            examples=tuple(self.examples),
            regraded=self.counts["regraded"],
            finished=finished,
            read_as=read_as(self.file, self.survey),
            left_aside=LeftAside(
                systems=notes["systems"],
                several_answers=notes["several answers"],
                splits=notes["splits"],
                kinds=notes["kinds"],
                damaged=notes["damaged"],
            ),
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

    def _add(self, tasks: list[Task]) -> None:
        if self.held is not None:
            tasks = [replace(task, split=self.held.split(task)) for task in tasks]
        keys = {task.id: variant_key(task.user_text) for task in tasks}
        tasks = [self._hold_out_general(task, keys[task.id]) for task in tasks]
        for task in tasks:
            self._splits.add_key(keys[task.id], task.split)
        stored = same_tasks(self.library, tasks)
        new = [task for task in tasks if task.id not in stored]
        if self.dry_run:
            new = self._first_of(new)
        else:
            done = add_tasks(self.library, new)
            added = set(done.added)
            self.counts["regraded"] += regrade(self.library, added)  # of tasks that had been deleted
            self.newly_held.extend(done.newly_held)
            self.added += task_rowids(self.library, TaskFilter(ids=tuple(added)))
            new = list({task.id: task for task in reversed(new) if task.id in added}.values())
        self.counts["added"] += len(new)
        self.counts["heldout"] += sum(task.split == "heldout" for task in new)
        self.counts["elsewhere"] += sum(self.questions.has(keys[task.id]) for task in new)
        self.counts["unanswered"] += sum(task.answer is None for task in new)
        self.families.update(task.family for task in new)
        self._compare(tasks, {task.id for task in new}, stored)

    def _hold_out_general(self, task: Task, key: int) -> Task:
        """Return a task, held out if it asks a question of the general probe."""
        if task.split == "heldout" or key not in probe_variants():
            return task
        self.counts["general"] += 1
        return replace(task, split="heldout")

    def _first_of(self, tasks: list[Task]) -> list[Task]:
        """Return the tasks without those that the file gave before."""
        found: list[Task] = []
        for task in tasks:
            marks = _marks(task)
            if all(mark not in self._seen for mark in marks):
                found.append(task)
                self._seen |= dict.fromkeys(marks, self._content(task))
        return found

    def _compare(self, tasks: list[Task], new: set[str], stored: dict[str, Task]) -> None:
        """Count the rows whose tasks exist already, and replace these if the user wants that."""
        old: list[Task] = []
        for task in tasks:
            if task.id in new:
                new.discard(task.id)  # the same row again would be a duplicate
            else:
                old.append(task)
        unknown = [task for task in old if task.id not in stored]
        if unknown and not self.dry_run:  # the file itself gave them before
            stored |= same_tasks(self.library, unknown)
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
            self.counts["same" if is_same else "differing"] += 1
            if not is_same and len(self.examples) < SHOWN:
                self.examples.append(task)
        if self.update and others and not self.dry_run:
            done = replace_tasks(self.library, list(others.values()))
            self.replaced += done.before
            self.held_out = done.held_out | self.held_out
            self.counts["regraded"] += done.regraded

    def _content(self, task: Task) -> int:
        return hash(tuple(getattr(task, name) for name in self._given(task)))

    def _merged(self, before: Task, row: Task) -> Task:
        """Return the stored task with what the file says: what it has no column for stays as it is."""
        return replace(before, **{name: getattr(row, name) for name in self._given(row)})

    def _given(self, row: Task) -> list[str]:
        """Return the fields that the file gives. The family may have been renamed since."""
        given = ["query", "context", "answer"]
        given += [name for name in ("tags", "answer_kind", "strategy") if name in self.survey.mapping]
        if "split" in self.survey.mapping or self.held is not None:
            given.append("split")
        if "choices" in self.survey.mapping and "answer_kind" not in given and row.answer_kind is not None:
            given.append("answer_kind")
        return given


def _marks(task: Task) -> tuple[int, int]:
    """Return what identifies a task: its id, and what it asks in its family."""
    return int(task.id[:16], 16), hash((task.family, task.user_text))
