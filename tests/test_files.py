"""The atomic write: the old content survives every failure, and nothing is left behind."""

import os
from pathlib import Path

import pytest

from orca_desk.files import atomic_write, atomic_writer, file_sha256


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
