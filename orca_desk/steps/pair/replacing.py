"""Pairings that a measurement may replace though they rest on firmer grounds."""

from collections.abc import Iterable

from orca_desk.errors import UserError
from orca_desk.library.database import Library
from orca_desk.library.pairings import StoredPairing, current_pairings
from orca_desk.method.evidence import Basis
from orca_desk.steps.pair.probe_tasks import probe_tasks


def rests_on_more(stored: StoredPairing, basis: Basis) -> bool:
    """Return whether a pairing rests on firmer grounds than a measurement by `basis`.

    It does if the user chose it by hand, or if references decided it and would not decide this measurement.
    """
    if stored.source == "chosen":
        return True
    by_references = any(one.basis == Basis.REFERENCE for one in stored.pairing.evidence)
    return by_references and basis != Basis.REFERENCE


def pairings_at_stake(
    library: Library, families: Iterable[str] | None, basis: Basis
) -> tuple[StoredPairing, ...]:
    """Return the pairings on firmer grounds than a measurement of `families` (None: all) by `basis`.

    They are in the order of their families' names; families without a task to measure on have none at stake.
    """
    wanted = None if families is None else set(families)
    found = [
        stored
        for family, stored in sorted(current_pairings(library).items())
        if (wanted is None or family in wanted) and rests_on_more(stored, basis)
    ]
    if not found:
        return ()
    measured = probe_tasks(library, families, 1, needs_answer=basis == Basis.REFERENCE)
    return tuple(stored for stored in found if stored.pairing.family in measured)


def require_permission(library: Library, families: Iterable[str] | None, basis: Basis) -> None:
    """Raise UserError if a measurement puts pairings at stake that rest on firmer grounds."""
    stake = pairings_at_stake(library, families, basis)
    if stake:
        named = ", ".join(f"{one.pairing.family} ({one.strategy}, {_how(one)})" for one in stake)
        raise UserError(
            f"This measurement may replace pairings that rest on firmer grounds: {named}.",
            "Allow it with --replace, or measure only other families with --family.",
        )


def _how(stored: StoredPairing) -> str:
    return "by hand" if stored.source == "chosen" else "by references"
