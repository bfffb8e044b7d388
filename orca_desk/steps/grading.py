"""Grading as every step does it: `grade` and `agree` with the worker that knows mathematics."""

from collections.abc import Sequence

from orca_desk.method.agreement import Agreement, agree
from orca_desk.method.grading import Verdict, grade
from orca_desk.method.records import Task
from orca_desk.processes.mathematics import Mathematics

MATHEMATICS = Mathematics()  # one worker for all steps; none is started unless an answer needs it


def grade_answer(task: Task, response: str, *, question: str | None = None) -> Verdict | None:
    """Grade a response to a task, which was asked as `question` (by default as it is now).

    Returns None without a reference answer. A reference in mathematics may take seconds, so never call this
    in the event loop of a window.
    """
    if not task.answer:
        return None
    asked = task.user_text if question is None else question
    return grade(response, task.answer, task.answer_kind, question=asked, comparer=MATHEMATICS)


def agree_on(task: Task, responses: Sequence[str], *, question: str | None = None) -> Agreement:
    """Return the vote of several responses to a task, as `grade_answer` would compare them with each other.

    Mathematics may take seconds, so never call this in the event loop of a window.
    """
    asked = task.user_text if question is None else question
    return agree(responses, task.answer_kind, question=asked, comparer=MATHEMATICS)
