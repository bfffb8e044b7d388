"""Tasks put to the teacher under strategies: each answer is graded, checked for leaks, and kept at once."""

import hashlib
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Self

from orca_desk.errors import UserError
from orca_desk.library.clock import now
from orca_desk.library.database import Library
from orca_desk.library.records import NewRecord, add_records, known_records
from orca_desk.method.grading import Verdict, grade
from orca_desk.method.leaks import find_leaks
from orca_desk.method.records import Provenance, Sampling, Task, TeacherRecord, record_identity
from orca_desk.method.strategies import Strategy
from orca_desk.models.hashes import HashCache
from orca_desk.models.identify import identify
from orca_desk.processes.asking import Answer, Failure, Outcome, Question, Runner, ask
from orca_desk.processes.progress import JobControl
from orca_desk.steps.recorder import RunRecorder
from orca_desk.yielding import courteous


@dataclass(frozen=True, kw_only=True)
class Ask:
    """A task to be answered under a strategy, for the `sample`th time (from 0)."""

    task: Task
    strategy: Strategy
    sample: int = 0


@dataclass(frozen=True, kw_only=True)
class Teacher:
    """A teacher model: how it is run, and what identifies it in its records."""

    runner: Runner
    sha256: str
    quantisation: str
    template_sha256: str

    @classmethod
    def of(cls, library: Library, runner: Runner) -> Self:
        """Identify the model that `runner` runs. Raises UserError when it cannot be used."""
        file = identify(runner.model)
        return cls(
            runner=runner,
            sha256=HashCache(library.folder).sha256_of(file.files),
            quantisation=file.quantisation,
            template_sha256=hashlib.sha256((file.chat_template or "").encode()).hexdigest(),
        )


@dataclass(frozen=True, kw_only=True)
class Arrival:
    """What came in one go, for whoever watches: the records stored by `run`, and what failed and why."""

    run: str
    records: tuple[NewRecord, ...]
    failed: tuple[tuple[Ask, str], ...]


OnArrival = Callable[[Arrival], None]


def unwatched(arrival: Arrival) -> None:
    """Tell nobody."""


@dataclass(frozen=True, kw_only=True)
class Taught:
    """What came of asking the teacher.

    Of `asked` records `known` were in the library before; of the new ones `kept` are fit for training,
    `rejected` are not (by reason) and `failed` could not be made (by reason). `tokens` were written in
    `seconds`. `finished` is False when the job was stopped.
    """

    asked: int
    known: int
    kept: int
    rejected: Mapping[str, int]
    failed: Mapping[str, int]
    tokens: int
    seconds: float
    finished: bool

    @property
    def new(self) -> int:
        """How many records were made now."""
        return self.kept + sum(self.rejected.values())

    @property
    def sentence(self) -> str:
        """What came of it, for the user."""
        parts = [f"{self.new:,} new records ({self.kept:,} kept)", f"{self.known:,} known before"]
        parts += [f"{count:,} rejected: {reason}" for reason, count in self.rejected.items()]
        parts += [f"{count:,} failed: {reason}" for reason, count in self.failed.items()]
        return "; ".join(parts) + "."


def identify_asks(
    asks: Sequence[Ask], *, teacher: Teacher, sampling: Sampling
) -> dict[str, tuple[Ask, Sampling]]:
    """Return each ask with its own sampling (the seed of sample k is k more), by its record's identity."""
    identified = {}
    for asked in asks:
        own = replace(sampling, seed=sampling.seed + asked.sample)
        identity = record_identity(
            system=asked.strategy.instruction,
            user=asked.task.user_text,
            sample=asked.sample,
            sampling=own,
            model_sha256=teacher.sha256,
            template_sha256=teacher.template_sha256,
        )
        identified[identity] = (asked, own)
    return identified


def teach(
    library: Library,
    asks: Sequence[Ask],
    *,
    teacher: Teacher,
    sampling: Sampling,
    recorder: RunRecorder,
    control: JobControl,
    on_arrival: OnArrival = unwatched,
) -> Taught:
    """Make the records that the library does not have yet; the same call again goes on where one stopped.

    `on_arrival` is told of records once they are stored. Raises UserError when the teacher cannot be used,
    and when not one record could be made.
    """
    began = time.monotonic()
    wanted = identify_asks(asks, teacher=teacher, sampling=sampling)
    known = known_records(library, wanted)
    missing = {identity: asked for identity, asked in wanted.items() if identity not in known}
    intake = _Intake(library, missing, teacher, recorder.run, on_arrival)
    finished = ask(
        "teach",
        teacher.runner,
        [
            Question(key=key, system=asked.strategy.instruction, user=asked.task.user_text, sampling=own)
            for key, (asked, own) in missing.items()
        ],
        on_outcomes=intake.receive,
        stage="asking the teacher",
        progress=recorder.report,
        control=control,
        log=recorder.log,
        already=len(known),
    )
    taught = Taught(
        asked=len(wanted),
        known=len(known),
        kept=intake.kept,
        rejected=dict(intake.rejected.most_common()),
        failed=dict(intake.failed.most_common()),
        tokens=intake.tokens,
        seconds=time.monotonic() - began,
        finished=finished,
    )
    if taught.failed and not taught.new:
        reason = next(iter(taught.failed))
        raise UserError(
            f"The teacher could answer none of {len(missing):,} tasks: {reason}",
            "Allow fewer answer tokens or more context, or choose another teacher.",
        )
    return taught


class _Intake:
    """Turns answers into records, and counts them."""

    def __init__(
        self,
        library: Library,
        asks: Mapping[str, tuple[Ask, Sampling]],
        teacher: Teacher,
        run: str,
        on_arrival: OnArrival,
    ) -> None:
        self._library, self._asks, self._teacher, self._run = library, asks, teacher, run
        self._on_arrival = on_arrival
        self.kept = self.tokens = 0
        self.rejected: Counter[str] = Counter()
        self.failed: Counter[str] = Counter()

    def receive(self, outcomes: list[Outcome]) -> None:
        """Commit the answers in one transaction; count only what was committed."""
        answers = [outcome for outcome in outcomes if isinstance(outcome, Answer)]
        new = [self._record(answer) for answer in courteous(answers)]
        add_records(self._library, new, run=self._run)
        for record in new:
            if reason := rejection(record):
                self.rejected[reason] += 1
            else:
                self.kept += 1
        self.tokens += sum(answer.completion_tokens for answer in answers)
        failures = [outcome for outcome in outcomes if isinstance(outcome, Failure)]
        self.failed.update(failure.reason for failure in failures)
        failed = tuple((self._asks[failure.key][0], failure.reason) for failure in failures)
        self._on_arrival(Arrival(run=self._run, records=tuple(new), failed=failed))

    def _record(self, answer: Answer) -> NewRecord:
        asked, sampling = self._asks[answer.key]
        return new_record(asked, answer, teacher=self._teacher, sampling=sampling)


def new_record(asked: Ask, answer: Answer, *, teacher: Teacher, sampling: Sampling) -> NewRecord:
    """Return the record that an answer makes, graded and checked for leaks."""
    task, strategy = asked.task, asked.strategy
    record = TeacherRecord(
        id=answer.key,
        task_id=task.id,
        family=task.family,
        strategy=strategy.name,
        strategy_version=strategy.version,
        sample=asked.sample,
        system=strategy.instruction,
        user=task.user_text,
        response=answer.text,
        provenance=Provenance(
            model_sha256=teacher.sha256,
            quantisation=teacher.quantisation,
            template_sha256=answer.template_sha256,
            sampling=sampling,
            engine=answer.engine,
            batch=answer.batch,
            prompt_tokens=answer.prompt_tokens,
            completion_tokens=answer.completion_tokens,
            finish_reason=answer.finish_reason,
            created_at=now(),
        ),
    )
    leaks = find_leaks(strategy.instruction, answer.text, question=task.user_text)
    return NewRecord(record=record, verdict=_verdict(task, answer.text), leaks=leaks)


def rejection(new: NewRecord) -> str:
    """Return why a record is not fit for training, or ""."""
    if new.record.provenance.finish_reason != "stop":
        return "cut off by the length limit"
    if new.verdict and not new.verdict.correct:
        return "wrong answer"
    return "speaks of its instruction" if new.leaks else ""


def _verdict(task: Task, response: str) -> Verdict | None:
    return None if task.answer is None else grade(response, task.answer, task.answer_kind)
