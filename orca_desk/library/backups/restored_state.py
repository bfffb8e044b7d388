"""Completing a restore that was made ready: see `restoring`. Opening a library begins with this."""

import json
import shutil
from contextlib import suppress
from pathlib import Path

from orca_desk.errors import UserError
from orca_desk.files import sync_folder

STAGED = ".restored"  # the folder in the library's
MARK = "ready.json"  # written last: everything else in that folder is whole
DATABASE = "library.db"
BESIDE = ("-wal", "-shm", "-journal")  # SQLite's files beside a database


def complete_restore(folder: Path) -> bool:
    """Put the state that was made ready into place, if there is one; return whether there was.

    The caller holds the library's lock. Every step can be repeated after an end in the middle. Raises
    UserError if the disk refuses; the next call continues.
    """
    staged = folder / STAGED
    if not staged.is_dir():
        return False
    if not (staged / MARK).is_file():  # the process that made it ready has ended before it was whole
        shutil.rmtree(staged, ignore_errors=True)
        return False
    try:
        mark = json.loads((staged / MARK).read_text(encoding="utf-8"))
        if (staged / DATABASE).exists() and mark["loose"]["names"]:  # later ones are those of the new state
            _move_loose(folder, folder / "backups" / mark["loose"]["place"], mark["loose"]["names"])
        _replace(folder, staged, list(mark["going"]), str(mark["aside"]))
    except OSError as error:
        raise UserError(
            f"The backup could not be put into place in {folder} ({error.strerror or error}).",
            "Fix that and open the library again, which continues. Nothing was lost.",
        ) from error
    return True


def _replace(folder: Path, staged: Path, going: list[str], aside: str) -> None:
    trainings = folder / "trainings"
    new = staged / DATABASE
    if new.exists():
        if aside and (folder / DATABASE).exists():
            _move_aside(folder, folder / "backups" / aside, going)
        for ending in BESIDE:  # they belong to the database that goes, which a backup has
            (folder / f"{DATABASE}{ending}").unlink(missing_ok=True)
        if not aside:
            for name in going:
                shutil.rmtree(trainings / name, ignore_errors=True)
        new.replace(folder / DATABASE)
        sync_folder(folder)
    for path in sorted((staged / "trainings").rglob("*")):
        if path.is_file():
            target = folder / path.relative_to(staged)
            target.parent.mkdir(parents=True, exist_ok=True)
            path.replace(target)
    (staged / MARK).unlink()
    shutil.rmtree(staged, ignore_errors=True)


def _move_loose(folder: Path, place: Path, names: list[str]) -> None:
    """Move the folders of trainings that the library does not know away, before others get their names."""
    place.mkdir(parents=True, exist_ok=True)
    for name in names:
        if not (place / name).exists():
            with suppress(FileNotFoundError):
                (folder / "trainings" / name).replace(place / name)


def _move_aside(folder: Path, place: Path, going: list[str]) -> None:
    """Move a damaged database, with its files and the trainings that the new state does not have."""
    place.mkdir(parents=True, exist_ok=True)
    for name in going:
        with suppress(FileNotFoundError):
            (place / "trainings").mkdir(exist_ok=True)
            (folder / "trainings" / name).replace(place / "trainings" / name)
    for ending in BESIDE:
        with suppress(FileNotFoundError):
            (folder / f"{DATABASE}{ending}").replace(place / f"{DATABASE}{ending}")
    if not (place / DATABASE).exists():  # a link: at no time the library's folder is without a database
        try:
            (place / DATABASE).hardlink_to(folder / DATABASE)
        except OSError:
            shutil.copyfile(folder / DATABASE, place / DATABASE)
