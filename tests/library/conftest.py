from collections.abc import Iterator
from pathlib import Path

import pytest
from new_library import new_library

from orca_desk.library.database import Library


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    """A new library with the bundled strategies and no tasks."""
    with new_library(tmp_path / "library") as opened:
        yield opened
