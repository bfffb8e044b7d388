"""Grading: does a response's final answer match the reference, and why (not)?

`grade` finds the final answer (see `answers`), reads it as the reference's kind demands, and compares. It
knows nothing about models, tasks or data sets. A response with two different final answers is incorrect even
if one of them is correct.
"""

from orca_desk.method.grading.grader import KINDS, Verdict, grade, infer_kind
from orca_desk.method.grading.rows import GradedRow, grade_rows

__all__ = ["KINDS", "GradedRow", "Verdict", "grade", "grade_rows", "infer_kind"]
