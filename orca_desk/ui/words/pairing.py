"""Why a family is paired with its strategy, in words."""

from orca_desk.method.pairing import Pairing, PairingReason, most_accurate


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


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:].rstrip('.')}." if text else ""
