"""The hidden folder in which an export grows, beside the folder that it becomes.

A killed export leaves it, and the next one of the same student continues with its finished files.
"""

import contextlib
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import filelock

from orca_desk.errors import UserError
from orca_desk.files import atomic_write, sync_folder
from orca_desk.library.lock import NO_LOCKS

STATE = ".orca-desk-export.json"
SCRATCH = ".scratch"  # merged files that are only to be quantised, or compared with


class PartFolder:
    """An export's hidden folder, with what is known of its files."""

    def __init__(self, out: Path, source: Mapping[str, str]) -> None:
        """Take up the folder for the export into `out` of what `source` identifies by its hashes.

        Files of another source are removed. Raises UserError where `out` is taken, or cannot be made.
        """
        self.out = out
        self.path = part_of(out)
        require_free(out)
        self._make(source)
        self.state: dict[str, Any] = self._read()
        if self.state.get("source") != dict(source):
            self._clear()
            self.state = {"source": dict(source), "done": []}
            self.save()
        self._remove_unfinished()

    def place(self, name: str, *, scratch: bool = False) -> Path:
        """Return the path of one of the export's files."""
        return self.path / SCRATCH / name if scratch else self.path / name

    def is_done(self, path: Path) -> bool:
        """Whether an earlier attempt has finished the file or folder at `path`."""
        return self._key(path) in self.state["done"] and path.exists()

    def set_done(self, path: Path) -> None:
        """Note that the file or folder at `path` is complete; what was known of an earlier one is not."""
        key = self._key(path)
        hashes: dict[str, str] = self.state.get("hashes", {})
        for known in [one for one in hashes if one == key or one.startswith(f"{key}/")]:
            del hashes[known]
        self.state["done"] = [*self.state["done"], key]
        self.save()

    def save(self) -> None:
        """Store the state."""
        atomic_write(self.path / STATE, json.dumps(self.state))

    def keep_only(self, places: set[str]) -> None:
        """Remove the files of an earlier choice of formats; `places` are those of this one."""
        for path in sorted(self.path.rglob("*"), reverse=True):
            own = self._key(path)
            if path.name == STATE or any(own == one or own.startswith(f"{one}/") for one in places):
                continue
            if path.is_dir():
                with contextlib.suppress(OSError):  # it holds something to be kept
                    path.rmdir()
            else:
                path.unlink()

    def remove_unused(self) -> None:
        """Remove the folder, unless an attempt has finished a file in it."""
        if not self.state["done"]:
            shutil.rmtree(self.path)

    def publish(self) -> None:
        """Make the folder what it becomes, in one step. Raises UserError where `out` was taken meanwhile."""
        require_free(self.out)
        shutil.rmtree(self.path / SCRATCH, ignore_errors=True)
        if self.out.is_dir():
            self.out.rmdir()
        self.path.rename(self.out)
        sync_folder(self.out.parent)
        (self.out / STATE).unlink(missing_ok=True)

    def _make(self, source: Mapping[str, str]) -> None:
        if self.path.is_dir() and not (self.path / STATE).is_file() and any(self.path.iterdir()):
            raise UserError(
                f"{self.path} contains files that are not from an export.",
                "Remove it, or choose another folder.",
            )
        try:
            self.path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise _cannot_make(self.out, error) from error
        if not (self.path / STATE).is_file():
            atomic_write(self.path / STATE, json.dumps({"source": dict(source), "done": []}))

    def _read(self) -> dict[str, Any]:
        try:
            stored = json.loads((self.path / STATE).read_text("utf-8"))
        except (OSError, ValueError):
            return {}
        return stored if isinstance(stored, dict) and isinstance(stored.get("done"), list) else {}

    def _clear(self) -> None:
        for path in self.path.iterdir():
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            elif path.name != STATE:
                path.unlink()

    def _remove_unfinished(self) -> None:
        """Remove temporary files that a killed worker left."""
        for path in list(self.path.rglob(".*.part")):
            path.unlink(missing_ok=True)

    def _key(self, path: Path) -> str:
        return path.relative_to(self.path).as_posix()


def part_of(out: Path) -> Path:
    """Return the hidden folder in which an export into `out` grows."""
    return out.with_name(f".{out.name}.export")


def require_free(out: Path) -> None:
    """Raise UserError where an export would have to write into something that exists."""
    if out.name == "" or out.is_symlink() or (out.exists() and (not out.is_dir() or any(out.iterdir()))):
        raise UserError(
            f"{out} already exists, and an export never replaces anything.",
            "Choose a folder that does not exist yet, or an empty one.",
        )


@contextlib.contextmanager
def held(out: Path) -> Iterator[None]:
    """Hold the hidden folder of an export into `out`, as a second library may export there too.

    Raises UserError where another export holds it, or where `out` cannot be made.
    """
    part = part_of(out)
    lock = filelock.FileLock(part.with_name(f"{part.name}.lock"), timeout=0)
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except filelock.Timeout:
        raise UserError(
            f"Another export into {out} is running.", "Wait until it ends, or choose another folder."
        ) from None
    except OSError as error:
        if error.errno not in NO_LOCKS:
            raise _cannot_make(out, error) from error
    try:
        yield
    finally:
        with contextlib.suppress(OSError):  # Windows removes no open file, but the release does
            Path(lock.lock_file).unlink(missing_ok=True)
        lock.release()


def _cannot_make(out: Path, error: OSError) -> UserError:
    return UserError(f"{out} cannot be made ({error.strerror}).", "Choose a folder that you can write to.")


def discard(out: Path) -> bool:
    """Remove what an export into `out` left in its hidden folder; return whether there was anything.

    Raises UserError where an export is in progress there.
    """
    part = part_of(out)
    if not (part / STATE).is_file():
        return False
    with held(out):
        shutil.rmtree(part)
    return True


def link_or_copy(source: Path, target: Path) -> None:
    """Give the finished file `source` the second name `target`, or copy it where the disk has no such links.

    The copy is whole or absent.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f".{target.name}.link.part")
    part.unlink(missing_ok=True)
    try:
        os.link(source, part)
    except OSError:
        try:
            shutil.copyfile(source, part)
        except BaseException:
            part.unlink(missing_ok=True)
            raise
    part.replace(target)


def can_link(folder: Path) -> bool:
    """Whether the disk that holds `folder` can give a file a second name."""
    probe, other = folder / ".orca-desk-link", folder / ".orca-desk-link-2"
    try:
        probe.touch()
        os.link(probe, other)
    except OSError:
        return False
    finally:
        for one in (probe, other):
            one.unlink(missing_ok=True)
    return True
