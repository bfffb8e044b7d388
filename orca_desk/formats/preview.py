"""What an import would do with a file's first rows, before anything is imported."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import BinaryIO

from orca_desk.errors import UserError
from orca_desk.formats.columns import map_columns
from orca_desk.formats.rows import BadRow, Row
from orca_desk.formats.tasks import DEFAULT_FAMILY, Format, read_rows, task_of, unreadable
from orca_desk.method.records import Task

LIMIT = 5_000  # rows
SHOWN = 100  # rows of each kind
MOST_COLUMNS = 200


@dataclass(frozen=True, kw_only=True)
class ImportPreview:
    """The first rows of a file as tasks.

    `columns` are the file's, in order of appearance; `mapping` is field -> column as it would be used.
    `rows` are (line, task or problem) of the first rows, `problems` the first bad ones. `good`, `heldout` (of
    the good ones) and `bad` count the rows read: those of the `whole` file, or the first ones.
    """

    format: Format
    columns: tuple[str, ...]
    mapping: dict[str, str]
    rows: tuple[tuple[int, Task | BadRow], ...]
    problems: tuple[BadRow, ...]
    good: int
    heldout: int
    bad: int
    whole: bool


def preview_tasks(
    source: Path | BinaryIO,
    mapping: Mapping[str, str] | None = None,
    *,
    family: str = DEFAULT_FAMILY,
    limit: int = LIMIT,
) -> ImportPreview:
    """Read the first `limit` rows of a file as `formats.tasks.read_tasks` would.

    Unlike that, returns a preview even if no row is readable: another mapping may help. Raises UserError for
    a file that cannot be read, has another format, or has no rows.
    """
    if not isinstance(source, Path):
        return _preview(source, Path(str(getattr(source, "name", "the input"))), mapping, family, limit)
    try:
        with source.open("rb") as stream:
            return _preview(stream, source, mapping, family, limit)
    except OSError as error:
        raise unreadable(source, error) from error


def _preview(
    stream: BinaryIO, path: Path, mapping: Mapping[str, str] | None, family: str, limit: int
) -> ImportPreview:
    kind, found = read_rows(stream, path)
    rows = list(islice(found, limit + 1))
    if not rows:
        raise UserError(
            f"{path} contains no tasks.", 'A row needs a question, e.g. {"query": "...", "answer": "..."}.'
        )
    whole, rows = len(rows) <= limit, rows[:limit]
    columns: dict[str, None] = {}
    for row in rows:
        if isinstance(row, Row) and len(columns) < MOST_COLUMNS:
            columns.update(dict.fromkeys(row.values))
    read = [(row.line, row if isinstance(row, BadRow) else task_of(row, mapping, family)) for row in rows]
    problems = [row for _, row in read if isinstance(row, BadRow)]
    return ImportPreview(
        format=kind,
        columns=tuple(columns)[:MOST_COLUMNS],
        mapping={field: column for field, column in map_columns(columns, mapping).items() if column},
        rows=tuple(read[:SHOWN]),
        problems=tuple(problems[:SHOWN]),
        good=len(read) - len(problems),
        heldout=sum(isinstance(row, Task) and row.split == "heldout" for _, row in read),
        bad=len(problems),
        whole=whole,
    )
