"""Before a whole run: how many records it would make, five answers to judge by, and how long it would take.

Nothing of it is kept. A preview is for trying settings, and answers under settings that were tried and left
must not end up among the records that a student is trained on.
"""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import mean, stdev

from orca_desk.errors import UserError
from orca_desk.library.database import Library
from orca_desk.library.pairings import current_pairings
from orca_desk.library.records import NewRecord, known_records
from orca_desk.library.tasks import (
    TaskFilter,
    count_tasks,
    iterate_tasks,
    task_numbers,
    tasks_at,
    undecided_families,
)
from orca_desk.method.records import Sampling, Task
from orca_desk.method.strategies import Strategy
from orca_desk.models.hashes import HashCache
from orca_desk.processes.asking import Answer, Outcome, Question, Runner, ask
from orca_desk.processes.progress import JobControl, Progress, silent
from orca_desk.steps.instruct.generate import strategies_for
from orca_desk.steps.teaching import Ask, Teacher, identify_asks, new_record

FIVE = 5
COUNTED = 20_000  # answers that are looked up one by one; of more, only how many are wanted is told
# Student's t at 97.5%, by the number of answers less one: for the mean length of a few answers
STUDENT_T = {1: 12.71, 2: 4.303, 3: 3.182, 4: 2.776}


@dataclass(frozen=True, kw_only=True)
class Outlook:
    """What a run would do: `asks` answers to `tasks` tasks, of which `known` are in the library already.

    `known` is None where there are too many to look up. `unpaired` are the families without a strategy.
    """

    tasks: int
    asks: int
    known: int | None
    unpaired: tuple[str, ...]

    @property
    def missing(self) -> int:
        """How many answers the run would make; all of them where it is not known."""
        return self.asks - (self.known or 0)


@dataclass(frozen=True, kw_only=True)
class Previewed:
    """One answer of a preview, graded as a record would be; `seconds` from being asked to the last token."""

    task: Task
    strategy: Strategy
    answer: NewRecord
    seconds: float


@dataclass(frozen=True, kw_only=True)
class Duration:
    """An estimate of a time in seconds, with the interval that holds it 95 times of 100."""

    seconds: float
    low: float
    high: float


@dataclass(frozen=True, kw_only=True)
class Preview:
    """A few answers; `failed` says why others could not be made; `rate` is in tokens a second, of all."""

    answers: tuple[Previewed, ...]
    failed: tuple[tuple[Task, str], ...]
    rate: float

    def duration(self, answers: int) -> Duration | None:
        """Estimate how long `answers` more take at this rate, if they are as long as these; None: unknown.

        The interval is for the mean length of an answer (Student's t); the rate is taken as it is.
        """
        lengths = [each.answer.record.provenance.completion_tokens for each in self.answers]
        if not self.rate or not lengths:
            return None
        middle = mean(lengths)
        error = (
            STUDENT_T.get(len(lengths) - 1, 2.0) * stdev(lengths) / len(lengths) ** 0.5 if lengths[1:] else 0
        )
        low, high = max(min(lengths), middle - error), middle + error
        return Duration(
            seconds=answers * middle / self.rate,
            low=answers * low / self.rate,
            high=answers * high / self.rate,
        )


def outlook(
    library: Library,
    teacher: Runner | None,
    wanted: TaskFilter,
    *,
    strategy: str | None,
    samples: int,
    sampling: Sampling,
) -> Outlook:
    """Count what a run with these settings would do, without reading a model's file to hash it.

    A model that was never hashed has made no record yet.
    """
    found = count_tasks(library, wanted)
    tasks = found if wanted.limit is None else min(found, wanted.limit)
    asks = tasks * samples
    unpaired = () if strategy else _unpaired(library, wanted)
    if asks > COUNTED:
        return Outlook(tasks=tasks, asks=asks, known=None, unpaired=unpaired)
    if teacher is None or unpaired or not HashCache(library.folder).known().sha256_of([teacher.model]):
        return Outlook(tasks=tasks, asks=asks, known=0, unpaired=unpaired)
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
    return Outlook(tasks=tasks, asks=len(identities), known=known, unpaired=unpaired)


def preview(
    library: Library,
    teacher: Runner,
    wanted: TaskFilter,
    *,
    strategy: str | None = None,
    sampling: Sampling | None = None,
    on_answer: Callable[[Previewed], None] = lambda answer: None,
    progress: Progress = silent,
    control: JobControl | None = None,
) -> Preview:
    """Have five of the wanted tasks, taken at random, answered and graded; keep nothing.

    `on_answer` is told of each as it comes. Raises UserError when there is no task, no strategy for one,
    or the teacher cannot be used.
    """
    sampling = sampling or Sampling()
    tasks = _any_five(library, wanted)
    strategies = strategies_for(library, tasks, strategy)
    used = Teacher.of(library, teacher)
    asks = [Ask(task=task, strategy=strategies[task.id]) for task in tasks]
    wanted_answers = identify_asks(asks, teacher=used, sampling=sampling)
    answers: list[Previewed] = []
    failed: list[tuple[Task, str]] = []
    began, ended = float("inf"), 0.0

    def receive(outcomes: list[Outcome]) -> None:
        nonlocal began, ended
        ended = time.monotonic()
        for outcome in outcomes:
            asked, own = wanted_answers[outcome.key]
            if isinstance(outcome, Answer):
                began = min(began, ended - outcome.seconds)  # loading the model is not the answers' time
                made = new_record(asked, outcome, teacher=used, sampling=own)
                answers.append(
                    Previewed(task=asked.task, strategy=asked.strategy, answer=made, seconds=outcome.seconds)
                )
                on_answer(answers[-1])
            else:
                failed.append((asked.task, outcome.reason))

    ask(
        "teach",
        teacher,
        [
            Question(key=key, system=asked.strategy.instruction, user=asked.task.user_text, sampling=own)
            for key, (asked, own) in wanted_answers.items()
        ],
        on_outcomes=receive,
        stage="asking the teacher",
        progress=progress,
        control=control or JobControl(),
    )
    tokens = sum(each.answer.record.provenance.completion_tokens for each in answers)
    return Preview(
        answers=tuple(answers),
        failed=tuple(failed),
        rate=tokens / (ended - began) if ended > began else 0.0,
    )


def _any_five(library: Library, wanted: TaskFilter) -> list[Task]:
    numbers = task_numbers(library, wanted)
    if not numbers:
        raise UserError("There are no tasks to answer.", "Import tasks, or widen the choice of them.")
    found = tasks_at(library, random.sample(numbers, min(FIVE, len(numbers))))
    return [task for task in found if task is not None]


def _unpaired(library: Library, wanted: TaskFilter) -> tuple[str, ...]:
    """Return the families that need a pairing and have none."""
    return tuple(sorted(undecided_families(library, wanted) - current_pairings(library).keys()))
