"""Pair a family with a strategy by the user's own choice, whatever was measured."""

from dataclasses import dataclass

from orca_desk.errors import UserError
from orca_desk.library.database import Library
from orca_desk.library.pairings import StoredPairing, set_pairings, withdraw_pairing
from orca_desk.library.strategies import get_strategy
from orca_desk.library.tasks import families
from orca_desk.method.pairing import Pairing, PairingReason


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
    before = set_pairings(library, [pairing], source="chosen")
    return PairingChoice(pairing=pairing, before=before.get(family))


def undo_choice(library: Library, choice: PairingChoice) -> None:
    """Withdraw a choice, so that the family has its earlier pairing again."""
    withdraw_pairing(library, choice.pairing)
