"""`orca-desk grade FILE`: grade responses against reference answers."""

from collections import Counter
from collections.abc import Iterator
from io import TextIOWrapper
from pathlib import Path
from typing import Any

import click

from orca_desk.cli.evaluate_answers import reading_json, show_steps
from orca_desk.cli.options import checker_option, examples, json_option
from orca_desk.cli.output import complain, percent, print_json, say, table
from orca_desk.counting import counted
from orca_desk.errors import UserError
from orca_desk.formats.tasks import opened
from orca_desk.method.answer_reading import AnswerReading, read_answer
from orca_desk.method.checkers import AUTO
from orca_desk.method.grading import GradedRow, grade_rows
from orca_desk.method.strategies import load_folder
from orca_desk.paths import resources
from orca_desk.steps.grading import MATHEMATICS
from orca_desk.ui.words.answer_steps import reading_summary
from orca_desk.ui.words.grading import verdict_reason
from orca_desk.ui.words.records import verdict_word


@click.command(
    "grade",
    epilog=examples(
        "orca-desk grade answers.jsonl",
        "orca-desk grade answers.jsonl --json",
        "orca-desk grade answers.jsonl --steps --checker arithmetic",
    ),
)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--steps", is_flag=True, help="Also split each response into steps, and check them.")
@checker_option
@json_option
def command(file: Path, steps: bool, checker: str | None, as_json: bool) -> None:
    """Grade the responses in FILE and give the reason for each verdict.

    FILE is JSONL, packed with gzip or not: {"response": ..., "reference": ..., "kind": ..., "question": ...}
    per line; the last two are optional. The options of a choice are read from the question. The kind (exact,
    text, number, math, choice, ordering or keyed) says how to compare; without one it is detected from the
    reference. Rows that cannot be read are reported with their line number, and not counted. With --json each
    verdict is one line of JSON. With --steps, each step of a response is listed with what the checker says of
    it; a step that the checker cannot read is not checked.
    """
    if checker and not steps:
        raise click.UsageError("--checker needs --steps.")
    strategies = tuple(load_folder(resources() / "strategies").values()) if steps else ()
    counts: Counter[str] = Counter()
    for row in _rows(file):
        if row.verdict is None:
            counts["unreadable"] += 1
            complain(row.problem or "")
        else:
            counts[verdict_word(row.verdict.correct)] += 1
        reading = None
        if steps and row.verdict is not None:
            reading = read_answer(row.response, row.question, strategies, checker or AUTO)
        if as_json:
            print_json(_as_json(row, reading), compact=True)
        elif row.verdict is not None:
            say(f"{row.line}: {verdict_word(row.verdict.correct)}. {verdict_reason(row.verdict.reason)}")
            if reading is not None:
                say(f"  {reading_summary(reading)}")
                show_steps(reading)
    graded = counts["correct"] + counts["incorrect"]
    if not as_json and graded:
        table(
            "Grades",
            {"": "left", "rows": "right", "share": "right"},
            [[what, str(counts[what]), percent(counts[what] / graded)] for what in ("correct", "incorrect")],
        )
        if counts["unreadable"]:
            say(f"Not counted: {counted(counts['unreadable'], 'row')} that could not be read.")
    if not graded:
        raise UserError(
            f"{file} has no row that can be graded.", 'Write {"response": ..., "reference": ...} per line.'
        )


def _as_json(row: GradedRow, reading: AnswerReading | None) -> dict[str, Any]:
    verdict = {"line": row.line, "verdict": row.verdict, "problem": row.problem}
    return verdict if reading is None else verdict | reading_json(reading)


def _rows(file: Path) -> Iterator[GradedRow]:
    """Yield the graded rows. Raises UserError if the file cannot be read, or is not UTF-8 text."""
    with opened(file) as (stream, _), TextIOWrapper(stream, encoding="utf-8-sig", newline="\n") as lines:
        try:
            yield from grade_rows(lines, comparer=MATHEMATICS)
        except UnicodeDecodeError as error:
            raise UserError(f"{file} is not UTF-8 text (byte {error.start}).", "Save it as UTF-8.") from error
