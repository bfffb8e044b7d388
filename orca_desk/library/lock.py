"""One process at a time may have a library open."""

import os
from pathlib import Path

import filelock

from orca_desk.errors import UserError
from orca_desk.files import atomic_write

LOCK_NAME = "library.lock"
OWNER_NAME = "library.owner"


class FolderLock:
    """A lock on a library folder, held until `release`.

    The operating system frees it when the process ends in any way, so what a killed process leaves behind
    does not matter. The holder's process id is in a file of its own, because taking the lock truncates
    the lock file.
    """

    def __init__(self, folder: Path) -> None:
        """Take the lock. Raises UserError when another process has it, OSError when it cannot be made."""
        self._owner = folder / OWNER_NAME
        self._lock = filelock.FileLock(folder / LOCK_NAME, timeout=0)
        try:
            self._lock.acquire()
        except filelock.Timeout:
            raise UserError(
                f"The library in {folder} is in use by {_process(self._owner)}.",
                "Close Orca Desk there, or choose another library folder.",
            ) from None
        try:
            atomic_write(self._owner, str(os.getpid()))
        except OSError:
            # On a full disk there is no room for the name of the holder; the lock itself holds all the same.
            self._owner.unlink(missing_ok=True)

    def release(self) -> None:
        """Let others open the library."""
        self._owner.unlink(missing_ok=True)
        self._lock.release()


def _process(owner: Path) -> str:
    """Say who holds the lock, as far as the holder could note it."""
    try:
        return f"process {owner.read_text()}"
    except OSError:
        return "another process"
