"""Grading: is a response's final answer the one that the reference gives, and why (not)?

`grade` finds the final answer (see `answers`), reads it as the reference's kind asks, and compares. It knows
no model, no task and no data set. A response that gives two different final answers is wrong even if one of
them is right.
"""

from orca_desk.method.grading.grader import KINDS, Verdict, grade, infer_kind
from orca_desk.method.grading.rows import GradedRow, grade_rows

__all__ = ["KINDS", "GradedRow", "Verdict", "grade", "grade_rows", "infer_kind"]
