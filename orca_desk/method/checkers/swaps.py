"""The bundled family `swaps`: who has what after swaps; a step is a swap with everybody's thing after it."""

import re

from orca_desk.method.answer_steps import AnswerStep
from orca_desk.method.checkers.bundled import check_numbered, sentences
from orca_desk.method.checkers.check import StepCheck

_HAS = re.compile(r"(?P<name>\w+) has the (?P<thing>\w+)")
_START = re.compile(r"\w+ has the \w+(?:, \w+ has the \w+)* and \w+ has the \w+\.")
_SWAP = re.compile(r"(?:First|Then) (?P<first>\w+) and (?P<second>\w+) swap\.")
_QUESTION = re.compile(r"What does (?P<name>\w+) have at the end\?")
_STATE = r"\w+ \w+(?:, \w+ \w+)+"
_STEP = re.compile(rf"(?:(?:\w+ \w+ and \w+ \w+ swap; )?{_STATE}|\w+ has the \w+)\.?", re.IGNORECASE)


def check_swaps(question: str, steps: tuple[AnswerStep, ...]) -> tuple[StepCheck, ...] | None:
    """Return a check per step; None if the question is not one of the family."""
    return check_numbered(steps, _solve(question), _STEP, "text")


def _solve(question: str) -> tuple[list[str], str] | None:
    """Return the steps in the family's words and the answer."""
    told = sentences(question)
    if len(told) < 3 or not _START.fullmatch(told[0]):
        return None
    holds = {found["name"]: found["thing"] for found in _HAS.finditer(told[0])}
    asked = _QUESTION.fullmatch(told[-1])
    if not asked or asked["name"] not in holds:
        return None
    steps = [f"{_state(holds)}."]
    for sentence in told[1:-1]:
        swap = _SWAP.fullmatch(sentence)
        if not swap or not {swap["first"], swap["second"]} <= holds.keys():
            return None
        first, second = swap["first"], swap["second"]
        operands = f"{first} {holds[first]} and {second} {holds[second]}"
        holds[first], holds[second] = holds[second], holds[first]
        steps.append(f"{operands} swap; {_state(holds)}.")
    name = asked["name"]
    return [*steps, f"{name} has the {holds[name]}."], f"the {holds[name]}"


def _state(holds: dict[str, str]) -> str:
    return ", ".join(f"{name} {thing}" for name, thing in holds.items())
