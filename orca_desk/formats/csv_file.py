"""Writing a table as a CSV file, all or nothing."""

import csv
import io
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from orca_desk.errors import cannot_write
from orca_desk.files import atomic_write


def write_csv(path: Path, headers: Sequence[str], rows: Iterable[Sequence[Any]]) -> int:
    """Write a table to `path` as UTF-8 with a header line; return the number of rows.

    None becomes an empty field. Raises UserError if the file cannot be written; an existing one then stays.
    """
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(headers)
    written = list(rows)
    writer.writerows(written)
    try:
        atomic_write(path, text.getvalue())
    except OSError as error:
        raise cannot_write(path, error) from error
    return len(written)
