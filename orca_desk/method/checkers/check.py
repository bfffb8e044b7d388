"""What a checker says of one step."""

import re
from collections.abc import Mapping, Sequence
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


_LISTED = re.compile(r",\s*|\s+and\s+")
_SUM = re.compile(r"(\d+) \+ (\d+)")
UNCHECKED = StepCheck(outcome="unchecked")
CORRECT = StepCheck(outcome="correct")


def incorrect(fault: StepFault, **facts: str) -> StepCheck:
    """Return the check of an incorrect step."""
    return StepCheck(outcome="incorrect", fault=fault, facts=facts)


def compare(found: str, expected: Sequence[str], place: int) -> StepCheck:
    """Return a step as correct if it says what is expected at `place`, whatever its case and order of words.

    What is expected at another place is unchecked: the answer leaves a step out or numbers them otherwise.
    """
    said = _meaning(found)
    if said == _meaning(expected[place]):
        return CORRECT
    if any(said == _meaning(other) for other in expected):
        return UNCHECKED
    return incorrect(StepFault.DIFFERS, found=shown_step(found), expected=shown_step(expected[place]))


def _meaning(text: str) -> list[list[str]]:
    """Return the clauses of a step, each as what it lists in one order: "Tom cup, Lucy key", "2 + 26"."""
    clauses = _SUM.sub(lambda found: " + ".join(sorted(found.groups())), plain(text)).split(";")
    return [sorted(_LISTED.split(clause.strip().removesuffix(" swap"))) for clause in clauses]


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
