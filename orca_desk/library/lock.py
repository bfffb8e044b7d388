"""The lock that lets one process at a time open a library."""

import errno
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import filelock

from orca_desk.errors import UserError
from orca_desk.files import atomic_write

LOCK_NAME = "library.lock"
OWNER_NAME = "library.owner"
NO_LOCKS = frozenset({errno.ENOLCK, errno.ENOTSUP, errno.EOPNOTSUPP})  # as some network drives answer


class FolderLock:
    """A lock on a library folder, held until `release`.

    The operating system releases it however the process ends, so the files that a killed process leaves do
    not matter. The owner's process id is in a separate file, because locking truncates the lock file.
    """

    def __init__(self, folder: Path) -> None:
        """Take the lock. Raises UserError if another process has it, OSError if it cannot be created."""
        self._owner = folder / OWNER_NAME
        try:
            self._lock = acquire(folder / LOCK_NAME)
        except filelock.Timeout:
            raise UserError(
                f"The library in {folder} is in use by {_process(self._owner)}.",
                "Close Orca Desk there, or choose another library folder.",
            ) from None
        try:
            atomic_write(self._owner, str(os.getpid()))
        except OSError:
            # On a full disk the owner's id does not fit; the lock itself still works.
            self._owner.unlink(missing_ok=True)

    @property
    def is_weak(self) -> bool:
        """Whether the drive has no locks, so that only a file says who has the library open."""
        return isinstance(self._lock, filelock.SoftFileLock)

    def release(self) -> None:
        """Release the lock, so that other processes can open the library."""
        self._owner.unlink(missing_ok=True)
        self._lock.release()


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the lock of a library that is not opened, so that nobody else writes into it meanwhile.

    A folder that cannot be written needs none. Raises UserError if another process has the library open.
    """
    try:
        lock = FolderLock(folder)
    except OSError:
        yield
        return
    try:
        yield
    finally:
        lock.release()


def acquire(path: Path) -> filelock.BaseFileLock:
    """Take and return the lock: the system's, or where the drive has none, a file with the owner's process.

    Any thread may release it. Raises filelock.Timeout if another process has it, OSError if it cannot be
    created.
    """
    lock: filelock.BaseFileLock = filelock.FileLock(path, timeout=0, thread_local=False)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # `is_weak` says it
            lock.acquire()  # where the system has no such call, this becomes a SoftFileLock
    except OSError as error:
        if error.errno not in NO_LOCKS:
            raise
        lock = filelock.SoftFileLock(path.with_name(f"{path.name}.owned"), timeout=0, thread_local=False)
        lock.acquire()
    return lock


def _process(owner: Path) -> str:
    """Return the name of the process that has the lock, as far as it is known."""
    try:
        return f"process {owner.read_text()}"
    except OSError:
        return "another process"
