"""What a checker says of one step."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal, Protocol

from orca_desk.method.answer_steps import AnswerStep

Outcome = Literal["correct", "incorrect", "unchecked"]


class StepFault(StrEnum):
    """Why a step is incorrect, each with its facts, which are texts."""

    SUM = "sum"  # stated, value: "2 + 2 = 5" although 2 + 2 is 4
    DIFFERS = "differs"  # found, expected: the question says something else
    NOT_QUOTED = "not quoted"  # quote: it is not in the question
    CONTRADICTS = "contradicts"  # relation, other: what was said before says the opposite
    ANSWER = "answer"  # found, expected: the final answer is not what the question leads to


@dataclass(frozen=True, kw_only=True)
class StepCheck:
    """A step is correct, incorrect for a reason, or unchecked: the checker could not read all of it."""

    outcome: Outcome
    fault: StepFault | None = None
    facts: Mapping[str, str] = field(default_factory=dict)


UNCHECKED = StepCheck(outcome="unchecked")
CORRECT = StepCheck(outcome="correct")


def incorrect(fault: StepFault, **facts: str) -> StepCheck:
    """Return the check of an incorrect step."""
    return StepCheck(outcome="incorrect", fault=fault, facts=facts)


def compare(found: str, expected: str) -> StepCheck:
    """Return a step as correct if it says what is expected, whatever its case, spaces and full stop."""
    if plain(found) == plain(expected):
        return CORRECT
    return incorrect(StepFault.DIFFERS, found=shown_step(found), expected=shown_step(expected))


def plain(text: str) -> str:
    """Return a text as it is compared: casefolded, with single spaces, without punctuation at its ends."""
    return " ".join(text.casefold().split()).strip(" .;,:!\"'“”*_`")


def shown_step(text: str) -> str:
    """Return a text on one line for a sentence, without what ends it."""
    return " ".join(text.split()).strip(" .;,")


class Checker(Protocol):
    """Checks the steps of one answer to one question."""

    def __call__(self, question: str, steps: tuple[AnswerStep, ...]) -> tuple[StepCheck, ...] | None:
        """Return a check per step; None if this checker does not know such a question."""
