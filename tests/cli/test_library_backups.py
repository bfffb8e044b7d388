"""`orca-desk library backups`: what is kept, compared, restored and deleted from a terminal."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from library_doubles import make_task
from new_library import new_library

from orca_desk.cli import commands
from orca_desk.library.database import Library
from orca_desk.library.tasks import add_tasks, count_tasks


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The folder of a library with three tasks."""
    with new_library(tmp_path / "library") as library:
        add_tasks(library, [make_task(n) for n in range(3)])
    return tmp_path / "library"


def backups(folder: Path, *words: str) -> Result:
    """Run `orca-desk library backups ...` on the library."""
    return CliRunner().invoke(commands, ["library", "backups", *words, "--library", str(folder)])


def listed(folder: Path) -> list[dict[str, object]]:
    """Return the kept backups as the command lists them."""
    found: list[dict[str, object]] = json.loads(backups(folder, "list", "--json").stdout)["backups"]
    return found


def test_a_backup_is_made_compared_and_put_into_place(folder: Path) -> None:
    assert json.loads(backups(folder, "now", "--if-due", "--json").stdout)["made"]
    assert backups(folder, "now", "--if-due").stdout == "No backup is due.\n"
    with Library.open(folder) as library:
        add_tasks(library, [make_task(10)])
    assert "Would be lost:\n  1 task" in backups(folder, "compare", "newest").stdout
    told = backups(folder, "restore", "newest", "--in-place").stdout
    assert told.endswith("Nothing was changed. Add --yes.\n")
    with Library.open(folder) as library:
        assert count_tasks(library) == 4
    done = backups(folder, "restore", "newest", "--in-place", "--yes")
    assert "The previous state is kept" in done.stdout, done.output
    with Library.open(folder) as library:
        assert count_tasks(library) == 3
    before, first = listed(folder)
    assert str(before["kept_because"]).startswith("Before a restore")
    assert backups(folder, "pin", str(first["name"])).stdout.endswith("is kept until you delete it.\n")
    assert "Freed" in backups(folder, "delete", str(first["name"])).stdout and len(listed(folder)) == 1
    assert "1 backup whole" in backups(folder, "verify").stdout


def test_damage_is_told_with_the_exit_code(folder: Path) -> None:
    backups(folder, "now")
    for piece in (folder / "backups" / "kept" / "chunks").glob("??/*"):
        piece.write_bytes(b"r")
    told = backups(folder, "verify")
    assert told.exit_code == 1 and "is damaged: 1 file cannot be read (library.db)" in told.output
    assert listed(folder)[0]["lost"] == ["library.db"]
    assert backups(folder, "compare", "newest").exit_code == 1
    with Library.open(folder, create=False) as library:
        assert count_tasks(library) == 3


def test_a_list_that_cannot_be_read_is_told_and_deleted(folder: Path) -> None:
    backups(folder, "now")
    (path,) = (folder / "backups" / "kept").glob("*.backup.json")
    path.write_text("{")
    name = path.name.partition(".")[0]
    assert f"delete {name}" in " ".join(backups(folder, "list").output.split())
    assert f"Deleted {name}." in backups(folder, "delete", name).output
    assert not path.exists() and not any(path.parent.glob("chunks/??/*"))


def test_where_and_how_often_is_set(folder: Path, tmp_path: Path) -> None:
    place = tmp_path / "disk"
    assert "There is no folder" in str(backups(folder, "settings", "--folder", str(place)).exception)
    place.mkdir()
    changed = backups(folder, "settings", "--every", "week", "--folder", str(place), "--checkpoints")
    assert changed.stdout.startswith("Every week, with adapters and checkpoints")
    backups(folder, "now")
    assert str(listed(folder)[0]["path"]).startswith(str(place))
    place.rename(tmp_path / "unplugged")
    assert "is missing" in str(backups(folder, "list").exception)
    assert backups(folder, "now").exit_code == 1
    assert backups(folder, "settings", "--folder", "").exit_code == 0
    assert "no kept backup whose name begins" in str(backups(folder, "compare", "2020").exception)


def test_a_damaged_library_is_replaced(folder: Path) -> None:
    backups(folder, "now")
    (folder / "library.db").write_bytes(b"\0" * 20_000)
    done = backups(folder, "restore", "newest", "--in-place", "--yes")
    assert "The damaged library was moved into" in done.stdout, done.output
    with Library.open(folder, create=False) as library:
        assert count_tasks(library) == 3
