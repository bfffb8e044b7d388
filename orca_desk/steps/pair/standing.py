"""Where a running measurement stands: what each strategy has in each family, and what was spent."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

# open: may still be chosen, and gets more answers; eliminated: clearly worse, gets none; longer: longer than
# another that is not worse than it, gets none either (how it does beside the best is not said by that);
# chosen: the family's choice; settled: not worse than the best, but not the choice; undecided: it ended
# without a choice
CellName = Literal["open", "eliminated", "longer", "chosen", "settled", "undecided"]
OUT: frozenset[CellName] = frozenset({"eliminated", "longer"})


@dataclass(frozen=True, kw_only=True)
class CellState:
    """One strategy in one family: `correct` of `n` graded answers so far."""

    state: CellName
    correct: int
    n: int
    mean_tokens: float


@dataclass(frozen=True, kw_only=True)
class Spent:
    """What a measurement has cost so far, in answers, their tokens, and seconds."""

    answers: int = 0
    tokens: int = 0
    seconds: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Budget:
    """What a measurement may cost; None: no limit."""

    answers: int | None = None
    tokens: int | None = None
    seconds: float | None = None


@dataclass(frozen=True, kw_only=True)
class ProbeStanding:
    """The cells by (family, strategy), and what was spent of the budget."""

    cells: Mapping[tuple[str, str], CellState] = field(default_factory=dict)
    spent: Spent = field(default_factory=Spent)
    budget: Budget = field(default_factory=Budget)
