"""Rows of a table for other programs: as lines with tabs, as CSV or as JSON."""

import csv
import io
import json
from collections.abc import Sequence
from typing import Literal

from orca_desk.formats.csv_file import inert

CopyFormat = Literal["text", "csv", "json"]
NAMES: dict[CopyFormat, str] = {"text": "Text with headings", "csv": "CSV", "json": "JSON"}
MOST_COPIED = 10_000  # rows on the clipboard; an export takes any number


def as_lines(rows: Sequence[Sequence[str]]) -> str:
    """Return a line per row, with tabs between the cells; white space within a cell becomes one space."""
    return "".join("\t".join(" ".join(cell.split()) for cell in row) + "\n" for row in rows)


def rows_as(form: CopyFormat, headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return rows under their headings."""
    if form == "text":
        return as_lines([headings, *rows])
    if form == "csv":
        written = io.StringIO()
        cells = [[inert(cell) for cell in row] for row in (headings, *rows)]
        csv.writer(written, lineterminator="\n").writerows(cells)
        return written.getvalue()
    objects = [dict(zip(headings, row, strict=True)) for row in rows]
    return json.dumps(objects, ensure_ascii=False, indent=1) + "\n"
