"""Pair a family with a strategy by the user's own choice, whatever was measured.

A choice by hand is stored with who made it and what was measured, so that one that overrules a
measurement can be recognised later.
"""

import contextlib
import getpass
from dataclasses import dataclass
from typing import Any

from orca_desk.errors import UserError
from orca_desk.library.database import Library
from orca_desk.library.pairings import StoredPairing, set_pairings, withdraw_pairing
from orca_desk.library.strategies import get_strategy
from orca_desk.library.tasks import families
from orca_desk.method.pairing import Pairing, PairingReason
from orca_desk.steps.pair.family_result import main_measurement


@dataclass(frozen=True, kw_only=True)
class PairingChoice:
    """A pairing chosen by hand, and the pairing that it replaced."""

    pairing: Pairing
    before: StoredPairing | None


def choose_strategy(library: Library, family: str, strategy: str) -> PairingChoice:
    """Pair a family with a strategy. Raises UserError if the library lacks either."""
    if family not in {each.family for each in families(library)}:
        raise UserError(f"There is no family named {family}.", "See: orca-desk tasks families")
    chosen = get_strategy(library, strategy)
    pairing = Pairing(family=family, strategy=chosen.name, evidence=(), reason=PairingReason.BY_HAND)
    details = {family: {"by": _user(), **_measured(library, family)}}
    before = set_pairings(library, [pairing], source="chosen", details=details)
    return PairingChoice(pairing=pairing, before=before.get(family))


def undo_choice(library: Library, choice: PairingChoice) -> None:
    """Withdraw a choice, so that the family has its earlier pairing again."""
    withdraw_pairing(library, choice.pairing)


def _measured(library: Library, family: str) -> dict[str, Any]:
    """Return what the measurement of a family said, as JSON; nothing if there is none."""
    found = main_measurement(library, family)
    if found is None:
        return {}
    decision = found.decision
    return {
        "measured": {
            "at": found.measured_at,
            "basis": decision.basis,
            "strategy": decision.strategy,
            "reason": decision.reason,
            "scores": {one.strategy: [one.correct, one.n] for one in decision.evidence},
        }
    }


def _user() -> str:
    """Return the name of the user of this machine; "" where the system knows none."""
    with contextlib.suppress(OSError, KeyError, ImportError):
        return getpass.getuser()
    return ""
