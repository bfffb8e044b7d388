"""Moving a library into another folder, on the same disk or another; at every moment one of the two is whole.

On one disk it is renamed. Onto another disk it is copied beside its new place, put there by a rename, and
then the old folder is renamed away and deleted: an end in between leaves the old library, both, or the new
one and a hidden rest, which the next start of that deletes. Paths follow when it is opened (see `moving`).
"""

import errno
import json
import os
import secrets
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from orca_desk.errors import UserError, cannot_write
from orca_desk.files import sync_folder
from orca_desk.library.database import DATABASE_NAME
from orca_desk.library.lock import LOCK_NAME, OWNER_NAME, locked
from orca_desk.library.moves.move_rest import ENDING, REST
from orca_desk.library.scratch import scratch_folder
from orca_desk.paths import expanded

BLOCK = 2**22  # bytes that are copied at a time
THREADS = 16  # that wait for the disk
Bytes = Callable[[int], None]


@dataclass(frozen=True, kw_only=True)
class Relocated:
    """Where a library is now. `rest` is the old folder, or what of it the system did not let be deleted."""

    folder: Path
    rest: Path | None = None


def check_move(folder: Path, target: Path) -> Path:
    """Return the folder that a library would get. Raises UserError if it cannot be moved there."""
    folder, target = folder.resolve(), expanded(target).absolute()
    if not (folder / DATABASE_NAME).is_file():
        raise UserError(f"There is no library in {folder}.", "Check the name of the folder.")
    real = target.resolve()
    if real == folder:
        raise UserError(f"The library is already in {folder}.", "Choose another folder.")
    if real.is_relative_to(folder):
        raise UserError(f"{target} is inside the library itself.", "Choose a folder outside of it.")
    try:
        if target.is_file() or (target.is_dir() and any(target.iterdir())):
            raise UserError(f"{target} is not empty.", "Choose a new folder: nothing is replaced.")
    except OSError as error:
        raise UserError(f"{target} cannot be read ({error.strerror}).", "Choose another folder.") from error
    return real


def bytes_to_move(folder: Path) -> int:
    """Return the bytes of all files of a library."""
    return sum(path.lstat().st_size for path, _ in _files(folder))


def move_library(folder: Path, target: Path, *, on_bytes: Bytes = lambda count: None) -> Relocated:
    """Move a library that no process has open. The next opening lets its paths and its backups follow.

    `on_bytes` gets the size of each block that is copied; an exception from it stops, and the library stays
    where it was. Raises UserError if it is open, if `check_move` does, and if a disk refuses or is full.
    """
    folder, target = folder.resolve(), check_move(folder, target)
    made = _make_parents(target.parent)
    try:
        with locked(folder):  # raises if a process has it open
            pass
        with suppress(FileNotFoundError):
            target.rmdir()  # it is empty; Windows renames onto nothing that is there
        try:
            folder.rename(target)
        except OSError as error:
            if error.errno != errno.EXDEV:
                raise
            return _copy_over(folder, target, on_bytes)
        for parent in {folder.parent, target.parent}:
            sync_folder(parent)
        return Relocated(folder=target)
    except OSError as error:
        raise cannot_write(target, error) from error
    finally:
        for parent in made:  # none is left where nothing was moved
            with suppress(OSError):
                parent.rmdir()


def _copy_over(folder: Path, target: Path, on_bytes: Bytes) -> Relocated:
    """Move a library onto another disk."""
    with locked(folder):
        _require_room(folder, target.parent)
        rest = folder.with_name(f".{folder.name}{ENDING}{secrets.token_hex(4)}")
        with scratch_folder(target.parent, ".restore-") as scratch:
            copy = scratch / "library"
            _copy(folder, copy, on_bytes)
            (copy / REST).write_text(json.dumps(str(rest)))  # ASCII: a path need not be valid Unicode
            _flush(copy)
            copy.rename(target)
        sync_folder(target.parent)
    try:
        folder.rename(rest)
    except OSError:  # a program has a file of it open
        (target / REST).unlink()
        return Relocated(folder=target, rest=folder)
    shutil.rmtree(rest, ignore_errors=True)
    if not rest.exists():
        (target / REST).unlink()
    return Relocated(folder=target, rest=rest if rest.exists() else None)


def _copy(folder: Path, copy: Path, on_bytes: Bytes) -> None:
    copy.mkdir()
    for path, is_link in _files(folder):
        place = copy / path.relative_to(folder)
        place.parent.mkdir(parents=True, exist_ok=True)
        if is_link:
            place.symlink_to(path.readlink())
            continue
        with path.open("rb") as source, place.open("xb") as file:
            while block := source.read(BLOCK):
                file.write(block)
                on_bytes(len(block))
        shutil.copystat(path, place)
    for current, folders, _ in os.walk(folder):  # the empty ones too
        for one in (Path(current) / name for name in folders):
            if not one.is_symlink():
                (copy / one.relative_to(folder)).mkdir(parents=True, exist_ok=True)


def _files(folder: Path) -> Iterator[tuple[Path, bool]]:
    """Yield the files and links of a library, and whether each is a link; the locks are of the process."""
    for current, folders, names in os.walk(folder):
        for name in sorted(names):
            path = Path(current) / name
            if not (Path(current) == folder and name in (LOCK_NAME, OWNER_NAME)):
                yield path, path.is_symlink()
        links = [name for name in folders if (Path(current) / name).is_symlink()]
        folders[:] = sorted(name for name in folders if name not in links)
        yield from ((Path(current) / name, True) for name in links)


def _flush(copy: Path) -> None:
    """Put a copy on the disk. Raises OSError."""

    def flush(path: Path) -> None:
        with path.open("rb" if os.name == "posix" else "rb+") as file:  # a file may be read-only
            os.fsync(file.fileno())

    with ThreadPoolExecutor(THREADS, thread_name_prefix="copy") as pool:
        for _ in pool.map(flush, (path for path, is_link in _files(copy) if not is_link)):
            pass
    for current, _, _ in os.walk(copy):
        sync_folder(Path(current))


def _require_room(folder: Path, parent: Path) -> None:
    needed, free = bytes_to_move(folder), shutil.disk_usage(parent).free
    if free < needed:
        raise UserError(
            f"The library takes up {needed / 2**20:,.0f} MiB; {free / 2**20:,.0f} MiB are free on the disk of"
            f" {parent}.",
            "Free some space there, or choose another disk. The library is where it was.",
        )


def _make_parents(parent: Path) -> list[Path]:
    """Make the folders that are missing; return them, the innermost first."""
    missing = [one for one in (parent, *parent.parents) if not one.exists()]
    try:
        parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise cannot_write(parent, error) from error
    return missing
