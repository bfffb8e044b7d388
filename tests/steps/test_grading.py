"""Every step, command and page grades by the same function, which has mathematics compared by a worker."""

import ast
from pathlib import Path

import orca_desk
from orca_desk.method.records import Task
from orca_desk.steps.grading import MATHEMATICS, grade_answer

ROOT = Path(orca_desk.__file__).parent


def test_a_reference_in_mathematics_is_compared_by_algebra() -> None:
    task = Task(family="algebra", query="Simplify the root of 12.", answer=r"2\sqrt{3}")
    try:
        right = grade_answer(task, r"It is \boxed{\sqrt{12}}.")
        wrong = grade_answer(task, r"It is \boxed{\sqrt{13}}.")
    finally:
        MATHEMATICS.close()
    assert right is not None and right.correct and right.kind == "math"
    assert wrong is not None and not wrong.correct


def test_a_task_without_a_reference_is_not_graded() -> None:
    assert grade_answer(Task(family="sums", query="?"), "5") is None
    assert grade_answer(Task(family="sums", query="?", answer=""), "5") is None


def test_the_question_as_it_was_asked_counts() -> None:
    task = Task(family="quiz", query="Which?\n(A) red\n(B) blue", answer="B")
    verdict = grade_answer(task, "Answer: blue")
    asked = grade_answer(task, "Answer: blue", question="Which?\n(A) blue\n(B) red")
    assert verdict is not None and verdict.correct
    assert asked is not None and not asked.correct


def test_nothing_grades_past_the_step() -> None:
    found = []
    for room in ("steps", "cli", "ui"):
        for file in (ROOT / room).rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text("utf-8"))):
                if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(
                    "orca_desk.method.grading"
                ):
                    found += [str(file.relative_to(ROOT)) for name in node.names if name.name == "grade"]
    assert [name.replace("\\", "/") for name in found] == ["steps/grading.py"]
