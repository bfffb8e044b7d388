"""What a process that was killed in a backup or an import leaves is removed, and nothing else."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from library_doubles import make_task

from orca_desk.library import scratch
from orca_desk.library.backups.backup import back_up
from orca_desk.library.database import Library
from orca_desk.library.scratch import LOCK, UNLOCKED_SECONDS, remove_abandoned, scratch_folder
from orca_desk.library.tasks import add_tasks

WORK = """
import sys
from pathlib import Path
from orca_desk.library.scratch import scratch_folder
with scratch_folder(Path(sys.argv[1]), sys.argv[2]) as folder:
    (folder / "copy.db").write_bytes(b"x" * 100_000)
    print("ready", flush=True)
    sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def settled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take a lock at its word at once."""
    monkeypatch.setattr(scratch, "NEW_SECONDS", -60.0)


def start(place: Path, prefix: str) -> subprocess.Popen[str]:
    """Start a process that works in a scratch folder in `place` until it is killed or its stdin ends."""
    child = subprocess.Popen(
        [sys.executable, "-c", WORK, str(place), prefix],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdout is not None and child.stdout.readline() == "ready\n"
    return child


def end(child: subprocess.Popen[str]) -> None:
    child.kill()
    child.communicate()


def hidden(place: Path) -> list[str]:
    return [path.name for path in place.iterdir() if path.name.startswith(".")]


def test_the_next_backup_removes_what_a_killed_one_left(library: Library, tmp_path: Path) -> None:
    place = tmp_path / "backups"
    place.mkdir()
    end(start(place, ".backup-"))
    assert len(hidden(place)) == 1
    add_tasks(library, [make_task(1)])
    back_up(library, place / "new.db")
    assert [path.name for path in place.iterdir()] == ["new.db"]


@pytest.mark.parametrize("prefix", [".backup-", ".restore-", ".import-"])
def test_opening_the_library_removes_what_is_left_in_it(tmp_path: Path, prefix: str) -> None:
    folder = tmp_path / "library"
    Library.open(folder, samples=False).close()
    end(start(folder, prefix))
    Library.open(folder).close()
    assert hidden(folder) == []


def test_a_process_at_work_keeps_its_folder(tmp_path: Path) -> None:
    child = start(tmp_path, ".backup-")
    remove_abandoned(tmp_path)
    with scratch_folder(tmp_path, ".backup-") as own:
        remove_abandoned(tmp_path)
        assert own.is_dir() and len(hidden(tmp_path)) == 2
    (left,) = hidden(tmp_path)
    assert (tmp_path / left / "copy.db").stat().st_size == 100_000
    end(child)
    remove_abandoned(tmp_path)
    assert hidden(tmp_path) == []


def test_a_new_lock_may_be_about_to_be_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    end(start(tmp_path, ".backup-"))
    monkeypatch.setattr(scratch, "NEW_SECONDS", 60.0)
    remove_abandoned(tmp_path)
    assert len(hidden(tmp_path)) == 1


def made(place: Path, name: str, *files: str, age: float = 2 * UNLOCKED_SECONDS) -> Path:
    """Make a folder without a lock, as earlier versions did, of this age."""
    folder = place / name
    folder.mkdir()
    for file in files:
        (folder / file).write_text("x")
    for path in (*folder.iterdir(), folder):
        os.utime(path, (path.stat().st_mtime - age,) * 2)
    return folder


def test_only_old_folders_of_earlier_versions_go(tmp_path: Path) -> None:
    left = [
        made(tmp_path, ".backup-abcdefgh", "copy.db"),
        made(tmp_path, ".import-abcdefgh", "batch-1.db", "batch-12.db"),
    ]
    kept = [
        made(tmp_path, ".import-abcdefgi", "batch-1.db", "batch-of-photos.db"),
        made(tmp_path, ".backup-abcdefgi", "copy.db", age=60),
        made(tmp_path, ".backup-abcdefgj", "copy.db", "thesis.odt"),
        made(tmp_path, ".backup-2024", "copy.db"),
        made(tmp_path, "backup-abcdefgh", "copy.db"),
    ]
    link = tmp_path / ".backup-abcdefgk"
    link.symlink_to(made(tmp_path, "elsewhere", LOCK, "copy.db"), target_is_directory=True)
    remove_abandoned(tmp_path)
    assert not any(folder.exists() for folder in left)
    assert all(folder.is_dir() and any(folder.iterdir()) for folder in [*kept, link])


def test_a_missing_place_has_nothing_to_remove(tmp_path: Path) -> None:
    remove_abandoned(tmp_path / "nowhere")
    assert list(tmp_path.iterdir()) == []
