"""The atomic write: the old content survives every failure, and nothing is left behind."""

import errno
import os
import time
from pathlib import Path

import pytest

from orca_desk.errors import explain_os_error
from orca_desk.files import ABANDONED, atomic_write, atomic_writer, file_sha256, remove_leftovers


def test_it_replaces_the_whole_content(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "file.txt"
    atomic_write(path, "first")
    atomic_write(path, b"second")
    assert path.read_bytes() == b"second"
    assert [entry.name for entry in path.parent.iterdir()] == ["file.txt"]


def test_an_error_while_writing_leaves_the_old_content(tmp_path: Path) -> None:
    path = tmp_path / "file.txt"
    atomic_write(path, "old")
    with pytest.raises(ZeroDivisionError), atomic_writer(path) as file:
        file.write(b"half of the n")
        raise ZeroDivisionError
    assert path.read_text() == "old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["file.txt"]


def test_a_failing_rename_leaves_the_old_content(tmp_path: Path) -> None:
    path = tmp_path / "file.txt"
    path.mkdir()
    (path / "inside").write_text("old")
    with pytest.raises(OSError):
        atomic_write(path, "new")
    assert (path / "inside").read_text() == "old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["file.txt"]


def test_a_folder_that_cannot_be_written_raises(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(OSError):
        atomic_write(tmp_path / "file" / "inside.txt", "new")


def test_the_hash_is_that_of_the_content(tmp_path: Path) -> None:
    path = tmp_path / "empty"
    path.touch()
    assert file_sha256(path) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_or_device_is_not_replaced(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(FileExistsError, match="not a regular file"):
        atomic_write(tmp_path / "pipe", "text")
    assert [entry.name for entry in tmp_path.iterdir()] == ["pipe"]
    assert (tmp_path / "pipe").is_fifo()


@pytest.mark.skipif(os.name != "posix", reason="permissions are POSIX's")
@pytest.mark.parametrize("umask", [0o022, 0o027, 0o077])
def test_a_new_file_has_the_users_usual_permissions(tmp_path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        atomic_write(tmp_path / "file.txt", "text")
    finally:
        os.umask(before)
    assert (tmp_path / "file.txt").stat().st_mode & 0o777 == 0o666 & ~umask


@pytest.mark.skipif(os.name != "posix", reason="permissions are POSIX's")
@pytest.mark.parametrize("mode", [0o600, 0o664, 0o444])
def test_a_replaced_file_keeps_its_permissions(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "file.txt"
    path.write_text("old")
    path.chmod(mode)
    atomic_write(path, "new")
    assert path.read_text() == "new"
    assert path.stat().st_mode & 0o777 == mode


@pytest.mark.skipif(os.name != "posix", reason="Windows lets few users make links")
def test_a_link_stays_and_its_file_gets_the_content(tmp_path: Path) -> None:
    there = tmp_path / "there"
    there.mkdir()
    (there / "file.txt").write_text("old")
    (tmp_path / "link").symlink_to("there/file.txt")
    (tmp_path / "new").symlink_to("there/new.txt")  # names a file that does not exist yet
    for name in ("link", "new"):
        atomic_write(tmp_path / name, "new")
        assert (tmp_path / name).is_symlink()
    assert {path.name: path.read_text() for path in there.iterdir()} == {"file.txt": "new", "new.txt": "new"}


@pytest.mark.skipif(os.name != "posix", reason="the limit stands for a file system's")
@pytest.mark.parametrize("reason", [errno.EFBIG, errno.ENOSPC])
def test_a_disk_that_takes_no_such_file_is_named_and_holds_no_part(tmp_path: Path, reason: int) -> None:
    path = tmp_path / "file.txt"
    with pytest.raises(OSError) as caught, atomic_writer(path):
        raise OSError(reason, os.strerror(reason))
    told = explain_os_error(caught.value)
    assert told is not None and str(path) in told.message
    assert told.hint
    assert list(tmp_path.iterdir()) == []


def test_parts_that_a_killed_program_left_are_removed_and_nothing_else(tmp_path: Path) -> None:
    names = (
        ".a [1].jsonl.00ff00ff.part",
        ".a [1].jsonl.11ff00ff.part",
        ".b.jsonl.00ff00ff.part",
        "a [1].jsonl",
    )
    left, at_work, other, whole = (tmp_path / name for name in names)
    left.mkdir()
    for file in (left / "train.jsonl", at_work, other, whole):
        file.write_text("{}")
    long_ago = time.time() - ABANDONED - 60
    for path in (left / "train.jsonl", left, other, whole):
        os.utime(path, (long_ago, long_ago))
    remove_leftovers(whole)
    assert sorted(tmp_path.iterdir()) == sorted((at_work, other, whole))
    remove_leftovers(tmp_path / "nowhere" / "a.jsonl")
