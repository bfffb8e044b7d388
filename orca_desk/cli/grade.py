"""`orca-desk grade FILE`: grade any JSONL of responses and references."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import click

from orca_desk.cli.options import examples, json_option
from orca_desk.cli.output import complain, print_json, say, table
from orca_desk.errors import UserError
from orca_desk.method.grading import GradedRow, grade_rows


@click.command(
    "grade",
    epilog=examples("orca-desk grade answers.jsonl", "orca-desk grade answers.jsonl --json"),
)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@json_option
def command(file: Path, as_json: bool) -> None:
    """Grade FILE: JSONL of {"response", "reference", "kind"?}, one verdict with its reason a row.

    The kind (exact, text, number, choice, ordering, keyed) is inferred from the reference where it is
    missing. A row that cannot be read is reported with its line number; the others are graded. With --json
    each verdict is one line of JSON.
    """
    counts: Counter[str] = Counter()
    for row in _rows(file):
        if row.verdict is None:
            counts["unreadable"] += 1
            complain(row.problem or "")
        else:
            counts["right" if row.verdict.correct else "wrong"] += 1
        if as_json:
            print_json(row, compact=True)
        elif row.verdict is not None:
            say(f"{row.line}: {'right' if row.verdict.correct else 'wrong'}. {row.verdict.reason}")
    graded = counts["right"] + counts["wrong"]
    if not as_json and graded:
        table(
            "Grades",
            {"": "left", "rows": "right", "share": "right"},
            [[what, str(counts[what]), f"{counts[what] / graded:.1%}"] for what in ("right", "wrong")],
        )
    if not graded:
        raise UserError(f"No row of {file} could be graded.", 'A row is {"response": ..., "reference": ...}.')


def _rows(file: Path) -> Iterator[GradedRow]:
    """Yield the graded rows; raise UserError for a file that is not UTF-8."""
    with file.open(encoding="utf-8-sig", newline="\n") as lines:
        try:
            yield from grade_rows(lines)
        except UnicodeDecodeError as error:
            raise UserError(f"{file} is not UTF-8 text (byte {error.start}).", "Save it as UTF-8.") from error
