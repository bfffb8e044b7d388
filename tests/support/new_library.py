"""New libraries for tests, without making all their tables each time."""

import tempfile
from functools import cache
from pathlib import Path

from orca_desk.library.database import DATABASE_NAME, Library


def new_library(folder: Path) -> Library:
    """Open the library in `folder`, at first a new one with the bundled strategies and no tasks."""
    path = folder / DATABASE_NAME
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        path.write_bytes(_empty())
    return Library.open(folder)


@cache
def _empty() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        Library.open(Path(folder)).close()
        return (Path(folder) / DATABASE_NAME).read_bytes()
