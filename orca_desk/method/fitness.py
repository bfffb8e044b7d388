"""Which teacher records are fit for training: the one rule, as data in and a reason out.

The teacher's outcome, Home and every snapshot ask `why_unfit`. The reasons are codes; `ui/words/fitness.py`
words them.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from orca_desk.method.records import FinishReason

Decision = Literal["keep", "drop"]


class Unfit(StrEnum):
    """Why a record is not used for training. The values are stored with snapshots."""

    HELD_OUT = "held-out"
    DROPPED = "dropped"
    EMPTY = "empty"
    NOT_KEPT = "not-kept"
    OTHER_STRATEGY = "other-strategy"
    CUT_OFF = "cut-off"
    INCORRECT = "incorrect"
    LEAK = "leak"
    DUPLICATE = "duplicate"  # an earlier record of the snapshot has the same question and answer
    OVER_CAP = "over-cap"  # the snapshot already has its maximum of this family


@dataclass(frozen=True, kw_only=True)
class RecordFacts:
    """What decides whether a record is fit for training.

    `correct` is None for an ungraded answer. `edited`: the user replaced the answer. `other_strategy`: the
    record was made under another strategy than the one its task, or else its family, is paired with. `empty`:
    the answer has no text.
    """

    finish_reason: FinishReason
    correct: bool | None
    leaked: bool
    edited: bool = False
    decision: Decision | None = None
    held_out: bool = False
    other_strategy: bool = False
    empty: bool = False


@dataclass(frozen=True, kw_only=True)
class FitnessRules:
    """The rules that a user can relax. Held-out, dropped and empty records are never fit."""

    only_correct: bool = True
    only_paired: bool = True
    allow_leaks: bool = False
    only_kept: bool = False


def why_never_fit(facts: RecordFacts) -> Unfit | None:
    """Return the first reason against a record that no rule relaxes, or None."""
    if facts.held_out:
        return Unfit.HELD_OUT
    if facts.decision == "drop":
        return Unfit.DROPPED
    return Unfit.EMPTY if facts.empty else None


def why_unfit(facts: RecordFacts, rules: FitnessRules = FitnessRules()) -> Unfit | None:
    """Return the first reason against a record, or None if it is fit for training.

    A record that the user decided to keep needs no correct, complete or leak-free answer.
    """
    if reason := why_never_fit(facts):
        return reason
    if rules.only_kept and facts.decision != "keep":
        return Unfit.NOT_KEPT
    if facts.other_strategy and rules.only_paired:
        return Unfit.OTHER_STRATEGY
    if facts.decision == "keep":
        return None
    if facts.finish_reason != "stop" and not facts.edited:
        return Unfit.CUT_OFF
    if facts.correct is False and rules.only_correct:
        return Unfit.INCORRECT
    return Unfit.LEAK if facts.leaked and not rules.allow_leaks else None
