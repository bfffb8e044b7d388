"""What a table in a text file looks like: its separator, its header or none, and what stands above it."""

import csv
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path

from orca_desk.errors import UserError
from orca_desk.formats.columns import is_question, map_columns
from orca_desk.formats.packed import without_packing
from orca_desk.formats.table_rows import Record, heading_cells, records
from orca_desk.formats.text import Line

_DELIMITERS = ",;\t|"
_LOOKED_AT = 100  # records
_EXCEL = re.compile(r'\s*"?sep=(.|\\t)"?\s*', re.IGNORECASE)
_ANKI = re.compile(
    r"#(separator|html|tags?|columns|notetype|deck|guid|if matches)\b([^:]*):(.*)", re.IGNORECASE
)
_ANKI_SEPARATORS = {"tab": "\t", "comma": ",", "semicolon": ";", "pipe": "|", "colon": ":", "space": " "}
_NUMBER = re.compile(r"[-+]?[\d.,]*\d%?")
_LETTER = re.compile(r"[A-Ja-j]")
_TITLES = 6  # rows among which a header is looked for
_LONGEST_NAME = 60  # characters of a heading that nobody would take for a question


@dataclass(frozen=True, kw_only=True)
class TableLayout:
    """A table. `skip` lines come before it, `above` of them rows such as a title.

    `defaults` (field -> column) say what columns without names are.
    """

    delimiter: str
    columns: tuple[str, ...]
    header: bool
    skip: int = 0
    above: int = 0
    anki: bool = False
    html: bool = False
    defaults: dict[str, str] = field(default_factory=dict)


def find_table(head: Sequence[Line], path: Path, header: bool | None) -> TableLayout | None:
    """Recognise a table by its first lines, or return None for plain lines of text.

    `header` is what the user said about its first row. Raises UserError for a header that cannot be read, or
    that names a column twice.
    """
    if anki := _anki_headings(head):
        return _anki_table(head, anki)
    skip, delimiter = 0, ""
    start = next((place for place, line in enumerate(head) if line.text.strip() or line.fault), 0)
    if head and (found := _EXCEL.fullmatch(head[start].text)):
        skip, delimiter = start + 1, found[1].replace("\\t", "\t")
    lines = list(head[skip:])
    named = without_packing(path).suffix.casefold() in (".csv", ".tsv", ".tab")
    delimiter = delimiter or _delimiter(lines)
    rows = _records(lines, delimiter)
    if not rows:
        return _empty_table(lines, path, named, delimiter)
    above = 0 if header is False else _above_header(rows)
    skip, rows = rows[above].line - 1 if above else skip, rows[above:]
    has_header = _has_header(rows) if header is None else header
    if not _is_table(rows, delimiter, lines, named=named or bool(skip), has_header=has_header, asked=header):
        return None
    if has_header:
        columns = _header(rows[0], path)
        return TableLayout(delimiter=delimiter, columns=columns, header=True, skip=skip, above=above)
    width = Counter(len(row.cells) for row in rows).most_common(1)[0][0]
    columns = tuple(heading_cells([""] * width))
    return TableLayout(
        delimiter=delimiter, columns=columns, header=False, skip=skip, defaults=_roles(rows, columns)
    )


def table_of(rows: Sequence[Record], path: Path, header: bool | None) -> TableLayout:
    """Return the table that the rows of a sheet are; `header` is what the user said about the first one.

    Raises UserError for a header that names a column twice.
    """
    above = 0 if header is False else _above_header(rows)
    rows = rows[above:][:_LOOKED_AT]
    if _has_header(rows) if header is None else header:
        return TableLayout(
            delimiter=",", columns=_header(_without_blank_ends(rows)[0], path), header=True, above=above
        )
    width = max(len(row.cells) for row in rows)
    columns = tuple(heading_cells([""] * width))
    return TableLayout(delimiter=",", columns=columns, header=False, defaults=_roles(rows, columns))


def _without_blank_ends(rows: Sequence[Record]) -> Sequence[Record]:
    """Return the rows without columns at the end in which no row has a cell that is filled."""
    width = max((place for row in rows for place, cell in enumerate(row.cells, 1) if cell.strip()), default=0)
    return [replace(row, cells=row.cells[:width]) for row in rows]


def _empty_table(lines: Sequence[Line], path: Path, named: bool, delimiter: str) -> TableLayout | None:
    fault = next((line.fault for line in lines if line.fault), "")
    if fault and named:
        raise UserError(f"The header of {path} cannot be read: {fault}.", "Save it as UTF-8 text.")
    return TableLayout(delimiter=delimiter, columns=(), header=False) if named else None


def _records(lines: Sequence[Line], delimiter: str) -> list[Record]:
    """Return the first records. Of the text, the last one may be cut off, so that it is no fault."""
    found = islice(records(lines, delimiter), _LOOKED_AT)
    return [one for one in found if isinstance(one, Record) and any(map(str.strip, one.cells))]


def _delimiter(lines: Sequence[Line]) -> str:
    """Return the separator under which the header has a question, or else most rows are equally wide."""

    def score(delimiter: str) -> tuple[bool, float, int, int]:
        rows = _records(lines, delimiter)
        if not rows:
            return False, 0.0, 0, 0
        rows = rows[_above_header(rows) :]
        known = map_columns(heading_cells(rows[0].cells))
        width = len(rows[0].cells)
        alike = sum(len(row.cells) == width for row in rows) / len(rows) if width > 1 else 0.0
        return "query" in known and width > 1, round(alike, 1), len(known), width

    return max(_DELIMITERS, key=score)


def _has_header(rows: Sequence[Record]) -> bool:
    """Return whether the first row names columns: by known names, or because none of its cells is data."""
    cells = heading_cells(rows[0].cells)
    known = map_columns(cells)
    if "query" in known and is_question(known["query"]):
        return len(cells) > 1 or len(rows) > 1
    if len(known) >= 2:
        return True
    if len(rows) < 2 or len(cells) < 2:
        return False
    return len(set(cells)) == len(cells) and all(map(_could_name, rows[0].cells))


def _above_header(rows: Sequence[Record]) -> int:
    """Return how many rows stand above the header, such as a title: shorter ones, before known names."""
    for place, row in enumerate(rows[:_TITLES]):
        known = map_columns(heading_cells(row.cells))
        if "query" in known and len(known) > 1:
            filled = len(list(filter(str.strip, row.cells)))
            before = rows[:place]
            return place if all(len(list(filter(str.strip, one.cells))) < filled for one in before) else 0
    return 0


def _could_name(cell: str) -> bool:
    text = cell.strip()
    return (
        0 < len(text) <= _LONGEST_NAME
        and not _NUMBER.fullmatch(text)
        and not text.endswith(("?", ".", "!", "？", "。", "؟"))
        and not text.startswith(("<", "http"))
    )


def _is_table(
    rows: Sequence[Record],
    delimiter: str,
    lines: Sequence[Line],
    *,
    named: bool,
    has_header: bool,
    asked: bool | None,
) -> bool:
    """Return whether this is a table rather than lines of prose, where commas stand between words."""
    widths = Counter(len(row.cells) for row in rows)
    width, alike = widths.most_common(1)[0]
    if asked:
        return True
    if has_header:
        known = map_columns(heading_cells(rows[0].cells))
        if named or "query" in known or len(known) >= 2:
            return True
    if any('"' in line.text for line in lines):
        return named or (width > 1 and alike == len(rows))
    if named:
        return alike * 2 > len(rows) if width > 1 else alike == len(rows)
    if width == 1:
        return False
    prose = any(f"{delimiter} " in line.text for line in lines) and delimiter in ",;"
    return not prose and alike == len(rows) and (len(rows) > 1 or delimiter == "\t")


def _header(first: Record, path: Path) -> tuple[str, ...]:
    names = heading_cells(first.cells)
    if twice := sorted(name for name, count in Counter(names).items() if count > 1):
        raise UserError(f"{path} has two columns named {twice[0]!r}.", "Give each column its own name.")
    return tuple(names)


def _roles(rows: Sequence[Record], columns: Sequence[str]) -> dict[str, str]:
    """Say what the columns of a table without a header are: question and answer, or choices between them."""
    full = [row.cells for row in rows if len(row.cells) == len(columns)]
    if len(columns) >= 4 and full and all(_LETTER.fullmatch(cells[-1].strip()) for cells in full):
        return {"query": columns[0], "choices": ", ".join(columns[1:-1]), "answer": columns[-1]}
    return dict(zip(("query", "answer"), columns[:2], strict=False))


def _anki_headings(head: Sequence[Line]) -> list[re.Match[str]]:
    found = []
    for line in head:
        match = _ANKI.fullmatch(line.text.strip())
        if match is None:
            break
        found.append(match)
    return found


def _anki_table(head: Sequence[Line], headings: Sequence[re.Match[str]]) -> TableLayout:
    """Read the headings of Anki's text export, which say what each column is."""
    said = {(match[1].casefold(), match[2].strip().casefold()): match[3].strip() for match in headings}
    separator = said.get(("separator", ""), "tab")
    delimiter = _ANKI_SEPARATORS.get(separator.casefold(), separator[:1] or "\t")
    skip = len(headings)
    rows = _records(head[skip:], delimiter)
    width = max((len(row.cells) for row in rows), default=2)
    columns = {what: place for (what, rest), place in said.items() if rest == "column" and place.isdigit()}
    special = {int(place): what for what, place in columns.items()}
    names = _anki_names(said.get(("columns", ""), ""), delimiter, width, special)
    free = [name for place, name in enumerate(names, 1) if place not in special]
    defaults = {"query": free[0], "answer": free[1] if len(free) > 1 else ""} if free else {}
    known = map_columns(free)
    defaults |= {field: column for field, column in known.items() if field in ("query", "answer")}
    for place, what in special.items():
        if place <= len(names) and what in ("tags", "tag", "deck"):
            defaults["family" if what == "deck" else "tags"] = names[place - 1]
    if len(set(defaults.values())) < len(defaults):  # two fields found the same column
        defaults = dict(zip(("query", "answer"), free[:2], strict=False))
    return TableLayout(
        delimiter=delimiter,
        columns=tuple(names),
        header=False,
        skip=skip,
        anki=True,
        html=said.get(("html", ""), "").casefold() == "true",
        defaults=defaults,
    )


def _anki_names(columns: str, delimiter: str, width: int, special: dict[int, str]) -> list[str]:
    named = next(csv.reader([columns], delimiter=delimiter), []) if columns else []
    names = heading_cells([*named, *[""] * max(0, width - len(named))])
    if not named:
        names = [special.get(place, name).capitalize() for place, name in enumerate(names, 1)]
    return names if len(set(names)) == len(names) else heading_cells([""] * len(names))
