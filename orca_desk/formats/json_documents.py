"""JSON documents whose rows need what stands around them: SQuAD, BIG-Bench, natural instructions."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Any, BinaryIO

from orca_desk.errors import UserError
from orca_desk.formats.encoding import Encoding
from orca_desk.formats.json_rows import Outline, Path, parse
from orca_desk.formats.rows import BadRow, Row
from orca_desk.formats.shapes import EARLIER

MOST = 64 << 20  # bytes of a document of which the beginning counts for each row

Expand = Callable[[Row], Iterator[Row | BadRow]]


@dataclass(frozen=True, kw_only=True)
class Document:
    """A document: the path of the list with its elements, and what makes rows of an element."""

    path: Path
    expand: Expand


def find_document(found: Outline, stream: BinaryIO, encoding: Encoding, name: str) -> Document | None:
    """Recognise a document by its outline; None for one whose lists hold rows as they are.

    Raises UserError, which calls the file `name`, for one of these shapes that cannot be read.
    """
    if found.values != 1:
        return None
    for path in ((), ("data",), ("paragraphs",)):
        part = found.parts.get(path)
        if part and part.is_list and '"qas"' in part.first and '"context"' in part.first:
            return Document(path=path, expand=_article)
    keys, parts = set(found.keys), found.parts
    if {"Definition", "Instances"} <= keys:
        return Document(path=("Instances",), expand=_instances(_whole(stream, encoding, name)))
    examples = parts.get(("examples",))
    if examples and examples.is_list and keys & {"name", "keywords", "metrics", "task_prefix"}:
        first = examples.first
        if '"input"' in first and ('"target_scores"' in first or '"target"' in first):
            return Document(path=("examples",), expand=_examples(_whole(stream, encoding, name)))
    return None


def holds_rows(values: Mapping[str, Any]) -> bool:
    """Return whether a row holds others: an article or a paragraph of SQuAD's, an instruction's instances."""
    paragraphs = _objects(values.get("paragraphs"))
    if isinstance(values.get("qas"), list) or any("qas" in one for one in paragraphs):
        return True
    return "instruction" in values and _objects(values.get("instances")) != []


def unfolded_row(row: Row) -> Iterator[Row | BadRow]:
    """Yield the rows inside a row; a row that contains none comes unchanged."""
    if not holds_rows(row.values):
        yield row
        return
    is_empty = True
    for one in _rows_within(row):
        is_empty = False
        yield one
    if is_empty:
        yield BadRow(line=row.line, what="the row holds no questions", hint="Remove it.", raw=row.raw)


def _rows_within(row: Row) -> Iterator[Row]:
    values = row.values
    if isinstance(values.get("paragraphs"), list):
        for paragraph in _objects(values["paragraphs"]):
            yield from _asked(row, paragraph, values.get("title"))
    elif isinstance(values.get("qas"), list):
        yield from _asked(row, values, values.get("title"))
    else:
        rest = {
            name: value for name, value in values.items() if name not in ("instances", "is_classification")
        }
        for one in _objects(values["instances"]):
            yield _row_within(row, {**rest, **one})


def expanded(rows: Iterator[Row | BadRow], document: Document) -> Iterator[Row | BadRow]:
    """Yield the rows in the elements of a document's list."""
    return chain.from_iterable(document.expand(row) if isinstance(row, Row) else iter((row,)) for row in rows)


def unfolded(rows: Iterator[Row | BadRow]) -> Iterator[Row | BadRow]:
    """Yield the rows of lines of which some hold several."""
    return chain.from_iterable(unfolded_row(row) if isinstance(row, Row) else iter((row,)) for row in rows)


def _article(row: Row) -> Iterator[Row | BadRow]:
    """Yield the questions about an element of a document of SQuAD's: an article, or a paragraph."""
    if holds_rows(row.values):
        yield from unfolded_row(row)
    else:
        what = "the article has no list of paragraphs"
        yield BadRow(line=row.line, what=what, hint="Remove it.", raw=row.raw)


def _asked(row: Row, paragraph: Mapping[str, Any], title: Any) -> Iterator[Row]:
    """Yield the questions about a paragraph."""
    for asked in _objects(paragraph.get("qas")):
        values = {"title": title, "context": paragraph.get("context"), **asked}
        answers = asked.get("answers")
        if isinstance(answers, list):
            values["answers"] = [one.get("text") for one in _objects(answers)]
        yield _row_within(row, values)


def _row_within(row: Row, values: dict[str, Any]) -> Row:
    return Row(line=row.line, values=values, raw=json.dumps(values, ensure_ascii=False))


def _instances(whole: dict[str, Any]) -> Expand:
    """Return what gives the instances of a task of natural instructions its definition and its examples."""
    definition = _text(whole.get("Definition"))
    examples = [
        {"role": role, "content": text}
        for one in _objects(whole.get("Positive Examples"))
        for role, text in (
            ("user", f"{definition}\n\n{_text(one.get('input'))}".strip()),
            ("assistant", _text(one.get("output"))),
        )
    ]
    family = _text(whole.get("Categories"))

    def expand(row: Row) -> Iterator[Row | BadRow]:
        values = {
            "Definition": definition,
            "input": row.values.get("input"),
            "output": row.values.get("output"),
            EARLIER: examples,
        }
        if family:
            values["family"] = family
        yield Row(line=row.line, values=values, raw=row.raw)

    return expand


def _examples(whole: dict[str, Any]) -> Expand:
    """Return what gives the examples of a task of BIG-Bench's its name, keywords and prefix."""
    about: dict[str, Any] = {
        "family": _text(whole.get("name")),
        "context": _text(whole.get("task_prefix")).strip(),
    }
    tags = [one for one in whole.get("keywords") or () if isinstance(one, str)]

    def expand(row: Row) -> Iterator[Row | BadRow]:
        values: dict[str, Any] = {
            name: value for name, value in about.items() if value and name not in row.values
        }
        if tags and "tags" not in row.values:
            values["tags"] = tags
        yield Row(line=row.line, values={**row.values, **values}, raw=row.raw)

    return expand


def _whole(stream: BinaryIO, encoding: Encoding, name: str) -> dict[str, Any]:
    stream.seek(0)
    content = stream.read(MOST + 1)
    if len(content) > MOST:
        raise UserError(
            f"{name} is a task of more than {MOST >> 20} MiB in one document.", "Write its rows as JSONL."
        )
    found = parse(content.decode(encoding.name, "replace"))
    return found if isinstance(found, dict) else {}


def _objects(value: Any) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _text(value: Any) -> str:
    if isinstance(value, list):
        return "\n".join(str(one) for one in value[:1])
    return value if isinstance(value, str) else ""
