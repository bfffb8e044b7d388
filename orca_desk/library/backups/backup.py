"""Backups: the database alone, or a ZIP file that also has the trained adapters and checkpoints."""

import contextlib
import sqlite3
import stat
import zipfile
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Self

from orca_desk.errors import UserError, cannot_write
from orca_desk.files import atomic_path, sync_folder
from orca_desk.library.backups.opened import CHUNK, TRAININGS, OpenedBackup, no_backup, opened
from orca_desk.library.care.integrity import check_database
from orca_desk.library.connections import PRIMARY_CODE, connect, copy_database, explain
from orca_desk.library.database import DATABASE_NAME, Library
from orca_desk.library.locations import CHECKPOINT_FOLDERS
from orca_desk.library.migrations import check_version, version_of
from orca_desk.library.scratch import scratch_folder
from orca_desk.paths import resolved

BackupPart = Literal["adapters", "checkpoints"]


@dataclass(frozen=True, kw_only=True)
class Backup:
    """A backup that was read from end to end, and its contents.

    `files` counts those of trainings. `left_out` are the bytes of the library's adapters and checkpoints that
    are not in it; both are empty for a backup that was only checked.
    """

    path: Path
    version: int
    tasks: int
    records: int
    snapshots: int
    files: int = 0
    left_out: dict[BackupPart, int]


@dataclass(frozen=True, kw_only=True)
class TrainedFile:
    """A file of a training in the library's folder: of a checkpoint to resume from, or any other.

    The others are its adapter, what it was trained on, and the description of its run.
    """

    path: Path
    part: BackupPart
    size: int


@dataclass(frozen=True)
class TrainedRows:
    """What a database says of its trainings, by id: the paths of the adapter, and its hash."""

    rows: tuple[tuple[str, str | None, str | None, str | None], ...]

    @classmethod
    def of(cls, db: sqlite3.Connection) -> Self:
        """Return the trainings of a database."""
        found = db.execute("SELECT id, adapter, adapter_gguf, adapter_sha256 FROM trainings ORDER BY id")
        return cls(tuple(map(tuple, found.fetchall())))

    def files(self, folder: Path) -> list[TrainedFile]:
        """Return their files in a library's folder, by path."""
        found: dict[Path, TrainedFile] = {}
        for training, *adapters, _ in self.rows:
            own = folder / TRAININGS / training
            places = [own, *(folder / adapter for adapter in adapters if adapter)]
            for place in places:
                for path in [place] if place.is_file() else place.rglob("*"):
                    if path.is_relative_to(folder) and (size := _size(path)) is not None:
                        found[path] = TrainedFile(path=path, part=_part_of(path, own), size=size)
        return sorted(found.values(), key=lambda one: one.path)


def trained_rows(library: Library) -> TrainedRows:
    """Return what the library says of its trainings now."""
    with library.read() as db:
        return TrainedRows.of(db)


def trained_files(library: Library) -> list[TrainedFile]:
    """Return the files of all trainings that lie in the library's folder, by path."""
    return trained_rows(library).files(library.folder)


def _part_of(path: Path, training: Path) -> BackupPart:
    """Return the part of a backup to which a file of a training in the folder `training` belongs."""
    inside = path.is_relative_to(training) and path.relative_to(training).parts[0] in CHECKPOINT_FOLDERS
    return "checkpoints" if inside else "adapters"


def back_up(
    library: Library,
    path: Path,
    *,
    parts: frozenset[BackupPart] = frozenset(),
    on_bytes: Callable[[int], None] = lambda count: None,
) -> Backup:
    """Write a consistent copy of the library to `path`, all or nothing, and check it.

    With `parts`, the copy is a ZIP file with the database and these files of the trainings. Other threads can
    read and write meanwhile; `on_bytes` gets the size of each chunk, and an exception from it stops. Raises
    UserError if the copy cannot be written or is damaged.
    """
    if path.resolve() == library.path:
        raise UserError("The backup would replace the library itself.", "Choose another file.")
    try:
        if parts:
            files = _write_archive(library, path, parts, on_bytes)
        else:
            files = trained_files(library)
            with library.read() as db:
                copy_database(db, path)
    except OSError as error:
        raise cannot_write(path, error) from error
    made = check_backup(path)
    left_out: dict[BackupPart, int] = {}
    for one in files:
        if one.part not in parts:
            left_out[one.part] = left_out.get(one.part, 0) + one.size
    return Backup(**{**vars(made), "left_out": left_out})


def check_backup(path: Path) -> Backup:
    """Read a backup from end to end. Raises UserError if it is missing, damaged or too new."""
    with opened(path) as backup:
        return checked(backup)


def restore(path: Path, folder: Path, *, on_bytes: Callable[[int], None] = lambda count: None) -> Backup:
    """Check a backup and make a library in `folder` from it. Opening the library upgrades an old one.

    It is made beside its place, so that a failure or an end in the middle leaves none in part. Raises
    UserError if the backup is damaged or `folder` already has a library: nothing is ever replaced.
    `on_bytes` gets the size of what was read of a kept backup; an exception from it stops.
    """
    folder = resolved(folder)
    target = folder / DATABASE_NAME
    if target.exists() or (folder / TRAININGS).exists():
        raise UserError(f"{folder} already contains a library.", "Restore into a new folder.")
    with opened(path, on_bytes=on_bytes) as source:
        backup = checked(source)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with scratch_folder(folder, ".restore-") as made:
                for name in source.files:
                    source.take(name, made / name)
                with closing(connect(source.database, "immutable")) as db:
                    copy_database(db, made / DATABASE_NAME)
                if source.files:
                    (made / TRAININGS).rename(folder / TRAININGS)
                (made / DATABASE_NAME).rename(target)  # the last: a folder without it is not a library
        except OSError as error:
            raise cannot_write(target, error) from error
        sync_folder(folder)
    return backup


def checked(backup: OpenedBackup) -> Backup:
    """Check the database of an opened backup. Raises UserError if it is damaged, too new or not a library."""
    path = backup.path
    try:
        with closing(connect(backup.database, "immutable")) as db:
            check_version(db, path)
            if not (version := version_of(db)):
                raise no_backup(path)
            if problems := check_database(db, thorough=True):
                raise UserError(f"The backup {path} is damaged: {problems[0]}", "Use an older backup.")
            counts = {
                name: db.execute(f"SELECT count(*) FROM {name}").fetchone()[0]
                for name in ("tasks", "records", "snapshots")
            }
    except sqlite3.DatabaseError as error:
        if error.sqlite_errorcode & PRIMARY_CODE in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
            raise UserError(
                f"{path} is damaged, or not a backup ({error}).", "Use another backup."
            ) from error
        raise explain(error, path) or error from error
    return Backup(path=path, version=version, files=len(backup.files), left_out={}, **counts)


def _write_archive(
    library: Library, path: Path, parts: frozenset[BackupPart], on_bytes: Callable[[int], None]
) -> list[TrainedFile]:
    """Write the ZIP file; return the trained files that there are, also those of other parts.

    They are looked for after the database was copied, so that each adapter that it names is there. What is
    in it hardly gets smaller by compression, so it is stored as it is.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with (
        scratch_folder(path.parent, ".backup-") as scratch,
        atomic_path(path) as part,
    ):
        database = scratch / DATABASE_NAME
        with library.read() as db:
            copy_database(db, database)
        with closing(connect(database, "immutable")) as db:
            files = TrainedRows.of(db).files(library.folder)
        with zipfile.ZipFile(part, "w") as archive:
            _add(archive, database, DATABASE_NAME, on_bytes)
            for one in files:
                if one.part in parts:
                    with contextlib.suppress(FileNotFoundError):  # a training prunes its older checkpoints
                        _add(archive, one.path, one.path.relative_to(library.folder).as_posix(), on_bytes)
    return files


def _add(archive: zipfile.ZipFile, path: Path, name: str, on_bytes: Callable[[int], None]) -> None:
    with path.open("rb") as file:
        info = zipfile.ZipInfo.from_file(path, name, strict_timestamps=False)
        with archive.open(info, "w", force_zip64=True) as entry:
            while block := file.read(CHUNK):
                entry.write(block)
                on_bytes(len(block))


def _size(path: Path) -> int | None:
    """Return a file's size; None for a folder, what is half-written, and a file that has disappeared."""
    try:
        found = path.stat()
    except OSError:
        return None
    return None if path.name.startswith(".") or not stat.S_ISREG(found.st_mode) else found.st_size
