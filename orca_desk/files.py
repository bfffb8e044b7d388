"""The one way Orca Desk writes whole files: completely or not at all."""

import contextlib
import errno
import hashlib
import os
import re
import secrets
import shutil
import stat
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

CHUNK = 2**20
ABANDONED = 3600.0  # s; whoever still writes touches the part more often


@contextlib.contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """Yield the path of an empty file that becomes `path` when the block ends, and vanishes if it raises.

    The block writes to the temporary file, which lies in the same folder, and closes it. It is then flushed
    to the disk and renamed over `path`, and the folder is flushed: after a crash, a full disk or an error
    `path` holds its old content or all of its new content. A link stays one, and the file that it names is
    replaced. A new file has the user's usual permissions, a replaced one those that it had. Raises OSError,
    naming `path`, if the file system does, and for a device or a pipe, which renaming would destroy.
    """
    if path.exists() and not path.is_file():
        raise FileExistsError(errno.EEXIST, "not a regular file", str(path))
    target = Path(os.path.realpath(path))
    target.parent.mkdir(parents=True, exist_ok=True)
    part = _create_part(target)
    try:
        yield part
        with part.open("rb+") as file:
            os.fsync(file.fileno())
        if target.exists():
            part.chmod(stat.S_IMODE(target.stat().st_mode))
        part.replace(target)
    except BaseException as error:
        part.unlink(missing_ok=True)
        if isinstance(error, OSError) and error.errno is not None and error.filename in (None, str(part)):
            error.filename = str(path)  # writing names no file, and the temporary one is not the user's
        raise
    sync_folder(target.parent)


@contextlib.contextmanager
def atomic_writer(path: Path) -> Iterator[IO[bytes]]:
    """Yield a binary file that becomes `path` when the block ends; see `atomic_path`."""
    with atomic_path(path) as part, part.open("wb") as file:
        yield file


def atomic_write(path: Path, data: bytes | str) -> None:
    """Write `data` (text as UTF-8) to `path`, all or nothing; see `atomic_writer`."""
    with atomic_writer(path) as file:
        file.write(data.encode() if isinstance(data, str) else data)


def _create_part(target: Path) -> Path:
    """Create an empty file beside `target` and return its path; the system applies the user's umask."""
    while True:
        part = target.with_name(f".{target.name}.{secrets.token_hex(4)}.part")
        try:
            os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o666))
        except FileExistsError:
            continue
        except OSError as error:
            error.filename = str(target)  # the temporary one is not the user's
            raise
        return part


def remove_leftovers(path: Path) -> None:
    """Remove the parts of `path`, files and folders, of attempts that were killed before they ended.

    What was touched within `ABANDONED` stays, since another program may still be writing it.
    """
    target = Path(os.path.realpath(path))
    part_name = re.compile(rf"\.{re.escape(target.name)}\.[0-9a-f]{{8}}\.part")
    with contextlib.suppress(OSError):
        for part in target.parent.iterdir():
            if part_name.fullmatch(part.name) and time.time() - _touched(part) > ABANDONED:
                _remove(part)


def _touched(part: Path) -> float:
    inside = part.iterdir() if part.is_dir() and not part.is_symlink() else ()
    times: list[float] = [one.lstat().st_mtime for one in (part, *inside)]
    return max(times)


def _remove(part: Path) -> None:
    if part.is_dir() and not part.is_symlink():
        shutil.rmtree(part, ignore_errors=True)
    else:
        part.unlink(missing_ok=True)


def sync_folder(folder: Path) -> None:
    """Flush a folder's entries to the disk if the platform can (Windows cannot open folders)."""
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def file_sha256(path: Path, *, on_bytes: Callable[[int], None] = lambda count: None) -> str:
    """Return the hex SHA-256 of a file's content, read in chunks.

    `on_bytes` gets the size of each chunk; an exception from it stops the reading.
    """
    digest = hashlib.sha256()
    with path.open("rb", buffering=0) as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
            on_bytes(len(chunk))
    return digest.hexdigest()
