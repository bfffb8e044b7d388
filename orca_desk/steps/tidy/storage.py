"""What a library takes on the disk, by kind, and what of it can be freed: said before, done by one click."""

import contextlib
import os
import shutil
import time
from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from orca_desk.errors import UserError
from orca_desk.library.care.compacting import compact, space_of
from orca_desk.library.database import DATABASE_NAME, Library
from orca_desk.library.deleting.trash import FOLDER, empty_trash, list_trash, throw_away
from orca_desk.library.locations import CHECKPOINT_FOLDERS, log_folder, size_of
from orca_desk.library.runs import list_runs
from orca_desk.library.settings import get_setting, set_setting
from orca_desk.library.trainings import Training, list_trainings
from orca_desk.processes.progress import JobControl
from orca_desk.steps.tidy.deletion import checkpoint_folders

OLD_LOG_DAYS = 30
LEAST_BYTES = 2**20  # that are worth a suggestion
KEEP_DAYS = 30  # in the trash, unless another number was chosen
SETTING = "trash.days"
CONVERTED_PER_SECOND = 75 * 2**20  # bytes: a model of 135 million weights took 3.3 s on one core


class StorageKind(StrEnum):
    """A kind of thing that takes space in a library's folder."""

    DATABASE = "database"
    TRAINED = "trained"
    CHECKPOINTS = "checkpoints"
    CONVERTED = "converted"
    BACKUPS = "backups"
    LOGS = "logs"
    TRASH = "trash"
    OTHER = "other"


class Freeable(StrEnum):
    """Something that can be freed."""

    TRASH = "trash"
    CHECKPOINTS = "checkpoints"
    CONVERTED = "converted"
    LOGS = "logs"
    UNUSED = "unused"


# The folders in a library's, but for trainings, whose checkpoints count by themselves
_FOLDERS = {
    "cache": StorageKind.CONVERTED,
    "backups": StorageKind.BACKUPS,
    "logs": StorageKind.LOGS,
    FOLDER: StorageKind.TRASH,
}


@dataclass(frozen=True, kw_only=True)
class Suggestion:
    """What can be freed: `bytes` of `count` things.

    `seconds` is about how long it takes to make them again; None where they cannot be made again.
    """

    what: Freeable
    bytes: int
    count: int
    seconds: float | None = None


@dataclass(frozen=True, kw_only=True)
class StorageReport:
    """The bytes of each kind that there is, the largest first; what is free on the disk; suggestions."""

    folder: Path
    bytes: dict[StorageKind, int]
    free: int
    suggestions: tuple[Suggestion, ...]

    @property
    def total(self) -> int:
        """The bytes of the whole library."""
        return sum(self.bytes.values())


def storage(library: Library) -> StorageReport:
    """Measure a library's folder. Reads names and sizes only, which takes a while for many files."""
    counts: Counter[StorageKind] = Counter()
    for current, folders, names in os.walk(library.folder):
        place = Path(current).relative_to(library.folder).parts
        folders.sort()
        for name in names:
            with contextlib.suppress(OSError):
                size = os.lstat(os.path.join(current, name)).st_size  # noqa: PTH118 - a Path a file is slow
                counts[_kind_of(place, name)] += size
    return StorageReport(
        folder=library.folder,
        bytes=dict(counts.most_common()),
        free=shutil.disk_usage(library.folder).free,
        suggestions=tuple(one for one in _suggestions(library, counts) if one.bytes >= LEAST_BYTES),
    )


def free(library: Library, what: Freeable, *, control: JobControl | None = None) -> int:
    """Free what a suggestion named, and return the bytes that the disk got back.

    Nothing of it can be undone. Raises UserError while a job that may need it is running.
    """
    control = control or JobControl()
    if what is Freeable.UNUSED:
        return compact(library, check=control.require_running).given_back
    if what is Freeable.TRASH:
        before = size_of(library.folder / FOLDER)
        empty_trash(library)
        return before - size_of(library.folder / FOLDER)
    if what is not Freeable.LOGS and (busy := list_runs(library, status="running")):
        raise UserError(f"{busy[0].id} is running and may need it.", "Wait until it has ended.")
    paths = {
        Freeable.CHECKPOINTS: lambda: _checkpoints(library),
        Freeable.CONVERTED: lambda: _entries(library.folder / "cache"),
        Freeable.LOGS: lambda: _old_logs(library),
    }[what]()
    freed = 0
    for path in paths:
        control.require_running()
        freed += throw_away(library, path)
    return freed


def trash_days(library: Library) -> int:
    """Return after how many days a deletion becomes permanent; 0 for never."""
    stored = get_setting(library, SETTING, KEEP_DAYS)
    return stored if isinstance(stored, int) and stored >= 0 else KEEP_DAYS


def keep_trash_for(library: Library, days: int) -> int:
    """Choose after how many days a deletion becomes permanent (0: never); older ones do at once."""
    set_setting(library, SETTING, days)
    return empty_old_trash(library)


def empty_old_trash(library: Library) -> int:
    """Delete for good what has been in the trash for as long as was chosen; return how many deletions."""
    days = trash_days(library)
    return empty_trash(library, older_than_days=days) if days else 0


def _kind_of(place: tuple[str, ...], name: str) -> StorageKind:
    if not place:
        return StorageKind.DATABASE if name.startswith(DATABASE_NAME) else StorageKind.OTHER
    if place[0] == "trainings":
        return (
            StorageKind.CHECKPOINTS if place[2:3] and place[2] in CHECKPOINT_FOLDERS else StorageKind.TRAINED
        )
    return _FOLDERS.get(place[0], StorageKind.OTHER)


def _suggestions(library: Library, counts: Counter[StorageKind]) -> list[Suggestion]:
    finished = _finished(library)
    checkpoints = _checkpoints(library, finished)
    logs = _old_logs(library)
    unused = space_of(library)
    converted = _entries(library.folder / "cache")
    return [
        Suggestion(what=Freeable.TRASH, bytes=counts[StorageKind.TRASH], count=len(list_trash(library))),
        Suggestion(
            what=Freeable.CONVERTED,
            bytes=counts[StorageKind.CONVERTED],
            count=len(converted),
            seconds=counts[StorageKind.CONVERTED] / CONVERTED_PER_SECOND,
        ),
        Suggestion(
            what=Freeable.CHECKPOINTS,
            bytes=sum(map(size_of, checkpoints)),
            count=len({path.parent for path in checkpoints}),
            seconds=sum(one.run.seconds or 0 for one in finished if checkpoint_folders(one)),
        ),
        Suggestion(what=Freeable.LOGS, bytes=sum(map(size_of, logs)), count=len(logs)),
        Suggestion(what=Freeable.UNUSED, bytes=unused.unused if unused.is_worth_it else 0, count=1),
    ]


def _finished(library: Library) -> list[Training]:
    """Return the trainings that no longer need a checkpoint: done, with an adapter that is there."""
    return [
        one
        for one in list_trainings(library)
        if one.run.status == "done" and one.adapter is not None and one.adapter.exists()
    ]


def _checkpoints(library: Library, finished: list[Training] | None = None) -> list[Path]:
    found = _finished(library) if finished is None else finished
    return [path for one in found for path in checkpoint_folders(one)]


def _old_logs(library: Library) -> list[Path]:
    limit = time.time() - OLD_LOG_DAYS * 86400
    found = []
    for path in _entries(log_folder(library)):
        with contextlib.suppress(OSError):
            if path.is_file() and path.stat().st_mtime < limit:
                found.append(path)
    return found


def _entries(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError:
        return []
