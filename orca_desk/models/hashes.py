"""SHA-256 of model files, cached: hashing 4 GB takes seconds, and pages need the hashes often."""

import contextlib
import hashlib
import json
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from orca_desk.errors import UserError
from orca_desk.files import atomic_write, file_sha256

OnBytes = Callable[[int], None]

_storing = threading.Lock()  # jobs and pages hash at the same time; each adds to what the others stored


def ignore(count: int) -> None:
    """Ignore how many bytes were read."""


class HashCache:
    """Hashes by path, size and modification time, stored in `model-hashes.json` in the caller's folder."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "model-hashes.json"

    def sha256(self, path: Path, *, on_bytes: OnBytes = ignore) -> str:
        """Return the hex SHA-256 of a file. Raises UserError if it is unreadable or changes meanwhile.

        Calls `on_bytes` with the size of each chunk that is read; an exception from it ends the reading.
        """
        real = path.resolve()
        state = _state(real)
        entry = self._load().get(str(real))
        if entry and entry[:2] == state:
            return str(entry[2])
        digest = _digest(real, on_bytes)
        if _state(real) != state:
            raise UserError(f"{path} changed while it was read.", "Wait until it is complete.")
        with _storing, contextlib.suppress(OSError):  # on a full or read-only disk, hash again next time
            atomic_write(self._path, json.dumps(self._load() | {str(real): [*state, digest]}, indent=0))
        return digest

    def sha256_of(self, files: Sequence[Path], *, on_bytes: OnBytes = ignore) -> str:
        """Return the hash of one file, or one hash for several: of their names and hashes, by name."""
        return hash_together({file.name: self.sha256(file, on_bytes=on_bytes) for file in files})

    def known(self) -> "KnownHashes":
        """Return the hashes computed so far, without reading any model."""
        return KnownHashes(self._load())

    def _load(self) -> dict[str, list[int | str]]:
        """Return the stored entries; none where the file is missing or damaged."""
        try:
            known = json.loads(self._path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        if not isinstance(known, dict):
            return {}
        return {path: entry for path, entry in known.items() if isinstance(entry, list) and len(entry) == 3}


class KnownHashes:
    """Looks hashes up and computes none; loaded once for many models."""

    def __init__(self, entries: Mapping[str, list[int | str]]) -> None:
        self._entries = entries

    @property
    def paths(self) -> dict[str, Path]:
        """The file with each hash when it was computed; it may have changed or gone since."""
        return {str(entry[2]): Path(path) for path, entry in self._entries.items()}

    def sha256_of(self, files: Sequence[Path]) -> str | None:
        """Return what `HashCache.sha256_of` would, or None where a file is new, changed or missing."""
        found = {file.name: self._of(file) for file in files}
        hashes = [digest for digest in found.values() if digest is not None]
        if len(hashes) < len(files) or not files:
            return None
        return hash_together(found)

    def last_of(self, file: Path) -> str | None:
        """Return the hash that a file had when it was last read, even if it is missing now."""
        entry = self._entries.get(str(file.resolve()))
        return str(entry[2]) if entry else None

    def _of(self, file: Path) -> str | None:
        real = file.resolve()
        entry = self._entries.get(str(real))
        try:
            return str(entry[2]) if entry and entry[:2] == _state(real) else None
        except UserError:
            return None


def hash_together(hashes: Mapping[str, str | None]) -> str:
    """Return one hash for several files, whose hashes are given by name; that of a single file is its own."""
    if len(hashes) == 1:
        return str(next(iter(hashes.values())))
    lines = [f"{digest}  {name}\n" for name, digest in sorted(hashes.items())]
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def _state(path: Path) -> list[int | str]:
    try:
        stat = path.stat()
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}.", "Check the path.") from error
    return [stat.st_size, stat.st_mtime_ns]


def _digest(path: Path, on_bytes: OnBytes) -> str:
    try:
        return file_sha256(path, on_bytes=on_bytes)
    except OSError as error:
        raise UserError(
            f"{path} cannot be read: {error.strerror}.", "Check the file and its disk."
        ) from error
