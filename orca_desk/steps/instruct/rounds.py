"""Several answers to a task without a reference, until the vote on them is decided.

Answers come in rounds: first as few as could decide a vote if all agreed, then as few more as could decide
those that are still open. What was decided cannot change by the answers that are spared.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypedDict

from orca_desk.library.database import Library
from orca_desk.library.records import teacher_answers
from orca_desk.method.agreement import Agreement, is_settled, is_share, samples_needed
from orca_desk.method.fitness import Unfit
from orca_desk.method.records import Sampling, Task
from orca_desk.method.strategies import Strategy
from orca_desk.processes.progress import JobControl
from orca_desk.steps.grading import agree_on
from orca_desk.steps.recorder import RunRecorder
from orca_desk.steps.teaching import (
    Arrival,
    Ask,
    OnArrival,
    Taught,
    TeachCounts,
    Teacher,
    identify_ask,
    teach,
    unwatched,
)


class _Counts(TypedDict):
    usable: int
    ungraded: int
    tokens: int
    rejected: Mapping[Unfit, int]
    failed: Mapping[str, int]


@dataclass(frozen=True, kw_only=True)
class Voting:
    """At most `samples` answers to each task; `at_least` is the share of them that the winner must have."""

    samples: int
    at_least: float


def teach_in_rounds(
    library: Library,
    tasks: Sequence[Task],
    strategies: Mapping[str, Strategy],
    voting: Voting,
    *,
    teacher: Teacher,
    sampling: Sampling,
    recorder: RunRecorder,
    control: JobControl,
    on_arrival: OnArrival = unwatched,
) -> Taught:
    """Have every task answered, each without a reference only until its vote is decided.

    `strategies` are by the task's id. A task with a reference gets all its answers: of correct ones, the more
    the better. Like `teach`, it resumes with what is missing, since the rounds follow from the answers alone.
    """
    asked = {
        task.id: voting.samples if task.answer else samples_needed(voting.samples, voting.at_least)
        for task in tasks
    }
    by_id = {task.id: task for task in tasks}
    asks = [
        Ask(task=by_id[key], strategy=strategies[key], sample=sample)
        for key, count in asked.items()
        for sample in range(count)
    ]
    total: Taught | None = None
    while asks:
        made = teach(
            library,
            asks,
            teacher=teacher,
            sampling=sampling,
            recorder=recorder,
            control=control,
            on_arrival=_adding(on_arrival, total),
            stage="asking again where the vote is open" if total else "asking the teacher",
            already=total.asked if total else 0,
        )
        total = made if total is None else _sum(total, made)
        if not made.finished:
            return total
        in_play = {ask.task.id: ask.task for ask in asks if not ask.task.answer}
        asks = []
        for task in in_play.values():
            count = asked[task.id]
            answers = _answers(library, task, strategies[task.id], count, teacher, sampling)
            more = _more(agree_on(task, answers), voting, count)
            asks += [
                Ask(task=task, strategy=strategies[task.id], sample=count + extra) for extra in range(more)
            ]
            asked[task.id] += more
    assert total is not None, "there is at least one task"
    return replace(total, spared=sum(voting.samples - count for count in asked.values()))


def _more(vote: Agreement, voting: Voting, asked: int) -> int:
    """Return the fewest further samples that could decide a vote on `asked`, 0 if it is decided."""
    remaining = voting.samples - asked
    if is_settled(vote, remaining, voting.at_least):
        return 0
    first = vote.candidates[0].votes if vote.candidates else 0
    second = vote.candidates[1].votes if len(vote.candidates) > 1 else 0
    return next(
        (
            more
            for more in range(1, remaining)
            if first + more > second + remaining - more
            and is_share(first + more, voting.samples, voting.at_least)
        ),
        remaining,
    )


def _answers(
    library: Library, task: Task, strategy: Strategy, count: int, teacher: Teacher, sampling: Sampling
) -> list[str]:
    """Return the answers to a task so far; those that could not be generated are missing."""
    keys = [
        identify_ask(Ask(task=task, strategy=strategy, sample=sample), teacher=teacher, sampling=sampling)[0]
        for sample in range(count)
    ]
    found = teacher_answers(library, keys)
    return [found[key].response for key in keys if key in found]


def _adding(on_arrival: OnArrival, earlier: TeachCounts | None) -> OnArrival:
    """Return `on_arrival` for a later round: the counts that it gets include the earlier rounds'."""
    if earlier is None:
        return on_arrival

    def receive(arrival: Arrival) -> None:
        on_arrival(replace(arrival, counts=TeachCounts(**_counts(earlier, arrival.counts))))

    return receive


def _sum(earlier: Taught, later: Taught) -> Taught:
    return Taught(
        asked=earlier.asked + later.asked,
        known=earlier.known + later.known,
        seconds=earlier.seconds + later.seconds,
        finished=later.finished,
        **_counts(earlier, later),
    )


def _counts(earlier: TeachCounts, later: TeachCounts) -> _Counts:
    return {
        "usable": earlier.usable + later.usable,
        "ungraded": earlier.ungraded + later.ungraded,
        "tokens": earlier.tokens + later.tokens,
        # Plain, since `asdict` takes a Counter for a dict and counts its pairs
        "rejected": dict(Counter(earlier.rejected) + Counter(later.rejected)),
        "failed": dict(Counter(earlier.failed) + Counter(later.failed)),
    }
