"""The files of a folder, or of a zip archive, which is never unpacked anywhere but into temporary files."""

import os
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path, PurePosixPath
from tempfile import TemporaryFile
from typing import BinaryIO, Protocol, cast

from orca_desk.errors import UserError
from orca_desk.formats.packed import chunks_of, copy_bounded, unpacked

MOST_FILES = 20_000
_DEEPEST = 6  # folders within each other
_ENCRYPTED = 1  # bit of a member's flags


class Files(Protocol):
    """Files by their names, such as "data/train.jsonl"."""

    def names(self) -> tuple[str, ...]:
        """Return the names, sorted, without those that begin with a dot."""
        ...

    def open(self, name: str) -> AbstractContextManager[BinaryIO]:
        """Open a file, unpacked and seekable. Raises UserError if it cannot be read."""
        ...

    def path(self, name: str) -> Path:
        """Return what errors call a file."""
        ...


def text_of(files: Files, name: str, most: int = 1 << 20) -> str:
    """Return the beginning of a file as text, at most that many bytes."""
    with files.open(name) as stream:
        return stream.read(most).decode("utf-8", "replace")


class FolderFiles:
    """The files of a folder and of the folders in it; links to folders are not followed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def names(self) -> tuple[str, ...]:
        """Return the names, sorted. Raises UserError for a folder with too many files."""
        found: list[str] = []
        for place, folders, files in os.walk(self._folder):
            here = Path(place).relative_to(self._folder)
            folders[:] = [one for one in folders if not _is_hidden(one)] if len(here.parts) < _DEEPEST else []
            found += [(here / one).as_posix() for one in files if not _is_hidden(one)]
            _require_few(len(found), self._folder)
        return tuple(sorted(found))

    @contextmanager
    def open(self, name: str) -> Iterator[BinaryIO]:
        """Open a file. Raises UserError if it cannot be read."""
        path = self.path(name)
        try:
            stream = path.open("rb")
        except OSError as error:
            raise UserError(f"{path} cannot be read: {error.strerror}.", "Check the path.") from error
        with stream, unpacked(stream, path) as found:
            yield found

    def path(self, name: str) -> Path:
        """Return the path of a file."""
        return self._folder / name


class ZipFiles:
    """The members of a zip archive."""

    def __init__(self, stream: BinaryIO, path: Path) -> None:
        self._path = path
        try:
            self._archive = zipfile.ZipFile(stream)
            self._members = {
                one.filename: one
                for one in self._archive.infolist()
                if not one.is_dir() and not any(map(_is_hidden, PurePosixPath(one.filename).parts))
            }
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
            raise _damaged(path) from error
        _require_few(len(self._members), path)

    def names(self) -> tuple[str, ...]:
        """Return the names, sorted."""
        return tuple(sorted(self._members))

    @contextmanager
    def open(self, name: str) -> Iterator[BinaryIO]:
        """Unpack a member into a temporary file. Raises UserError for one that is damaged or encrypted."""
        member = self._members[name]
        if member.flag_bits & _ENCRYPTED:
            raise UserError(f"{self.path(name)} is encrypted.", "Unpack the archive with its password first.")
        with TemporaryFile() as copy:
            try:
                with self._archive.open(member) as packed:
                    copy_bounded(chunks_of(cast(BinaryIO, packed)), copy, self.path(name))
            except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
                raise _damaged(self.path(name)) from error
            with unpacked(copy, self.path(name)) as found:
                yield found

    def path(self, name: str) -> Path:
        """Return what errors call a member."""
        return self._path / name


def _is_hidden(name: str) -> bool:
    return (name.startswith(".") and name.strip(".") != "") or name in ("__MACOSX", "__pycache__")


def _require_few(count: int, path: Path) -> None:
    if count > MOST_FILES:
        raise UserError(f"{path} holds more than {MOST_FILES:,} files.", "Choose the files with the rows.")


def _damaged(path: Path) -> UserError:
    return UserError(
        f"{path} is a damaged zip archive, or packed in a way that Orca Desk cannot read.",
        "Download it again, or unpack it yourself.",
    )
