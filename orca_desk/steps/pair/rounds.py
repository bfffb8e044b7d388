"""What is asked next in a tournament: where the ranking is open, as far as the budget goes."""

from collections.abc import Callable, Iterable, Sequence

from orca_desk.errors import UserError
from orca_desk.method.tournament import ContestState
from orca_desk.steps.pair.standing import Budget, Spent

Pair = tuple[str, str, str]  # family, task id, strategy
SMALLEST = 64  # pairs in a round, if there are as many: each round loads the model once


def next_round(states: Iterable[ContestState]) -> list[Pair]:
    """Return the pairs to be asked next, task by task.

    Families with the fewest tasks so far come first, so that within any budget all have been looked at about
    as often. A round that would be small takes in the families whose next look is later.
    """
    running = sorted(
        (state for state in states if state.wanted), key=lambda state: (state.look, state.family)
    )
    found: list[Pair] = []
    for state in running:
        if found and state.look > running[0].look and len(found) >= SMALLEST:
            break
        found += [(state.family, task, strategy) for task, strategy in state.wanted]
    return found


def require_a_task(budget: Budget, strategies: int, samples: int) -> None:
    """Raise UserError for a budget of answers that is used up before a single task is compared."""
    each = strategies * samples
    if budget.answers is not None and budget.answers < each:
        raise UserError(
            f"One task takes {each} answers, as many as strategies times samples: the budget of"
            f" {budget.answers} is not enough for any.",
            "Allow more answers, or try fewer strategies.",
        )


def within_budget(
    pairs: Sequence[Pair],
    *,
    samples: int,
    tokens_each: Callable[[Pair], float],
    budget: Budget,
    spent: Spent,
) -> list[Pair]:
    """Return the first of `pairs` that the rest of the budget is enough for, whole tasks only.

    A task under some of the strategies alone could not be compared. `tokens_each` tells how many tokens an
    answer will probably have.
    """
    answers, tokens = float(spent.answers), float(spent.tokens)
    kept: list[Pair] = []
    place = 0
    while place < len(pairs):
        end = place
        while end < len(pairs) and pairs[end][:2] == pairs[place][:2]:
            end += 1
        group = pairs[place:end]
        answers += samples * len(group)
        tokens += samples * sum(map(tokens_each, group))
        if budget.answers is not None and answers > budget.answers:
            break
        if budget.tokens is not None and tokens > budget.tokens:
            break
        kept += group
        place = end
    return kept


def is_spent(budget: Budget, spent: Spent) -> bool:
    """Return whether any part of the budget is used up."""
    return (
        (budget.answers is not None and spent.answers >= budget.answers)
        or (budget.tokens is not None and spent.tokens >= budget.tokens)
        or (budget.seconds is not None and spent.seconds >= budget.seconds)
    )
