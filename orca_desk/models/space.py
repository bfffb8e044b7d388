"""Is there room on the disk? Checked before a large file is written, so that nobody waits for it to fail."""

import os
import shutil
from pathlib import Path

from orca_desk.errors import UserError
from orca_desk.models.fits import human_bytes

MARGIN = 64 * 2**20  # bytes left free: a full disk stops everything else too


def require_space(
    folder: Path, size: int, what: str, *, hint: str = "choose a folder on another disk"
) -> None:
    """Raise UserError when the disk of `folder`, which need not exist yet, has no room for `size` bytes.

    `what` begins the sentence ("The export"); `hint` says what helps besides freeing space.
    """
    there = _nearest(folder)
    free = free_space(there)
    if free < size + MARGIN:
        needed = f"{what} needs {human_bytes(size + MARGIN)} on the disk"
        raise UserError(
            f"{needed}, and {there} has {human_bytes(free)} free.",
            f"Free some space, or {hint}.",
        )


def free_space(folder: Path) -> int:
    """Return the bytes free on the disk of `folder`, which need not exist yet."""
    return shutil.disk_usage(_nearest(folder)).free


def _nearest(folder: Path) -> Path:
    """Return `folder`, or the nearest folder above it that exists."""
    above = (folder, *folder.absolute().parents)
    return next(one for one in above if os.path.isdir(one))  # noqa: PTH112 - Path.is_dir raises without rights
