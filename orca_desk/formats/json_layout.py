"""What a file of JSON is: rows on lines, values that follow each other, or a document with lists of rows."""

from collections.abc import Sequence
from typing import Any

from orca_desk.errors import UserError
from orca_desk.formats.columns import is_conversation, map_columns, plain
from orca_desk.formats.json_documents import holds_rows
from orca_desk.formats.json_rows import DocumentPart, Outline, Path, parse
from orca_desk.formats.shapes import flat
from orca_desk.formats.text import Line
from orca_desk.formats.values import split_of

_LOOKED_AT = 50  # lines
_LISTS_OF_ROWS = frozenset({
    "data", "dataset", "rows", "examples", "items", "tasks", "samples", "records", "instances", "questions",
    "problems", "entries", "results",
})  # fmt: skip


class SeveralListsError(UserError):
    """A document holds several lists of rows, called `names`, and the user must choose one."""

    def __init__(self, message: str, hint: str, names: Sequence[str]) -> None:
        super().__init__(message, hint)
        self.names = tuple(names)


def looks_like_json(start: str, head: Sequence[Line]) -> bool:
    """Return whether a text that may be plain begins as JSON does: "[1] Why?" and "{x}" do not."""
    if not start.startswith(("{", "[")):
        return False
    if _value(start) is not None:
        return True
    inside = (start[1:] + "".join(line.text for line in head[1:20])).lstrip()
    return inside[:1] in ('"', "{", "[", "}", "]")


def rows_a_line(head: Sequence[Line]) -> bool:
    """Return whether a file has its rows on lines of their own, of which a few may be broken."""
    lines = [line for line in head if line.text.strip() or line.fault][:_LOOKED_AT]
    if not lines:
        return True
    beginning = (lines[0].text or lines[0].raw).lstrip()
    first = _value(beginning)
    if isinstance(first, dict):
        if holds_rows(first):
            return True
        holds_more = any(isinstance(one, (list, dict)) for one in first.values())
        if len(lines) == 1 and _is_table(first):
            return False
        return is_row(first) or len(lines) > 1 or not holds_more
    if beginning.startswith("["):
        return False
    objects = [line for line in lines[1:] if line.text.lstrip().startswith("{")]
    whole = sum(isinstance(_value(line.text), dict) for line in objects)
    return 2 * whole > len(objects) if objects else not beginning.startswith("{")


def rows_hold_rows(head: Sequence[Line]) -> bool:
    """Return whether rows of JSON lines hold others, such as the paragraphs of an article."""
    values = (
        _value(line.text) for line in head[:_LOOKED_AT] if '"qas"' in line.text or "instances" in line.text
    )
    return any(isinstance(value, dict) and holds_rows(value) for value in values)


def lists_in(found: Outline, name: str, asked: str) -> dict[Path, str] | None:
    """Return the lists that hold the rows of a document, with the split of each; None if it has none.

    Raises UserError if several lists could be meant and none was `asked` for.
    """
    is_list = () in found.parts and found.parts[()].is_list
    if asked and (is_list or found.values != 1):
        raise UserError(f"{name} is not a document with a list {asked!r}.", "Leave the name of the list out.")
    if is_list:
        if found.values > 1 and not found.parts[()].count:
            raise UserError(
                f"{name} holds each row as a list, without the names of its columns.",
                'Write the rows as objects, e.g. {"query": "...", "answer": "..."}, or as CSV.',
            )
        return {(): ""}
    if found.values != 1:
        return None
    lists = {path: part for path, part in found.parts.items() if _holds_rows(path, part, found)}
    if not lists and _holds_columns(found):
        raise UserError(
            f"{name} holds a list for each column, not an object for each row.",
            "Write the rows as objects: pandas does so with to_json(orient='records').",
        )
    if asked:
        return _asked(lists, found, name, asked)
    splits = {path: split_of(path[-1]) if path else None for path in lists}
    if len(lists) < 2 or all(splits.values()):
        return {path: split or "" for path, split in splits.items()} or None
    sizes = ", ".join(f"{'.'.join(path)} ({part.count:,})" for path, part in lists.items())
    names = [".".join(path) for path in lists]
    sizes = ", ".join(f"{one} ({part.count:,})" for one, part in zip(names, lists.values(), strict=True))
    raise SeveralListsError(
        f"{name} holds several lists of rows: {sizes}.",
        f"Choose one of them (in a command: --list {names[0]}).",
        names,
    )


def is_row(value: dict[str, Any]) -> bool:
    """Return whether an object has a question, going by its members' names, or is a record of Orca Desk's."""
    return "query" in map_columns(flat(value)) or isinstance(value.get("record"), dict)


def _asked(lists: dict[Path, DocumentPart], found: Outline, name: str, asked: str) -> dict[Path, str]:
    wanted = next((path for path in found.parts if path and ".".join(path) == asked), None)
    if wanted is None:
        known = ", ".join(".".join(path) for path in lists) or "none"
        raise UserError(f"{name} has no list {asked!r}.", f"Its lists of rows: {known}.")
    return {wanted: ""}


def _holds_rows(path: Path, part: DocumentPart, found: Outline) -> bool:
    first = _value(part.first)
    if not part.count or not isinstance(first, dict) or not is_row(first):
        return False
    if not part.is_list:
        return part.count > 1 and "query" not in map_columns(found.keys)
    is_named_so = plain(path[0]) in _LISTS_OF_ROWS or split_of(path[0]) is not None
    return is_named_so or "query" not in map_columns(found.keys)


def _holds_columns(found: Outline) -> bool:
    """Return whether a document is a table by columns, or with its headings apart: pandas writes both."""
    keys = map_columns(found.keys)
    named = [keys.get("query", ""), keys.get("answer", "")]
    parts = [found.parts.get((name,)) for name in named if name and not is_conversation(name)]
    apart = found.parts.get(("columns",))
    if apart and apart.is_list and ("data",) in found.parts:
        return True
    return len(parts) == 2 and all(part is not None and not part.count for part in parts)


def _is_table(value: dict[str, Any]) -> bool:
    """Return whether question and answer of an object are columns of them."""
    keys = map_columns(value)
    names = (keys.get("query", ""), keys.get("answer", ""))
    return all(isinstance(value.get(name), (list, dict)) and not is_conversation(name) for name in names)


def _value(text: str) -> Any:
    try:
        return parse(text)
    except ValueError:
        return None
