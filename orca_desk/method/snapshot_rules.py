"""Which records a snapshot takes, as data that is stored with it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, Self

from orca_desk.errors import UserError
from orca_desk.method.fitness import FitnessRules

GroupedBy = Literal["family", "strategy", "family-and-strategy"]
Targets = Literal["even", "square-root", "proportional", "weights"]
OverlapRule = Literal["refuse", "allow-near", "allow"]


@dataclass(frozen=True, kw_only=True)
class Balance:
    """The share that each family, strategy, or pair of both gets of a snapshot.

    "even": all the same; "square-root": as the square roots of how many records there are, between even and
    "proportional"; "weights": as `weights` says, and 1 for a group that it does not name. The name of a pair
    is "family / strategy".
    """

    over: GroupedBy = "family"
    targets: Targets = "even"
    weights: tuple[tuple[str, float], ...] = ()

    def __post_init__(self) -> None:
        for name, weight in self.weights:
            if not 0 <= weight < float("inf"):
                raise UserError(f"The weight {weight} of {name} is not 0 or more.", "Choose another weight.")


@dataclass(frozen=True, kw_only=True)
class Learnable:
    """Leave out tasks that the student solved always, or never, before any training.

    `base` is the SHA-256 of the student's model, whose answers were measured before. Tasks without a
    measurement are taken.
    """

    base: str
    drop_always: bool = True
    drop_never: bool = True


@dataclass(frozen=True, kw_only=True)
class SnapshotRules(FitnessRules):
    """Which records a snapshot takes: the fit ones, and of them a mix.

    `families` and `runs` restrict what is considered at all; None means all of them. Of the families in
    `own_only`, records of the bundled sample tasks are left out. `cap` is the maximum per
    family, `total` that of the snapshot. `long_share` is the maximum share (0 to 1) of long answers, those of
    more than `long_over` tokens; None: of more tokens than the median of the family's fit answers.

    `overlap` says what happens to records whose question is a held-out one but for case, punctuation and
    white space, or is nearly one: `near` is how similar (0 to 1). `overlaps_taken` are the keys of questions
    that the user takes although they overlap.
    """

    cap: int | None = None
    families: tuple[str, ...] | None = None
    runs: tuple[str, ...] | None = None
    own_only: tuple[str, ...] = ()
    total: int | None = None
    balance: Balance | None = None
    long_share: float | None = None
    long_over: int | None = None
    learnable: Learnable | None = None
    overlap: OverlapRule = "refuse"
    near: float = 0.5
    overlaps_taken: tuple[str, ...] = ()

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """Return the rules that were stored with a snapshot. One of an earlier version checked no overlap."""
        rules = super().from_json({"overlap": "allow", **stored})
        balance, learnable = stored.get("balance"), stored.get("learnable")
        if balance:
            weights = tuple((name, weight) for name, weight in balance["weights"])
            rules = replace(rules, balance=Balance(**{**balance, "weights": weights}))
        return replace(rules, learnable=Learnable(**learnable)) if learnable else rules
