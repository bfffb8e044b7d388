"""The library: one folder with one SQLite file, one process that has it open, one thread that writes."""

import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar

from orca_desk.errors import UserError
from orca_desk.library.backups.keeping_settings import bring_backups
from orca_desk.library.backups.restored_state import complete_restore
from orca_desk.library.care.file_header import HEADER_BYTES, is_cut_off
from orca_desk.library.connections import Access, Writer, connect, explain, is_damage, transact, transact_with
from orca_desk.library.lock import FolderLock
from orca_desk.library.migrations import NewerError, check_version, migrate, version_of
from orca_desk.library.moves.move_rest import finish_move
from orca_desk.library.schema import MIGRATIONS, tables_of
from orca_desk.library.scratch import remove_abandoned
from orca_desk.paths import resolved
from orca_desk.yielding import yielding

if TYPE_CHECKING:
    from orca_desk.library.deleting.trash import TrashEntry

T = TypeVar("T")
DATABASE_NAME = "library.db"
Parameters = Sequence[Any] | dict[str, Any]
COUNTING_SECONDS = 1.0  # nobody waits for a window until millions of rows are counted
DEAD_READER_SECONDS = 1.0  # a thread that ends within a read tells nobody
_READING: tuple[Access, ...] = ("ro", "immutable")


class DamagedError(UserError):
    """The library is damaged, and can only be read."""


class Library:
    """An open library. Any thread may use it; `with Library.open(folder) as library:` closes it.

    `problem` is None, or the reason why nothing can be written: a full or read-only disk, damage, or a format
    of a newer Orca Desk. Reading still works then, as far as it can, and every write raises it.
    `brought_back` are the deletions that came back whole as this was opened: a process had ended in them.
    """

    def __init__(self, folder: Path, *, lock: FolderLock | None, writer: Writer | UserError) -> None:
        """Use `Library.open` instead."""
        self.folder = folder
        self.path = folder / DATABASE_NAME
        self.problem = writer if isinstance(writer, UserError) else None
        self._writer = writer if isinstance(writer, Writer) else None
        self._lock = lock
        self._readers: dict[threading.Thread, sqlite3.Connection] = {}
        self._reading: Counter[threading.Thread] = Counter()  # the reads that each thread is in
        self._idle = threading.Condition()  # guards what the readers are, and tells when a read has ended
        self._closed = False
        self.brought_back: tuple[TrashEntry, ...] = ()  # by the opening: the process ended in between

    @classmethod
    def open(cls, folder: Path, *, create: bool = True, samples: bool = False) -> Self:
        """Open the library in `folder`, or make a new one there with strategies and, if `samples`, tasks.

        Runs that are still "running" belong to a process that has ended, and become "interrupted". Raises
        UserError if there is no library and `create` is False; if another process has it open; if it is
        damaged, another program's or newer than this Orca Desk; and if a new one cannot be made.
        """
        folder = resolved(folder)
        path = folder / DATABASE_NAME
        if not create and not path.exists():
            raise UserError(f"There is no library in {folder}.", "Check the name of the folder.")
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UserError(
                f"The library folder {folder} cannot be made ({error.strerror}).", "Choose another one."
            ) from error
        lock = _lock(folder)
        if lock:
            finish_move(folder)
            _complete_restore(folder, lock)
        for place in (folder, folder / "backups"):
            remove_abandoned(place)
        try:
            opened = cls(
                folder, lock=lock, writer=_writer(path, samples=samples) if lock else _read_only(path)
            )
            if opened.problem is None:
                opened._finish_moves()
            return opened
        except BaseException:
            if lock:
                lock.release()
            raise

    @property
    def is_locked_weakly(self) -> bool:
        """Whether the drive has no locks: another computer could open the library at the same time."""
        return self._lock is not None and self._lock.is_weak

    def write(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Run `work` in a transaction on the writer's thread; return its result once it is on the disk.

        If `work` raises, its writes are undone. Raises UserError if the disk is full or read-only.
        `work` must return plain data, not a cursor.
        """
        return self._run(work)

    def write_with(self, path: Path, name: str, work: Callable[[sqlite3.Connection], T]) -> T:
        """Do what `write` does, with the database at `path`, which is only read, attached as `name`."""
        return self._run(partial(transact_with, path=path, name=name, work=work), alone=True)

    @property
    def is_damaged(self) -> bool:
        """Whether the file is known to be damaged: `recovery.recover` saves what can be read."""
        return isinstance(self.problem, DamagedError)

    def alone(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Do what `write` does, but outside of a transaction: VACUUM and checkpoints allow none."""
        return self._run(work, alone=True)

    @contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        """Yield this thread's read-only connection. Fetch all rows: an open cursor lets the WAL grow.

        Raises UserError if the file is damaged or the disk does not respond.
        """
        try:
            db = self._begin_reading()
        except sqlite3.Error as error:  # its disk may have been unplugged
            raise explain(error, self.path) or error from error
        try:
            yield db
        except UnicodeEncodeError as error:
            raise _half_a_character() from error
        except sqlite3.Error as error:
            if isinstance(self.problem, NewerError) and isinstance(error, sqlite3.OperationalError):
                raise UserError(
                    f"The newer Orca Desk stores this differently ({error}): it cannot be read here.",
                    "Update Orca Desk.",
                ) from error
            if self.is_damaged and isinstance(error, sqlite3.OperationalError) and self.problem:
                raise DamagedError(
                    f"This cannot be read ({error}): {self.problem.message}", self.problem.hint
                ) from error
            raise explain(error, self.path) or error from error
        finally:
            self._end_reading()

    def rows(self, sql: str, parameters: Parameters = ()) -> list[sqlite3.Row]:
        """Return all rows of one SELECT."""
        with self.read() as db:
            return list(yielding(db.execute(sql, parameters)))

    def row(self, sql: str, parameters: Parameters = ()) -> sqlite3.Row | None:
        """Return the first row of one SELECT, or None."""
        with self.read() as db:
            found: sqlite3.Row | None = db.execute(sql, parameters).fetchone()
            return found

    def close(self) -> None:
        """Finish all reads and writes, close the file and unlock the folder. A second call does nothing.

        What other threads are reading at the moment is read to its end; a read that begins later is refused.
        """
        with self._idle:
            if self._closed:
                return
            self._closed = True
            while self._others_read():
                self._idle.wait(DEAD_READER_SECONDS)
            for reader in self._readers.values():
                reader.close()
            self._readers.clear()
        if self._writer:
            self._writer.close()
        if self._lock:
            self._lock.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _finish_moves(self) -> None:
        """Let files follow their rows into the trash, or out of it, where a process ended in between."""
        from orca_desk.library.deleting.trash import (
            finish_moves,  # it reads the tables, and so imports this module
        )

        self.brought_back = tuple(finish_moves(self))

    def _run(self, work: Callable[[sqlite3.Connection], T], *, alone: bool = False) -> T:
        if self._writer is None or self.problem is not None:
            assert self.problem is not None
            raise self.problem
        try:
            return self._writer.run(work, alone=alone)
        except UnicodeEncodeError as error:
            raise _half_a_character() from error
        except sqlite3.Error as error:
            if is_damage(error):  # further writes could harm the rest
                self.problem = damage_of(self.path, explain(error, self.path))
            raise self.problem or explain(error, self.path) or error from error

    def _begin_reading(self) -> sqlite3.Connection:
        thread = threading.current_thread()
        with self._idle:
            if self._closed:
                raise RuntimeError("the library is closed")
            if thread not in self._readers:
                for ended in [other for other in self._readers if not other.is_alive()]:
                    self._readers.pop(ended).close()
                self._readers[thread] = connect(self.path, self._access(), damaged=self.is_damaged)
            self._reading[thread] += 1
            return self._readers[thread]

    def _end_reading(self) -> None:
        thread = threading.current_thread()
        with self._idle:
            self._reading[thread] -= 1
            if not self._reading[thread]:
                del self._reading[thread]
                self._idle.notify_all()

    def _others_read(self) -> bool:
        here = threading.current_thread()
        return any(thread is not here and thread.is_alive() for thread in self._reading)

    def _access(self) -> Access:
        """Return how to read; without writer and WAL as immutable, since a new WAL may not fit the disk."""
        wal = self.path.with_name(f"{DATABASE_NAME}-wal")
        unwritten = wal.exists() and wal.stat().st_size > 0
        return "immutable" if self.problem and not unwritten else "ro"


def _lock(folder: Path) -> FolderLock | None:
    """Lock the folder; return None for a read-only one, where nobody can write anyway."""
    try:
        return FolderLock(folder)
    except OSError as error:
        if not (folder / DATABASE_NAME).exists():
            raise UserError(
                f"The library folder {folder} cannot be written ({error.strerror}).", "Choose another one."
            ) from error
        return None


def _complete_restore(folder: Path, lock: FolderLock) -> None:
    try:
        complete_restore(folder)
    except BaseException:
        lock.release()
        raise


def _writer(path: Path, *, samples: bool) -> Writer | UserError:
    """Return the writer of the database at `path`, or why it can only be read."""
    _require_file(path)
    if lost := _lost(path):
        raise DamagedError(
            f"{path} is {lost}, though this folder had a library.",
            "Restore a backup (orca-desk library backups list), or choose another library folder.",
        )
    if path.exists() and is_cut_off(path):
        return _damaged(path, f"{path} is cut off: its end is missing.")
    try:
        db = connect(path, "rwc")
        try:
            _prepare(db, path, samples=samples)
        except BaseException:
            db.close()
            raise
        return Writer(db)
    except DamagedError as error:
        return _damaged(path, error.message)
    except NewerError as error:
        if not _is_readable(path):
            raise
        return NewerError(
            f"{error.message} It can only be read, as far as this version understands it.",
            "Update Orca Desk to change it.",
        )
    except (sqlite3.Error, OSError) as error:
        problem = explain(error, path) if isinstance(error, sqlite3.Error) else _no_backup(path, error)
        if problem is None and _is_current(path):
            return _damaged(path, f"{path} does not have the tables of its version ({error}).")
        if problem is None:
            raise
        if isinstance(error, sqlite3.Error) and is_damage(error):
            if _is_readable(path):
                return damage_of(path, problem)
            raise DamagedError(problem.message, problem.hint) from error
        if not _is_current(path):
            raise problem from error
        return problem


def _require_file(path: Path) -> None:
    """Raise UserError if something else is where the file of a library should be."""
    if path.exists() and not path.is_file():
        what = "a folder" if path.is_dir() else "a device or a pipe"
        raise UserError(
            f"{path} is {what}, where the library's file should be.",
            "Move it away, or choose another library folder.",
        )
    if path.is_symlink() and not path.exists():
        raise UserError(
            f"{path} is a link to a file that is not there.",
            "Connect the disk that it is on, or choose another library folder.",
        )


def _lost(path: Path) -> str:
    """Return what the file of a library that was here is: "missing", "empty" or "cut off"; else ""."""
    size = path.stat().st_size if path.exists() else -1
    if size >= HEADER_BYTES:
        return ""
    if size > 0:
        return "cut off"
    marks = ("backups/kept/*.backup.json", "backups/library-format-*.db", "trainings/train-*")
    wal = path.with_name(f"{path.name}-wal")  # what was written last; SQLite would remove it
    has_wal = wal.exists() and wal.stat().st_size > 0
    if has_wal or any(True for mark in marks for _ in path.parent.glob(mark)):
        return "empty" if path.exists() else "missing"
    return ""


def _read_only(path: Path) -> UserError:
    """Return why nothing can be written, or raise it if nothing can be read either."""
    problem = UserError(
        f"The library in {path.parent} can only be read.",
        "Make the folder and the files in it writable for you, or choose another library folder.",
    )
    if not _is_current(path):
        raise problem
    return problem


def _prepare(db: sqlite3.Connection, path: Path, *, samples: bool) -> None:
    """Bring a database that was just opened up to date. Raises UserError, sqlite3.Error and OSError."""
    from orca_desk.library.moves.moving import follow_move, is_elsewhere  # these import this module
    from orca_desk.library.samples import fill

    check_version(db, path)
    _require_tables(db, path)
    db.execute("PRAGMA journal_mode = WAL")
    migrate(db, path, fill=partial(fill, samples=samples))
    if db.execute("SELECT 1 FROM runs WHERE status IN ('running', 'paused')").fetchone():
        transact(db, _interrupt)
    if is_elsewhere(db, path.parent):
        with suppress(sqlite3.OperationalError):  # a full disk: the next start tries again
            if before := transact(db, partial(follow_move, folder=path.parent)):
                bring_backups(Path(before), path.parent)


def _require_tables(db: sqlite3.Connection, path: Path) -> None:
    """Raise DamagedError if a library lacks tables of its version."""
    rows = db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall()
    if rows and not version_of(db):
        raise DamagedError(f"{path} no longer says which version it has.")
    if lost := sorted(tables_of(MIGRATIONS[: version_of(db)]) - {row["name"] for row in rows}):
        raise DamagedError(
            f"{path} lacks {'the table' if len(lost) == 1 else 'the tables'} {', '.join(lost)}:"
            " another program has changed it.",
            "Restore a backup: orca-desk library backups list",
        )


def _interrupt(db: sqlite3.Connection) -> None:
    """Mark runs as interrupted that a process left running when it ended."""
    db.execute("UPDATE runs SET status = 'interrupted' WHERE status IN ('running', 'paused')")


def _is_current(path: Path) -> bool:
    """Return whether this version can read the database without an upgrade; False if it does not exist."""
    for access in _READING:
        try:
            with closing(connect(path, access)) as db:
                return version_of(db) == len(MIGRATIONS)
        except sqlite3.Error:
            continue  # the next access needs less of the disk; the caller reports the problem
    return False


def damage_of(path: Path, cause: UserError | None) -> DamagedError:
    """Return why a damaged library can only be read, and how much of it can be."""
    what = cause.message if cause else f"{path} is damaged."
    return DamagedError(
        f"{what} It can only be read: {', '.join(_readable_rows(path))}.",
        f"Save them into a new folder: orca-desk library repair NEW_FOLDER --library {path.parent}",
    )


def _damaged(path: Path, what: str) -> DamagedError:
    """Return that a library can only be read, as `what` says; raise it if nothing can be."""
    if not _is_readable(path):
        raise DamagedError(
            f"{what} Nothing in it can be read as it is.",
            "Restore a backup (orca-desk library backups list), or recover what is left into a new folder:"
            f" orca-desk library repair NEW_FOLDER --library {path.parent}",
        )
    return damage_of(path, UserError(what))


def _readable_rows(path: Path) -> Iterator[str]:
    """Yield how many tasks, records and snapshots can be read, before any damage and within a second."""
    for name in ("tasks", "records", "snapshots"):
        count, is_all, end = 0, False, time.monotonic() + COUNTING_SECONDS
        for access in _READING:
            count = 0
            with suppress(sqlite3.Error), closing(connect(path, access, damaged=True)) as db:
                for _ in db.execute(f"SELECT 1 FROM {name} NOT INDEXED"):
                    count += 1
                    if not count % 1_000 and time.monotonic() > end:
                        break
                else:
                    is_all = True
                break
        yield f"{'' if is_all else 'at least '}{count:,} {name}"


def _is_readable(path: Path) -> bool:
    """Return whether the tasks can be read, whatever the version."""
    for access in _READING:
        with suppress(sqlite3.Error), closing(connect(path, access, damaged=True)) as db:
            db.execute("SELECT id, query, answer FROM tasks LIMIT 1").fetchall()
            return True
    return False


def _half_a_character() -> UserError:
    return UserError(
        "A name or text contains half a character (a lone surrogate), which a library cannot have.",
        "Remove it.",
    )


def _no_backup(path: Path, error: OSError) -> UserError:
    return UserError(
        f"The library in {path.parent} must be upgraded, and the backup before it failed ({error.strerror}).",
        "Free some space on that disk, or make the folder writable, and try again.",
    )
