"""The bundled family `words`: how many somebody has after two to four changes; a step is one change."""

import re

from orca_desk.method.answer_steps import AnswerStep
from orca_desk.method.checkers.arithmetic import check_sums
from orca_desk.method.checkers.bundled import check_answer, sentences
from orca_desk.method.checkers.check import UNCHECKED, StepCheck, compare

_START = re.compile(r"(?P<name>\w+) has (?P<count>\d+) (?P<noun>\w+)\.")
_QUESTION = re.compile(r"How many (?P<noun>\w+) does (?P<name>\w+) have now\?")
_CHANGES = (
    (re.compile(r"(?P<name>\w+) (?:buys|finds) (?P<k>\d+) more\."), "more"),
    (re.compile(r"(?P<other>\w+) gives (?P<name>\w+) (?P<k>\d+) more\."), "more"),
    (re.compile(r"(?P<name>\w+) (?:sells|loses) (?P<k>\d+)\."), "less"),
    (re.compile(r"(?P<name>\w+) gives (?P<k>\d+) to (?P<other>\w+)\."), "less"),
    (re.compile(r"(?P<name>\w+) gets twice as many\."), "twice"),
)
_STEP = re.compile(r"(?P<kind>more|less|twice), (?P<sum>\d+ [-+] \d+ = \d+)\.?", re.IGNORECASE)


def check_words(question: str, steps: tuple[AnswerStep, ...]) -> tuple[StepCheck, ...] | None:
    """Return a check per step; None if the question is not one of the family."""
    solved = _solve(question)
    if solved is None:
        return None
    expected, total = solved
    checks = []
    for step in steps:
        found = _STEP.fullmatch(step.body)
        if step.kind == "answer":
            checks.append(check_answer(step, str(total), "number"))
        elif step.marker == "step" and found and step.said_number and step.said_number <= len(expected):
            checks.append(compare(step.body, expected, step.said_number - 1))
        elif step.kind in ("code", "thought"):
            checks.append(UNCHECKED)
        else:
            checks.append(check_sums(step.text))
    return tuple(checks)


def _solve(question: str) -> tuple[list[str], int] | None:
    """Return the steps in the family's words and the result."""
    told = sentences(question)
    if len(told) < 3:
        return None
    start, asked = _START.fullmatch(told[0]), _QUESTION.fullmatch(told[-1])
    if not start or not asked or asked["name"] != start["name"] or asked["noun"] != start["noun"]:
        return None
    total, steps = int(start["count"]), []
    for sentence in told[1:-1]:
        change = _change(sentence.removeprefix("Then "), start["name"])
        if change is None:
            return None
        kind, k = change
        k = total if kind == "twice" else k
        after = total - k if kind == "less" else total + k
        steps.append(f"{kind}, {total} {'-' if kind == 'less' else '+'} {k} = {after}.")
        total = after
    return steps, total


def _change(sentence: str, name: str) -> tuple[str, int] | None:
    for pattern, kind in _CHANGES:
        if (found := pattern.fullmatch(sentence)) and found["name"] == name:
            return kind, int(found.groupdict().get("k") or 0)
    return None
