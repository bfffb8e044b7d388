"""Putting a library back into the state of a backup, in its place.

First all that is needed is made ready in a folder beside the database, and marked as whole; nothing of the
library has changed until then. Whoever opens the library next puts it into place before anything else: every
step of that can be repeated, so an end in the middle leaves the old state or, at the next start, the new one.
"""

import json
import os
import re
import shutil
import sqlite3
from collections.abc import Callable, Collection
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from orca_desk.errors import UserError, cannot_write
from orca_desk.files import atomic_write, file_sha256, sync_folder
from orca_desk.library.backups.backup import Backup, checked
from orca_desk.library.backups.keeping import EVERYTHING, keep
from orca_desk.library.backups.keeping_settings import BACKUPS
from orca_desk.library.backups.kept import KeptBackup
from orca_desk.library.backups.opened import TRAININGS, opened
from orca_desk.library.backups.restored_state import MARK, STAGED
from orca_desk.library.connections import connect, copy_pages, is_damage
from orca_desk.library.database import DATABASE_NAME, DamagedError, Library

Bytes = Callable[[int], None]
REPLACED, LOOSE = "replaced-", "loose-"  # begin the names of folders in that of backups
OF_TRAINING = re.compile(r"train-\d+")


@dataclass(frozen=True, kw_only=True)
class Staged:
    """A restore that the next start completes.

    `present` is the backup of the state that it replaces; None where that is damaged: then it is moved into
    the folder of backups as it is. `loose` are the folders that no training has, which are moved there too.
    """

    backup: Backup
    present: KeptBackup | None
    loose: tuple[str, ...] = ()


def stage(library: Library, path: Path, *, on_bytes: Bytes = lambda count: None) -> Staged:
    """Make ready to put the state of a backup into the library's place, and back the present one up.

    The backup is read from end to end first. Close the library and open it again to complete the restore.
    `on_bytes` gets the size of each piece that is read or written; an exception from it stops, and nothing
    has changed. Raises UserError if the backup is damaged, and without the room for it.
    """

    is_known = not library.is_damaged
    made = _times(library) if is_known else None
    return _stage(
        library.folder, path, made, lambda: _keep_before(library, on_bytes) if is_known else None, on_bytes
    )


def _times(library: Library) -> dict[str, str] | None:
    """Return when each of the library's trainings began; None where damage hides it."""
    try:
        return {row["id"]: row["created_at"] for row in library.rows(_TRAININGS)}
    except UserError as error:
        if isinstance(error.__cause__, sqlite3.Error) and is_damage(error.__cause__):
            return None
        raise


def _keep_before(library: Library, on_bytes: Bytes) -> KeptBackup | None:
    """Back the present state up; None where that finds the damage that nobody has met yet."""
    try:
        return keep(library, why="before-restore", parts=EVERYTHING, on_bytes=on_bytes)
    except DamagedError:
        return None
    except UserError as error:
        if isinstance(error.__cause__, sqlite3.Error) and is_damage(error.__cause__):
            return None
        raise


def stage_over_damaged(folder: Path, path: Path, *, on_bytes: Bytes = lambda count: None) -> Staged:
    """Do what `stage` does for a library that cannot be opened. The caller holds its lock."""
    return _stage(folder, path, None, lambda: None, on_bytes)


_TRAININGS = "SELECT id, created_at FROM runs WHERE kind = 'train'"


def _stage(
    folder: Path,
    path: Path,
    made: dict[str, str] | None,
    keep_present: Callable[[], KeptBackup | None],
    on_bytes: Bytes,
) -> Staged:
    """Make the new state ready, and then back the present one up by `keep_present`.

    `made` are the times of today's trainings. Where nobody can read them, or there is no backup of today's
    state, it is moved aside.
    """
    staged = folder / STAGED
    try:
        shutil.rmtree(staged, ignore_errors=True)
        staged.mkdir()
        with opened(path, scratch_in=staged, on_bytes=on_bytes) as source:
            backup = checked(source)
            _require_room(folder, source.database.stat().st_size)
            with closing(connect(source.database, "immutable")) as db:
                copy_pages(db, staged / DATABASE_NAME)
                wanted = {row["id"]: row["created_at"] for row in db.execute(_TRAININGS).fetchall()}
            loose = () if made is None else loose_folders(folder, made)
            leaving = {f"{TRAININGS}/{name}" for name in loose}
            for name in source.files:
                source.take(name, staged / name)
                is_leaving = "/".join(name.split("/")[:2]) in leaving
                if not is_leaving and _is_same(folder / name, staged / name):
                    (staged / name).unlink()
        present = keep_present()
        made = made if present else None
        stamp = f"{datetime.now(UTC):%Y-%m-%dT%H%M%SZ}"
        mark: dict[str, Any] = {
            "going": _others(folder, wanted, made),
            "aside": "" if made is not None else f"{REPLACED}{stamp}",
            "loose": {"names": loose if present else (), "place": f"{LOOSE}{stamp}"},
        }
        _flush(staged)
        atomic_write(staged / MARK, json.dumps(mark))
    except BaseException as error:
        shutil.rmtree(staged, ignore_errors=True)
        if isinstance(error, OSError):
            raise cannot_write(staged, error) from error
        raise
    return Staged(backup=backup, present=present, loose=loose if present else ())


def _others(folder: Path, wanted: dict[str, str], present: dict[str, str] | None) -> list[str]:
    """Return the trainings in the library's folder that the backup does not have: their ids come again."""
    there = [one.name for one in (folder / TRAININGS).glob("*") if one.is_dir()]
    if present is None:
        return sorted(name for name in there if name not in wanted)
    return sorted(name for name in there if name in present and wanted.get(name) != present[name])


def loose_folders(folder: Path, present: Collection[str]) -> tuple[str, ...]:
    """Return the folders of trainings that the library does not know, of which no backup has the files.

    `present` are the ids of its trainings. A later training may get such a name; folders that the user made
    never get in the way.
    """
    there = (one.name for one in (folder / TRAININGS).glob("train-*") if one.is_dir())
    return tuple(sorted(name for name in there if name not in present and OF_TRAINING.fullmatch(name)))


def _require_room(folder: Path, needed: int) -> None:
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise UserError(
            f"Restoring needs {needed / 2**20:,.0f} MiB more on the disk of {folder};"
            f" {free / 2**20:,.0f} MiB are free.",
            "Free some space on that disk and try again. Nothing was changed.",
        )


def _is_same(here: Path, other: Path) -> bool:
    if not here.is_file() or here.stat().st_size != other.stat().st_size:
        return False
    return file_sha256(here) == file_sha256(other)


def _flush(staged: Path) -> None:
    with (staged / DATABASE_NAME).open("rb+") as file:
        os.fsync(file.fileno())
    for folder, _, _ in os.walk(staged):
        sync_folder(Path(folder))


def from_upgrades(folder: Path) -> list[Path]:
    """Return the backups that upgrades of the library's format have made, the oldest first."""
    with suppress(OSError):
        return sorted((folder / BACKUPS).glob("library-format-*.db"), key=lambda path: path.stat().st_mtime)
    return []


def replaced_in(folder: Path) -> list[Path]:
    """Return the damaged states that restores have moved into the folder of backups."""
    with suppress(OSError):
        return sorted((folder / BACKUPS).glob(f"{REPLACED}*"))
    return []
