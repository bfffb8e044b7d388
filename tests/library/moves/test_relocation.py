"""Moving a library: whole at every moment, on one disk and onto another, whatever ends the process."""

import errno
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from library_doubles import make_task
from new_library import new_library

from orca_desk.errors import UserError
from orca_desk.library.backups.keeping import keep
from orca_desk.library.backups.keeping_settings import store_folder
from orca_desk.library.backups.kept import kept_backups
from orca_desk.library.care.integrity import check
from orca_desk.library.database import Library
from orca_desk.library.moves import relocation
from orca_desk.library.moves.relocation import check_move, move_library
from orca_desk.library.settings import FORMER, get_setting, set_setting
from orca_desk.library.tasks import add_tasks, count_tasks
from orca_desk.processes.progress import StoppedError

MEMORY = Path("/dev/shm")  # another file system, where there is one


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A closed library with tasks, a path, a backup, a link, an empty folder and a read-only file."""
    made = tmp_path / "old"
    with new_library(made) as library:
        add_tasks(library, [make_task(n) for n in range(50)])
        set_setting(library, "inside", str(made / "models" / "x.gguf"))
        keep(library, why="asked")
    (made / "models" / "none").mkdir(parents=True)
    (made / "models" / "link").symlink_to("none")
    (made / "models" / "x.gguf").write_bytes(b"weights")
    (made / "models" / "x.gguf").chmod(0o444)
    return made


@pytest.fixture
def other_disk(tmp_path: Path) -> Iterator[Path]:
    if not MEMORY.is_dir() or MEMORY.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("there is no second file system to move to")
    with tempfile.TemporaryDirectory(dir=MEMORY) as place:
        yield Path(place)


def is_whole(at: Path) -> bool:
    """Return whether the library is there with all that it had."""
    with Library.open(at, create=False) as library:
        assert count_tasks(library) == 50 and check(library, thorough=True) == []
        assert len(kept_backups(store_folder(at))[0]) == 1
        assert get_setting(library, "inside") == str(at / "models" / "x.gguf")
    assert (at / "models" / "x.gguf").read_bytes() == b"weights"
    assert (at / "models" / "link").is_symlink() and (at / "models" / "none").is_dir()
    return True


def test_a_move_on_one_disk_leaves_nothing_behind(folder: Path, tmp_path: Path) -> None:
    target = tmp_path / "new" / "place"
    assert move_library(folder, target).folder == target
    assert is_whole(target) and not folder.exists()
    with Library.open(target) as library:
        assert get_setting(library, FORMER) == str(folder)


def test_a_move_onto_another_disk_can_be_stopped(folder: Path, other_disk: Path) -> None:
    target, copied = other_disk / "there", list[int]()

    def stop(count: int) -> None:
        raise StoppedError

    with pytest.raises(StoppedError):
        move_library(folder, target, on_bytes=stop)
    assert is_whole(folder) and list(other_disk.iterdir()) == []
    done = move_library(folder, target, on_bytes=copied.append)
    assert done.rest is None and is_whole(target)
    assert sum(copied) > 50_000 and list(folder.parent.iterdir()) == []
    assert move_library(target, folder).folder == folder and is_whole(folder)


def test_a_library_goes_nowhere_where_it_cannot_be(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "file").touch()
    for target, why in (
        (folder, "already"),
        (folder / "inside", "inside the library itself"),
        (tmp_path / "full", "not empty"),
        (tmp_path, "not empty"),
    ):
        with pytest.raises(UserError, match=why):
            check_move(folder, target)
    with pytest.raises(UserError, match="no library"):
        move_library(tmp_path / "full", tmp_path / "new")
    with Library.open(folder), pytest.raises(UserError, match="in use by"):
        move_library(folder, tmp_path / "new")
    assert is_whole(folder)


def test_a_full_disk_leaves_the_library_where_it_was(
    folder: Path, other_disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(copy: Path) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(relocation, "_flush", full)
        with pytest.raises(UserError, match="no space"):
            move_library(folder, other_disk / "there")
    assert is_whole(folder) and list(other_disk.iterdir()) == []


KILLED = """
import os, sys
from pathlib import Path
from orca_desk.library.moves.relocation import move_library
folder, target, left = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
def count(name):
    before = getattr(os, name)
    def call(*given, **named):
        global left
        left -= 1
        if left < 0:
            os.kill(os.getpid(), 9)
        return before(*given, **named)
    setattr(os, name, call)
for name in ("mkdir", "rename", "unlink", "rmdir", "utime"):
    count(name)
move_library(folder, target)
"""


def test_a_kill_leaves_a_whole_library(folder: Path, other_disk: Path) -> None:
    target, kept, kills = other_disk / "there", folder.with_name("kept"), 0
    shutil.copytree(folder, kept, symlinks=True)
    steps = 1
    while True:
        done = subprocess.run([sys.executable, "-c", KILLED, str(folder), str(target), str(steps)])
        kills += done.returncode == -signal.SIGKILL
        at = [one for one in (folder, target) if (one / "library.db").exists()]
        assert at and all(map(is_whole, at))
        if target in at:  # what is left of the old one is gone once the new one was opened
            assert folder in at or [one.name for one in folder.parent.iterdir()] == ["kept"]
        if done.returncode == 0:
            break
        for one in (folder, target):
            shutil.rmtree(one, ignore_errors=True)
        shutil.copytree(kept, folder, symlinks=True)
        steps = steps * 2 if steps < 32 else steps + 48
    assert kills > 4
