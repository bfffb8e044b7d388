"""Importing answers that a model gave elsewhere, as teacher records with the tasks that they answer."""

from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from itertools import repeat
from pathlib import Path

from orca_desk.errors import UserError
from orca_desk.formats.answer_rows import AnsweredRow
from orca_desk.formats.answers import AnswersAsked, AnswersReadAs, AnswerSurvey, rows_from_json
from orca_desk.formats.rows import BadRow
from orca_desk.library.answered import add_answered
from orca_desk.library.clock import now
from orca_desk.library.database import Library
from orca_desk.library.general_probe import probe_variants
from orca_desk.library.new_records import NewRecord, known_records, next_samples
from orca_desk.library.pairings import current_pairings
from orca_desk.library.strategies import save_strategies
from orca_desk.library.tasks import get_tasks, iterate_questions, same_tasks, tasks_asking
from orca_desk.method.leaks import find_leaks
from orca_desk.method.records import (
    ImportedFrom,
    Provenance,
    Task,
    TeacherRecord,
    imported_identity,
)
from orca_desk.method.splits import variant_key
from orca_desk.method.strategies import Strategy
from orca_desk.processes.host import run_worker
from orca_desk.processes.process import WorkerCrashError, WorkerEndedError
from orca_desk.processes.progress import JobControl, Meter, Progress, StoppedError, silent
from orca_desk.processes.protocol import Message
from orca_desk.steps.collect.imported_records import (
    AnswersUndo,
    ImportedRecords,
    MessageCount,
)
from orca_desk.steps.collect.message_strategies import MessageStrategies, plan_strategies
from orca_desk.steps.collect.records_tally import RecordsTally
from orca_desk.steps.collect.request import TaskSource
from orca_desk.steps.grading import grade_answer
from orca_desk.steps.regrading import regrade
from orca_desk.steps.votes import keep_ready
from orca_desk.workers.answer_rows import answers_job, read_answers
from orca_desk.yielding import yielding

SECONDS_TO_STOP = 0.5  # the worker holds nothing that could be lost
MESSAGES_SHOWN = 100
FAMILIES_SHOWN = 50
UNREAD = AnswerSurvey(
    rows=0, good=0, columns=(), unread=(), mapping={}, messages=Counter(), whole=False
)  # before a source was looked at


@dataclass(frozen=True, kw_only=True)
class AnswersChoice:
    """What the user chose for an import of answers.

    `family` is for rows without one, `model` for rows that do not say who answered. `without_message` is the
    strategy of rows without a system message; None makes one for them.
    """

    family: str
    model: str = ""
    without_message: str | None = None


def import_answers(
    library: Library,
    source: TaskSource,
    asked: AnswersAsked,
    choice: AnswersChoice,
    *,
    run: str | None = None,
    refused: Path | None = None,
    dry_run: bool = False,
    progress: Progress = silent,
    control: JobControl | None = None,
) -> ImportedRecords:
    """Add the answers of a file as teacher records of the run with the id `run`.

    The whole file is looked at first: its system messages become strategies. A row's task is one that asks
    the same, or a new one. Each chunk of rows is one transaction with its tasks and records, and a row that
    the library has is not added again, so an import that was cut off can be repeated. Refused rows are
    written to `refused`. With `dry_run` nothing is stored. Raises UserError if the source cannot be read, has
    no readable answer, or names a strategy that does not exist.
    """
    control = control or JobControl()
    work = _AnswersImport(library, source, choice, run=run, dry_run=dry_run, progress=progress)
    job = {
        **source.job(),
        "asked": asdict(asked),
        "refused": str(refused.absolute()) if refused else None,
    }
    with suppress(StoppedError):
        if source.is_small:
            for event in read_answers(answers_job(job), lambda rows: control.require_running()):
                work.receive(event)
                control.require_running()
        else:
            _read_in_worker(job, work, control)
    keep_ready(library)
    return work.result()


def _read_in_worker(job: Message, work: "_AnswersImport", control: JobControl) -> None:
    def receive(events: list[Message]) -> None:
        for event in events:
            if control.stopped:
                return
            work.receive(event)

    try:
        run_worker(
            "answer-rows",
            job,
            requests=repeat({}),
            on_events=receive,
            control=control,
            seconds_to_stop=SECONDS_TO_STOP,
        )
    except (WorkerEndedError, WorkerCrashError) as error:
        raise UserError(
            f"{work.source.name} could not be read to its end: the reader was ended after"
            f" {work.tally.rows:,} of its rows, by its limits of time and memory, by a fault in the file, or"
            " by another program. The answers in the rows before are imported.",
            "Import it again: no answer is imported twice. If it ends at the same place, look for a damaged"
            " or huge row, or split the file.",
        ) from error


def planned(library: Library, survey: AnswerSurvey, choice: AnswersChoice) -> MessageStrategies:
    """Return the strategies of a file's system messages."""
    return plan_strategies(
        library,
        survey.messages,
        uncounted=survey.uncounted,
        without_message=choice.without_message,
    )


def message_counts(
    plan: MessageStrategies, survey: AnswerSurvey, new: set[tuple[str, int]]
) -> tuple[MessageCount, ...]:
    """Return the most frequent system messages of a file with their strategies, of which `new` are made."""
    return tuple(
        MessageCount(
            message=message,
            strategy=(found := plan.of(message, name)).name,
            version=found.version,
            rows=rows,
            is_new=(found.name, found.version) in new,
        )
        for (message, name), rows in survey.messages.most_common(MESSAGES_SHOWN)
    )


@dataclass
class _AnswersImport:
    """An import of answers at work."""

    library: Library
    source: TaskSource
    choice: AnswersChoice
    run: str | None
    dry_run: bool
    progress: Progress
    tally: RecordsTally = field(default_factory=RecordsTally)
    made_tasks: list[str] = field(default_factory=list)
    notes: Mapping[str, int] = field(default_factory=Counter)
    _survey: AnswerSurvey = UNREAD  # of the whole source, once it was looked at
    _read_as: AnswersReadAs = field(default_factory=AnswersReadAs)
    _new: set[tuple[str, int]] = field(default_factory=set)  # strategies that were made for the import
    _file: ImportedFrom = field(default_factory=lambda: ImportedFrom(file="", sha256="", line=0))
    _seen: set[str] = field(default_factory=set)  # records that the file gave before
    _tried: dict[str, Task] = field(default_factory=dict)  # by question, of a dry run
    _held: set[int] | None = None
    _paired: dict[str, str] = field(default_factory=dict)
    _plan: MessageStrategies = field(init=False)
    _meter: Meter = field(init=False)

    def __post_init__(self) -> None:
        self._plan = planned(self.library, self._survey, self.choice)
        self._meter = Meter(self.progress, stage="reading", total=None, unit="rows read")

    def receive(self, event: Message) -> None:
        """Take in an event of the worker."""
        if event["event"] == "looked":
            self._meter.advance(event["rows"])
        elif event["event"] == "surveyed":
            self._begin(event)
        else:
            self.notes = event["notes"]
            self._take(list(rows_from_json(event["rows"])))

    def _begin(self, event: Message) -> None:
        """Make the strategies of the system messages of the whole source."""
        survey = self._survey = AnswerSurvey.from_json(event["survey"])
        self._read_as = AnswersReadAs.from_json(event["read_as"])
        self._file = ImportedFrom(file=event["name"], sha256=event["sha256"], line=0)
        self._plan = planned(self.library, survey, self.choice)
        self._new = {(one.name, one.version) for one in self._plan.new}
        if self._plan.new and not self.dry_run and survey.good:
            save_strategies(self.library, self._plan.new)
            self._plan = planned(self.library, survey, self.choice)
        self._paired = {name: one.strategy for name, one in current_pairings(self.library).items()}
        self._meter = Meter(self.progress, stage="importing", total=survey.rows, unit="rows")

    def _take(self, rows: Sequence[AnsweredRow | BadRow]) -> None:
        """Take over some rows."""
        good = [row for row in rows if isinstance(row, AnsweredRow)]
        self._add(good)
        self.tally.take(good, [row for row in rows if isinstance(row, BadRow)])
        self._meter.advance(len(rows))

    def result(self) -> ImportedRecords:
        """Return what was done."""
        tally, notes, survey = self.tally, Counter(self.notes), self._survey
        counts = tally.counts
        return ImportedRecords(
            rows=tally.rows,
            added=counts["added"],
            already_there=counts["already there"],
            refused=counts["refused"],
            tasks_added=counts["tasks added"],
            tasks_matched=tally.matched,
            heldout=counts["held out"],
            graded=counts["graded"],
            correct=counts["correct"],
            leaked=counts["leaked"],
            unfit=dict(tally.unfit.most_common()),
            other_reference=counts["other reference"],
            families=dict(tally.families.most_common(FAMILIES_SHOWN)),
            models=dict(tally.models.most_common(FAMILIES_SHOWN)),
            messages=message_counts(self._plan, survey, self._new),
            rare=self._plan.rare,
            rare_rows=self._plan.rare_rows,
            earlier_turns=notes["earlier turns"],
            more_answers=notes["more answers"],
            thoughts=notes["thoughts"],
            more_references=notes["more references"],
            unread_references=notes["unread references"],
            damaged=notes["damaged"],
            problems=tuple(tally.problems),
            examples=tuple(tally.examples),
            finished=survey.whole and tally.rows == survey.rows,
            read_as=self._read_as,
            sha256=self._file.sha256,
            run=self.run or "",
            dry_run=self.dry_run,
            undo=None
            if self.dry_run or not self.run
            else AnswersUndo(run=self.run, tasks=tuple(self.made_tasks)),
        )

    def _add(self, rows: Sequence[AnsweredRow]) -> None:
        fresh = self._fresh(rows)
        tasks, new_tasks = self._tasks([row for _, row in fresh])
        records = self._records(fresh, tasks, new_tasks)
        if self.dry_run:
            self._tried |= {task.conversation: task for task in new_tasks}
            added = {one.record.id for one in records}
            self.tally.count(
                records, tasks, new_tasks, added=added, paired=self._paired, held=self._held_out()
            )
            return
        made, added = add_answered(self.library, new_tasks, records, run=self.run)
        self.made_tasks += made
        graded_by = {task.id: task for task in tasks.values()}
        current = get_tasks(self.library, list(graded_by))
        regrade(self.library, [key for key, task in current.items() if task != graded_by[key]])
        self.tally.count(
            records,
            tasks,
            [task for task in new_tasks if task.id in made],
            added=added,
            paired=self._paired,
            held=self._held_out(),
        )

    def _fresh(self, rows: Sequence[AnsweredRow]) -> list[tuple[str, AnsweredRow]]:
        """Return the rows that are no record yet, with the identities that theirs will have."""
        named = [
            row if row.model or not self.choice.model else replace(row, model=self.choice.model)
            for row in rows
        ]
        identified = [
            (
                imported_identity(
                    system=row.system, user=row.conversation, response=row.response, model=row.model
                ),
                row,
            )
            for row in named
        ]
        known = known_records(self.library, [identity for identity, _ in identified])
        fresh = []
        for identity, row in identified:
            if identity in known or identity in self._seen:
                self.tally.counts["already there"] += 1
            else:
                fresh.append((identity, row))
                if self.dry_run:
                    self._seen.add(identity)
                known.add(identity)
        return fresh

    def _tasks(self, rows: Sequence[AnsweredRow]) -> tuple[dict[str, Task], list[Task]]:
        """Return the task of each question, and those of them that are new."""
        found = tasks_asking(self.library, [row.conversation for row in rows])
        made: dict[str, Task] = {}
        for row in rows:
            user = row.conversation
            if user in found or user in made:
                task = found.get(user) or made[user]
                if row.answer is not None and row.answer != task.answer:
                    self.tally.counts["other reference"] += 1
            elif user in self._tried:
                found[user] = self._tried[user]
            else:
                made[user] = self._new_task(row)
        stored = same_tasks(self.library, list(made.values()))  # reworded since, or under another id
        for user, task in list(made.items()):
            if task.id in stored:
                found[user] = stored[task.id]
                del made[user]
        return found | made, list(made.values())

    def _new_task(self, row: AnsweredRow) -> Task:
        return Task(
            family=row.family or self.choice.family,
            query=row.query,
            context=row.context,
            answer=row.answer,
            turns=row.turns,
            split="heldout" if variant_key(row.user_text) in self._held_out() else "train",
        )

    def _held_out(self) -> set[int]:
        """Return the held-out questions, with those of the general probe.

        A variant of one that came in for training would be memory.
        """
        if self._held is None:
            questions = iterate_questions(self.library)
            held = {variant_key(asked) for _, asked, split in questions if split == "heldout"}
            self._held = held | probe_variants()
        return self._held

    def _records(
        self, fresh: Sequence[tuple[str, AnsweredRow]], tasks: dict[str, Task], new_tasks: Sequence[Task]
    ) -> list[NewRecord]:
        samples = next_samples(self.library, {task.id for task in tasks.values()})
        made: list[NewRecord] = []
        for identity, row in yielding(fresh):
            task = tasks[row.conversation]
            strategy = self._plan.of(row.system, row.strategy)
            key = (task.id, strategy.name)
            made.append(self._record(identity, row, task, strategy, sample=samples.get(key, 0)))
            samples[key] = samples.get(key, 0) + 1
        return made

    def _record(
        self, identity: str, row: AnsweredRow, task: Task, strategy: Strategy, *, sample: int
    ) -> NewRecord:
        record = TeacherRecord(
            id=identity,
            task_id=task.id,
            family=task.family,
            strategy=strategy.name,
            strategy_version=strategy.version,
            sample=sample,
            system=row.system,
            user=row.user_text,
            turns=row.turns,
            response=row.response,
            provenance=Provenance.of_import(
                replace(self._file, line=row.line, model=row.model),
                finish_reason=row.finish_reason,
                created_at=now(),
            ),
        )
        return NewRecord(
            record=record,
            verdict=grade_answer(task, row.response, question=row.user_text),
            leaks=find_leaks(row.system, row.response, question=row.user_text),
            held_out=task.split == "heldout",
        )
