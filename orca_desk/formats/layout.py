"""How a file holds its rows: as lines of JSON, as one document, as a table, or as plain lines."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import BinaryIO
from typing import Literal as OneOf

from orca_desk.errors import UserError
from orca_desk.formats import json_rows
from orca_desk.formats.archives import Files, FolderFiles, ZipFiles
from orca_desk.formats.arrow_rows import ArrowFormat, arrow_format, arrow_rows
from orca_desk.formats.database_rows import Database, is_database
from orca_desk.formats.encoding import Encoding, find_encoding
from orca_desk.formats.file_sets import YAML, FileSet, OpenRows
from orca_desk.formats.json_documents import Document, expanded, find_document, unfolded
from orca_desk.formats.json_layout import (
    SeveralListsError,
    lists_in,
    looks_like_json,
    rows_a_line,
    rows_hold_rows,
)
from orca_desk.formats.packed import without_packing
from orca_desk.formats.parts import INSIDE, Chosen, Container, ContainerFormat, Form, choose
from orca_desk.formats.plain_rows import LINE, LineReader, line_reader, plain_reader
from orca_desk.formats.rows import BadRow, Row
from orca_desk.formats.table_layout import TableLayout, find_table
from orca_desk.formats.table_rows import records, table_rows
from orca_desk.formats.text import Line, read_lines, read_pieces
from orca_desk.formats.workbooks import Workbook, is_workbook

TextFormat = OneOf["JSONL", "JSON", "CSV", "Anki", "text"]
Format = TextFormat | ArrowFormat | ContainerFormat
_ZIP = b"PK\x03\x04"
_MARKUP = ("<?xml", "<!doctype", "<html", "<quiz", "{\\rtf")
HEAD = 400  # lines that are looked at to recognise the format
HEAD_SIZE = 1_000_000  # characters, after which no further line is looked at


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What the user said about a file; None and "" leave it to what the file shows.

    `mapping` is field -> column, `header` whether a table's first row names its columns, `rows_in` the list
    of a JSON document that holds the rows, or the part of a source with several (`parts.choose`), `family`
    that of rows without one.
    """

    mapping: dict[str, str] | None = None
    family: str = "general"
    encoding: str | None = None
    header: bool | None = None
    rows_in: str = ""


@dataclass(frozen=True, kw_only=True)
class Layout:
    """What a file was recognised as. `table` is for a table, `lists` for the lists of a JSON document.

    `document` says what else of such a document its rows need, `plain` reads the lines of plain text,
    `chosen` are the parts of a source that has such, `unfolds` says that rows of JSON lines hold others.
    """

    format: Format
    encoding: Encoding
    table: TableLayout | None = None
    lists: dict[json_rows.Path, str] | None = None
    plain: LineReader | None = None
    document: Document | None = None
    chosen: Chosen | None = None
    unfolds: bool = False
    defaults: dict[str, str] = field(default_factory=dict)


def find_layout(stream: BinaryIO, path: Path, asked: Asked) -> Layout:
    """Recognise a file or a folder; `path` is its name.

    Raises UserError if it holds no rows that can be read, or leaves open which rows.
    """
    if container := find_container(stream, path, asked):
        return _chosen_layout(choose(container, path, asked.rows_in))
    if arrow := arrow_format(stream):
        return Layout(format=arrow, encoding=Encoding(name="utf-8"))
    encoding = find_encoding(stream, name=str(path), asked=asked.encoding)
    head = _head(read_lines(stream, encoding, name=str(path)))
    first = next((line for line in head if line.text.strip() or line.fault), None)
    suffix = without_packing(path).suffix.casefold()
    named_json = suffix in (".jsonl", ".ndjson", ".json")
    start = (first.text or first.raw).lstrip() if first else ""
    if named_json or (suffix not in (".csv", ".tsv") and looks_like_json(start, head)):
        return _json_layout(stream, path, encoding, head, asked)
    if start.casefold().startswith(_MARKUP) or suffix in (".yaml", ".yml"):
        raise UserError(
            f"{path} is markup, such as a web page, XML or YAML, not a list of questions.",
            "Export it as CSV, JSON or plain text.",
        )
    if asked.header is None and (plain := plain_reader(head)):
        return Layout(format="text", encoding=encoding, plain=plain)
    table = find_table(head, path, asked.header)
    if table is None:
        return Layout(format="text", encoding=encoding, plain=line_reader(head), defaults={"query": LINE})
    kind: Format = "Anki" if table.anki else "CSV"
    return Layout(format=kind, encoding=encoding, table=table, defaults=table.defaults)


def find_container(stream: BinaryIO, path: Path, asked: Asked) -> Container | None:
    """Return a source that holds several sets of rows, such as a folder or a workbook; None for any other.

    Raises UserError for one that cannot be read.
    """
    opener = _opener(asked)
    if path.is_dir():
        return _file_set(FolderFiles(path), path, "folder", opener)
    stream.seek(0)
    if is_database(stream):
        return Database(stream, path)
    if is_workbook(stream):
        return Workbook(stream, path, asked.header)
    stream.seek(0)
    if stream.read(len(_ZIP)) == _ZIP:
        archive = ZipFiles(stream, path)
        _require_rows(archive.names(), path)
        return _file_set(archive, path, "zip", opener)
    if path.suffix.casefold() in YAML and path.is_file():
        from orca_desk.formats.lm_eval_rows import TaskFolder, is_task

        stream.seek(0)
        if is_task(stream.read(HEAD_SIZE).decode("utf-8", "replace")):
            return TaskFolder(FolderFiles(path.parent), path.parent, opener, (path.name,))
    return None


def _file_set(files: Files, path: Path, kind: ContainerFormat, opener: OpenRows) -> Container:
    """Return the tasks of lm-eval in a folder or an archive, or else its data files."""
    if any(name.casefold().endswith(YAML) for name in files.names()):
        from orca_desk.formats.lm_eval_rows import TaskFolder, tasks_in  # with a template engine

        if tasks_in(files):
            return TaskFolder(files, path, opener)
    return FileSet(files, path, kind, opener)


def _opener(asked: Asked) -> OpenRows:
    """Return what opens a file within a folder or an archive."""

    def open_rows(stream: BinaryIO, path: Path, inside: str) -> tuple[Form, Iterator[Row | BadRow]]:
        layout = find_layout(stream, path, replace(asked, rows_in=inside))
        return Form(table=layout.table, defaults=layout.defaults), read_rows(stream, path, layout)

    return open_rows


def _chosen_layout(chosen: Chosen) -> Layout:
    """Return the layout of parts that were chosen; the first one shows how their tables are read."""
    first = chosen.parts[0]
    try:
        form = chosen.container.form(first, chosen.inside)
    except SeveralListsError as error:
        names = [f"{first.name}{INSIDE}{name}" for name in error.names]
        hint = f"Choose one of them (in a command: --list {names[0]!r})."
        raise SeveralListsError(error.message, hint, names) from error
    return Layout(
        format=chosen.container.format,
        encoding=Encoding(name="utf-8"),
        table=form.table,
        chosen=chosen,
        defaults=dict(form.defaults),
    )


def _require_rows(names: Sequence[str], path: Path) -> None:
    """Raise UserError for a zip archive that is a document of another kind."""
    if "word/document.xml" in names or "ppt/presentation.xml" in names or "META-INF/container.xml" in names:
        raise UserError(
            f"{path} is a document, not a list of questions.",
            "Let the teacher write questions about it (Grow), or export its table as CSV.",
        )


def read_rows(stream: BinaryIO, path: Path, layout: Layout) -> Iterator[Row | BadRow]:
    """Yield the rows of a file, before any column is mapped, from its beginning."""
    name = str(path)
    if layout.chosen is not None:
        return layout.chosen.rows()
    if layout.format in ("Parquet", "Arrow"):
        return arrow_rows(stream, name=name)
    if layout.lists is not None:
        found = json_rows.list_rows(read_pieces(stream, layout.encoding, name=name), layout.lists)
        return expanded(found, layout.document) if layout.document else found
    if layout.format == "JSON":
        return json_rows.sequence_rows(read_pieces(stream, layout.encoding, name=name))
    lines = read_lines(stream, layout.encoding, name=name)
    if layout.format == "JSONL":
        found = json_rows.json_rows(lines)
        return unfolded(found) if layout.unfolds else found
    if layout.table is not None:
        return _table_rows(lines, layout.table)
    assert layout.plain is not None  # a layout is JSON, a table or plain text
    return layout.plain(lines)


def _head(lines: Iterable[Line]) -> list[Line]:
    found: list[Line] = []
    size = 0
    for line in islice(lines, HEAD):
        found.append(line)
        size += len(line.text)
        if size > HEAD_SIZE:
            break
    return found


def _table_rows(lines: Iterable[Line], table: TableLayout) -> Iterator[Row | BadRow]:
    found = records(islice(lines, table.skip, None), table.delimiter)
    if table.header:
        next((one for one in found if isinstance(one, BadRow) or any(map(str.strip, one.cells))), None)
    return table_rows(found, table.columns, header=table.header)


def _json_layout(stream: BinaryIO, path: Path, encoding: Encoding, head: list[Line], asked: Asked) -> Layout:
    if not asked.rows_in and rows_a_line(head):
        return Layout(format="JSONL", encoding=encoding, unfolds=rows_hold_rows(head))
    found = json_rows.outline(read_pieces(stream, encoding, name=str(path)))
    document = None if asked.rows_in else find_document(found, stream, encoding, str(path))
    if document:
        return Layout(format="JSON", encoding=encoding, lists={document.path: ""}, document=document)
    lists = lists_in(found, str(path), asked.rows_in)
    return Layout(format="JSON", encoding=encoding, lists=lists)
