"""The stages of the demo, in order. Light to import, so that the Home page can list them before it starts."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass

from orca_desk.library.overview import Step
from orca_desk.method.fitness import Unfit
from orca_desk.method.grading import Verdict
from orca_desk.method.pairing import Pairing
from orca_desk.steps.demo.state import DemoStudent

# Each stage with the step of the method that it belongs to
STAGES: Mapping[str, Step] = {
    "probe and pair": "pair",
    "generate": "instruct",
    "erase and freeze": "erase",
    "train": "train",
    "evaluate base": "test",
    "evaluate tuned": "test",
    "evaluate teacher": "test",
    "chat": "test",
}


# The share of the whole demo's time that each stage takes on two CPU cores, in percent; in the stages' order
SHARES: Mapping[DemoStudent, Mapping[str, int]] = {
    "mini": {
        "probe and pair": 17,
        "generate": 18,
        "erase and freeze": 1,
        "train": 50,
        "evaluate base": 4,
        "evaluate tuned": 4,
        "evaluate teacher": 4,
        "chat": 2,
    },
    "real": {
        "probe and pair": 1,
        "generate": 1,
        "erase and freeze": 1,
        "train": 56,
        "evaluate base": 19,
        "evaluate tuned": 19,
        "evaluate teacher": 1,
        "chat": 2,
    },
}


@dataclass(frozen=True, kw_only=True)
class StageDone:
    """A finished stage: its name in STAGES, its outcome as a run stores it, and its seconds."""

    name: str
    outcome: str
    seconds: float


@dataclass(frozen=True, kw_only=True)
class ProbedStrategy:
    """How many of `n` probe tasks of a family were answered correctly under a strategy."""

    family: str
    strategy: str
    correct: int
    n: int


@dataclass(frozen=True, kw_only=True)
class PairedOutcome:
    """The strategy of each family, with the next best one behind it where more were probed."""

    pairs: tuple[tuple[ProbedStrategy, ...], ...]

    @classmethod
    def of(cls, pairings: Iterable[Pairing]) -> "PairedOutcome":
        """Return the outcome of measured pairings."""
        return cls(pairs=tuple(map(_best_two, pairings)))

    def to_json(self) -> str:
        """Return the outcome as JSON; see `stage_from_json`."""
        return json.dumps({"paired_families": [[asdict(one) for one in pair] for pair in self.pairs]})


@dataclass(frozen=True, kw_only=True)
class FrozenOutcome:
    """How many training records a snapshot has, and how many records were left out, by reason."""

    records: int
    left_out: Mapping[Unfit, int]

    def to_json(self) -> str:
        """Return the outcome as JSON; see `stage_from_json`."""
        return json.dumps({"frozen": {"records": self.records, "left_out": dict(self.left_out)}})


@dataclass(frozen=True, kw_only=True)
class AskedOutcome:
    """What the base and the tuned student made of the worked example, by "base" and "tuned"."""

    verdicts: Mapping[str, Verdict]

    def to_json(self) -> str:
        """Return the outcome as JSON; see `stage_from_json`."""
        return json.dumps({"worked_example": {who: asdict(one) for who, one in self.verdicts.items()}})


StageOutcome = PairedOutcome | FrozenOutcome | AskedOutcome


def stage_from_json(text: str) -> StageOutcome | None:
    """Return what one of the three wrote, or None for any other text."""
    try:
        match json.loads(text):
            case {"paired_families": pairs}:
                return PairedOutcome(
                    pairs=tuple(tuple(ProbedStrategy(**one) for one in pair) for pair in pairs)
                )
            case {"frozen": {"records": int(records), "left_out": left_out}}:
                reasons = {Unfit(reason): count for reason, count in left_out.items()}
                return FrozenOutcome(records=records, left_out=reasons)
            case {"worked_example": verdicts}:
                return AskedOutcome(verdicts={who: Verdict(**one) for who, one in verdicts.items()})
    except (ValueError, TypeError, AttributeError):
        return None
    return None


def _best_two(pairing: Pairing) -> tuple[ProbedStrategy, ...]:
    chosen = [one for one in pairing.evidence if one.strategy == pairing.strategy]
    others = [one for one in pairing.evidence if one.strategy != pairing.strategy]
    next_best = [max(others, key=lambda one: one.accuracy)] if others else []
    return tuple(
        ProbedStrategy(family=pairing.family, strategy=one.strategy, correct=one.correct, n=one.n)
        for one in (*chosen, *next_best)
    )
