"""Why a record is not used for training, in words that fit a table cell or follow a count."""

from collections.abc import Mapping

from orca_desk.method.fitness import Basis, Standing, Unfit

UNFIT: Mapping[Unfit, str] = {
    Unfit.HELD_OUT: "held out for evaluation",
    Unfit.DROPPED: "dropped in review",
    Unfit.EMPTY: "empty answer",
    Unfit.NOT_KEPT: "not kept in review",
    Unfit.OTHER_STRATEGY: "not the paired strategy",
    Unfit.CUT_OFF: "cut off by the length limit",
    Unfit.INCORRECT: "incorrect answer",
    Unfit.NO_AGREEMENT: "too few samples agree",
    Unfit.LEAK: "mentions its instruction",
    Unfit.REFUSAL: "refuses to answer",
    Unfit.REPETITION: "repeats itself in a loop",
    Unfit.LANGUAGE: "other language",
    Unfit.TOO_SHORT: "too short",
    Unfit.TOO_LONG: "too long",
    Unfit.FORMAT: "other format",
    Unfit.FORMAT_UNCHECKED: "format not checked: the expression takes too long",
    Unfit.DUPLICATE: "duplicate answer",
    Unfit.NOT_BEST: "better answers to its task",
    Unfit.OVER_CAP: "over the maximum per family",
    Unfit.OVERLAP: "same question as a held-out task",
    Unfit.NEAR_OVERLAP: "nearly the question of a held-out task",
    Unfit.ALWAYS_SOLVED: "always solved by the untrained student",
    Unfit.NEVER_SOLVED: "never solved by the untrained student",
    Unfit.TOO_MANY_LONG: "over the share of long answers",
    Unfit.OVER_SHARE: "over its share of the mix",
}

BASES: Mapping[Basis, str] = {
    Basis.KEPT: "kept in review",
    Basis.CORRECT: "correct",
    Basis.AGREEMENT: "by agreement",
    Basis.UNGRADED: "not graded",
    Basis.INCORRECT: "incorrect, but let in by the rules",
}

ONLY_CORRECT = "Correct answers only (where a reference exists)"
ALWAYS = "Records you kept are included even if incorrect; dropped and held-out ones never are."


def standing_text(standing: Standing) -> str:
    """Return why a record is in or out, as "In: correct" or "Out: refuses to answer, too long"."""
    if not standing.reasons:
        return f"In: {BASES[standing.basis]}"
    return f"Out: {', '.join(UNFIT[reason] for reason in standing.reasons)}"


def describe_left_out(counts: Mapping[Unfit, int]) -> str:
    """Return how many records were left out per reason, as "incorrect answer: 2, duplicate answer: 1"."""
    return ", ".join(f"{UNFIT[reason]}: {count:,}" for reason, count in counts.items()) or "none"


def frozen_sentence(name: str, wanted: str) -> str:
    """Return what became of a snapshot that was to be called `wanted` and is called `name`."""
    if name == wanted:
        return f"Snapshot {name} frozen."
    return f"The same records are frozen already, as {name}. No snapshot {wanted} was made."
