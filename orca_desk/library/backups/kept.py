"""A kept backup: a file that lists the pieces of the database and of the trained files at one time."""

import hashlib
import json
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, get_args

from orca_desk.errors import UserError
from orca_desk.files import atomic_write
from orca_desk.library.backups.chunks import NAME, ChunkStore

SUFFIX = ".backup.json"
FORMAT = 1
Why = Literal["automatic", "asked", "before-restore"]


@dataclass(frozen=True, kw_only=True)
class KeptFile:
    """A file of the library: its path there, its size in bytes, and the names of its pieces."""

    name: str
    size: int
    pieces: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class KeptBackup:
    """One backup.

    `path` is the file that lists it, `version` the format of its database, and `counts` the rows of its main
    tables. `added` are the bytes that no earlier backup had. `left_out` are the bytes of trained files that
    it does not have, by part. `problems` are contradictions in the library at that time. `pinned`: the user
    wants it kept. `verified_at`: every piece of it was read then or later. `lost` are the files of it that
    could not be read then.
    """

    path: Path
    made_at: datetime
    why: Why
    library: str
    version: int
    counts: dict[str, int]
    files: tuple[KeptFile, ...]
    added: int
    left_out: dict[str, int]
    problems: tuple[str, ...] = ()
    pinned: bool = False
    verified_at: str = ""
    lost: tuple[str, ...] = ()

    @property
    def size(self) -> int:
        """The bytes of all its files, which it shares with other backups."""
        return sum(one.size for one in self.files)

    @property
    def name(self) -> str:
        """The name by which commands know it, such as 2026-11-28T090000-000Z."""
        return name_of(self.path)

    @property
    def store(self) -> ChunkStore:
        """Where its pieces are."""
        return pieces_in(self.path.parent)

    @property
    def pieces(self) -> set[str]:
        """The names of its pieces."""
        return {name for file in self.files for name in file.pieces}

    def file(self, name: str) -> KeptFile:
        """Return one of its files. Raises KeyError."""
        return {one.name: one for one in self.files}[name]


def kept_backups(store: Path) -> tuple[list[KeptBackup], list[Path]]:
    """Return the backups in a folder, the newest first, and the lists of backups that cannot be read.

    Both are empty where the folder does not exist. Raises OSError if it cannot be read.
    """
    found, unreadable = [], []
    for path in store.glob(f"*{SUFFIX}"):
        if path.name.startswith("."):  # a part that a killed process left
            continue
        try:
            found.append(read_kept(path))
        except UserError:
            unreadable.append(path)
    return sorted(found, key=lambda one: (one.made_at, one.name), reverse=True), sorted(unreadable)


def pieces_in(store: Path) -> ChunkStore:
    """Return the pieces of all backups in a folder."""
    return ChunkStore(store / "chunks")


def name_of(path: Path) -> str:
    """Return the name of the backup that a file lists."""
    return path.name.removesuffix(SUFFIX)


def is_kept(path: Path) -> bool:
    """Return whether a path names a kept backup."""
    return path.name.endswith(SUFFIX)


def read_kept(path: Path) -> KeptBackup:
    """Return the backup that a file lists. Raises UserError if the file is damaged or of a newer version."""
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
        if stored["format"] > FORMAT:
            raise UserError(f"{path} was written by a newer Orca Desk.", "Update Orca Desk.")
        files = tuple(
            KeptFile(name=str(one["name"]), size=int(one["size"]), pieces=tuple(one["pieces"]))
            for one in stored["files"]
        )
        pieces = [name for one in files for name in one.pieces]
        if _digest(files) != stored["digest"] or not all(NAME.fullmatch(name) for name in pieces):
            raise ValueError("its list of files was changed")
        return KeptBackup(
            path=path,
            made_at=datetime.fromisoformat(stored["made_at"]).astimezone(UTC),
            why=stored["why"] if stored["why"] in get_args(Why) else "asked",
            library=str(stored["library"]),
            version=int(stored["version"]),
            counts={str(name): int(count) for name, count in stored["counts"].items()},
            files=files,
            added=int(stored["added"]),
            left_out={str(name): int(size) for name, size in stored["left_out"].items()},
            problems=tuple(map(str, stored["problems"])),
            pinned=bool(stored["pinned"]),
            verified_at=str(stored["verified_at"]),
            lost=tuple(map(str, stored["lost"])),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise UserError(
            f"The backup {path} cannot be read ({error}).", "Use another backup; this list is damaged."
        ) from error


def write_kept(backup: KeptBackup, **changes: Any) -> KeptBackup:
    """Write the list of a backup, all or nothing; return it with the changes. Raises OSError."""
    changed = replace(backup, **changes)
    stored = asdict(changed) | {
        "format": FORMAT,
        "made_at": changed.made_at.isoformat(),
        "digest": _digest(changed.files),
    }
    del stored["path"]
    atomic_write(changed.path, json.dumps(stored))  # ASCII: a path need not be valid Unicode
    return changed


def _digest(files: tuple[KeptFile, ...]) -> str:
    return hashlib.sha256(json.dumps([asdict(one) for one in files]).encode()).hexdigest()
