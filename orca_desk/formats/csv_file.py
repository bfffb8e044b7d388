"""Tables and values of plots as CSV, which people open in a spreadsheet.

A text that a spreadsheet would calculate gets an apostrophe before it, as OWASP advises: questions and
answers come from anywhere. Exports of data (`writers`) leave every text as it is, since programs read them.
"""

import csv
import io
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from orca_desk.errors import cannot_write
from orca_desk.files import atomic_write

_FORMULA = re.compile("[=+@\t\r\n\uff1d\uff0b\uff0d\uff20-]")  # also in full width
_NUMBER = re.compile(r"[-+]?[\d,]*\.?\d+(?:[eE][-+]?\d+)?%?")


def inert(cell: Any) -> Any:
    """Return a value that no spreadsheet takes for a formula; numbers stay."""
    is_formula = isinstance(cell, str) and _FORMULA.match(cell) and not _NUMBER.fullmatch(cell)
    return f"'{cell}" if is_formula else cell


def write_csv(path: Path, headers: Sequence[str], rows: Iterable[Sequence[Any]]) -> int:
    """Write a table to `path` as UTF-8 with a header line; return the number of rows.

    None becomes an empty field, and a text is made `inert`. Raises UserError if the file
    cannot be written; an existing one then stays.
    """
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(map(inert, headers))
    written = [list(map(inert, row)) for row in rows]
    writer.writerows(written)
    try:
        atomic_write(path, text.getvalue())
    except OSError as error:
        raise cannot_write(path, error) from error
    return len(written)
