"""Writing a table as a CSV file: all of it or nothing."""

import csv
import io
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from orca_desk.errors import UserError
from orca_desk.files import atomic_write


def write_csv(path: Path, headers: Sequence[str], rows: Iterable[Sequence[Any]]) -> int:
    """Write a table to `path` as UTF-8 with a heading line; return how many rows.

    None is an empty field. Raises UserError where the file cannot be written; then what was there stays.
    """
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(headers)
    kept = list(rows)
    writer.writerows(kept)
    try:
        atomic_write(path, text.getvalue())
    except OSError as error:
        raise UserError(f"{path} cannot be written: {error.strerror}.", "Choose another folder.") from error
    return len(kept)
