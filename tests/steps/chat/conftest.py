"""What the chat tests share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from orca_desk.library.database import Library


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    """A new library without tasks."""
    with Library.open(tmp_path / "library", samples=False) as opened:
        yield opened
