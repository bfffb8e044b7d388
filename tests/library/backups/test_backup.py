"""Backups, logs, and what is not lost with them."""

import errno
import gzip
import logging
import shutil
import sqlite3
import subprocess
import sys
import threading
import zipfile
from contextlib import closing
from pathlib import Path

import pytest
from library_doubles import judged, make_record, make_task

from orca_desk.errors import UserError
from orca_desk.library.backups.backup import BackupPart, back_up, check_backup, restore
from orca_desk.library.care.integrity import check, missing_files
from orca_desk.library.database import Library
from orca_desk.library.new_records import add_records
from orca_desk.library.records import get_record
from orca_desk.library.snapshots import freeze, list_snapshots
from orca_desk.library.tasks import add_tasks, iterate_tasks
from orca_desk.library.trainings import create_training, list_trainings, set_adapter
from orca_desk.log import logging_to


def test_a_backup_holds_everything_at_once(library: Library, tmp_path: Path) -> None:
    tasks = [make_task(n) for n in range(200)]
    add_tasks(library, tasks)
    add_records(library, [judged(make_record(1), 1)])
    snapshot = freeze(library, name="x")
    path = tmp_path / "backups" / "one.db"
    backup = back_up(library, path)
    assert (backup.tasks, backup.records, backup.snapshots) == (200, 1, 1)
    assert [file.name for file in path.parent.iterdir()] == ["one.db"]
    add_tasks(library, [make_task(1000)])
    restore(path, tmp_path / "restored")
    with Library.open(tmp_path / "restored", create=False) as restored:
        assert list(iterate_tasks(restored)) == tasks
        assert get_record(restored, make_record(1).id).record == make_record(1)
        assert list_snapshots(restored) == [snapshot]
        assert check(restored, thorough=True) == []
    with pytest.raises(UserError, match="already"):
        restore(path, library.folder)


def test_a_backup_in_the_middle_of_writing_is_consistent(library: Library, tmp_path: Path) -> None:
    ready = threading.Event()
    stop = threading.Event()

    def write() -> None:
        for number in range(100_000):
            add_tasks(library, [make_task(number * 5 + part) for part in range(5)])
            ready.set()
            if stop.is_set():
                return

    writer = threading.Thread(target=write)
    writer.start()
    try:
        assert ready.wait(30)
        counts = [back_up(library, tmp_path / f"{n}.db").tasks for n in range(4)]
    finally:
        stop.set()
        writer.join()
    assert all(count % 5 == 0 for count in counts)
    assert counts == sorted(counts)


def test_bad_backups_are_named(library: Library, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="does not exist"):
        check_backup(tmp_path / "none.db")
    with pytest.raises(UserError, match="replace the library"):
        back_up(library, library.path)
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="cannot be written"):
        back_up(library, tmp_path / "file" / "one.db")
    path = tmp_path / "one.db"
    add_tasks(library, [make_task(n) for n in range(300)])
    back_up(library, path)
    content = bytearray(path.read_bytes())
    page = content.index(b"What is 250 plus 0?") // 4096 * 4096
    content[page + 8 : page + 200] = b"\xff" * 192
    path.write_bytes(content)
    with pytest.raises(UserError, match="damaged"):
        restore(path, tmp_path / "restored")
    assert not (tmp_path / "restored" / "library.db").exists()


OLDER = sorted((Path(__file__).parents[1] / "older").glob("version-*.db.gz"))


@pytest.mark.parametrize("older", OLDER, ids=lambda path: path.name.split(".")[0])
def test_a_damaged_backup_of_an_older_version_is_refused(older: Path, tmp_path: Path) -> None:
    path = tmp_path / "old.db"
    content = bytearray(gzip.decompress(older.read_bytes()))
    path.write_bytes(content)
    assert check_backup(path).version == int(older.name.split("-")[1].split(".")[0])
    page = content.index(b"are in a kitchen with") // 4096 * 4096
    content[page + 8 : page + 200] = b"\xff" * 192
    path.write_bytes(content)
    with pytest.raises(UserError, match="damaged"):
        check_backup(path)
    with pytest.raises(UserError, match="damaged"):
        restore(path, tmp_path / "restored")
    assert not (tmp_path / "restored" / "library.db").exists()


@pytest.mark.parametrize("older", OLDER, ids=lambda path: path.name.split(".")[0])
def test_a_backup_with_a_changed_snapshot_is_refused(older: Path, tmp_path: Path) -> None:
    path = tmp_path / "old.db"
    path.write_bytes(gzip.decompress(older.read_bytes()))
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("DROP TRIGGER snapshot_records_keep_update")
        db.execute("UPDATE snapshot_records SET assistant = 'Another answer.' WHERE position = 0")
    with pytest.raises(UserError, match="does not contain its original records"):
        check_backup(path)


def test_contradictions_between_tables_are_found(library: Library) -> None:
    add_tasks(library, [make_task(1, tags=("a",))])
    library.write(lambda db: db.execute("DELETE FROM task_tags").rowcount)
    assert [problem for problem in check(library) if "tags" in problem]

    def orphan(db: sqlite3.Connection) -> None:
        db.execute("INSERT INTO decisions VALUES (99, 'keep', '')")

    with pytest.raises(sqlite3.IntegrityError, match="FOREIGN KEY"):
        library.write(orphan)


def test_uncaught_exceptions_go_to_the_log(tmp_path: Path) -> None:
    script = """
import sys, threading
from pathlib import Path
from orca_desk.log import logging_to
with logging_to(Path(sys.argv[1])):
    thread = threading.Thread(target=lambda: 1 / 0, name="divider")
    thread.start()
    thread.join()
    sys.excepthook(ValueError, ValueError("at the top"), None)
"""
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path / "logs")], capture_output=True, text=True
    )
    log = (tmp_path / "logs" / "orca-desk.log").read_text(encoding="utf-8")
    assert "uncaught exception in divider" in log and "ZeroDivisionError" in log
    assert "ValueError: at the top" in log
    assert "ZeroDivisionError" in done.stderr and "at the top" in done.stderr


def test_native_crashes_leave_their_stacks(tmp_path: Path) -> None:
    script = """
import ctypes, sys
from pathlib import Path
from orca_desk.log import logging_to
with logging_to(Path(sys.argv[1])):
    ctypes.string_at(0)
"""
    done = subprocess.run([sys.executable, "-c", script, str(tmp_path)], capture_output=True)
    assert done.returncode != 0
    assert "string_at" in (tmp_path / "crash.log").read_text(encoding="utf-8")


def test_logging_ends_with_its_block(tmp_path: Path) -> None:
    logger = logging.getLogger("orca_desk.test")
    hooks = sys.excepthook, threading.excepthook
    with logging_to(tmp_path) as path:
        logger.info("inside \ud800")
    logger.info("outside")
    assert (sys.excepthook, threading.excepthook) == hooks
    text = path.read_text(encoding="utf-8")
    assert "inside \\ud800" in text and "outside" not in text


@pytest.fixture
def trained(library: Library) -> Library:
    """A library with a training that has an adapter and a checkpoint."""
    add_tasks(library, [make_task(1)])
    add_records(library, [judged(make_record(1), 1)])
    snapshot = freeze(library, name="x").id
    made = create_training(library, base=library.folder / "base", snapshot=snapshot, settings={})
    for name, content in FILES.items():
        (made.folder / name).parent.mkdir(parents=True, exist_ok=True)
        (made.folder / name).write_bytes(content)
    set_adapter(
        library, made.id, adapter=made.folder / "adapter", gguf=made.folder / "adapter.gguf", sha256="0"
    )
    return library


FILES = {
    "adapter/adapter_model.safetensors": b"weights" * 100_000,
    "adapter.gguf": b"GGUF" * 100,
    "checkpoints/step-4/manifest.json": b"{}",
    "checkpoint-adapters/step-4.gguf": b"GGUF",  # which evaluations are of
    "run.json": b"{}",
}


@pytest.mark.parametrize("part", ["adapters", "checkpoints"])
def test_a_backup_has_the_parts_that_were_wanted(trained: Library, tmp_path: Path, part: BackupPart) -> None:
    alone = back_up(trained, tmp_path / "alone.db")
    assert (alone.files, alone.left_out) == (0, {"adapters": 700_402, "checkpoints": 6})
    made = back_up(trained, tmp_path / "whole.zip", parts=frozenset({part}))
    assert made.left_out.keys() == {"adapters", "checkpoints"} - {part}
    back = restore(tmp_path / "whole.zip", tmp_path / "restored")
    assert (back.files, back.tasks) == (made.files, 1)
    with Library.open(tmp_path / "restored", create=False) as restored:
        assert missing_files(restored) == ([] if part == "adapters" else missing_files(restored))
        (training,) = list_trainings(restored)
        for name, content in FILES.items():
            path = training.folder / name
            assert path.exists() == (("checkpoint" in name) == (part == "checkpoints"))
            assert not path.exists() or path.read_bytes() == content
        assert check(restored, thorough=True) == []


def test_a_damaged_or_hostile_archive_is_refused(trained: Library, tmp_path: Path) -> None:
    path = tmp_path / "whole.zip"
    back_up(trained, path, parts=frozenset({"adapters"}))
    whole = path.read_bytes()
    damaged = bytearray(whole)
    place = damaged.index(b"weightsweights")
    damaged[place : place + 4] = b"\0\0\0\0"
    path.write_bytes(damaged)
    with pytest.raises(UserError, match=r"damaged: .*safetensors"):
        restore(path, tmp_path / "restored")
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(UserError, match=r"damaged|not a database"):
        restore(path, tmp_path / "restored")
    for name in ("../out", "trainings/../../out", "/out", "trainings/..\\out", "elsewhere/out"):
        path.write_bytes(whole)
        with zipfile.ZipFile(path, "a") as archive:
            archive.writestr(name, "x")
        with pytest.raises(UserError, match="not a backup"):
            restore(path, tmp_path / "restored")
    assert not (tmp_path / "restored").exists() and not (tmp_path / "out").exists()


def test_an_archive_that_was_packed_again_is_restored(trained: Library, tmp_path: Path) -> None:
    back_up(trained, tmp_path / "whole.zip", parts=frozenset({"adapters"}))
    with zipfile.ZipFile(tmp_path / "whole.zip") as archive:
        archive.extractall(tmp_path / "files")
    shutil.make_archive(str(tmp_path / "again"), "zip", tmp_path / "files")  # with entries for folders
    back = restore(tmp_path / "again.zip", tmp_path / "restored")
    assert (back.files, back.tasks) == (3, 1)
    assert sorted(path.name for path in (tmp_path / "restored").iterdir()) == ["library.db", "trainings"]
    with Library.open(tmp_path / "restored", create=False) as restored:
        assert missing_files(restored) == []


@pytest.mark.parametrize(
    ("flags", "compression", "words"),
    [(1, 0, "encrypted"), (0, 9, "cannot be read"), (0, 8, "damaged")],
    ids=["password", "unknown compression", "no such data"],
)
def test_an_archive_that_cannot_be_read_is_a_sentence(
    trained: Library, tmp_path: Path, flags: int, compression: int, words: str
) -> None:
    path = tmp_path / "whole.zip"
    back_up(trained, path, parts=frozenset({"adapters"}))
    content = bytearray(path.read_bytes())
    for signature, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        start = content.index(signature)
        content[start + place] |= flags
        content[start + place + 2] = compression
    path.write_bytes(content)
    with pytest.raises(UserError, match=words):
        restore(path, tmp_path / "restored")
    assert not (tmp_path / "restored").exists()


@pytest.mark.parametrize("content", [b"", b"hello", b"SQLite format 3\0"])
def test_a_file_of_another_kind_is_no_backup(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "one.db"
    path.write_bytes(content)
    with pytest.raises(UserError, match=r"is not a backup|or not a backup"):
        check_backup(path)


def test_a_restore_that_fails_can_be_repeated(
    trained: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    back_up(trained, tmp_path / "whole.zip", parts=frozenset({"adapters"}))

    def full(*given: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("orca_desk.library.backups.backup.copy_database", full)  # when all the files are there
        with pytest.raises(UserError, match="no space"):
            restore(tmp_path / "whole.zip", tmp_path / "restored")
    assert list((tmp_path / "restored").iterdir()) == []
    assert restore(tmp_path / "whole.zip", tmp_path / "restored").files == 3


def test_a_stopped_backup_leaves_nothing(trained: Library, tmp_path: Path) -> None:
    def stop(count: int) -> None:
        raise InterruptedError

    with pytest.raises((InterruptedError, UserError)):
        back_up(trained, tmp_path / "new" / "whole.zip", parts=frozenset({"adapters"}), on_bytes=stop)
    assert list((tmp_path / "new").iterdir()) == []
