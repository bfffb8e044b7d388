"""Word files (.docx): paragraphs, headings by their style, and rows of tables."""

import re
from collections.abc import Iterator
from pathlib import Path
from zipfile import BadZipFile, ZipFile

from orca_desk.errors import UserError
from orca_desk.method.passages import Block

MAX_UNPACKED = 500_000_000  # bytes: a small file can hold far more than any document has
_HEADING = re.compile(r"(?:heading|title|überschrift|titre|título|titolo|kop)\s*(\d?)", re.IGNORECASE)


def blocks(path: Path) -> Iterator[Block]:
    """Yield headings, paragraphs and rows. Raises UserError for a file that is damaged or unpacks too far."""
    from docx import Document
    from docx.opc.exceptions import PackageNotFoundError
    from docx.table import Table
    from lxml.etree import XMLSyntaxError

    _require_sound(path)
    try:
        document = Document(str(path))
    except (PackageNotFoundError, XMLSyntaxError, KeyError, ValueError) as error:
        raise _damaged(path) from error
    for part in document.iter_inner_content():
        if isinstance(part, Table):
            for row in part.rows:
                cells = list(dict.fromkeys(cell.text.strip() for cell in row.cells))  # merged ones repeat
                if any(cells):
                    yield Block(text=" | ".join(cells))
        elif text := part.text.strip():
            heading = _HEADING.match((part.style.name if part.style else None) or "")
            yield Block(text=text, level=int(heading[1] or 1) if heading else 0)


def _require_sound(path: Path) -> None:
    try:
        with ZipFile(path) as packed:
            size = sum(one.file_size for one in packed.infolist())
    except BadZipFile as error:
        raise _damaged(path) from error
    if size > MAX_UNPACKED:
        raise UserError(
            f"{path} unpacks to {size / 1e6:,.0f} MB; the limit is {MAX_UNPACKED / 1e6:,.0f} MB.",
            "Save its text alone.",
        )


def _damaged(path: Path) -> UserError:
    return UserError(f"{path} is damaged, or not a Word file.", "Open it in Word and save it again.")
