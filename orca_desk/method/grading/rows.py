"""Grading a file of JSON Lines {"response", "reference", "kind"?}: one verdict per row."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from orca_desk.method.grading.grader import KINDS, Verdict, grade
from orca_desk.method.grading.mathematics import Comparer


@dataclass(frozen=True, kw_only=True)
class GradedRow:
    """One row of a file: its line number, and its verdict or the problem with the row.

    `response` and `question` are the row's texts, if it could be read.
    """

    line: int
    verdict: Verdict | None
    problem: str | None = None
    response: str = ""
    question: str = ""


def grade_rows(lines: Iterable[str], *, comparer: Comparer | None = None) -> Iterator[GradedRow]:
    """Grade each line that is not blank, in order; bad rows are reported and skipped.

    `comparer` decides about mathematics, as in `grade`.
    """
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        row, problem = _parse(line)
        if row is None:
            yield GradedRow(line=number, verdict=None, problem=f"Line {number}: {problem}")
            continue
        asked = row.get("question")
        question = asked if isinstance(asked, str) else ""
        verdict = grade(
            row["response"],
            row["reference"],
            row.get("kind"),
            question=question,
            comparer=comparer,
        )
        yield GradedRow(line=number, verdict=verdict, response=row["response"], question=question)


def _parse(line: str) -> tuple[dict[str, Any] | None, str]:
    """Return a row with texts in "response" and "reference", or None and the problem with it."""
    try:
        row = json.loads(line.removeprefix("\ufeff"), parse_float=str, parse_constant=lambda _: None)
    except json.JSONDecodeError as error:
        where = f"{error.msg} at column {error.colno}"
        return None, f"this is not JSON ({where}). Write one JSON object per line."
    except (ValueError, RecursionError):
        return None, "this JSON is nested too deeply or contains a number that is too long."
    if not isinstance(row, dict):
        return None, 'this is not a JSON object. Write {"response": "...", "reference": "..."}.'
    for name in ("response", "reference"):
        if name not in row:
            return None, f'"{name}" is missing.'
        row[name] = _text(row[name])
        if row[name] is None:
            return None, f'"{name}" must be a text or a number.'
    if not row["reference"].strip():
        return None, '"reference" is empty, so there is nothing to compare with.'
    if row.get("kind") is not None and row["kind"] not in KINDS:
        return (
            None,
            f'"kind" must be one of {", ".join(KINDS)}, or left out; it is {json.dumps(row["kind"])[:60]}.',
        )
    return row, ""


def _text(value: Any) -> str | None:
    """Return a JSON value as a text: true as "true", null and NaN as ""; None for a list or an object."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, str | int) else None
