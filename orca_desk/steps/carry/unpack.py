"""Opens a bundle: checks all that it says before anything is written, and makes a new library from it."""

import errno
import hashlib
import lzma
import os
import shutil
import stat
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from orca_desk.errors import UserError, cannot_write
from orca_desk.files import CHUNK, sync_folder
from orca_desk.inventory.catalogue import restore_path
from orca_desk.library.copies import CopyCounts, check_copy
from orca_desk.library.database import DATABASE_NAME, Library
from orca_desk.library.moves.moving import repoint
from orca_desk.library.scratch import scratch_folder
from orca_desk.models.fits import human_bytes
from orca_desk.paths import resolved
from orca_desk.processes.progress import JobControl, Meter, Progress, StoppedError, Update, silent
from orca_desk.steps.carry.manifest import LARGEST_MANIFEST, MANIFEST, Manifest, damaged, no_bundle
from orca_desk.steps.carry.names import is_safe

DENSEST = 1100  # bytes unpacked for a byte packed: deflate cannot do more, so whoever claims it lies
MARGIN = 2**26  # bytes that stay free
_NO_ARCHIVE = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    NotImplementedError,
    UnicodeDecodeError,
)


@dataclass(frozen=True, kw_only=True)
class Unpacked:
    """The library that a bundle became."""

    folder: Path
    manifest: Manifest
    counts: CopyCounts


def look_into(path: Path) -> Manifest:
    """Read what a bundle says about itself, and check that against what it holds; reads no file of it.

    Raises UserError if it is not a bundle, is cut off, damaged or of a newer Orca Desk, or holds files
    that would lie outside of the library's folder, or more than it could.
    """
    with _opened(path) as archive:
        return _manifest(path, archive)


def unpack(
    path: Path, folder: Path, *, progress: Progress = silent, control: JobControl | None = None
) -> Unpacked | None:
    """Make a library in `folder`, which must be new or empty, from a bundle; return None if stopped.

    Everything is checked before: the names, the room, then each file by its SHA-256 and the database as a
    whole. It is made beside its place, so that a failure or the end of the process leaves none in part.
    Models in it are used from there; trainings and chats refer to them. Raises UserError as `look_into`, and
    if `folder` is not empty or has no room.
    """
    control = control or JobControl()
    folder = resolved(folder)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UserError(f"{folder} is not empty.", "Name a new folder for the library.")
    try:
        with _opened(path) as archive:
            manifest = _manifest(path, archive)
            folder.parent.mkdir(parents=True, exist_ok=True)
            _require_room(folder.parent, manifest.size)
            with scratch_folder(folder.parent, ".restore-") as scratch:
                made = scratch / "library"
                meter = Meter(progress, stage="unpacking", total=float(manifest.size), unit="bytes")
                _extract(path, archive, manifest, made, meter, control)
                progress(Update(stage="checking the database"))
                counts = _check_library(path, made / DATABASE_NAME)
                control.require_running()
                if folder.exists():
                    folder.rmdir()  # empty; Windows renames nothing onto it
                made.rename(folder)
        sync_folder(folder.parent)
    except StoppedError:
        return None
    except OSError as error:
        raise cannot_write(folder, error) from error
    _settle(folder, manifest)
    return Unpacked(folder=folder, manifest=manifest, counts=counts)


def _settle(folder: Path, manifest: Manifest) -> None:
    """Let the new library use the models that came with it."""
    with Library.open(folder) as library:
        carried = {one.path: one.inside for one in manifest.models if one.inside and one.path}
        if carried:
            repoint(library, carried)
        for inside in carried.values():
            restore_path(library, folder / inside)


@contextmanager
def _opened(path: Path) -> Iterator[zipfile.ZipFile]:
    """Yield the archive. What is wrong with it, also later, becomes a UserError."""
    if not path.is_file():
        raise UserError(f"There is no bundle {path}.", "Check its name and its drive.")
    try:
        path.open("rb").close()
    except OSError as error:
        raise UserError(
            f"The bundle {path} cannot be read: {error.strerror}.", "Check its permissions and its disk."
        ) from error
    try:
        with zipfile.ZipFile(path) as archive:
            yield archive
    except _NO_ARCHIVE as error:
        with path.open("rb") as file:
            is_archive = file.read(4) == b"PK\x03\x04"
        raise (
            damaged(path, "its end is missing, or it was changed") if is_archive else no_bundle(path)
        ) from error
    except OSError as error:
        if error.errno == errno.EINVAL:  # its directory points to before its beginning
            raise damaged(path, "its end is missing, or it was changed") from error
        raise
    except RuntimeError as error:  # entries with a password
        raise damaged(path, "it needs a password, which no bundle has") from error


def _manifest(path: Path, archive: zipfile.ZipFile) -> Manifest:
    entries = archive.infolist()
    by_name = {entry.filename: entry for entry in entries}
    found = by_name.pop(MANIFEST, None)
    if found is None:
        raise no_bundle(path)
    if found.file_size > LARGEST_MANIFEST:
        raise damaged(path, "its list of files is too long")
    manifest = Manifest.from_json(archive.read(found), path)
    sizes = {file.name: file.size for file in manifest.files}
    if len(by_name) + 1 != len(entries) or len(sizes) != len(manifest.files):
        raise damaged(path, "it holds a file twice")
    if by_name.keys() != sizes.keys() or DATABASE_NAME not in sizes:
        raise damaged(path, "its files are not those of its list")
    for name, entry in by_name.items():
        if not is_safe(name) or stat.S_ISLNK(entry.external_attr >> 16):
            raise damaged(path, f"it would write outside of the library, as {name[:80]!r}")
        if entry.file_size != sizes[name] or entry.file_size > DENSEST * max(1, entry.compress_size):
            raise damaged(path, f"the size of {name[:80]!r} is not the one in its list")
    if len({name.casefold() for name in sizes}) != len(sizes):
        raise damaged(path, "names of its files differ by case alone")
    if sum(entry.compress_size for entry in by_name.values()) > path.stat().st_size:
        raise damaged(path, "its files overlap")
    if bad := [one for one in manifest.models if one.inside and not is_safe(one.inside)]:
        raise damaged(path, f"it would write outside of the library, as {bad[0].inside[:80]!r}")
    return manifest


def _require_room(parent: Path, size: int) -> None:
    free = shutil.disk_usage(parent).free
    if free < size + MARGIN:
        raise UserError(
            f"The library needs {human_bytes(size)} on the disk of {parent}; {human_bytes(free)} are free.",
            "Free some space, or choose a folder on another disk.",
        )


def _extract(
    path: Path, archive: zipfile.ZipFile, manifest: Manifest, made: Path, meter: Meter, control: JobControl
) -> None:
    for one in manifest.files:
        target = made / one.name
        target.parent.mkdir(parents=True, exist_ok=True)
        digest, left = hashlib.sha256(), one.size
        with archive.open(one.name) as source, target.open("xb") as file:
            while block := source.read(CHUNK):
                control.require_running()
                left -= len(block)
                if left < 0:
                    break
                file.write(block)
                digest.update(block)
                meter.advance(len(block))
            file.flush()
            os.fsync(file.fileno())
        if left or digest.hexdigest() != one.sha256:
            raise damaged(path, f"{one.name} is not as it was packed")


def _check_library(path: Path, database: Path) -> CopyCounts:
    try:
        return check_copy(database, path)
    except ValueError as error:
        raise damaged(path, str(error)) from error
