"""`orca-desk library backups`: the backups that are kept beside the library, or on another disk."""

import shutil
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, cast, get_args

import click

from orca_desk.cli.options import examples, existing_library_option, json_option, open_library
from orca_desk.cli.output import print_json, say, table
from orca_desk.cli.running import running
from orca_desk.errors import UserError
from orca_desk.library.backups.backup import restore as restore_backup
from orca_desk.library.backups.difference import BackupDifference, difference
from orca_desk.library.backups.keeping import (
    bytes_of_kept,
    bytes_to_keep,
    delete_list,
    is_due,
    keep,
    pin,
    require_place,
    verify,
    why_kept,
)
from orca_desk.library.backups.keeping_settings import Every, keeping_of, set_keeping, store_folder
from orca_desk.library.backups.kept import KeptBackup, kept_backups, name_of
from orca_desk.library.backups.restoring import stage, stage_over_damaged
from orca_desk.library.database import DATABASE_NAME, Library
from orca_desk.library.lock import locked
from orca_desk.models.fits import human_bytes
from orca_desk.paths import resolved
from orca_desk.processes.progress import Meter
from orca_desk.ui.words.backups import backup_content
from orca_desk.ui.words.kept_backups import (
    SAME,
    UNKNOWN,
    difference_lines,
    keeping_text,
    kept_content,
    local_time,
    loose_sentence,
    place_text,
    reason_text,
    state_text,
    verified_lines,
)

NEWEST = "newest"


@click.group(
    "backups",
    epilog=examples(
        "orca-desk library backups list",
        "orca-desk library backups now",
        "orca-desk library backups settings --every day --folder /media/disk",
        "orca-desk library backups compare newest",
        "orca-desk library backups restore newest --in-place",
        "orca-desk library backups verify",
    ),
)
def backups() -> None:
    """List, make, verify, compare and restore the backups that are kept of a library.

    A BACKUP is a name from the list, its beginning, or "newest"; also the path of any backup file.
    """


@backups.command("list")
@existing_library_option
@json_option
def list_backups(folder: Path, as_json: bool) -> None:
    """List the kept backups: when, why they are kept, and whether they are whole."""
    store = store_folder(_require(folder))
    _require_place(folder)
    found, unreadable = kept_backups(store)
    reasons = why_kept(found)
    if as_json:
        print_json(
            {
                "folder": store,
                "bytes": bytes_of_kept(folder),
                "settings": asdict(keeping_of(folder)),
                "unreadable": unreadable,
                "backups": [{**_plain(one), "kept_because": reason_text(one, reasons)} for one in found],
            }
        )
        return
    table(
        "Backups",
        {
            "name": "left",
            "made": "left",
            "content": "left",
            "new": "right",
            "kept because": "left",
            "state": "left",
        },
        [
            [
                one.name,
                local_time(one.made_at),
                kept_content(one),
                human_bytes(one.added),
                reason_text(one, reasons),
                state_text(one),
            ]
            for one in found
        ],
    )
    for path in unreadable:
        say(
            f"{path} cannot be read: it is damaged, or from a newer Orca Desk. Until you delete it, deleted"
            f" backups free no space: orca-desk library backups delete {name_of(path)}"
        )
    say(f"{keeping_text(keeping_of(folder))} {place_text(store, bytes_of_kept(folder), _free(store))}.")


@backups.command("now")
@click.option("--if-due", is_flag=True, help="Only if the interval of the settings has passed.")
@existing_library_option
@json_option
def now(if_due: bool, folder: Path, as_json: bool) -> None:
    """Make a backup now. It stays until you delete it; one made with --if-due is thinned out as usual."""
    if if_due and not is_due(_require(folder)):
        print_json({"made": False}) if as_json else say("No backup is due.")
        return
    with open_library(folder, create=False) as library, running(quiet=as_json) as (progress, control):
        meter = Meter(progress, stage="copying", total=bytes_to_keep(library), unit="bytes")

        def on_bytes(count: int) -> None:
            control.require_running()
            meter.advance(count)

        made = keep(library, why="automatic" if if_due else "asked", on_bytes=on_bytes)
        control.finished = True
    if as_json:
        print_json({"made": True, **_plain(made)})
        return
    say(
        f"Kept {made.name}: {kept_content(made)}. New: {human_bytes(made.added)} of {human_bytes(made.size)}."
    )
    for problem in made.problems:
        say(f"Note: {problem}")


@backups.command("verify")
@existing_library_option
@json_option
def verify_all(folder: Path, as_json: bool) -> None:
    """Read all kept backups from end to end and compare them with their hashes. Exit code 1 for damage."""
    store = store_folder(_require(folder))
    total = sum({name: 1 for one in kept_backups(store)[0] for name in one.pieces}.values())
    with running(quiet=as_json) as (progress, control):
        meter = Meter(progress, stage="verifying", total=total, unit="pieces")

        def on_bytes(count: int) -> None:
            control.require_running()
            meter.advance(1)

        verified = verify(store, on_bytes=on_bytes)
        control.finished = True
    if as_json:
        print_json(
            {
                "backups": verified.backups,
                "bytes": verified.size,
                "damaged": [{"name": one.name, "lost": one.lost} for one in verified.damaged],
                "unreadable": verified.unreadable,
            }
        )
    else:
        for line in verified_lines(verified):
            say(line)
    if verified.damaged or verified.unreadable:
        raise UserError("Some backups are damaged.", "Check the disk, and make a new backup.")


@backups.command("compare")
@click.argument("backup")
@existing_library_option
@json_option
def compare(backup: str, folder: Path, as_json: bool) -> None:
    """Show what restoring BACKUP would take away and bring back. Nothing is changed."""
    path = _path_of(_require(folder), backup)
    found = difference(folder, path)
    if as_json:
        print_json(_plain_difference(found) | {"backup": path})
        return
    _say_difference(found)


@backups.command("restore")
@click.argument("backup")
@click.argument("new_folder", required=False, type=click.Path(file_okay=False, path_type=Path))
@click.option("--in-place", is_flag=True, help="Put the library itself back into that state.")
@click.option("--yes", is_flag=True, help="With --in-place: do it. The present state is backed up first.")
@existing_library_option
@json_option
def restore(
    backup: str, new_folder: Path | None, in_place: bool, yes: bool, folder: Path, as_json: bool
) -> None:
    """Make a library in NEW_FOLDER from BACKUP; or, with --in-place, put this one back into that state.

    In place, the present state is backed up first; without --yes, the command only shows what would change. A
    stop or a crash leaves the old state or the new one. A library that is too damaged to be opened is moved
    into its folder of backups as it is.
    """
    if in_place == (new_folder is not None):
        raise click.UsageError("Give either NEW_FOLDER or --in-place.")
    path = _path_of(folder, backup)
    if new_folder is not None:
        made = restore_backup(path, new_folder)
        print_json(made) if as_json else say(f"Restored {backup_content(made)}.")
        return
    if not yes:
        found = difference(_require(folder), path)
        if as_json:
            print_json(_plain_difference(found) | {"restored": False})
            return
        _say_difference(found)
        say("Nothing was changed. Add --yes.")
        return
    before = _restore_in_place(folder, path, as_json)
    if as_json:
        print_json({"restored": True, "before": before and before.name})
        return
    say(f"Restored {path.name} into {folder}.")
    if before:
        say(f"The previous state is kept: orca-desk library backups restore {before.name} --in-place")
    else:
        say(f"The damaged library was moved into {folder / 'backups'}.")


@backups.command("delete")
@click.argument("names", nargs=-1, required=True, metavar="BACKUP...")
@existing_library_option
@json_option
def delete(names: tuple[str, ...], folder: Path, as_json: bool) -> None:
    """Delete kept backups for good, with the data that no other backup has. This cannot be undone."""
    unreadable = {name_of(path): path for path in kept_backups(store_folder(folder))[1]}
    going = sorted({unreadable[name] if name in unreadable else _kept(folder, name).path for name in names})
    freed = sum(map(delete_list, going))
    deleted = [name_of(path) for path in going]
    if as_json:
        print_json({"deleted": deleted, "bytes": freed})
        return
    say(f"Deleted {', '.join(deleted)}. Freed {human_bytes(freed)}.")


@backups.command("pin")
@click.argument("backup")
@click.option("--off", is_flag=True, help="Let it be thinned out like the others.")
@existing_library_option
@json_option
def pin_backup(backup: str, off: bool, folder: Path, as_json: bool) -> None:
    """Keep BACKUP until it is deleted, whatever its age."""
    changed = pin(_kept(folder, backup), not off)
    if as_json:
        print_json(_plain(changed))
        return
    what = "kept until you delete it" if changed.pinned else "thinned out with the others"
    say(f"{changed.name} is {what}.")


@backups.command("settings")
@click.option("--every", type=click.Choice(get_args(Every)), help="How often, while the app is open.")
@click.option(
    "--folder",
    "place",
    help='An existing folder, for instance on another disk; "" for the library\'s own.',
)
@click.option("--checkpoints/--no-checkpoints", default=None, help="Whether they include checkpoints.")
@existing_library_option
@json_option
def settings(
    every: str | None, place: str | None, checkpoints: bool | None, folder: Path, as_json: bool
) -> None:
    """Show or change how backups are kept. Those in an earlier folder stay there."""
    keeping = keeping_of(_require(folder))
    if every is not None:
        keeping = replace(keeping, every=cast(Every, every))
    if place is not None:
        keeping = replace(keeping, folder=str(resolved(Path(place))) if place else "")
    if checkpoints is not None:
        keeping = replace(keeping, checkpoints=checkpoints)
    if keeping != keeping_of(folder) or place:  # the same folder again: its disk is another one now
        set_keeping(folder, keeping)
    if as_json:
        print_json({**asdict(keeping), "store": store_folder(folder)})
        return
    store = store_folder(folder)
    say(f"{keeping_text(keeping)} {place_text(store, bytes_of_kept(folder), _free(store))}.")


def _restore_in_place(folder: Path, path: Path, as_json: bool) -> KeptBackup | None:
    with running(quiet=as_json) as (progress, control):
        meter = Meter(progress, stage="copying", total=None, unit="bytes")

        def on_bytes(count: int) -> None:
            control.require_running()
            meter.advance(count)

        try:
            library = Library.open(folder, create=False)
        except UserError:
            if not (folder / DATABASE_NAME).is_file():
                raise
            with locked(folder):  # raises if another process has it open
                staged = stage_over_damaged(folder, path, on_bytes=on_bytes)
        else:
            with library:
                staged = stage(library, path, on_bytes=on_bytes)
        Library.open(folder).close()  # puts it into place
        control.finished = True
    return staged.present


def _say_difference(found: BackupDifference) -> None:
    if found.loose:
        say(loose_sentence(found.loose))
    if found.is_none or found.is_unknown:
        say(UNKNOWN if found.is_unknown else SAME)
        return
    for heading, lines in zip(
        ("Would be lost:", "Would come back:", "Would be as it was then:"),
        difference_lines(found),
        strict=True,
    ):
        if lines:
            say("\n  ".join([heading, *lines]))


def _require(folder: Path) -> Path:
    if not (folder / DATABASE_NAME).is_file():
        raise UserError(f"There is no library in {folder}.", "Check the name of the folder.")
    return folder


def _require_place(folder: Path) -> None:
    require_place(store_folder(folder))


def _path_of(folder: Path, name: str) -> Path:
    """Return the file of a backup that is named, or whose path is given."""
    given = Path(name)
    return given if given.is_file() else _kept(folder, name).path


def _kept(folder: Path, name: str) -> KeptBackup:
    _require_place(folder)
    found, _ = kept_backups(store_folder(folder))
    if name == NEWEST and found:
        return found[0]
    matching = [one for one in found if one.name == name] or [
        one for one in found if one.name.startswith(name)
    ]
    if len(matching) != 1:
        what = "several backups whose names begin" if matching else "no kept backup whose name begins"
        raise UserError(f"There is {what} with {name}.", "orca-desk library backups list shows their names.")
    return matching[0]


def _plain_difference(found: BackupDifference) -> dict[str, Any]:
    return {"kinds": {kind: asdict(one) for kind, one in found.kinds.items()}, "loose": found.loose}


def _plain(backup: KeptBackup) -> dict[str, Any]:
    return {
        "name": backup.name,
        "path": backup.path,
        "made_at": backup.made_at.isoformat(),
        "counts": backup.counts,
        "files": len(backup.files),
        "bytes": backup.size,
        "new_bytes": backup.added,
        "left_out": backup.left_out,
        "pinned": backup.pinned,
        "verified_at": backup.verified_at,
        "lost": backup.lost,
        "problems": backup.problems,
    }


def _free(store: Path) -> int | None:
    place = next((one for one in (store, *store.parents) if one.is_dir()), None)
    return shutil.disk_usage(place).free if place else None
