"""Grading a file of rows: a verdict for each good row, a sentence with the line number for each bad one."""

import json
from collections.abc import Iterator

import pytest

from orca_desk.method.grading import grade_rows


def test_rows_are_graded_in_order_with_their_line_numbers() -> None:
    rows = [
        {"response": "Answer: 5", "reference": "5"},
        {"response": "Answer: Red", "reference": "red", "kind": "exact"},
        {"response": "x = 0.50", "reference": 0.5, "kind": None, "id": "more columns are welcome"},
    ]
    graded = list(
        grade_rows(["\ufeff" + json.dumps(rows[0]), "", json.dumps(rows[1]) + "\n", json.dumps(rows[2])])
    )
    assert [row.line for row in graded] == [1, 3, 4]
    verdicts = [row.verdict for row in graded]
    assert [verdict and (verdict.correct, verdict.kind) for verdict in verdicts] == [
        (True, "number"),
        (False, "exact"),
        (True, "number"),
    ]


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("{", "Line 1: this is not JSON"),
        ("[1]", "Line 1: this is not a JSON object"),
        ('{"reference": "5"}', 'Line 1: "response" is missing.'),
        ('{"response": "5"}', 'Line 1: "reference" is missing.'),
        ('{"response": ["5"], "reference": "5"}', 'Line 1: "response" must be a text or a number.'),
        ('{"response": "5", "reference": ["5"]}', 'Line 1: "reference" must be a text or a number.'),
        ('{"response": "5", "reference": null}', 'Line 1: "reference" is empty'),
        ('{"response": "NaN", "reference": NaN}', 'Line 1: "reference" is empty'),
        ('{"response": "5", "reference": "5", "kind": ""}', 'Line 1: "kind" must be one of exact, text'),
        ('{"response": "5", "reference": "  "}', 'Line 1: "reference" is empty'),
        ('{"response": "5", "reference": "5", "kind": "essay"}', 'Line 1: "kind" must be one of exact, text'),
        (
            '{"response": "5", "reference": "5", "kind": ["text"]}',
            'Line 1: "kind" must be one of exact, text',
        ),
        ("[" * 100_000, "Line 1: this JSON is nested too deeply or contains a number"),
        ('{"response": ' + "9" * 5000 + ', "reference": "5"}', "Line 1: this JSON is nested too deeply"),
    ],
)
def test_a_bad_row_is_reported_and_the_rest_graded(line: str, says: str) -> None:
    bad, good = grade_rows([line, '{"response": "5", "reference": "5"}'])
    assert bad.verdict is None
    assert bad.problem is not None
    assert bad.problem.startswith(says)
    assert good.verdict is not None
    assert good.verdict.correct


@pytest.mark.parametrize(
    ("line", "correct"),
    [
        ('{"response": "Answer: true", "reference": true}', True),
        ('{"response": "Answer: false", "reference": true}', False),
        ('{"response": null, "reference": "5"}', False),
        ('{"response": NaN, "reference": "5"}', False),
        ('{"response": "", "reference": "5"}', False),
        ('{"response": 5, "reference": 5.0}', True),
        ('{"response": "100000000000000000000", "reference": 1e20}', True),
        ('{"response": "Answer: \\ud83d", "reference": "\\ud83d"}', True),
        ('{"response": "the moon", "reference": "B", "question": "(A) the sun (B) the moon"}', True),
    ],
)
def test_a_row_that_a_program_wrote_is_graded(line: str, correct: bool) -> None:
    (row,) = grade_rows([line])
    assert row.verdict is not None, row.problem
    assert row.verdict.correct == correct


def test_rows_are_graded_as_they_come() -> None:
    def endless() -> Iterator[str]:
        while True:
            yield '{"response": "5", "reference": "5"}'

    first = next(iter(grade_rows(endless())))
    assert first.line == 1
