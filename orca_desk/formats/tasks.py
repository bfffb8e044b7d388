"""Reading tasks from the user's JSONL and CSV files, and writing them."""

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO, cast, get_args
from typing import Literal as OneOf

from orca_desk.errors import UserError
from orca_desk.files import atomic_writer
from orca_desk.formats.columns import map_columns
from orca_desk.formats.rows import BadRow, Literal, Row, csv_rows, json_rows
from orca_desk.formats.text import read_lines
from orca_desk.method.records import AnswerKind, Split, Task

Format = OneOf["JSONL", "CSV"]
DEFAULT_FAMILY = "general"
_OUR_ID = re.compile(r"[0-9a-f]{32}")
_SPLITS: dict[str, Split] = {
    "": "train",
    "train": "train",
    "training": "train",
    **dict.fromkeys(
        ("heldout", "held-out", "held_out", "test", "testing", "validation", "valid", "val", "dev", "eval"),
        "heldout",
    ),
}


def read_tasks(
    source: Path | BinaryIO, mapping: Mapping[str, str] | None = None, *, family: str = DEFAULT_FAMILY
) -> Iterator[Task | BadRow]:
    """Yield the tasks of a JSONL or CSV file one by one, and a BadRow for each row that is not a task.

    Columns are found by their names (`columns.map_columns`); `mapping` (field -> column) takes precedence,
    and an empty column there leaves a field empty. Rows without a family get `family`. A file is CSV if its
    name ends in .csv or .tsv, else by its first character.
    Raises UserError for a missing file, another format or encoding, and a file without a good row.
    """
    if isinstance(source, Path):
        try:
            with source.open("rb") as stream:
                yield from _read(stream, source, mapping, family)
        except OSError as error:
            raise unreadable(source, error) from error
    else:
        yield from _read(source, Path(str(getattr(source, "name", "the input"))), mapping, family)


def write_tasks(path: Path, tasks: Iterable[Task]) -> int:
    """Write tasks as JSONL, or as CSV if the name ends in .csv; return their number.

    `read_tasks` reads JSONL back to equal tasks; in CSV, tags are joined by commas.
    """
    count = 0
    write = _csv_line if path.suffix.casefold() == ".csv" else _json_line
    with atomic_writer(path) as file:
        if write is _csv_line:
            file.write(_csv_text(list(_all_values(Task(family="", query="")))))
        for task in tasks:
            file.write(write(task))
            count += 1
    return count


def task_line(task: Task) -> str:
    """Return a task as a line of JSONL: its fields in reading order, without the empty ones."""
    values = {name: value for name, value in _all_values(task).items() if value not in ("", None, [])}
    return json.dumps(values, ensure_ascii=False) + "\n"


def unreadable(path: Path, error: OSError) -> UserError:
    """Return the error for a file that cannot be opened."""
    if path.is_dir():  # which each system refuses in its own way
        return UserError(f"{path} is a folder.", "Choose the files in it.")
    return UserError(f"{path} cannot be read: {error.strerror}.", "Check the path.")


def detect_format(path: Path, first: str) -> Format:
    """Return the format of a file from its name and its first line that is not blank.

    Raises UserError for an unsupported format.
    """
    suffix = path.suffix.casefold()
    start = first.lstrip()[:1]
    named_json = suffix in (".jsonl", ".ndjson", ".json")
    if suffix in (".csv", ".tsv") or (not named_json and start not in ("{", "[")):
        return "CSV"
    if start == "[" or (suffix == ".json" and first.strip() == "{"):
        raise UserError(
            f"{path} is one JSON document, not one object per line (JSONL).",
            "Write each task as an object on its own line.",
        )
    return "JSONL"


def read_rows(stream: BinaryIO, path: Path) -> tuple[Format, Iterator[Row | BadRow]]:
    """Return the format of a file and its rows, before any column is mapped; `path` is its name.

    Raises UserError for another format or encoding, even while the rows are read.
    """
    # "" preserves line ends, which belong to the text in a quoted cell; JSON ignores them.
    lines = read_lines(stream, name=str(path), newline="")
    first = next((line for line in lines if line.text.strip() or line.fault), None)
    kind = detect_format(path, first.text if first else "")
    rest = chain([first] if first else [], lines)
    return kind, csv_rows(rest, name=str(path)) if kind == "CSV" else json_rows(rest)


def task_of(row: Row, mapping: Mapping[str, str] | None, default_family: str) -> Task | BadRow:
    """Return the task in a row, or the problem with the row; arguments as for `read_tasks`."""
    asked = (mapping or {}).get("query")
    if asked is not None and asked not in row.values:
        hint = f"The columns are: {', '.join(list(row.values)[:20])}."
        return BadRow(line=row.line, what=f"there is no column {asked!r} with the question", hint=hint)
    columns = map_columns(row.values, mapping)
    columns = {field: column for field, column in columns.items() if column and column in row.values}
    values = {field: row.values[column] for field, column in columns.items()}
    try:
        return Task(
            query=_text(values, "query", columns, needed=True),
            context=_text(values, "context", columns),
            answer=_answer(values, columns),
            answer_kind=_kind(values, columns),
            family=_text(values, "family", columns).strip() or default_family,
            tags=_tags(values, columns),
            split=_split(values, columns),
            strategy=_text(values, "strategy", columns).strip() or None,
            id=_id(values.get("id")),
        )
    except _FaultError as fault:
        return BadRow(line=row.line, what=fault.what, hint=fault.hint)


def _read(
    stream: BinaryIO, path: Path, mapping: Mapping[str, str] | None, family: str
) -> Iterator[Task | BadRow]:
    good, first_bad = 0, None
    _, rows = read_rows(stream, path)
    for row in rows:
        task = row if isinstance(row, BadRow) else task_of(row, mapping, family)
        good += isinstance(task, Task)
        if isinstance(task, BadRow):
            first_bad = first_bad or task
        yield task
    if not good and first_bad:
        raise UserError(
            f"{path} contains no readable task; line {first_bad.line}: {first_bad.what}.", first_bad.hint
        )
    if not good:
        raise UserError(
            f"{path} contains no tasks.", 'A row needs a question, e.g. {"query": "...", "answer": "..."}.'
        )


class _FaultError(Exception):
    def __init__(self, what: str, hint: str) -> None:
        super().__init__(what)
        self.what = what
        self.hint = hint


def _text(values: Mapping[str, Any], field: str, columns: Mapping[str, str], *, needed: bool = False) -> str:
    value = values.get(field)
    column = columns.get(field, field)
    if value is None or value == "":
        if not needed:
            return ""
        if field in columns:
            raise _FaultError(
                f"{column!r} is empty", "Fill it in, or choose another column for the question."
            )
        raise _FaultError("there is no column with the question", "Choose the column that holds it.")
    if not isinstance(value, str) or isinstance(value, Literal):
        raise _FaultError(f"{column!r} is {_type(value)}, not text", "Write it as text in quotes.")
    if needed and not value.strip():
        raise _FaultError("the question is blank", "Fill it in, or remove the row.")
    return _clean(value, column)


def _answer(values: Mapping[str, Any], columns: Mapping[str, str]) -> str | None:
    value = values.get("answer")
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Literal):
        return str(value)
    return _text(values, "answer", columns).strip() or None


def _kind(values: Mapping[str, Any], columns: Mapping[str, str]) -> AnswerKind | None:
    kind = _text(values, "answer_kind", columns).strip().casefold()
    if not kind:
        return None
    known = get_args(AnswerKind)
    if kind not in known:
        hint = f"Use one of {', '.join(known)}, or leave it empty."
        raise _FaultError(f"the answer type {kind!r} is unknown", hint)
    return cast(AnswerKind, kind)


def _split(values: Mapping[str, Any], columns: Mapping[str, str]) -> Split:
    split = _text(values, "split", columns).strip().casefold()
    if split not in _SPLITS:
        raise _FaultError(f"the split {split!r} is unknown", "Use train or heldout.")
    return _SPLITS[split]


def _tags(values: Mapping[str, Any], columns: Mapping[str, str]) -> tuple[str, ...]:
    """Tags as a JSON list of texts, or one text with commas."""
    value = values.get("tags")
    if not isinstance(value, list):
        return tuple(tag.strip() for tag in _text(values, "tags", columns).split(",") if tag.strip())
    if not all(isinstance(tag, str) and not isinstance(tag, Literal) for tag in value):
        raise _FaultError("a tag is not text", "Write tags as a list of texts.")
    return tuple(_clean(tag, "tags") for tag in value)


def _id(value: Any) -> str:
    """Return an id that Orca Desk wrote; another file's "1", "2", ... would clash with the next file's."""
    return value if isinstance(value, str) and _OUR_ID.fullmatch(value) else ""


def _clean(text: str, column: str) -> str:
    """Return `text`, unless JSON escapes gave it what no text file can contain: NULs and half characters."""
    if "\0" in text:
        raise _FaultError(f"{column!r} contains a NUL character", "Remove it.")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise _FaultError(f"{column!r} contains half a character (a lone surrogate)", "Remove it.") from error
    return text


def _type(value: Any) -> str:
    if isinstance(value, Literal):
        return "a number"
    return {bool: "true or false", list: "a list", dict: "an object"}.get(type(value), type(value).__name__)


def _json_line(task: Task) -> bytes:
    return task_line(task).encode()


def _csv_line(task: Task) -> bytes:
    return _csv_text(list({**_all_values(task), "tags": ", ".join(task.tags)}.values()))


def _csv_text(cells: list[Any]) -> bytes:
    line = io.StringIO()
    csv.writer(line).writerow(cells)
    return line.getvalue().encode()


def _all_values(task: Task) -> dict[str, Any]:
    return {
        "id": task.id,
        "family": task.family,
        "context": task.context,
        "query": task.query,
        "answer": task.answer,
        "answer_kind": task.answer_kind,
        "tags": list(task.tags),
        "split": task.split,
        "strategy": task.strategy,
    }
