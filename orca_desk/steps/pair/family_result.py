"""What the newest measurement of a family found, beside the strategy that the family has now."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from orca_desk.library.database import Library
from orca_desk.library.pairings import StoredPairing, pairing_history, undecided_families_of
from orca_desk.method.evidence import Basis, Evidence
from orca_desk.method.halves import HeldOutScore, held_out_score
from orca_desk.method.pairing import ChoiceRule, Decision, Standing, decide_family


@dataclass(frozen=True, kw_only=True)
class Measurement:
    """The decision of a measurement, its score on tasks that did not make it, and its time (UTC)."""

    decision: Decision
    held_out: HeldOutScore | None
    measured_at: str


@dataclass(frozen=True, kw_only=True)
class FamilyResult:
    """A family's newest measurement by one basis, if any, and all its pairings, the newest first."""

    family: str
    basis: Basis
    measurement: Measurement | None
    history: tuple[StoredPairing, ...]

    @property
    def current(self) -> StoredPairing | None:
        """The pairing that the family has now."""
        return self.history[0] if self.history else None


def family_result(library: Library, family: str, basis: Basis) -> FamilyResult:
    """Read a family's newest measurement by `basis`, whatever it chose, and its pairings."""
    history = tuple(pairing_history(library, family))
    found: list[Measurement] = []
    undecided = undecided_families_of(library, basis).get(family)
    if undecided is not None:
        nothing = {"strategy": None, "reason": undecided.reason, "more_answers": undecided.more_answers}
        found.append(_measured(undecided.evidence, undecided.details, undecided.created_at, nothing))
    for stored in history:
        evidence = stored.pairing.evidence
        if stored.source == "measured" and evidence and evidence[0].basis == basis:
            chosen = {"strategy": stored.strategy, "reason": stored.pairing.reason, "more_answers": {}}
            found.append(_measured(evidence, stored.details, stored.created_at, chosen))
            break
    newest = max(found, key=lambda one: one.measured_at, default=None)
    return FamilyResult(family=family, basis=basis, measurement=newest, history=history)


def _measured(
    evidence: Sequence[Evidence], details: Mapping[str, Any], measured_at: str, stored: Mapping[str, Any]
) -> Measurement:
    """Return a measurement with the choice that it `stored`, whatever the rule would say today."""
    rule = ChoiceRule.from_json(details)
    decision = replace(decide_family(evidence, rule), **stored)
    if compared := details.get("standings"):
        decision = replace(decision, standings=tuple(Standing(**one) for one in compared))
    return Measurement(decision=decision, held_out=held_out_score(evidence, rule), measured_at=measured_at)


def main_measurement(library: Library, family: str) -> Measurement | None:
    """Return the newest measurement of a family by references, else by anything; None without any."""
    found = {basis: family_result(library, family, basis).measurement for basis in Basis}
    others = [one for one in found.values() if one]
    newest = max(others, key=lambda one: one.measured_at, default=None)
    return found[Basis.REFERENCE] or newest
