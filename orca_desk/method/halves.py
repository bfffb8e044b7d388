"""Chosen on one half of the tasks, scored on the other: what a choice is worth on other tasks.

The strategy that is measured best is so partly by luck, so its measured accuracy is too high. Each half of
the tasks chooses by the rule, or favours the most accurate strategy where it cannot choose, and this is
scored on the other half; the two scores together use every task once (cross-fitting: Chernozhukov and others,
The Econometrics Journal 21, 2018, C1-C68).
"""

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from orca_desk.method.evidence import Evidence
from orca_desk.method.pairing import LEAST_TASKS, ChoiceRule, decide_family
from orca_desk.method.statistics import wilson


@dataclass(frozen=True, kw_only=True)
class HeldOutScore:
    """The share of correct answers of what each half chose, on the `tasks` of the other halves.

    `low`..`high` is its 95% interval; `by_halves` are the two strategies that were scored.
    """

    accuracy: float
    tasks: int
    low: float
    high: float
    by_halves: tuple[str, str]


def held_out_score(evidence: Sequence[Evidence], rule: ChoiceRule) -> HeldOutScore | None:
    """Score the choice for a family on tasks that did not make it; None for few tasks, or counts alone."""
    tasks = sorted({task for item in evidence for task, _ in item.outcomes}, key=_shuffled)
    halves = frozenset(tasks[::2]), frozenset(tasks[1::2])
    shares: list[float] = []
    names: list[str] = []
    for chosen_on, scored_on in (halves, halves[::-1]):
        parts = [part for item in evidence if (part := _within(item, chosen_on))]
        if not parts or min(part.tasks for part in parts) < LEAST_TASKS // 2:
            return None
        decision = decide_family(parts, rule)
        name = decision.strategy or decision.leader
        whole = next(item for item in evidence if item.strategy == name)
        names.append(name)
        shares += [share for task, share in whole.outcomes if task in scored_on]
    if len(shares) < LEAST_TASKS:
        return None
    low, high = wilson(round(sum(shares)), len(shares))
    accuracy = sum(shares) / len(shares)
    return HeldOutScore(
        accuracy=accuracy, tasks=len(shares), low=low, high=high, by_halves=(names[0], names[1])
    )


def _within(evidence: Evidence, tasks: Collection[str]) -> Evidence | None:
    """Return the evidence of some of the tasks; None if it has none of them."""
    outcomes = tuple((task, share) for task, share in evidence.outcomes if task in tasks)
    if not outcomes:
        return None
    answers = max(len(outcomes), round(evidence.n * len(outcomes) / evidence.tasks))
    right = round(sum(share for _, share in outcomes) / len(outcomes) * answers)
    return replace(evidence, n=answers, correct=right, outcomes=outcomes)


def _shuffled(task: str) -> str:
    """An order of the tasks that has nothing to do with that of a file, and is always the same."""
    return hashlib.sha256(task.encode("utf-8", "surrogatepass")).hexdigest()
