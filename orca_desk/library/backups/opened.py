"""Any kind of backup, opened to read: a kept one, a ZIP file, or a database alone."""

import contextlib
import os
import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from orca_desk.errors import UserError, cannot_write
from orca_desk.library.backups.chunks import LostPieceError
from orca_desk.library.backups.kept import KeptBackup, is_kept, read_kept
from orca_desk.library.database import DATABASE_NAME

CHUNK = 2**20
TRAININGS = "trainings"
Bytes = Callable[[int], None]


@dataclass(frozen=True, kw_only=True)
class OpenedBackup:
    """Its database as a file to read, the names of its other files, and a function that writes one of them.

    `take(name, target)` makes `target`, which must not exist, and is on the disk when it returns. It raises
    UserError where the backup is damaged.
    """

    path: Path
    database: Path
    files: tuple[str, ...]
    take: Callable[[str, Path], None]


@contextlib.contextmanager
def opened(
    path: Path, *, scratch_in: Path | None = None, on_bytes: Bytes = lambda count: None
) -> Iterator[OpenedBackup]:
    """Open a backup; its database is unpacked into `scratch_in`, by default the system's temporary folder.

    A ZIP file was read from end to end then, and its checksums are right; a kept backup's pieces are checked
    as they are read. Raises UserError if the file is missing, damaged, or not a backup.
    """
    if not path.is_file():
        raise UserError(f"The backup {path} does not exist.", "Check the file name.")
    if not is_kept(path) and (not zipfile.is_zipfile(path) or _is_database(path)):
        yield OpenedBackup(path=path, database=path, files=(), take=_nothing)
        return
    with tempfile.TemporaryDirectory(prefix="orca-desk-", dir=scratch_in) as scratch:
        database = Path(scratch) / DATABASE_NAME
        if is_kept(path):
            yield _kept(read_kept(path), database, on_bytes)
        else:
            files = _take_out_database(path, Path(scratch))
            yield OpenedBackup(
                path=path, database=database, files=tuple(files), take=lambda *one: _unzip(path, *one)
            )


def _kept(backup: KeptBackup, database: Path, on_bytes: Bytes) -> OpenedBackup:
    names = [one.name for one in backup.files]
    if DATABASE_NAME not in names or not all(_is_inside(name) for name in names):
        raise no_backup(backup.path)

    def take(name: str, target: Path) -> None:
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("xb") as file:
            for piece in backup.file(name).pieces:
                try:
                    content = backup.store.read(piece)
                except LostPieceError as error:
                    raise UserError(
                        f"The backup of {backup.name} is damaged: {name} cannot be read.",
                        "Use another backup. Verify shows which of them are whole.",
                    ) from error
                file.write(content)
                on_bytes(len(content))
            file.flush()
            os.fsync(file.fileno())

    take(DATABASE_NAME, database)
    return OpenedBackup(
        path=backup.path,
        database=database,
        files=tuple(name for name in names if name != DATABASE_NAME),
        take=take,
    )


def _nothing(name: str, target: Path) -> None:
    raise KeyError(name)


def _take_out_database(path: Path, folder: Path) -> list[str]:
    """Check an archive, write its database into `folder`, and return the names of the other files in it."""
    try:
        with zipfile.ZipFile(path) as archive:
            # A set of files that was packed again may have entries for folders too
            names = list(dict.fromkeys(name for name in archive.namelist() if not name.endswith("/")))
            if DATABASE_NAME not in names or not all(_is_inside(name) for name in names):
                raise no_backup(path)
            if damaged := archive.testzip():
                raise UserError(f"The backup {path} is damaged: {damaged}.", "Use an older backup.")
            archive.extract(DATABASE_NAME, folder)
    except (zipfile.BadZipFile, zlib.error, EOFError) as error:
        raise UserError(f"The backup {path} is damaged: {error}.", "Use an older backup.") from error
    except RuntimeError as error:  # a password, or a compression that Python does not know
        raise UserError(f"The archive {path} cannot be read: {error}.", "Pack its files again.") from error
    except OSError as error:
        raise cannot_write(folder, error) from error
    return [name for name in names if name != DATABASE_NAME]


def no_backup(path: Path) -> UserError:
    """Return the error for a file that is not a backup of a library."""
    return UserError(f"{path} is not a backup of an Orca Desk library.", "Choose another file.")


def _unzip(path: Path, name: str, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path) as archive, archive.open(name) as source, target.open("xb") as file:
        shutil.copyfileobj(source, file, CHUNK)
        file.flush()
        os.fsync(file.fileno())


def _is_inside(name: str) -> bool:
    """Return whether a file of a backup lies where a library has files, whatever tricks its name plays."""
    parts = PurePosixPath(name).parts
    if name == DATABASE_NAME:
        return True
    return parts[:1] == (TRAININGS,) and not {"..", "."} & set(parts) and "\\" not in name and ":" not in name


def _is_database(path: Path) -> bool:
    """Return whether a file begins as a database does, even if it ends like an archive."""
    with path.open("rb") as file:
        return file.read(15) == b"SQLite format 3"
