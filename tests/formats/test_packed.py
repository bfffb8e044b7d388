"""Files packed with gzip are read like any other, and damaged ones end in a sentence."""

import gzip
import io
from functools import partial
from pathlib import Path

import pytest
import zstandard
from task_files import read_tasks

from orca_desk.errors import UserError
from orca_desk.formats import packed
from orca_desk.formats.packed import unpacked
from orca_desk.formats.tasks import opened
from orca_desk.steps.collect.request import TaskSource

FULL = Path("/dev/full")  # whoever writes to it finds no room
ROWS = b'{"query": "What is 1 + 1?", "answer": "2"}\n{"query": "What is 1 + 2?", "answer": "3"}\n'


def test_a_packed_file_is_read_as_what_it_packs(tmp_path: Path) -> None:
    file = tmp_path / "tasks.jsonl.gz"
    file.write_bytes(gzip.compress(ROWS[:43]) + gzip.compress(ROWS[43:]))  # two members, as `cat` joins them
    assert [getattr(task, "answer", None) for task in read_tasks(file)] == ["2", "3"]
    table = tmp_path / "tasks.csv.GZ"
    table.write_bytes(gzip.compress(b"question;answer\nWhat is 2 + 2?;4\n"))
    assert [getattr(task, "answer", None) for task in read_tasks(table)] == ["4"]
    with opened(file) as (stream, name):
        assert (stream.read(), name) == (ROWS, file)
    assert TaskSource.of_file(file).family == "tasks"


def test_a_packed_file_without_tasks_is_called_by_its_own_name(tmp_path: Path) -> None:
    file = tmp_path / "empty.jsonl.gz"
    file.write_bytes(gzip.compress(b""))
    with pytest.raises(UserError, match=r"empty\.jsonl\.gz contains no tasks"):
        list(read_tasks(file))


def test_what_is_not_packed_stays_the_same_stream() -> None:
    stream = io.BytesIO(ROWS)
    stream.seek(5)
    with unpacked(stream, Path("x.gz")) as found:
        assert found is stream and found.tell() == 0


@pytest.mark.parametrize(
    "content",
    [gzip.compress(ROWS)[:-9], b"\x1f\x8b\x08\x00", b"\x1f\x8bnothing"],
    ids=["cut off", "without a header", "without data"],
)
def test_a_damaged_one_is_told(content: bytes, tmp_path: Path) -> None:
    file = tmp_path / "tasks.jsonl.gz"
    file.write_bytes(content)
    with pytest.raises(UserError, match="damaged or cut off"):
        list(read_tasks(file))


def test_a_bomb_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packed, "MOST", 3 << 20)
    bomb = io.BytesIO(gzip.compress(bytes(5 << 20)))
    with pytest.raises(UserError, match="unpacks to more"), unpacked(bomb, Path("x.gz")):
        pass


@pytest.mark.skipif(not FULL.exists(), reason="only Linux has a file without room")
def test_a_full_disk_is_told_as_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packed, "TemporaryFile", partial(FULL.open, "w+b", buffering=0))
    with (
        pytest.raises(UserError, match="cannot be unpacked in"),
        unpacked(io.BytesIO(gzip.compress(ROWS)), Path("x.gz")),
    ):
        pass


def test_zstd_is_unpacked_frame_by_frame(tmp_path: Path) -> None:
    file = tmp_path / "tasks.jsonl.zst"
    file.write_bytes(zstandard.compress(ROWS[:43]) + zstandard.compress(ROWS[43:]))
    assert [getattr(task, "answer", None) for task in read_tasks(file)] == ["2", "3"]
    assert TaskSource.of_file(file).family == "tasks"


def test_a_zstd_file_that_is_cut_off_is_told(tmp_path: Path) -> None:
    file = tmp_path / "tasks.jsonl.zst"
    file.write_bytes(zstandard.compress(ROWS)[:-5])
    with pytest.raises(UserError, match="zstd file that is damaged or cut off"):
        list(read_tasks(file))
