"""Whether a record is used for training, and what speaks for it or against it, in words."""

from collections.abc import Mapping

from orca_desk.method.fitness import UNFIT, RecordBasis, RecordStanding, Unfit

BASES: Mapping[RecordBasis, str] = {
    RecordBasis.KEPT: "kept in review",
    RecordBasis.CORRECT: "correct",
    RecordBasis.AGREEMENT: "by agreement",
    RecordBasis.UNGRADED: "not graded",
    RecordBasis.INCORRECT: "incorrect, but let in by the rules",
}

ONLY_CORRECT = "Correct answers only (where a reference exists)"
ALWAYS = "Records you kept are included even if incorrect; dropped and held-out ones never are."


def standing_text(standing: RecordStanding) -> str:
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
    return f"The same records are already frozen as {name}; no snapshot {wanted} was made."
