"""A store of files in pieces: a piece that several backups share is stored once, under its content's hash.

SQLite changes a few pages of a database between two backups, and an adapter never changes, so a further
backup costs little more than what is new. Each piece is a file of its own that is never changed.
"""

import errno
import hashlib
import os
import re
import shutil
import zlib
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from orca_desk.files import sync_folder

PIECE = 2**16  # bytes: of a database, where a change touches single pages of 4 KiB
LARGE_PIECE = 2**22  # of weights, which change as a whole or not at all
NAME = re.compile(r"[0-9a-f]{64}")
NEW = "new"  # the folder of pieces that are not on the disk yet
THREADS = 16  # that wait for the disk
RAW, PACKED = b"r", b"z"  # the first byte of a piece's file
WORTH_PACKING = 0.9  # weights do not get smaller


class LostPieceError(Exception):
    """A piece is missing, or its content is not what its name says."""


class UnreadPieceError(LostPieceError):
    """The disk did not return the piece; a later attempt may succeed."""


class ChunkStore:
    """The pieces in a folder. One process at a time may write; see `keeping.kept_folder`.

    What was added has its place only after `flush`. Writing thousands of files to the disk one by one would
    take minutes: together they share its writes.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._new: set[str] = set()

    def add(self, path: Path, *, on_bytes: Callable[[int], None], large: bool = False) -> list[str]:
        """Store the content of a file; return the names of its pieces. `flush` puts them on the disk.

        `on_bytes` gets the size of each piece; an exception from it stops. Raises OSError.
        """
        names = []
        with path.open("rb") as file:
            while content := file.read(LARGE_PIECE if large else PIECE):
                name = hashlib.sha256(content).hexdigest()
                if name not in self._new and not self._path(name).exists():
                    write_piece(self._part(name), _packed(content))
                    self._new.add(name)
                names.append(name)
                on_bytes(len(content))
        return names

    def flush(self) -> None:
        """Put every added piece on the disk, and then in its place. Raises OSError."""
        with ThreadPoolExecutor(THREADS, thread_name_prefix="pieces") as pool:
            for _ in pool.map(_sync, map(self._part, self._new)):
                pass
        for name in self._new:
            self._path(name).parent.mkdir(exist_ok=True)
            self._part(name).replace(self._path(name))
        for folder in {self._path(name).parent for name in self._new}:
            sync_folder(folder)
        if self._new:
            sync_folder(self.folder)
        self._new.clear()

    def read(self, name: str) -> bytes:
        """Return the content of a piece. Raises LostPieceError if it is missing or damaged, and OSError."""
        try:
            stored = self._path(name).read_bytes()
        except FileNotFoundError as error:
            raise LostPieceError(name) from error
        except OSError as error:
            if error.errno != errno.EIO:  # a bad spot on the disk
                raise
            raise UnreadPieceError(name) from error
        limit = LARGE_PIECE + 1
        try:
            content = (
                zlib.decompressobj().decompress(stored[1:], limit) if stored[:1] == PACKED else stored[1:]
            )
        except zlib.error as error:
            raise LostPieceError(name) from error
        if hashlib.sha256(content).hexdigest() != name:
            raise LostPieceError(name)
        return content

    def lost(self, names: Collection[str], *, on_bytes: Callable[[int], None]) -> set[str]:
        """Read pieces, and return those that are missing or damaged.

        Damaged ones are removed, unless the disk may give them later: the next backup with the same content
        then stores them again. `on_bytes` gets the size of each piece that was read.
        """
        found = set()
        for name in sorted(names):
            try:
                on_bytes(len(self.read(name)))
            except UnreadPieceError:
                found.add(name)
            except LostPieceError:
                found.add(name)
                self._path(name).unlink(missing_ok=True)
        return found

    def collect(self, used: Collection[str]) -> int:
        """Delete every piece but those `used`, and what a killed process left; return the freed bytes."""
        freed = 0
        shutil.rmtree(self.folder / NEW, ignore_errors=True)
        for path in self._files():
            if path.name not in used:
                freed += path.stat().st_size
                path.unlink(missing_ok=True)
        return freed

    def size(self) -> int:
        """Return the bytes that all pieces take on the disk."""
        return sum(path.stat().st_size for path in self._files())

    def _files(self) -> Iterator[Path]:
        yield from (path for path in self.folder.glob("??/*") if path.is_file())

    def _part(self, name: str) -> Path:
        return self.folder / NEW / name

    def _path(self, name: str) -> Path:
        if not NAME.fullmatch(name):  # a manifest from elsewhere must not name other files
            raise LostPieceError(name)
        return self.folder / name[:2] / name


def write_piece(path: Path, content: bytes) -> None:
    """Write a new file, which need not be on the disk yet. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def _sync(path: Path) -> None:
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def _packed(content: bytes) -> bytes:
    packed = zlib.compress(content, 1)
    return PACKED + packed if len(packed) < WORTH_PACKING * len(content) else RAW + content
