"""Put tasks to the teacher under strategies; grade each answer, check it for leaks, and store it at once."""

import hashlib
import json
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

from orca_desk.errors import UserError
from orca_desk.inventory.templates import with_template
from orca_desk.library.clock import now
from orca_desk.library.database import Library
from orca_desk.library.new_records import NewRecord, add_records, known_records
from orca_desk.library.record_rules import current_rules
from orca_desk.library.tasks import get_tasks
from orca_desk.method.answer_facts import answer_facts
from orca_desk.method.fitness import DEFAULT_RULES, FitnessRules, RecordFacts, Unfit, why_unfit
from orca_desk.method.leaks import find_leaks
from orca_desk.method.records import (
    Provenance,
    Sampling,
    Task,
    TeacherRecord,
    is_blank,
    record_identity,
)
from orca_desk.method.strategies import Strategy
from orca_desk.models.hashes import HashCache
from orca_desk.models.identify import identify
from orca_desk.processes.asking import Answer, AskOutcome, Failure, Prompt, Runner, ask
from orca_desk.processes.keeping import KeptWorker
from orca_desk.processes.progress import JobControl, Progress
from orca_desk.steps.grading import grade_answer
from orca_desk.steps.recorder import RunRecorder
from orca_desk.steps.regrading import regrade
from orca_desk.steps.votes import keep_ready
from orca_desk.yielding import yielding


@dataclass(frozen=True, kw_only=True)
class Ask:
    """A task to be answered under a strategy, for the `sample`th time (from 0)."""

    task: Task
    strategy: Strategy
    sample: int = 0


@dataclass(frozen=True, kw_only=True)
class Teacher:
    """A teacher model: how to run it, and what identifies it in its records."""

    runner: Runner
    sha256: str
    quantisation: str
    template_sha256: str

    @property
    def template(self) -> dict[str, str]:
        """What a run's settings say of the user's chat template; nothing where the model's own is used."""
        return {"template": self.template_sha256} if self.runner.template is not None else {}

    @classmethod
    def of(cls, library: Library, runner: Runner) -> Self:
        """Identify the model that `runner` runs, with the chat template that the user gave it.

        Raises UserError when it cannot be used.
        """
        file = identify(runner.model)
        runner = with_template(library, runner)
        template = file.chat_template if runner.template is None else runner.template
        return cls(
            runner=runner,
            sha256=HashCache(library.folder).sha256_of(file.files),
            quantisation=file.quantisation,
            template_sha256=hashlib.sha256((template or "").encode()).hexdigest(),
        )


@dataclass(frozen=True, kw_only=True)
class TeachCounts:
    """How many of the teacher's answers are usable for training.

    `ungraded` of the usable ones had no verdict: nobody has checked them. `rejected` answers are not usable,
    by reason; `failed` ones could not be generated, by reason. `tokens` counts those of all answers. `spared`
    answers were not asked for, since the vote of those before them was decided.
    """

    usable: int
    ungraded: int = 0
    rejected: Mapping[Unfit, int]
    failed: Mapping[str, int]
    tokens: int
    spared: int = 0

    @property
    def new(self) -> int:
        """The number of records made, usable or not."""
        return self.usable + sum(self.rejected.values())


@dataclass(frozen=True, kw_only=True)
class Arrival:
    """What a run just brought: the records stored, what failed and why, and the counts so far.

    `rejected` says why a record is not usable for training, by its id.
    """

    run: str
    records: tuple[NewRecord, ...]
    rejected: Mapping[str, Unfit]
    failed: tuple[tuple[Ask, str], ...]
    counts: TeachCounts


OnArrival = Callable[[Arrival], None]


def unwatched(arrival: Arrival) -> None:
    """Ignore an arrival."""


@dataclass(frozen=True, kw_only=True)
class Taught(TeachCounts):
    """The outcome of asking the teacher for `asked` records, of which the library already had `known`.

    The counts are of the new ones, generated in `seconds`. `finished` is False when the job was stopped.
    """

    asked: int
    known: int
    seconds: float
    finished: bool

    def to_json(self, **more: Any) -> str:
        """Return the outcome as a run stores it, beside `more`; ui/words/outcomes.py words it."""
        return json.dumps({"taught": _plain(self), **more}, ensure_ascii=False)


def taught_from_json(stored: str) -> tuple[Taught, dict[str, Any]] | None:
    """Read what `Taught.to_json` returned, with the values beside it; None for any other text."""
    try:
        more = json.loads(stored)
        values = more.pop("taught")
        rejected = {Unfit(reason): count for reason, count in values["rejected"].items()}
        return Taught(**{**values, "rejected": rejected}), more
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def _plain(taught: Taught) -> dict[str, Any]:
    return {name: getattr(taught, name) for name in Taught.__dataclass_fields__}


def identify_ask(asked: Ask, *, teacher: Teacher, sampling: Sampling) -> tuple[str, Sampling]:
    """Return the identity of the record for `asked`, and its sampling: sample k adds k to the seed."""
    own = replace(sampling, seed=sampling.seed + asked.sample)
    identity = record_identity(
        system=asked.strategy.instruction,
        user=asked.task.conversation,
        sample=asked.sample,
        sampling=own,
        model_sha256=teacher.sha256,
        template_sha256=teacher.template_sha256,
    )
    return identity, own


def as_prompt(key: str, asked: Ask, sampling: Sampling) -> Prompt:
    """Return what the teacher is asked; the answer comes back under `key`."""
    return Prompt(
        key=key,
        system=asked.strategy.instruction,
        user=asked.task.user_text,
        turns=asked.task.turns,
        sampling=sampling,
    )


def identify_asks(
    asks: Sequence[Ask], *, teacher: Teacher, sampling: Sampling
) -> dict[str, tuple[Ask, Sampling]]:
    """Return each ask with its own sampling, by its record's identity; of equal ones, the last."""
    identified = {}
    for asked in asks:
        identity, own = identify_ask(asked, teacher=teacher, sampling=sampling)
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
    stage: str = "asking the teacher",
    already: int = 0,
    progress: Progress | None = None,
    must_answer: bool = True,
    keep: KeptWorker | None = None,
) -> Taught:
    """Make the records that the library lacks. After a stop, the same call resumes with those still missing.

    The progress of `stage` includes `already` answers of an earlier round; `progress` is told it instead of
    the recorder. `on_arrival` gets records after they are stored. `keep` holds the worker for the next round.
    Raises UserError when the teacher cannot be
    used, and, if it `must_answer`, when it could not answer a single task.
    """
    began = time.monotonic()
    wanted = identify_asks(asks, teacher=teacher, sampling=sampling)
    known = known_records(library, wanted)
    missing = {identity: asked for identity, asked in wanted.items() if identity not in known}
    intake = _Intake(library, missing, teacher, recorder.run, on_arrival)
    finished = ask(
        "teach",
        teacher.runner,
        [as_prompt(key, asked, own) for key, (asked, own) in missing.items()],
        on_outcomes=intake.receive,
        stage=stage,
        progress=progress or recorder.report,
        control=control,
        log=recorder.log,
        already=already + len(known),
        keep=keep,
    )
    keep_ready(library)
    taught = Taught(
        asked=len(wanted),
        known=len(known),
        seconds=time.monotonic() - began,
        finished=finished,
        **vars(intake.counts()),
    )
    if must_answer and taught.failed and not taught.new:
        reason = next(iter(taught.failed))
        raise UserError(
            f"The teacher could not answer any of the {len(missing):,} tasks: {reason}",
            "Allow fewer answer tokens or more context, or choose another teacher.",
        )
    return taught


class _Intake:
    """Turns answers into records, stores and counts them."""

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
        self._rules = current_rules(library)
        self._usable = self._ungraded = self._tokens = 0
        self._rejected: Counter[Unfit] = Counter()
        self._failed: Counter[str] = Counter()

    def counts(self) -> TeachCounts:
        """Return the counts so far, the most frequent reasons first."""
        return TeachCounts(
            usable=self._usable,
            ungraded=self._ungraded,
            rejected=dict(self._rejected.most_common()),
            failed=dict(self._failed.most_common()),
            tokens=self._tokens,
        )

    def receive(self, outcomes: list[AskOutcome]) -> None:
        """Store the answers in one transaction; count only what was stored."""
        answers = [outcome for outcome in outcomes if isinstance(outcome, Answer)]
        current = self._current(answers)
        new = [self._record(answer, current) for answer in yielding(answers)]
        add_records(self._library, new, run=self._run)
        now_current = self._current(answers)
        regrade(self._library, [key for key, task in now_current.items() if task != current.get(key)])
        rejected: dict[str, Unfit] = {}
        for record in new:
            if reason := rejection(record, self._rules):
                self._rejected[reason] += 1
                rejected[record.record.id] = reason
            else:
                self._usable += 1
                self._ungraded += record.verdict is None
        self._tokens += sum(answer.completion_tokens for answer in answers)
        failures = [outcome for outcome in outcomes if isinstance(outcome, Failure)]
        self._failed.update(failure.reason for failure in failures)
        failed = tuple((self._asks[failure.key][0], failure.reason) for failure in failures)
        self._on_arrival(
            Arrival(run=self._run, records=tuple(new), rejected=rejected, failed=failed, counts=self.counts())
        )

    def _current(self, answers: Sequence[Answer]) -> dict[str, Task]:
        """Return the tasks of these answers as they are now: they may have been edited during the run."""
        return get_tasks(self._library, list({self._asks[one.key][0].task.id for one in answers}))

    def _record(self, answer: Answer, current: Mapping[str, Task]) -> NewRecord:
        asked, sampling = self._asks[answer.key]
        return new_record(
            asked,
            answer,
            teacher=self._teacher,
            sampling=sampling,
            graded_by=current.get(asked.task.id),
        )


def new_record(
    asked: Ask, answer: Answer, *, teacher: Teacher, sampling: Sampling, graded_by: Task | None = None
) -> NewRecord:
    """Turn an answer into a record, graded and checked for leaks.

    `graded_by` is the task as it is now, if its reference may have changed since it was put.
    """
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
        turns=task.turns,
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
    verdict = grade_answer(graded_by or task, answer.text, question=task.user_text)
    return NewRecord(record=record, verdict=verdict, leaks=leaks, held_out=task.split == "heldout")


def rejection(new: NewRecord, rules: FitnessRules = DEFAULT_RULES) -> Unfit | None:
    """Return what makes an answer unusable for training under `rules`, or None.

    This judges the answer alone: a snapshot also asks whether its task is held out, how it was paired, which
    answers to its task are better, and how the samples of a task without a reference agree.
    """
    response = new.record.response
    return why_unfit(
        RecordFacts(
            finish_reason=new.record.provenance.finish_reason,
            correct=new.verdict.correct if new.verdict else None,
            leaked=bool(new.leaks),
            empty=is_blank(response),
            tokens=new.record.provenance.completion_tokens,
            text=answer_facts(response) if rules.need_text else None,
            format=rules.format_of(response) if rules.need_format else "right",
        ),
        replace(rules, agreement=None, only_kept=False),
    )
