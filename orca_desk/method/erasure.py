"""Prompt erasure: replacing the strategy's system instruction by one that does not reveal the approach.

Orca 2 (arXiv 2311.11045), section 4: the student sees a generic system message, so it must learn which
strategy a task needs. Everything here is a pure function of its arguments.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, get_args

from orca_desk.errors import UserError
from orca_desk.method.leaks import Leak, find_quotes
from orca_desk.method.records import TeacherRecord, TrainingRecord
from orca_desk.method.strategies import Strategy
from orca_desk.method.turns import said_before

CAUTIOUS = (
    "You are a cautious assistant. You carefully follow instructions. You are helpful and harmless and you "
    "follow ethical guidelines and promote positive behavior."
)
EMPTY = ""

InstructionKind = Literal["cautious", "empty", "own"]
SegmentState = Literal["kept", "erased", "inserted"]
SegmentRole = Literal["system", "turns", "user", "assistant"]


@dataclass(frozen=True, kw_only=True)
class Segment:
    """A stretch of text of one role that erasure kept, erased or inserted; never empty."""

    text: str
    role: SegmentRole
    state: SegmentState


def student_instruction(kind: str = "cautious", text: str = "") -> str:
    """Return the system message that replaces the strategy's: cautious, empty, or the user's own `text`.

    Raises UserError for an unknown kind, for a blank text of kind "own", and for a text of another kind.
    """
    if kind == "own":
        if not text.strip():
            raise UserError("Your student instruction is blank.", "Write one, or choose the kind 'empty'.")
        return text
    if text:
        raise UserError(
            f"The student instruction {kind!r} takes no text.", "Choose the kind 'own' to use your text."
        )
    if kind == "cautious":
        return CAUTIOUS
    if kind == "empty":
        return EMPTY
    known = ", ".join(get_args(InstructionKind))
    raise UserError(f"The student instruction {kind!r} is unknown.", f"Choose one of: {known}.")


def revealed_strategies(instruction: str, strategies: Iterable[Strategy]) -> dict[str, tuple[Leak, ...]]:
    """Return the strategies whose instruction the student's `instruction` equals or quotes, and where.

    A student that is told the strategy does not learn to choose one, so callers warn about each.
    """
    found = {s.name: find_quotes(s.instruction, instruction) for s in strategies}
    return {name: quotes for name, quotes in found.items() if quotes}


def erase(record: TeacherRecord, instruction: str) -> TrainingRecord:
    """Return the training record: `record` with `instruction` as its system message; its turns stay."""
    return TrainingRecord(
        teacher_record_id=record.id,
        task_id=record.task_id,
        family=record.family,
        strategy=record.strategy,
        system=instruction,
        user=record.user,
        assistant=record.response,
        turns=record.turns,
    )


def difference(record: TeacherRecord, training: TrainingRecord) -> tuple[Segment, ...]:
    """Return the changes that erasure made, in reading order: system, earlier turns, user, assistant.

    The kept and erased texts joined are the teacher record's, the kept and inserted ones the training
    record's, role by role and exactly.
    """
    roles: tuple[tuple[SegmentRole, str, str], ...] = (
        ("system", record.system, training.system),
        ("turns", said_before(record.turns), said_before(training.turns)),
        ("user", record.user, training.user),
        ("assistant", record.response, training.assistant),
    )
    return tuple(segment for role, before, after in roles for segment in _changes(role, before, after))


def _changes(role: SegmentRole, before: str, after: str) -> Iterable[Segment]:
    """Erase and insert a changed text as a whole: two instructions share words only by chance."""
    if before == after:
        states: tuple[tuple[str, SegmentState], ...] = ((before, "kept"),)
    else:
        states = ((before, "erased"), (after, "inserted"))
    return (Segment(text=text, role=role, state=state) for text, state in states if text)
