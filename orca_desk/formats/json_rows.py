"""The rows of a JSON file: a row a line, values one after the other, or the lists in one document."""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from json.scanner import make_scanner
from typing import Any

from orca_desk.formats.rows import NOT_TEXT, BadRow, Literal, Row
from orca_desk.formats.text import MARK, MAX_LINE, Line

Path = tuple[str, ...]  # the keys from the document's object down to a list; () is the document itself
SAMPLE = 200_000  # characters of a list's first element that are looked at
MAX_PARTS = 1000  # lists and objects that are looked at
DEEPEST = 3  # keys from the document down to a list of rows
_TOKENS = re.compile(r'"(?:[^"\\]+|\\.)*"?|[\[\]{}:]|[-\w][\w.+-]*', re.DOTALL)
_BETWEEN = re.compile(rf"[\s,{MARK}\x1e]*")


def json_rows(lines: Iterable[Line]) -> Iterator[Row | BadRow]:
    """Yield the rows of a file with a JSON object, or a list of them, on each line; skip blank lines."""
    for line in lines:
        if line.fault:
            yield BadRow(line=line.number, what=line.fault, hint=NOT_TEXT, raw=line.raw)
        elif (values := _flat_object(line.text)) is not None:
            yield Row(line=line.number, values=values, raw=line.text)
        elif line.text.strip():
            yield from _line_rows(line)


def sequence_rows(lines: Iterable[Line]) -> Iterator[Row | BadRow]:
    """Yield a row for each of the values that follow each other in a file, over any number of lines."""
    for piece in _Scan(lambda holder: holder is None).pieces(lines):
        yield from _piece_rows(piece)


def list_rows(lines: Iterable[Line], chosen: Mapping[Path, str]) -> Iterator[Row | BadRow]:
    """Yield a row for each element of the lists (or member of the objects) at the `chosen` paths.

    The value of a path is the split that its rows are in, or "" to leave that to the rows.
    """
    for piece in _Scan(lambda holder: holder in chosen).pieces(lines):
        for row in _piece_rows(piece):
            split = chosen.get(piece.holder or (), "")
            if isinstance(row, Row) and split:
                row.values.setdefault("split", split)
            yield row


@dataclass(kw_only=True)
class DocumentPart:
    """A list in a document, or an object: how many objects it holds, and the beginning of the first one."""

    is_list: bool
    count: int = 0
    first: str = ""


@dataclass(kw_only=True)
class Outline:
    """What a file of JSON consists of: how many values, and the lists and objects in the first of them."""

    values: int = 0
    keys: list[str] = field(default_factory=list)
    parts: dict[Path, DocumentPart] = field(default_factory=dict)


def outline(lines: Iterable[Line]) -> Outline:
    """Go over a whole file of JSON, in memory that does not grow with it, and return what it consists of."""
    found = Outline()

    def wants(holder: Path | None) -> bool:
        if holder is None or found.values > 1 or len(holder) > DEEPEST:
            return False
        part = found.parts.get(holder)
        return part is not None and part.count == 1

    def opened(holder: Path | None, path: Path | None, bracket: str) -> None:
        if path == () and holder is None:
            found.values += 1
        if found.values > 1:
            return
        if holder is not None and holder in found.parts and bracket == "{":
            found.parts[holder].count += 1
        if path is not None and len(path) <= DEEPEST and len(found.parts) < MAX_PARTS:
            found.parts.setdefault(path, DocumentPart(is_list=bracket == "["))

    scan = _Scan(wants, opened, limit=SAMPLE)
    found.keys = scan.keys
    for piece in scan.pieces(lines):
        part = found.parts.get(piece.holder) if piece.holder is not None else None
        if part is not None and not part.first:
            part.first = piece.text
    return found


@dataclass(kw_only=True)
class _Piece:
    """The text of a value: the line it starts on, and the path of the list or object that holds it."""

    line: int
    text: str
    holder: Path | None
    fault: str = ""
    hint: str = NOT_TEXT


class _Capture:
    """A value that is being read."""

    def __init__(self, line: int, begin: int, depth: int, holder: Path | None) -> None:
        self.line, self.begin, self.depth, self.holder = line, begin, depth, holder
        self.parts: list[str] = []
        self.size = 0

    def take(self, text: str, end: int, limit: int) -> None:
        if self.size < limit:
            self.parts.append(text[self.begin : end])
            self.size += len(self.parts[-1])
        self.begin = 0


class _Scan:
    """Goes over JSON by its brackets, and yields the values in the lists and objects that are wanted.

    `wants(path)` says so of a list or object (None: the document), `opened(holder, path, bracket)` is called
    for each. Lists and objects within a list have no path. A value longer than `limit` is cut.
    """

    def __init__(
        self,
        wants: Callable[[Path | None], bool],
        opened: Callable[[Path | None, Path | None, str], None] = lambda holder, path, bracket: None,
        *,
        limit: int = MAX_LINE,
    ) -> None:
        self._wants, self._opened, self._limit = wants, opened, limit
        self._kinds: list[str] = []
        self._paths: list[Path | None] = []
        self._captures: list[_Capture] = []
        self._key = self._string = self._carried = ""
        self.keys: list[str] = []  # of the document's object

    def pieces(self, lines: Iterable[Line]) -> Iterator[_Piece]:
        """Yield the wanted values; a fault of a line, and a value that never ends, are such pieces too."""
        last = 1
        for line in lines:
            last = line.number
            if line.fault:
                yield _Piece(line=line.number, text=line.raw, holder=None, fault=line.fault)
            yield from self._line(line)
        if self._kinds:
            start = self._captures[0].line if self._captures else last
            fault, hint = "the JSON ends before this value does", "The file was cut off: download it again."
            yield _Piece(line=start, text="", holder=None, fault=fault, hint=hint)

    def _line(self, line: Line) -> Iterator[_Piece]:
        text = self._whole(line.text)
        for token in _TOKENS.finditer(text):
            sign = token.group()[0]
            if sign in "{[":
                self._open(sign, line.number, token.start())
            elif sign in "}]":
                yield from self._close(text, token.end())
            elif sign == ":":
                self._key = self._string
                if len(self._kinds) == 1 and self._kinds[0] == "{" and len(self.keys) < MAX_PARTS:
                    self.keys.append(_name(self._key))
            elif self._is_element():
                holder = self._paths[-1]
                yield _Piece(line=line.number, text=token.group(), holder=holder)
            else:
                self._string = token.group()
        for capture in self._captures:
            capture.take(text, len(text), self._limit)

    def _whole(self, text: str) -> str:
        """Return the text with what was carried over, and carry on a string that the next piece continues."""
        text, self._carried = self._carried + text, ""
        if text.endswith(("\n", "\r")) or len(text) > MAX_LINE:
            return text
        last = None
        for token in _TOKENS.finditer(text):
            last = token
        if last is None or last.group()[0] != '"' or last.end() < len(text) or _is_closed(last.group()):
            return text
        self._carried = text[last.start() :]
        return text[: last.start()]

    def _open(self, bracket: str, line: int, begin: int) -> None:
        holder = self._paths[-1] if self._kinds else None
        if not self._kinds:
            path: Path | None = ()
        elif self._kinds[-1] == "{" and holder is not None:
            path = (*holder, _name(self._key))
        else:
            path = None
        self._opened(holder, path, bracket)
        if (not self._kinds or holder is not None) and self._wants(holder):
            self._captures.append(_Capture(line, begin, len(self._kinds), holder))
        self._kinds.append(bracket)
        self._paths.append(path)

    def _close(self, text: str, end: int) -> Iterator[_Piece]:
        if not self._kinds:
            return
        self._kinds.pop()
        self._paths.pop()
        while self._captures and self._captures[-1].depth == len(self._kinds):
            capture = self._captures.pop()
            capture.take(text, end, self._limit)
            yield _Piece(line=capture.line, text="".join(capture.parts), holder=capture.holder)

    def _is_element(self) -> bool:
        """Return whether a text or number is itself an element of a wanted list."""
        if not self._kinds or self._kinds[-1] != "[" or self._captures:
            return False
        holder = self._paths[-1]
        return holder is not None and self._wants(holder)


def _is_closed(string: str) -> bool:
    body = string[1:]
    return body.endswith('"') and (len(body) - len(body[:-1].rstrip("\\"))) % 2 == 1


def _name(key: str) -> str:
    try:
        return str(json.loads(key))
    except ValueError:
        return key.strip('"')


def parse(text: str) -> Any:
    """Return the value of a text of JSON; numbers stay as written, and NaN is not a value.

    Raises ValueError, whose text says what is wrong.
    """
    try:
        return _DECODER.decode(text)
    except RecursionError as error:
        raise ValueError("the JSON is nested too deeply") from error
    except json.JSONDecodeError as error:
        what = error.msg.removesuffix(" at")
        raise ValueError(f"not valid JSON: {what} at character {error.pos + 1}") from error


def _flat_object(text: str) -> dict[str, Any] | None:
    """Return what `parse` makes of an object without texts inside values, or faults; None for others.

    Each key and each text has two quotes. If there are no more of them, no key appears twice: the check costs
    less than a look at each pair.
    """
    try:
        values, end = _SCAN(text, 0)
    except (StopIteration, ValueError, RecursionError):
        return None
    if type(values) is not dict or ((rest := text[end:]) != "\n" and rest.strip(" \t\n\r")):
        return None
    quotes = text.count('"')
    if "\\" in text:  # those after an escaped backslash are no escaped ones
        quotes -= text.replace("\\\\", "").count('\\"')
    texts = [*map(type, values.values())].count(str)
    return values if quotes == 2 * (len(values) + texts) else None


def _line_rows(line: Line) -> Iterator[Row | BadRow]:
    """Yield the rows of a line: mostly one, but joined files have lines of several."""
    try:
        value = parse(line.text)
        yield from _rows_of(line.number, None if isinstance(value, str) else value, line.text)
        return
    except ValueError as error:
        fault = str(error)
    text, at = line.text, 0
    found: list[Row | BadRow] = []
    try:
        while (at := _skip(text, at)) < len(text):
            value, end = _DECODER.raw_decode(text, at)
            if not isinstance(value, dict):
                raise ValueError(fault)
            found += _rows_of(line.number, value, text[at:end])
            at = end
    except (ValueError, RecursionError):
        hint = "Each line must be a complete JSON object."
        found = [BadRow(line=line.number, what=fault, hint=hint, raw=line.text)]
    yield from found


def _piece_rows(piece: _Piece) -> Iterator[Row | BadRow]:
    line, text = piece.line, piece.text
    if piece.fault:
        yield BadRow(line=line, what=piece.fault, hint=piece.hint, raw=text)
    elif len(text) >= MAX_LINE:
        what = f"the value is longer than {MAX_LINE:,} characters"
        yield BadRow(line=line, what=what, hint="Remove it.", raw=text[:1000])
    else:
        try:
            value = parse(text)
        except ValueError as error:
            yield BadRow(line=line, what=str(error), hint="Correct it; the row was left out.", raw=text)
        else:
            yield from _rows_of(line, value, text)


def _rows_of(line: int, value: Any, raw: str) -> Iterator[Row | BadRow]:
    """Yield the rows in a value: an object is one, a list has one in each element, a text is a question."""
    if isinstance(value, dict):
        yield Row(line=line, values=value, raw=raw)
    elif isinstance(value, list) and value and all(isinstance(one, dict) for one in value):
        for one in value:
            yield Row(line=line, values=one, raw=json.dumps(one, ensure_ascii=False))
    elif isinstance(value, str) and not isinstance(value, Literal) and value.strip():
        yield Row(line=line, values={"question": value}, raw=raw)
    else:
        hint = 'Write one object per row, e.g. {"query": "...", "answer": "..."}.'
        yield BadRow(line=line, what="the row is not a JSON object", hint=hint, raw=raw)


def _skip(text: str, at: int) -> int:
    found = _BETWEEN.match(text, at)
    return found.end() if found else at


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        twice = next(name for name, count in Counter(name for name, _ in pairs).items() if count > 1)
        raise ValueError(f"the key {twice!r} appears twice")
    return found


def _constant(name: str) -> Any:
    if name == "NaN":  # what pandas and Python write for a missing value
        return None
    raise ValueError(f"{name} is not a JSON value")


_HOOKS: dict[str, Any] = {
    "object_pairs_hook": _object,
    "parse_constant": _constant,
    "parse_int": Literal,
    "parse_float": Literal,
}
_DECODER = json.JSONDecoder(**_HOOKS)
_WITHOUT_PAIRS: Any = json.JSONDecoder(**{**_HOOKS, "object_pairs_hook": None})
_SCAN: Callable[[str, int], tuple[Any, int]] = make_scanner(_WITHOUT_PAIRS)
