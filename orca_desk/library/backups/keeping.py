"""Keeping backups: making one of what is new since the last, thinning old ones, and verifying all.

A backup is its list of files, written last: a process that is killed before leaves pieces that no list names,
which the next call removes, and every earlier backup as it was.
"""

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import filelock

from orca_desk.errors import UserError, cannot_write
from orca_desk.library.backups.backup import BackupPart, TrainedFile, TrainedRows, trained_files, trained_rows
from orca_desk.library.backups.keeping_settings import INTERVALS, KEPT, Keeping, keeping_of, store_folder
from orca_desk.library.backups.kept import (
    SUFFIX,
    KeptBackup,
    KeptFile,
    Why,
    kept_backups,
    pieces_in,
    write_kept,
)
from orca_desk.library.backups.thinning import Reason, reasons_to_keep
from orca_desk.library.care.integrity import check_database, damage
from orca_desk.library.clock import now as stored_now
from orca_desk.library.connections import connect, copy_pages, is_damage, stoppable
from orca_desk.library.database import DATABASE_NAME, DamagedError, Library
from orca_desk.library.lock import acquire
from orca_desk.library.migrations import version_of
from orca_desk.library.scratch import scratch_folder

COUNTED = ("tasks", "records", "snapshots", "trainings", "evaluations", "chats")
LOCK = "keeping.lock"
EVERYTHING: frozenset[BackupPart] = frozenset({"adapters", "checkpoints"})
DAYS_BEFORE_RESTORE = 60
DAYS_BETWEEN_VERIFICATIONS = 30
TRIES = 4  # at a state in which no training ends meanwhile
SPARE = 64 * 2**20  # bytes that a backup leaves free on its disk
Bytes = Callable[[int], None]


@dataclass(frozen=True, kw_only=True)
class Verified:
    """The result of reading backups from end to end.

    `backups` were read, and `damaged` are those of them that lack files; `unreadable` are lists of backups
    that cannot be read themselves.
    """

    backups: int
    size: int
    damaged: tuple[KeptBackup, ...]
    unreadable: tuple[Path, ...]


def require_place(store: Path) -> None:
    """Raise UserError if kept backups lie in a folder that the user chose, and it is not there.

    Without its disk, the chosen folder may be there and empty: then that of the library in it is missing.
    """
    chosen = store.parent
    if store.name != KEPT and not store.is_dir():
        raise UserError(
            f"The folder for backups, {store if chosen.is_dir() else chosen}, is missing.",
            "Connect its disk, or choose a folder under Settings › Backups. No backup was lost.",
        )


@contextmanager
def kept_folder(store: Path) -> Iterator[Path]:
    """Make the folder of kept backups if need be, and lock it. Raises UserError if that cannot be done."""
    require_place(store)
    try:
        store.mkdir(parents=True, exist_ok=True)
        lock = acquire(store / LOCK)
    except filelock.Timeout:
        raise UserError(
            f"Another Orca Desk is working on the backups in {store}.", "Wait until it has finished."
        ) from None
    except OSError as error:
        raise cannot_write(store, error) from error
    try:
        yield store
    except OSError as error:
        raise cannot_write(store, error) from error
    finally:
        lock.release()


def keep(
    library: Library,
    *,
    why: Why,
    parts: frozenset[BackupPart] | None = None,
    on_bytes: Bytes = lambda count: None,
) -> KeptBackup:
    """Back the library up into its folder of kept backups, and thin them out; return the new backup.

    It is a consistent state, while others read and write; the copy is checked by SQLite before it is kept.
    `parts` are the trained files to include, by default as set. Where nothing has changed since the newest
    backup, an automatic one returns that. `on_bytes` gets the size of each piece, and 0 now and then while
    the database is copied and checked; an exception from it stops.
    Raises DamagedError for a damaged library, and UserError if the disk is full or the folder is missing:
    every earlier backup then is as it was.
    """
    keeping = keeping_of(library.folder)
    wanted = _parts(keeping) if parts is None else parts
    with kept_folder(store_folder(library.folder, keeping)) as store, _collecting(store):
        before = kept_backups(store)[0]
        expected = [one for one in trained_files(library) if one.part in wanted]
        _require_room(library, store, _new_files(library, expected, before))
        seen, files, made = _one_state(library, store, wanted, on_bytes)
        known = {name for one in before for name in one.pieces}
        if before and why == "automatic" and made == before[0].files:
            return before[0]
        moment = _moment(store)
        backup = KeptBackup(
            path=store / _file_name(moment),
            made_at=moment,
            why=why,
            library=str(library.folder),
            version=seen.version,
            counts=seen.counts,
            files=made,
            added=_new_bytes(made, known),
            left_out=_sizes([one for one in files if one.part not in wanted]),
            problems=seen.problems,
            verified_at=_read_last(made, before),
        )
        lost = backup.store.lost(backup.pieces - known, on_bytes=lambda count: None)
        if lost:
            raise UserError(
                f"The disk of {store} does not return what was written to it.",
                "Check that disk, or choose another folder under Settings › Backups.",
            )
        backup = write_kept(backup)
        _thin(store)
        return backup


def bytes_to_keep(library: Library) -> int:
    """Return about how many bytes `keep` reads: of the database, and of the trained files as set."""
    wanted = _parts(keeping_of(library.folder))
    return library.path.stat().st_size + sum(one.size for one in trained_files(library) if one.part in wanted)


@contextmanager
def _collecting(store: Path) -> Iterator[None]:
    """Remove what was stored so far if the block raises."""
    try:
        yield
    except BaseException:
        _collect(store)
        raise


def verify(store: Path, *, on_bytes: Bytes = lambda count: None) -> Verified:
    """Read every piece of all backups in a folder, and note with each backup what was found.

    A damaged piece is removed; where the library still has its content, the next backup stores it again.
    `on_bytes` gets the size of each piece. Raises UserError if the folder cannot be used.
    """
    with kept_folder(store):
        backups, unreadable = kept_backups(store)
        if not backups:
            return Verified(backups=0, size=0, damaged=(), unreadable=tuple(unreadable))
        size = 0

        def count(read: int) -> None:
            nonlocal size
            size += read
            on_bytes(read)

        wanted = {name for one in backups for name in one.pieces}
        lost = backups[0].store.lost(wanted, on_bytes=count)
        found = []
        for one in backups:
            files = tuple(file.name for file in one.files if not lost.isdisjoint(file.pieces))
            found.append(write_kept(one, verified_at=stored_now(), lost=files))
        return Verified(
            backups=len(found),
            size=size,
            damaged=tuple(one for one in found if one.lost),
            unreadable=tuple(unreadable),
        )


def delete_kept(backup: KeptBackup) -> int:
    """Delete a backup, and the pieces that no other one has; return the bytes that the disk got back."""
    return delete_list(backup.path)


def delete_list(path: Path) -> int:
    """Do what `delete_kept` does for a backup whose list of files may be unreadable.

    While another one is unreadable, no pieces go.
    """
    with kept_folder(path.parent) as store:
        path.unlink(missing_ok=True)
        return _collect(store)


def pin(backup: KeptBackup, pinned: bool) -> KeptBackup:
    """Keep a backup until the user deletes it, or no longer. Raises UserError on a full disk."""
    with kept_folder(backup.path.parent):
        return write_kept(backup, pinned=pinned)


def why_kept(backups: list[KeptBackup], now: datetime | None = None) -> dict[str, Reason]:
    """Return why thinning keeps each automatic backup, by name. Those not named are thinned out."""
    automatic = [one for one in backups if one.why == "automatic"]
    reasons = reasons_to_keep([one.made_at for one in automatic], now or datetime.now(UTC))
    return {one.name: reasons[one.made_at] for one in automatic if one.made_at in reasons}


def stays(backup: KeptBackup, now: datetime) -> bool:
    """Return whether a backup is kept at any age, as the user wants it, or has just restored another one."""
    is_recent = now - backup.made_at < timedelta(days=DAYS_BEFORE_RESTORE)
    return backup.pinned or backup.why == "asked" or (backup.why == "before-restore" and is_recent)


def verification_is_due(library_folder: Path, now: datetime | None = None) -> bool:
    """Return whether some backup was not verified for a long time: a disk may lose what nobody reads."""
    backups, _ = kept_backups(store_folder(library_folder))
    oldest = (now or datetime.now(UTC)) - timedelta(days=DAYS_BETWEEN_VERIFICATIONS)
    times = [datetime.fromisoformat(one.verified_at) for one in backups if one.verified_at]
    return len(times) < len(backups) or any(time < oldest for time in times)


def is_due(
    library_folder: Path, now: datetime | None = None, *, since: datetime | None = None, intervals: int = 1
) -> bool:
    """Return whether an automatic backup is due: so many intervals have passed, and something was written.

    Without any backup one is due at once, or with `since`, when they have passed since then. Backups
    dated in the future, by a clock that was wrong, do not count: they would hold off all others until then.
    """
    keeping = keeping_of(library_folder)
    if keeping.every == "off":
        return False
    backups, _ = kept_backups(store_folder(library_folder, keeping))
    moment = now or datetime.now(UTC)
    newest = max((one.made_at for one in backups if one.made_at <= moment), default=since)
    if newest is None:
        return True
    if moment - newest < intervals * INTERVALS[keeping.every]:
        return False
    return _last_write(library_folder) > newest.timestamp()


def bytes_of_kept(library_folder: Path) -> int:
    """Return the bytes that a library's kept backups take on their disk; 0 if they cannot be read."""
    with suppress(OSError):
        return sum(path.stat().st_size for path in store_folder(library_folder).rglob("*") if path.is_file())
    return 0


def _thin(store: Path) -> None:
    backups, _ = kept_backups(store)
    now = datetime.now(UTC)
    reasons = why_kept(backups, now)
    for one in backups:
        if one.name not in reasons and not stays(one, now):
            one.path.unlink(missing_ok=True)
    _collect(store)


def _collect(store: Path) -> int:
    """Remove the pieces that no backup has; none where a damaged list may need any of them."""
    backups, unreadable = kept_backups(store)
    if unreadable:
        return 0
    return pieces_in(store).collect({name for one in backups for name in one.pieces})


def _last_write(library_folder: Path) -> float:
    """Return when the database or its log of writes was changed, in seconds since 1970."""
    times = []
    for name in (DATABASE_NAME, f"{DATABASE_NAME}-wal"):
        with suppress(OSError):
            times.append((library_folder / name).stat().st_mtime)
    return max(times, default=0.0)


def _parts(keeping: Keeping) -> frozenset[BackupPart]:
    return EVERYTHING if keeping.checkpoints else frozenset({"adapters"})


def _new_files(library: Library, files: list[TrainedFile], before: list[KeptBackup]) -> int:
    """Return the bytes of the trained files that no earlier backup has, by their names and sizes."""
    known = {(file.name, file.size) for one in before for file in one.files}
    names = ((one.path.relative_to(library.folder).as_posix(), one.size) for one in files)
    return sum(size for name, size in names if (name, size) not in known)


def _require_room(library: Library, store: Path, added: int) -> None:
    needed = library.path.stat().st_size + added + SPARE
    free = shutil.disk_usage(store).free
    if free < needed:
        raise UserError(
            f"A backup needs {needed / 2**20:,.0f} MiB on the disk of {store};"
            f" {free / 2**20:,.0f} MiB are free. The earlier backups are unchanged.",
            "Free some space on that disk, or choose another folder under Settings › Backups.",
        )


@dataclass(frozen=True, kw_only=True)
class _Seen:
    """What a copy of the database holds: its version, the counts of rows, contradictions, and trainings."""

    version: int
    counts: dict[str, int]
    problems: tuple[str, ...]
    trained: TrainedRows


def _look(copy: Path, check: Callable[[], None]) -> _Seen:
    """Look into a copy. Raises UserError if it is damaged."""
    with closing(connect(copy, "immutable")) as db, stoppable(db, check):
        if found := _damage_of(db):
            raise DamagedError(
                f"The library is damaged, so no backup was made of it: {found[0]}",
                "Restore an earlier backup, which was not touched, or recover what can be read.",
            )
        return _Seen(
            version=version_of(db),
            counts={name: db.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in COUNTED},
            problems=tuple(check_database(db, thorough=False)),
            trained=TrainedRows.of(db),
        )


def _damage_of(db: sqlite3.Connection) -> list[str]:
    try:
        return damage(db, thorough=True)
    except sqlite3.DatabaseError as error:
        if not is_damage(error):
            raise
        return [str(error)]


def _one_state(
    library: Library, store: Path, wanted: frozenset[BackupPart], on_bytes: Bytes
) -> tuple[_Seen, list[TrainedFile], tuple[KeptFile, ...]]:
    """Copy the database and store it with the trained files that belong to it.

    Return what is in it, the trained files of all parts, and what was stored. A training that ends or is
    deleted meanwhile belongs to another state: then all of it is done again, as often as `TRIES`.
    """
    for last in (False,) * (TRIES - 1) + (True,):
        with scratch_folder(store, ".backup-") as scratch:
            copy = scratch / DATABASE_NAME
            with library.read() as db:
                copy_pages(db, copy, lambda: on_bytes(0))
            seen = _look(copy, lambda: on_bytes(0))
            files = seen.trained.files(library.folder)  # only now: every adapter that the copy names is there
            chosen = [one for one in files if one.part in wanted]
            made = _stored(library, store, copy, chosen, on_bytes)
        if trained_rows(library) == seen.trained or last:
            break
    return seen, files, made


def _stored(
    library: Library, store: Path, copy: Path, files: list[TrainedFile], on_bytes: Bytes
) -> tuple[KeptFile, ...]:
    pieces = pieces_in(store)
    kept = [
        KeptFile(
            name=DATABASE_NAME,
            size=copy.stat().st_size,
            pieces=tuple(pieces.add(copy, on_bytes=on_bytes)),
        )
    ]
    for one in files:
        name = one.path.relative_to(library.folder).as_posix()
        with suppress(FileNotFoundError):  # a training prunes its older checkpoints
            stored = tuple(pieces.add(one.path, on_bytes=on_bytes, large=True))
            kept.append(KeptFile(name=name, size=one.size, pieces=stored))
    pieces.flush()
    return tuple(kept)


def _read_last(files: tuple[KeptFile, ...], before: list[KeptBackup]) -> str:
    """Return since when all pieces of a new backup were read: those that it shares, when others were."""
    names = {name for one in files for name in one.pieces}
    return min([stored_now(), *(one.verified_at for one in before if not names.isdisjoint(one.pieces))])


def _new_bytes(files: tuple[KeptFile, ...], known: set[str]) -> int:
    """Return about how many bytes of content no earlier backup had: pieces of a file are of one size."""
    return sum(
        round(one.size * sum(name not in known for name in one.pieces) / len(one.pieces))
        for one in files
        if one.pieces
    )


def _sizes(files: list[TrainedFile]) -> dict[str, int]:
    sizes: dict[str, int] = {}
    for one in files:
        sizes[one.part] = sizes.get(one.part, 0) + one.size
    return sizes


def _moment(store: Path) -> datetime:
    """Return the time in milliseconds, later by one for each backup that already has its name."""
    moment = datetime.now(UTC)
    moment = moment.replace(microsecond=moment.microsecond // 1000 * 1000)
    while (store / _file_name(moment)).exists():
        moment += timedelta(milliseconds=1)
    return moment


def _file_name(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H%M%S}-{moment.microsecond // 1000:03}Z{SUFFIX}"
