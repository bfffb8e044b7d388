"""Where and how often a library's backups are kept.

These settings lie in a file beside the library, not in its database: they are needed most when that cannot be
read, and restoring a backup must not change them.
"""

import hashlib
import json
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal, get_args

from orca_desk.errors import UserError, cannot_write
from orca_desk.files import atomic_write

BACKUPS = "backups"  # the folder in the library's own
KEPT = "kept"
SETTINGS = "keeping.json"
LONGEST = 40  # characters of a library's name, which may be four bytes each
Every = Literal["off", "hour", "day", "week"]
INTERVALS: dict[Every, timedelta] = {
    "hour": timedelta(hours=1),
    "day": timedelta(days=1),
    "week": timedelta(weeks=1),
}


@dataclass(frozen=True, kw_only=True)
class Keeping:
    """How backups are kept: how often, in which folder ("": the library's own), with checkpoints or not."""

    every: Every = "day"
    folder: str = ""
    checkpoints: bool = False


def keeping_of(library_folder: Path) -> Keeping:
    """Return how the backups of a library are kept; the default where nothing, or nonsense, is stored."""
    with suppress(OSError, ValueError):
        stored: Any = json.loads((library_folder / BACKUPS / SETTINGS).read_text(encoding="utf-8"))
        if isinstance(stored, dict) and stored.get("every", "day") in get_args(Every):
            return Keeping(
                every=stored.get("every", "day"),
                folder=str(stored.get("folder", "")),
                checkpoints=bool(stored.get("checkpoints", False)),
            )
    return Keeping()


def set_keeping(library_folder: Path, keeping: Keeping) -> None:
    """Store how backups are kept.

    Raises UserError if `folder` is not a folder or in the library's own, and on a full disk.
    """
    if keeping.folder and not Path(keeping.folder).is_dir():
        raise UserError(f"There is no folder {keeping.folder}.", "Choose a folder that exists.")
    if keeping.folder and not Path(keeping.folder).is_absolute():
        raise UserError(f"{keeping.folder} is not an absolute path.", "Enter the full path.")
    if keeping.folder and Path(keeping.folder).resolve().is_relative_to(library_folder.resolve()):
        raise UserError(
            f"{keeping.folder} is in the library's folder, and would be lost with it.",
            "Choose one on another disk, or the library's own folder for backups, which is the default.",
        )
    path = library_folder / BACKUPS / SETTINGS
    try:
        if keeping.folder:  # if it is missing later, so is its disk
            store_folder(library_folder, keeping).mkdir(exist_ok=True)
        atomic_write(path, json.dumps(asdict(keeping)))  # ASCII: a path need not be valid Unicode
    except OSError as error:
        raise cannot_write(path, error) from error


def bring_backups(before: Path, folder: Path) -> None:
    """Let the backups that are kept elsewhere follow a library that was moved from the folder `before`.

    A copy begins its own: the library is still where it was. What the disk refuses stays under its old name.
    """
    keeping = keeping_of(folder)
    if not keeping.folder:
        return
    old, new = store_folder(before, keeping), store_folder(folder, keeping)
    if old.is_dir() and not new.exists():
        with suppress(OSError):
            new.mkdir() if (before / "library.db").exists() else old.rename(new)


def store_folder(library_folder: Path, keeping: Keeping | None = None) -> Path:
    """Return the folder of a library's kept backups, which need not exist yet.

    In a folder that the user chose, each library has its own, named after it and where it lies, by a name
    that other systems' disks take too.
    """
    chosen = (keeping or keeping_of(library_folder)).folder
    if not chosen:
        return library_folder / BACKUPS / KEPT
    place = hashlib.sha256(str(library_folder.resolve()).encode("utf-8", "surrogateescape")).hexdigest()[:8]
    name = "".join(char if char.isalnum() or char in " ._-" else "_" for char in library_folder.name)
    return Path(chosen) / f"{name[:LONGEST].strip(' .') or 'library'}-{place}"
