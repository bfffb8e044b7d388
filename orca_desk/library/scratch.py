"""Hidden folders for work in progress, which the next such work removes if a killed process left them."""

import contextlib
import re
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import filelock

from orca_desk.library.lock import NO_LOCKS

PREFIXES = (".backup-", ".restore-", ".repair-", ".import-")
NAME = re.compile(r"\.(backup|restore|repair|import)-[a-z0-9_]{8}")  # as tempfile makes them
LOCK = "orca-desk.lock"
CONTENT = frozenset(
    {
        "copy.db",
        "copy.db-journal",
        "bundle.zip",
        "library",
        "library.db",
        "trainings",
        *(f"{name}.db{part}" for name in ("made", "damaged") for part in ("", "-journal", "-wal", "-shm")),
    }
)
BATCH = re.compile(r"batch-\d+\.db")  # of an import
UNLOCKED_SECONDS = 24 * 3600.0  # the age at which a folder without a lock is abandoned
NEW_SECONDS = 5.0  # a process that has just made its folder may not have the lock yet


@contextlib.contextmanager
def scratch_folder(parent: Path, prefix: str) -> Iterator[Path]:
    """Yield a new folder in `parent`, which is removed when the block ends; `prefix` is one of PREFIXES.

    Folders that killed processes left in `parent` are removed first.
    """
    assert prefix in PREFIXES, prefix
    remove_abandoned(parent)
    with tempfile.TemporaryDirectory(dir=parent, prefix=prefix) as name, _locked(Path(name)):
        yield Path(name)


@contextlib.contextmanager
def working_folder(parent: Path, prefix: str) -> Iterator[Path]:
    """Yield a scratch folder in `parent`, or one of the system's where that cannot be written."""
    with contextlib.ExitStack() as stack:
        try:
            folder = stack.enter_context(scratch_folder(parent, prefix))
        except OSError:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        yield folder


def remove_abandoned(parent: Path) -> None:
    """Remove the scratch folders in `parent` whose processes have ended.

    A process holds a lock in its folder, which the system releases however it ends. Where there is no lock
    (an earlier version, or a drive without any), only what has Orca Desk's own files, all a day old, goes.
    What cannot be removed stays for the next time.
    """
    with contextlib.suppress(OSError):
        for folder in list(parent.iterdir()):
            if NAME.fullmatch(folder.name) and folder.is_dir() and not folder.is_symlink():
                _remove_if_abandoned(folder)


def _remove_if_abandoned(folder: Path) -> None:
    with contextlib.suppress(OSError, filelock.Timeout):
        lock = folder / LOCK
        if not lock.is_file():
            if _is_old_and_ours(folder):
                shutil.rmtree(folder)
            return
        if lock.stat().st_mtime > time.time() - NEW_SECONDS:
            return
        with filelock.FileLock(lock, timeout=0):
            for entry in folder.iterdir():
                if entry.is_dir() and not entry.is_symlink():
                    shutil.rmtree(entry)
                elif entry.name != LOCK:
                    entry.unlink()
        shutil.rmtree(folder)


def _is_old_and_ours(folder: Path) -> bool:
    entries = list(folder.iterdir())
    newest = max(entry.stat().st_mtime for entry in [folder, *entries])
    are_ours = all(entry.name in CONTENT or BATCH.fullmatch(entry.name) for entry in entries)
    return are_ours and newest < time.time() - UNLOCKED_SECONDS


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Hold the lock of a scratch folder, where the drive has locks."""
    lock = filelock.FileLock(folder / LOCK, timeout=0)
    try:
        lock.acquire()
    except OSError as error:
        if error.errno not in NO_LOCKS:
            raise
        (folder / LOCK).unlink(missing_ok=True)  # it proves nothing there
    try:
        yield
    finally:
        lock.release()  # before the folder goes: Windows removes no open file
