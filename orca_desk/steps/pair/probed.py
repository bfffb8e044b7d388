"""The outcome of a tournament, and storing what it decided."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from orca_desk.library.database import Library
from orca_desk.library.pairings import StoredPairing, Undecided, set_pairings, undecided_families_of
from orca_desk.method.halves import HeldOutScore
from orca_desk.method.judging import JudgeCheck
from orca_desk.method.pairing import Decision, Pairing, PairingReason
from orca_desk.method.tournament import End
from orca_desk.steps.pair.replacing import rests_on_more
from orca_desk.steps.pair.standing import Spent
from orca_desk.steps.teaching import Taught, TeachCounts


@dataclass(frozen=True, kw_only=True)
class Probed:
    """The outcome of a tournament: a decision for each family; none if it was stopped.

    Those with a strategy are `pairings`; the others are `undecided`, and keep the strategy that they had.
    `held_out` has their scores on tasks that did not choose. `without_verdict` are families in which no task
    had a verdict under every strategy. `left_out` counts the tasks that some strategy left without a verdict:
    they count in no comparison. `ends` says why each family's tournament ended. `judge_check` compares a
    judge with reference answers, where there are any. `replaced` are the pairings with another strategy that
    rested on more than this measurement: by hand, or by references where this one is not.
    """

    run: str
    decisions: Mapping[str, Decision]
    held_out: Mapping[str, HeldOutScore]
    ends: Mapping[str, End]
    without_verdict: tuple[str, ...]
    left_out: int
    spent: Spent
    taught: Taught
    judge_check: JudgeCheck | None = None
    replaced: tuple[StoredPairing, ...] = ()

    @property
    def finished(self) -> bool:
        """Whether it came to its end, so that families could be paired."""
        return self.taught.finished

    @property
    def pairings(self) -> dict[str, Pairing]:
        """The families with a choice."""
        return {family: one.pairing for family, one in self.decisions.items() if one.pairing}

    @property
    def undecided(self) -> dict[str, Decision]:
        """The families without a choice."""
        return {family: one for family, one in self.decisions.items() if one.strategy is None}

    @property
    def fruitless(self) -> tuple[str, ...]:
        """The families in which nothing was right, so that there is no evidence."""
        undecided = self.undecided.items()
        return tuple(family for family, one in undecided if one.reason == PairingReason.NONE_CORRECT)


def earlier_measurements(undecided: Undecided | None, measurement: str) -> int:
    """Return how many measurements of a family ended without a choice before `measurement`, if it was one."""
    known = list(undecided.details.get("measurements", ())) if undecided else []
    return known.index(measurement) if measurement in known else len(known)


def store_decisions(library: Library, found: Probed, measurement: str) -> Probed:
    """Store the decisions, with what they rest on; `measurement` identifies what was asked for.

    Return the outcome with what they `replaced`.
    """
    bases = {one.basis for one in found.decisions.values()}
    before = undecided_families_of(library, *bases)
    details: dict[str, dict[str, Any]] = {}
    for family, decision in found.decisions.items():
        score = found.held_out.get(family)
        known = list(before[family].details.get("measurements", ())) if family in before else []
        details[family] = {
            **decision.details,
            "run": found.run,
            "end": found.ends[family],
            "measurements": known if measurement in known else [*known, measurement],
            "held_out": asdict(score) if score else None,
        }
    earlier = set_pairings(
        library,
        found.pairings.values(),
        source="measured",
        undecided=found.undecided.values(),
        details=details,
    )
    replaced = [
        stored
        for family, stored in sorted(earlier.items())
        if stored.strategy != found.pairings[family].strategy
        and rests_on_more(stored, found.decisions[family].basis)
    ]
    return replace(found, replaced=tuple(replaced))


def summed(counts: Sequence[TeachCounts]) -> TeachCounts:
    """Return the counts of several rounds as one."""
    rejected: Counter[Any] = Counter()
    failed: Counter[str] = Counter()
    for one in counts:
        rejected.update(one.rejected)
        failed.update(one.failed)
    return TeachCounts(
        usable=sum(one.usable for one in counts),
        ungraded=sum(one.ungraded for one in counts),
        rejected=dict(rejected.most_common()),
        failed=dict(failed.most_common()),
        tokens=sum(one.tokens for one in counts),
    )


def taught_in_all(rounds: Sequence[Taught], *, finished: bool) -> Taught:
    """Return the outcome of several rounds as one."""
    return Taught(
        **vars(summed(rounds)),
        asked=sum(one.asked for one in rounds),
        known=sum(one.known for one in rounds),
        seconds=sum(one.seconds for one in rounds),
        finished=finished,
    )
