"""Why a record is not used for training, in words that fit a table cell or follow a count."""

from collections.abc import Mapping

from orca_desk.method.fitness import Unfit

UNFIT: Mapping[Unfit, str] = {
    Unfit.HELD_OUT: "held out for evaluation",
    Unfit.DROPPED: "dropped in review",
    Unfit.EMPTY: "empty answer",
    Unfit.NOT_KEPT: "not kept in review",
    Unfit.OTHER_STRATEGY: "not the paired strategy",
    Unfit.CUT_OFF: "cut off by the length limit",
    Unfit.INCORRECT: "incorrect answer",
    Unfit.LEAK: "mentions its instruction",
    Unfit.DUPLICATE: "duplicate answer",
    Unfit.OVER_CAP: "over the maximum per family",
}

ONLY_CORRECT = "Correct answers only (where a reference exists)"
ALWAYS = "Records you kept are included even if incorrect; dropped and held-out ones never are."


def describe_left_out(counts: Mapping[Unfit, int]) -> str:
    """Return how many records were left out per reason, as "incorrect answer: 2, duplicate answer: 1"."""
    return ", ".join(f"{UNFIT[reason]}: {count:,}" for reason, count in counts.items()) or "none"


def frozen_sentence(name: str, wanted: str) -> str:
    """Return what became of a snapshot that was to be called `wanted` and is called `name`."""
    if name == wanted:
        return f"Snapshot {name} frozen."
    return f"The same records are frozen already, as {name}. No snapshot {wanted} was made."
