"""Which library `orca-desk desktop PLACE` opens."""

from pathlib import Path

import pytest

from orca_desk.cli.desktop import folder_of
from orca_desk.errors import UserError
from orca_desk.library.database import Library


def test_a_file_manager_may_name_the_database_or_the_folder(tmp_path: Path) -> None:
    with Library.open(tmp_path / "my library", samples=False) as library:
        database = library.folder / "library.db"
        assert database.is_file()
        assert folder_of(database) == folder_of(library.folder) == tmp_path / "my library"


def test_the_path_may_be_relative(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert folder_of(Path("library.db")) == tmp_path


def test_another_file_is_refused(tmp_path: Path) -> None:
    other = tmp_path / "tasks.jsonl"
    other.write_text("{}")
    with pytest.raises(UserError, match=r"is not a library\."):
        folder_of(other)
