"""How a running tournament stands, between two looks: what was graded, and what has arrived since."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace

from orca_desk.library.new_records import NewRecord
from orca_desk.method.tournament import ContestState
from orca_desk.steps.pair.answers import AnswerTally, Tried
from orca_desk.steps.pair.standing import Budget, CellName, CellState, ProbeStanding, Spent


class LiveStanding:
    """Counts correct answers, graded ones and their tokens, by family and strategy."""

    def __init__(self, strategies: Iterable[str], budget: Budget, *, by_reference: bool) -> None:
        self._strategies, self._budget, self._by_reference = tuple(strategies), budget, by_reference
        self._states: Mapping[str, ContestState] = {}
        self._counts: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0, 0])
        self._arrivals = AnswerTally()

    def look(self, states: Mapping[str, ContestState], tried: Tried) -> None:
        """Start from what was graded."""
        self._states = states
        self._counts.clear()
        self._arrivals = AnswerTally()
        for family, those in tried.items():
            for (_, name), trials in those.items():
                for trial in trials:
                    self._count(family, name, trial.tokens, correct=trial.correct)

    def arrive(self, records: Iterable[NewRecord]) -> None:
        """Add what has arrived; only a verdict by reference is known at once."""
        for new in records:
            tokens = new.record.provenance.completion_tokens or 0
            self._arrivals.add(new.record.id, tokens)
            if self._by_reference and new.verdict is not None:
                self._count(new.record.family, new.record.strategy, tokens, correct=new.verdict.correct)

    def told(self, spent: Spent) -> ProbeStanding:
        """Return how it stands, with what was `spent` until the last look and has arrived since."""
        cells = {}
        for family, state in self._states.items():
            for name in self._strategies:
                correct, n, tokens = self._counts.get((family, name), (0, 0, 0))
                cells[family, name] = CellState(
                    state=cell_name(state, name), correct=correct, n=n, mean_tokens=tokens / n if n else 0.0
                )
        now = replace(
            spent,
            answers=spent.answers + self._arrivals.answers,
            tokens=spent.tokens + self._arrivals.tokens,
        )
        return ProbeStanding(cells=cells, spent=now, budget=self._budget)

    def forget_arrivals(self) -> None:
        """Leave it to `spent` to count what has arrived."""
        self._arrivals = AnswerTally()

    def _count(self, family: str, strategy: str, tokens: int, *, correct: bool) -> None:
        cell = self._counts[family, strategy]
        cell[0] += correct
        cell[1] += 1
        cell[2] += tokens


def cell_name(state: ContestState, strategy: str) -> CellName:
    """Return how a strategy stands in a family."""
    if strategy in state.left:
        return "eliminated" if state.left[strategy].why == "worse" else "longer"
    if state.end is None:
        return "open"
    if state.decision is None or state.decision.strategy is None:
        return "undecided"
    if state.decision.strategy == strategy:
        return "chosen"
    good = {one.strategy for one in state.decision.standings if one.not_worse}
    return "settled" if strategy in good else "eliminated"
