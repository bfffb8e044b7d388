"""Before a whole run: how many answers it needs, five of them to judge it by, and how long it would take.

A preview stores nothing. It is for trying settings, and answers under settings that the user rejects must not
end up among the records that a student is trained on.
"""

import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import mean, stdev

from orca_desk.errors import UserError
from orca_desk.library.database import Library
from orca_desk.library.new_records import NewRecord, known_records
from orca_desk.library.pairings import unpaired_families
from orca_desk.library.record_rules import current_rules
from orca_desk.library.records import count_records
from orca_desk.library.tasks import (
    TaskFilter,
    count_tasks,
    iterate_tasks,
    task_rowids,
    tasks_at,
)
from orca_desk.method.fitness import Unfit
from orca_desk.method.records import Sampling, Task
from orca_desk.method.strategies import Strategy
from orca_desk.models.hashes import HashCache
from orca_desk.processes.asking import Answer, AskOutcome, Runner, ask
from orca_desk.processes.progress import JobControl, Progress, silent
from orca_desk.steps.instruct.generate import strategies_for
from orca_desk.steps.teaching import Ask, Teacher, as_prompt, identify_asks, new_record, rejection

PREVIEWED = 5  # tasks
LOOKED_UP = 20_000  # answers at most; whether the library has more than that takes too long to find out
# Student's t at 97.5% by degrees of freedom, for the mean length of a few answers
STUDENT_T = {1: 12.71, 2: 4.303, 3: 3.182, 4: 2.776}


@dataclass(frozen=True, kw_only=True)
class Workload:
    """What a run would do: `answers` answers to `tasks` tasks. The library already has `known` of them.

    `known` is None when there are too many to look up, or when the teacher was never hashed and may have made
    some of the records. `unpaired` lists the families without a strategy.
    """

    tasks: int
    answers: int
    known: int | None
    unpaired: tuple[str, ...]

    @property
    def missing(self) -> int:
        """The number of answers still to generate; all of them if `known` is None."""
        return self.answers - (self.known or 0)


@dataclass(frozen=True, kw_only=True)
class PreviewAnswer:
    """One answer of a preview, graded as a record would be. It took `seconds` up to its last token.

    `rejected` is why it would not be usable for training, or None.
    """

    task: Task
    strategy: Strategy
    answer: NewRecord
    seconds: float
    rejected: Unfit | None


@dataclass(frozen=True, kw_only=True)
class TimeEstimate:
    """An estimated time in seconds, with its interval: answers vary in length."""

    seconds: float
    low: float
    high: float


@dataclass(frozen=True, kw_only=True)
class TeachPreview:
    """A few answers; `failed` tells why others could not be generated. `rate` is in tokens per second."""

    answers: tuple[PreviewAnswer, ...]
    failed: tuple[tuple[Task, str], ...]
    rate: float

    def time_for(self, answers: int) -> TimeEstimate | None:
        """Estimate how long `answers` answers like these would take, or None if there is nothing to go by.

        The interval is the 95% interval of the mean length (Student's t), cut at the shortest answer. It does
        not cover the rate, which a whole run, with more answers at once, usually exceeds.
        """
        lengths = [each.answer.record.provenance.completion_tokens or 0 for each in self.answers]
        if not self.rate or not lengths:
            return None
        middle = mean(lengths)
        error = (
            STUDENT_T.get(len(lengths) - 1, 2.0) * stdev(lengths) / len(lengths) ** 0.5 if lengths[1:] else 0
        )
        low, high = max(min(lengths), middle - error), middle + error
        return TimeEstimate(
            seconds=answers * middle / self.rate,
            low=answers * low / self.rate,
            high=answers * high / self.rate,
        )


def workload(
    library: Library,
    teacher: Runner | None,
    wanted: TaskFilter,
    *,
    strategy: str | None,
    samples: int,
    sampling: Sampling,
) -> Workload:
    """Count what a run with these settings would do.

    It never hashes a model file, which can take minutes: a model that was never hashed has no records yet,
    unless it has moved or the library was restored, and then nothing is said about them.
    """
    found = count_tasks(library, wanted)
    tasks = found if wanted.limit is None else min(found, wanted.limit)
    answers = tasks * samples
    unpaired = () if strategy else unpaired_families(library, wanted)
    if answers > LOOKED_UP:
        return Workload(tasks=tasks, answers=answers, known=None, unpaired=unpaired)
    if teacher is None or unpaired:
        return Workload(tasks=tasks, answers=answers, known=0, unpaired=unpaired)
    if not HashCache(library.folder).known().sha256_of([teacher.model]):
        known = None if count_records(library) else 0
        return Workload(tasks=tasks, answers=answers, known=known, unpaired=unpaired)
    chosen = list(iterate_tasks(library, wanted))
    strategies = strategies_for(library, chosen, strategy)
    identities = identify_asks(
        [
            Ask(task=task, strategy=strategies[task.id], sample=sample)
            for task in chosen
            for sample in range(samples)
        ],
        teacher=Teacher.of(library, teacher),
        sampling=sampling,
    )
    known = len(known_records(library, identities))
    return Workload(tasks=tasks, answers=len(identities), known=known, unpaired=unpaired)


def preview(
    library: Library,
    teacher: Runner,
    wanted: TaskFilter,
    *,
    strategy: str | None = None,
    sampling: Sampling | None = None,
    on_answer: Callable[[PreviewAnswer], None] = lambda answer: None,
    progress: Progress = silent,
    control: JobControl | None = None,
) -> TeachPreview:
    """Answer and grade five of the wanted tasks, chosen at random. Nothing is stored.

    `on_answer` gets each answer as it arrives. Raises UserError when there are no tasks, when one has no
    strategy, and when the teacher cannot be used.
    """
    sampling = sampling or Sampling()
    tasks = _random_tasks(library, wanted)
    strategies = strategies_for(library, tasks, strategy)
    used = Teacher.of(library, teacher)
    asks = [Ask(task=task, strategy=strategies[task.id]) for task in tasks]
    wanted_answers = identify_asks(asks, teacher=used, sampling=sampling)
    rules = current_rules(library)
    answers: list[PreviewAnswer] = []
    failed: list[tuple[Task, str]] = []
    began, ended = float("inf"), 0.0

    def receive(outcomes: list[AskOutcome]) -> None:
        nonlocal began, ended
        ended = time.monotonic()
        for outcome in outcomes:
            asked, own = wanted_answers[outcome.key]
            if isinstance(outcome, Answer):
                began = min(began, ended - outcome.seconds)  # leaves out loading the model
                made = new_record(asked, outcome, teacher=used, sampling=own)
                answers.append(
                    PreviewAnswer(
                        task=asked.task,
                        strategy=asked.strategy,
                        answer=made,
                        seconds=outcome.seconds,
                        rejected=rejection(made, rules),
                    )
                )
                on_answer(answers[-1])
            else:
                failed.append((asked.task, outcome.reason))

    ask(
        "teach",
        used.runner,
        [as_prompt(key, asked, own) for key, (asked, own) in wanted_answers.items()],
        on_outcomes=receive,
        stage="asking the teacher",
        progress=progress,
        control=control or JobControl(),
    )
    tokens = sum(each.answer.record.provenance.completion_tokens or 0 for each in answers)
    return TeachPreview(
        answers=tuple(answers),
        failed=tuple(failed),
        rate=tokens / (ended - began) if ended > began else 0.0,
    )


def random_task(library: Library, families: Sequence[str]) -> Task | None:
    """Return a random training task of these families, or of any if they have none; None without tasks."""
    family = random.choice(families) if families else None
    for wanted in (TaskFilter(family=family, split="train"), TaskFilter(split="train"), TaskFilter()):
        if numbers := task_rowids(library, wanted):
            return next(iter(tasks_at(library, [random.choice(numbers)])), None)
    return None


def _random_tasks(library: Library, wanted: TaskFilter) -> list[Task]:
    numbers = task_rowids(library, wanted)
    if not numbers:
        raise UserError("There are no tasks to answer.", "Import tasks, or widen the filters.")
    found = tasks_at(library, random.sample(numbers, min(PREVIEWED, len(numbers))))
    return [task for task in found if task is not None]
