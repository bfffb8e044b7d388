"""What the checkers of the bundled families share."""

import re
from collections.abc import Sequence

from orca_desk.method.answer_steps import AnswerStep
from orca_desk.method.checkers.check import (
    CORRECT,
    UNCHECKED,
    StepCheck,
    StepFault,
    compare,
    incorrect,
    shown_step,
)
from orca_desk.method.grading import grade
from orca_desk.method.records import AnswerKind

_SENTENCE = re.compile(r"[^.?]+[.?]")
_LONGEST = 10_000  # characters
Solved = tuple[list[str], str]  # what each step of a correct answer says, and the answer


def check_answer(step: AnswerStep, truth: str, kind: AnswerKind) -> StepCheck:
    """Check the final answer against what the question leads to, as the grader would."""
    if not step.body:
        return UNCHECKED
    if grade(step.text, truth, kind).correct:
        return CORRECT
    return incorrect(StepFault.ANSWER, found=shown_step(step.body), expected=shown_step(truth))


def check_numbered(
    steps: Sequence[AnswerStep], solved: Solved | None, step_form: re.Pattern[str], kind: AnswerKind
) -> tuple[StepCheck, ...] | None:
    """Return a check per step of an answer with numbered steps; None for a question that nothing solved.

    `solved` is what each step should say, and the answer. A step that does not match `step_form` whole is
    unchecked.
    """
    if solved is None:
        return None
    expected, answer = solved
    checks = []
    for step in steps:
        if step.kind == "answer":
            checks.append(check_answer(step, answer, kind))
        elif step.marker == "step" and step.said_number and step.said_number <= len(expected):
            is_read = step_form.fullmatch(step.body)
            checks.append(compare(step.body, expected, step.said_number - 1) if is_read else UNCHECKED)
        else:
            checks.append(UNCHECKED)
    return tuple(checks)


def sentences(question: str) -> list[str]:
    """Return the sentences of a question; none if something else is in it, or far more than a story has."""
    if len(question) > _LONGEST:
        return []
    found = _SENTENCE.findall(question)
    return [one.strip() for one in found] if "".join(found) == question else []


def clauses(text: str, opening: str) -> list[str] | None:
    """Return the clauses after `opening` ("The rules: a; b; c."), or None without it."""
    if not text.startswith(opening) or not text.endswith("."):
        return None
    return [clause.strip() for clause in text[len(opening) : -1].split(";")]


def parts(question: str) -> tuple[str, str] | None:
    """Return the context and the query of a question, or None if it is not just these two paragraphs."""
    context, blank, query = question.strip().partition("\n\n")
    return (context.strip(), query.strip()) if blank and "\n\n" not in query else None
