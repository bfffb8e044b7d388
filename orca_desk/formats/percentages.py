"""Which cells of a workbook show a percentage: calamine gives 0.5 for a cell that shows 50%."""

import re
import zipfile
from collections import defaultdict
from collections.abc import Iterator
from typing import IO, Any, BinaryIO

Cells = dict[str, set[tuple[int, int]]]  # row and column from 0, by the sheet's name

_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_LINK = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
_TYPE = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}value-type"
_BUILT_IN = (9, 10)  # 0% and 0.00%
_LITERAL = re.compile(r'"[^"]*"|\\.')  # characters of a number format that stand for themselves
_PLACE = re.compile(r"([A-Z]+)\d+")
_MOST = 1_000_000  # repetitions: a sheet has no more rows


def percent_cells(stream: BinaryIO) -> Cells:
    """Return the cells of an .xlsx or .ods workbook that show percentages; none for other kinds.

    Raises ValueError for a workbook whose parts do not fit together.
    """
    from lxml.etree import XMLSyntaxError

    stream.seek(0)
    if not zipfile.is_zipfile(stream):
        return {}
    try:
        with zipfile.ZipFile(stream) as archive:
            names = archive.namelist()
            if "xl/styles.xml" in names:
                return _of_xlsx(archive)
            return _of_ods(archive) if "content.xml" in names else {}
    except (XMLSyntaxError, KeyError) as error:
        raise ValueError(f"a part of it is damaged ({error})") from error


def _of_xlsx(archive: zipfile.ZipFile) -> Cells:
    with archive.open("xl/styles.xml") as styles:
        wanted = _percent_styles(styles)
    if not wanted:
        return {}
    with archive.open("xl/_rels/workbook.xml.rels") as links:
        targets = {one.get("Id"): one.get("Target") or "" for one in _elements(links)}
    found: Cells = {}
    with archive.open("xl/workbook.xml") as book:
        sheets = [(one.get("name"), one.get(_LINK)) for one in _elements(book, f"{_MAIN}sheet")]
    for name, link in sheets:
        target = targets[link]
        with archive.open(target.removeprefix("/") if target.startswith("/") else f"xl/{target}") as sheet:
            found[name] = set(_styled(sheet, wanted))
    return found


def _styled(sheet: IO[bytes], wanted: set[str]) -> Iterator[tuple[int, int]]:
    """Yield the places of the cells with these styles; one that names no place follows the one before."""
    row = -1
    for line in _elements(sheet, f"{_MAIN}row"):
        row = int(line.get("r") or row + 2) - 1
        column = -1
        for cell in line.iterchildren(f"{_MAIN}c"):
            column = _column(cell.get("r") or "", column + 1)
            if cell.get("s") in wanted:
                yield row, column


def _percent_styles(styles: IO[bytes]) -> set[str]:
    """Return the numbers of the cell styles whose number format shows a percentage."""
    own: dict[int, str] = {}
    formats: list[int] = []
    for one in _elements(styles, f"{_MAIN}numFmt", f"{_MAIN}xf"):
        if one.tag == f"{_MAIN}numFmt":
            own[int(one.get("numFmtId"))] = one.get("formatCode") or ""
        elif one.getparent() is not None and one.getparent().tag == f"{_MAIN}cellXfs":
            formats.append(int(one.get("numFmtId") or 0))
    return {
        str(number)
        for number, each in enumerate(formats)
        if each in _BUILT_IN or "%" in _LITERAL.sub("", own.get(each, ""))
    }


def _of_ods(archive: zipfile.ZipFile) -> Cells:
    found: Cells = defaultdict(set)
    sheet, row, column = "", 0, 0
    with archive.open("content.xml") as content:
        for event, one in _events(content):
            if one.tag == f"{_TABLE}table" and event == "start":
                sheet, row = one.get(f"{_TABLE}name") or "", 0
            elif one.tag == f"{_TABLE}table-row":
                column = 0
                row += _times(one, "rows") if event == "end" else 0
            elif one.tag in (f"{_TABLE}table-cell", f"{_TABLE}covered-table-cell") and event == "end":
                times = _times(one, "columns")
                if one.get(_TYPE) == "percentage":
                    lines = _times(one.getparent(), "rows")
                    found[sheet] |= {(row + y, column + x) for y in range(lines) for x in range(times)}
                column += times
    return dict(found)


def _times(element: Any, what: str) -> int:
    return min(int(element.get(f"{_TABLE}number-{what}-repeated") or 1), _MOST)


def _column(name: str, otherwise: int) -> int:
    """Return the column of a cell such as "B3", from 0."""
    found = _PLACE.fullmatch(name)
    if found is None:
        return otherwise
    column = 0
    for letter in found[1]:
        column = 26 * column + ord(letter) - ord("A") + 1
    return column - 1


def _elements(stream: IO[bytes], *tags: str) -> Iterator[Any]:
    """Yield elements as they end, and free them; entities are not resolved."""
    from lxml.etree import iterparse

    for _, element in iterparse(stream, tag=tags or None, resolve_entities=False, huge_tree=True):
        yield element
        element.clear()


def _events(stream: IO[bytes]) -> Iterator[tuple[str, Any]]:
    from lxml.etree import iterparse

    for event, element in iterparse(stream, events=("start", "end"), resolve_entities=False, huge_tree=True):
        yield event, element
        if event == "end" and element.tag == f"{_TABLE}table-row":
            element.clear()
