"""Why a family is paired with its strategy, or with none, in words."""

from collections.abc import Mapping, Sequence

from orca_desk.library.pairings import StoredPairing
from orca_desk.method.pairing import Pairing, PairingReason, most_accurate
from orca_desk.ui.words.counting import counted
from orca_desk.ui.words.shorten import shorten

NAMED = 5  # families in a sentence
WITHOUT_NAMED = 3  # of the families without a strategy
NO_EVIDENCE = "Use a stronger teacher or easier tasks, or choose the strategy by hand."


def pairing_reason(pairing: Pairing) -> str:
    """Return the reason as a sentence; the one that an older Orca Desk stored stays as it is."""
    if pairing.reason == PairingReason.BY_HAND:
        return "Chosen by hand."
    chosen = next((one for one in pairing.evidence if one.strategy == pairing.strategy), None)
    if chosen is None or pairing.reason not in list(PairingReason):
        return _sentence(pairing.reason)
    score = f"{chosen.correct} of {chosen.n} correct"
    best = most_accurate(pairing.evidence)
    match PairingReason(pairing.reason):
        case PairingReason.NONE_CORRECT:
            return f"No strategy answered any of the {best.n} tasks correctly; this one is the shortest."
        case PairingReason.BEST:
            return f"{score}, the best of {len(pairing.evidence)} measured strategies."
        case PairingReason.ONLY:
            return f"{score}, the only strategy measured."
    return (
        f"{score} at {chosen.mean_tokens:.0f} tokens per answer. {best.strategy} got {best.correct} of"
        f" {best.n} at {best.mean_tokens:.0f}, which is not clearly better."
    )


def source_word(stored: StoredPairing, *, is_earlier: bool = False) -> str:
    """Return how a family came to its strategy; nothing correct is no measurement that speaks for one.

    `is_earlier` tells that an earlier instruction of the strategy was measured.
    """
    if stored.source == "chosen":
        return "by hand"
    if is_earlier:
        return "earlier version"
    return "no evidence" if stored.pairing.reason == PairingReason.NONE_CORRECT else "measured"


def without_strategy(families: Sequence[str]) -> str:
    """Return a sentence that names the families without a strategy, the first of them if there are many."""
    named = ", ".join(shorten(family, 40) for family in families[:WITHOUT_NAMED])
    more = len(families) - WITHOUT_NAMED
    return f"No strategy yet for {named} and {more:,} more." if more > 0 else f"No strategy yet for {named}."


def probe_summary(paired: int, fruitless: Mapping[str, int], left_out: int) -> str:
    """Return what a measurement came to: how many families it paired, and which ones it could not.

    `fruitless` has the number of measured tasks of each family without a single correct answer; `left_out`
    counts the tasks that were not answered under every strategy.
    """
    lines = [f"{counted(paired, 'family', 'families')} paired by measurement."]
    if fruitless:
        names = ", ".join(sorted(fruitless)[:NAMED])
        more = f" and {len(fruitless) - NAMED:,} more" if len(fruitless) > NAMED else ""
        count = counted(len(fruitless), "family", "families")
        lines.append(f"No evidence for {count}: no strategy got a task right in {names}{more}.")
    if left_out:
        lines.append(f"{counted(left_out, 'task')} not answered under every strategy, so not compared.")
    return " ".join(lines)


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:].rstrip('.')}." if text else ""
