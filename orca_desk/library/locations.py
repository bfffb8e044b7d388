"""Where a library's files lie, how paths are stored, and how much space it takes.

Paths below the library's folder are stored relative to it, so that the library can be moved.
"""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from orca_desk.library.database import DATABASE_NAME, Library
from orca_desk.paths import resolved


@dataclass(frozen=True, kw_only=True)
class SpaceUsed:
    """Bytes: the database, everything else in the library's folder, and what is free on its disk."""

    database: int
    others: int
    free: int

    @property
    def total(self) -> int:
        """The bytes that the whole library takes."""
        return self.database + self.others


# Of a training: its checkpoints, and the adapters of those that were evaluated, as GGUF files
CHECKPOINT_FOLDERS = ("checkpoints", "checkpoint-adapters")


def training_folder(library: Library, training_id: str) -> Path:
    """Return the folder of a training's records, checkpoints and adapter, which need not exist yet."""
    return library.folder / "trainings" / training_id


def log_folder(library: Library) -> Path:
    """Return the folder of the logs of the app and its workers, which need not exist yet."""
    return library.folder / "logs"


def stored_path(library: Library, path: Path) -> str:
    """Return `path` as the library stores it: relative inside the library's folder, absolute elsewhere."""
    absolute = resolved(path)
    inside = absolute.is_relative_to(library.folder)
    return absolute.relative_to(library.folder).as_posix() if inside else str(absolute)


def resolve_path(library: Library, stored: str) -> Path:
    """Return the path that `stored_path` stored, in the folder where the library is now."""
    return library.folder / stored


def size_of(path: Path) -> int:
    """Return the bytes of a file or of everything in a folder; what vanishes meanwhile counts nothing."""
    total = 0
    try:
        if not path.is_dir() or path.is_symlink():
            return path.lstat().st_size
    except OSError:
        return 0
    for current, _, names in os.walk(path):
        for name in names:
            try:
                total += os.lstat(os.path.join(current, name)).st_size  # noqa: PTH118 - a Path a file is slow
            except OSError:
                continue
    return total


def space_used(folder: Path) -> SpaceUsed:
    """Measure a library's folder. Files that disappear meanwhile are skipped."""
    own = others = 0
    for current, _, names in os.walk(folder):
        for name in names:
            try:
                size = os.lstat(os.path.join(current, name)).st_size  # noqa: PTH118 - a Path a file is slow
            except OSError:
                continue
            if Path(current) == folder and name.startswith(DATABASE_NAME):
                own += size
            else:
                others += size
    return SpaceUsed(database=own, others=others, free=shutil.disk_usage(folder).free)
