"""SQLite as the library uses it: opening, transactions, and which errors users can fix.

Facts behind the choices: a transaction that begins deferred and writes after a read fails at once with
SQLITE_BUSY_SNAPSHOT when another connection wrote in between, whatever the timeout, so every transaction
begins IMMEDIATE; SQLite 3.7.0-3.51.2 can corrupt a WAL that two connections write, so one connection writes.
"""

import queue
import sqlite3
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Literal, TypeVar

from orca_desk.errors import UserError
from orca_desk.files import atomic_path
from orca_desk.library.scratch import scratch_folder
from orca_desk.method.grading.reason_words import reason_words
from orca_desk.method.records import is_blank
from orca_desk.method.search_query import has_terms
from orca_desk.yielding import ui_waiting

T = TypeVar("T")
Access = Literal["rwc", "rw", "ro", "immutable"]
BUSY_SECONDS = 30.0
WAL_PAGES = 32_000  # 128 MB: an import changes the same pages of its indexes in each batch
CACHE_KIB = 32_768  # SQLite's 2 MiB make it read the file over and over
WRITER_CACHE_KIB = 262_144  # an import changes two indexes in random order, of 60 MB each for a million tasks
COPIED_PAGES = 2048  # of a database, between two looks at whether to stop
STEPS = 100_000  # of SQLite's machine between two such looks
LONGEST_PATH = 504  # bytes; SQLite takes 512, with "-journal" behind its own
PRIMARY_CODE = 0xFF  # an extended SQLite error code carries its primary code in the lowest byte


def connect(path: Path, access: Access, *, damaged: bool = False) -> sqlite3.Connection:
    """Open the database at `path`, in autocommit mode, with rows that are read by column name.

    "rwc" makes the file where there is none, "ro" only reads, "immutable" reads without touching any
    file beside it, which is safe only while nobody writes. `damaged` reads what is left of a file whose end
    is missing, of which SQLite would otherwise read nothing. Raises sqlite3.Error.
    """
    mode = "ro&immutable=1" if access == "immutable" else access
    db = sqlite3.connect(
        f"{path.resolve().as_uri()}?mode={mode}",
        uri=True,
        isolation_level=None,
        timeout=BUSY_SECONDS,
        check_same_thread=False,
    )
    db.row_factory = sqlite3.Row
    if damaged:
        db.execute("PRAGMA writable_schema = ON")  # before anything that reads the file
    db.create_function("casefold", 1, _casefold, deterministic=True)
    db.create_function("is_blank", 1, is_blank, deterministic=True)
    db.create_function("has_terms", 2, has_terms, deterministic=True)
    db.create_function("reason_words", 1, reason_words, deterministic=True)
    db.execute("PRAGMA foreign_keys = ON")
    db.execute("PRAGMA synchronous = FULL")
    db.execute("PRAGMA recursive_triggers = ON")  # else REPLACE would delete past the triggers that forbid it
    db.execute(f"PRAGMA cache_size = -{WRITER_CACHE_KIB if access == 'rwc' else CACHE_KIB}")
    db.execute(f"PRAGMA wal_autocheckpoint = {WAL_PAGES}")
    if access in ("ro", "immutable"):
        db.execute("PRAGMA query_only = ON")
    return db


def _casefold(text: str | None) -> str | None:
    """Fold the case of every script: SQLite's own LIKE and lower() know A to Z alone."""
    return None if text is None else text.casefold()


def transact(db: sqlite3.Connection, work: Callable[[sqlite3.Connection], T]) -> T:
    """Run `work` and return its result once its writes are on the disk; if it raises, undo them all."""
    db.execute("BEGIN IMMEDIATE")
    try:
        result = work(db)
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise
    return result


def transact_with(
    db: sqlite3.Connection, path: Path, name: str, work: Callable[[sqlite3.Connection], T]
) -> T:
    """Do what `transact` does while the database at `path`, which nothing writes, is attached as `name`.

    For many rows that refer to each other: that each of them refers to a row is not checked one by one.
    """
    db.execute(f"ATTACH ? AS {name}", (f"{path.resolve().as_uri()}?mode=ro&immutable=1",))
    db.execute("PRAGMA foreign_keys = OFF")
    try:
        return transact(db, work)
    finally:
        db.execute("PRAGMA foreign_keys = ON")
        db.execute(f"DETACH {name}")


def copy_database(db: sqlite3.Connection, target: Path) -> None:
    """Write a complete, consistent copy of a live database to `target`, all or nothing.

    A plain file copy would miss what is still in the `-wal` file. The copy is one file in rollback-journal
    mode, which can be read and moved on its own: SQLite's backup API makes it beside `target`, into whose
    place it is renamed. Raises sqlite3.Error and OSError.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    with atomic_path(target) as part, scratch_folder(part.parent, ".backup-") as folder:
        scratch = folder / "copy.db"
        copy_pages(db, scratch)
        scratch.replace(part)


def copy_pages(db: sqlite3.Connection, scratch: Path, check: Callable[[], None] = lambda: None) -> None:
    """Write such a copy into a new file in a scratch folder. Raises sqlite3.Error.

    `check` is called every few MiB; an exception from it stops.
    """
    with closing(sqlite3.connect(scratch, isolation_level=None)) as copy:
        db.execute("BEGIN")  # one state for all steps: each write in between would begin the copy again
        try:
            db.execute("SELECT count(*) FROM sqlite_schema").fetchone()
            db.backup(copy, pages=COPIED_PAGES, progress=lambda *_: check())
        finally:
            db.execute("COMMIT")
        copy.execute("PRAGMA journal_mode = DELETE")


@contextmanager
def stoppable(db: sqlite3.Connection, check: Callable[[], None]) -> Iterator[None]:
    """Call `check` every few ms while the block runs statements; raise what it raises."""
    stopped: list[BaseException] = []

    def look() -> int:
        try:
            check()
        except BaseException as error:
            stopped.append(error)
        return bool(stopped)

    db.set_progress_handler(look, STEPS)
    try:
        yield
    except sqlite3.OperationalError as error:
        if stopped:
            raise stopped[0] from error
        raise
    finally:
        db.set_progress_handler(None, 0)


class Writer:
    """The one thread that writes: it runs each piece of work in its own transaction, in the order given."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self._queue: queue.SimpleQueue[tuple[Callable[[sqlite3.Connection], Any], Future[Any]] | None]
        self._queue = queue.SimpleQueue()
        self._entry = threading.Lock()  # work queued after the end would never be done
        self._closed = False
        self._thread = threading.Thread(target=self._work, name="library-writer", daemon=True)
        self._thread.start()

    def run(self, work: Callable[[sqlite3.Connection], T], *, alone: bool = False) -> T:
        """Run `work` in a transaction and return its result after the commit; raise what it raises.

        With `alone` it is in no transaction, as VACUUM requires.
        """
        if threading.current_thread() is self._thread:
            raise RuntimeError("a write inside a write would wait for itself; use the outer one's connection")
        future: Future[T] = Future()
        with self._entry:
            if self._closed:
                raise RuntimeError("the library is closed")
            self._queue.put((work if alone else partial(transact, work=work), future))
        with ui_waiting():
            return future.result()

    def close(self) -> None:
        """Finish what is queued, end the thread and close the connection."""
        with self._entry:
            self._closed = True
            self._queue.put(None)
        self._thread.join()
        self._db.close()

    def _work(self) -> None:
        while (item := self._queue.get()) is not None:
            work, future = item
            try:
                future.set_result(work(self._db))
            except BaseException as error:  # raised again in the thread that waits for the write
                future.set_exception(error)


def is_damage(error: sqlite3.Error) -> bool:
    """Return whether the file is damaged, or not a database."""
    code = getattr(error, "sqlite_errorcode", 0) & PRIMARY_CODE
    return code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def explain(error: sqlite3.Error, path: Path) -> UserError | None:
    """Return an error that tells the user what to do about `error` at `path`, or None if it is a bug."""
    code = getattr(error, "sqlite_errorcode", None)
    if code is None:
        return None
    match code & PRIMARY_CODE:
        case sqlite3.SQLITE_FULL:
            return UserError(
                f"There is no space left for {path}: the last change was not saved.",
                "Free some space on that disk and try again; everything saved earlier is safe.",
            )
        case sqlite3.SQLITE_IOERR:
            return UserError(
                f"The disk refused to read or write {path} ({error}): the last change was not saved.",
                "Check whether the disk is full or unplugged, and try again.",
            )
        case sqlite3.SQLITE_CANTOPEN if len(str(path).encode(errors="replace")) > LONGEST_PATH:
            return UserError(
                f"The path {path} is too long: SQLite opens files whose path has up to {LONGEST_PATH} bytes.",
                "Choose a library folder with a shorter path.",
            )
        case sqlite3.SQLITE_READONLY | sqlite3.SQLITE_CANTOPEN | sqlite3.SQLITE_PERM:
            verb = "written" if code & PRIMARY_CODE == sqlite3.SQLITE_READONLY else "opened"
            return UserError(
                f"{path} cannot be {verb} ({error}).",
                "Make the folder and the file in it writable for you, or choose another library folder.",
            )
        case sqlite3.SQLITE_CORRUPT | sqlite3.SQLITE_NOTADB:
            return UserError(
                f"{path} is damaged or is not a database ({error}).",
                "Restore a backup (orca-desk library backups list; upgrades leave theirs in"
                f" {path.parent / 'backups'}), or save what can be read: orca-desk library repair NEW_FOLDER"
                f" --library {path.parent}",
            )
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            return UserError(
                f"Another program is writing to {path}.",
                "Close the program that has the file open and try again.",
            )
    return None
