"""Words for teacher records, shared by the Records page and the commands."""

from orca_desk.library.records import StoredRecord
from orca_desk.method.fitness import Decision

DECISIONS: dict[Decision | None, str] = {"keep": "kept", "drop": "dropped", None: "not reviewed"}

HELD_OUT = "held out"  # the record of a held-out task, which is never trained on


def verdict_word(correct: bool | None) -> str:
    """Return the word for a verdict; None means that there was no reference answer to grade against."""
    if correct is None:
        return "not graded"
    return "correct" if correct else "incorrect"


def record_state(stored: StoredRecord) -> str:
    """Return a record's verdict and what else a reviewer should know, such as "incorrect, leak, dropped"."""
    states = [verdict_word(stored.verdict.correct if stored.verdict else None)]
    if stored.leaks:
        states.append("leak")
    if stored.record.provenance.finish_reason in ("length", "cancelled"):
        states.append("cut off")
    if stored.edited is not None:
        states.append("edited")
    if stored.held_out:
        states.append(HELD_OUT)
    if stored.decision:
        states.append(DECISIONS[stored.decision])
    return ", ".join(states)
