"""`orca-desk library`: contents, integrity check, backups and runs."""

from pathlib import Path

import click

from orca_desk.cli.library_backups import backups as kept
from orca_desk.cli.library_bundle import bundle, unbundle
from orca_desk.cli.library_care import compact, repair
from orca_desk.cli.library_move import move
from orca_desk.cli.library_queue import queue
from orca_desk.cli.library_samples import rename, samples
from orca_desk.cli.options import (
    examples,
    existing_library_option,
    json_option,
    library_option,
    open_library,
)
from orca_desk.cli.output import print_json, say, table
from orca_desk.cli.running import running
from orca_desk.counting import counted
from orca_desk.errors import UserError
from orca_desk.library import records, snapshots, tasks
from orca_desk.library import runs as library_runs
from orca_desk.library.backups import backup as backups
from orca_desk.library.care.integrity import check_whole
from orca_desk.library.care.mending import mend as mend_library
from orca_desk.library.database import Library
from orca_desk.library.schema import MIGRATIONS
from orca_desk.ui.words.backups import backup_content, not_in_backup
from orca_desk.ui.words.care import checked_sentence
from orca_desk.ui.words.outcomes import outcome_text
from orca_desk.ui.words.runs import TYPES


@click.group(
    "library",
    epilog=examples(
        "orca-desk library new my-library",
        "orca-desk library samples --remove",
        "orca-desk library bundle thesis.orcalib --models",
        "orca-desk library unbundle thesis.orcalib my-thesis",
        'orca-desk library rename "My thesis"',
        "orca-desk library move /media/disk/thesis",
        "orca-desk library info",
        "orca-desk library check --thorough",
        "orca-desk library backup monday.db",
        "orca-desk library backup monday.zip --adapters",
        "orca-desk library restore monday.db new-folder",
        "orca-desk library repair recovered",
        "orca-desk library compact",
        "orca-desk library runs --json",
    ),
)
def command() -> None:
    """Make, show, check, repair, compact, back up and restore libraries."""


command.add_command(repair)
command.add_command(compact)
command.add_command(kept)
command.add_command(bundle)
command.add_command(unbundle)
command.add_command(samples)
command.add_command(queue)
command.add_command(rename)
command.add_command(move)


@command.command("info")
@library_option
@json_option
def info(folder: Path, as_json: bool) -> None:
    """Show where the library is and what it contains."""
    with open_library(folder) as library:
        counts = {
            "folder": library.folder,
            "tasks": tasks.count_tasks(library),
            "records": records.count_records(library),
            "snapshots": len(snapshots.list_snapshots(library)),
            "trainings": len(library_runs.list_runs(library, kind="train")),
            "evaluations": len(library_runs.list_runs(library, kind="evaluate")),
        }
    if as_json:
        print_json(counts)
        return
    for name, value in counts.items():
        say(f"{name:12} {value:,}" if isinstance(value, int) else f"{name:12} {value}")


@command.command("new")
@click.argument("new_folder", type=click.Path(file_okay=False, path_type=Path))
@click.option("--samples", is_flag=True, help="Add the bundled sample tasks to it, as the demo does.")
@json_option
def new(new_folder: Path, samples: bool, as_json: bool) -> None:
    """Make an empty library in NEW_FOLDER."""
    if new_folder.is_dir() and any(new_folder.iterdir()):
        raise UserError(f"{new_folder} is not empty.", "Name a new folder for the library.")
    with Library.open(new_folder, samples=samples) as library:
        folder, count = library.folder, tasks.count_tasks(library)
    if as_json:
        print_json({"folder": folder, "tasks": count})
        return
    content = counted(count, "sample task") if count else "no tasks yet"
    say(f"Made a library with {content} in {folder}.")


@command.command("check")
@click.option(
    "--thorough",
    is_flag=True,
    help="Also check every index and every snapshot's hash, which reads the whole file.",
)
@click.option(
    "--mend",
    is_flag=True,
    help="First rebuild indexes, counts and the text search in place; then check thoroughly.",
)
@existing_library_option
@json_option
def check(thorough: bool, mend: bool, folder: Path, as_json: bool) -> None:
    """Check the library for damage. The exit code is 1 if there are problems.

    --mend leaves what was written unchanged; restore a backup for what it cannot mend.
    """
    with open_library(folder, create=False) as library, running(quiet=True) as (_, control):

        def on_check(what: str) -> None:
            control.require_running()

        if mend:
            problems = mend_library(library, on_step=on_check, on_check=on_check)
        else:
            problems = check_whole(library, thorough=thorough, on_check=on_check)
        control.finished = True
    if as_json:
        print_json({"whole": not problems, "problems": problems, "mended": mend})
    else:
        say("\n".join(problems) or "No problems found.")
        say(checked_sentence(len(MIGRATIONS), thorough=thorough or mend))
    if problems:
        raise UserError(
            "The library has problems.",
            ("" if mend else "Rebuild indexes and counts: orca-desk library check --mend. ")
            + "Restore a backup (orca-desk library backups list), or recover what can be read: orca-desk"
            " library repair DIR",
        )


@command.command("backup")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--adapters", is_flag=True, help="Include the trained adapters; FILE becomes a ZIP file.")
@click.option(
    "--checkpoints",
    is_flag=True,
    help="Include the checkpoints, from which trainings resume; also a ZIP file.",
)
@existing_library_option
@json_option
def backup(file: Path, adapters: bool, checkpoints: bool, folder: Path, as_json: bool) -> None:
    """Write a verified copy of the library to FILE: the database, and what the options add."""
    wanted: dict[backups.BackupPart, bool] = {"adapters": adapters, "checkpoints": checkpoints}
    with open_library(folder, create=False) as library:
        made = backups.back_up(
            library, file, parts=frozenset(part for part, is_wanted in wanted.items() if is_wanted)
        )
    if as_json:
        print_json(made)
        return
    say(f"Saved {backup_content(made)} to {made.path}.")
    say(not_in_backup(made))


@command.command("restore")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.argument("new_folder", type=click.Path(file_okay=False, path_type=Path))
@json_option
def restore(file: Path, new_folder: Path, as_json: bool) -> None:
    """Create a library in NEW_FOLDER from the backup FILE.

    To put a library back in its place, and for automatic backups, see: orca-desk library
    backups
    """
    made = backups.restore(file, new_folder)
    print_json(made) if as_json else say(f"Restored {backup_content(made)}.")


@command.command("runs")
@click.option(
    "--kind",
    type=click.Choice(list(TYPES)),
    metavar="TYPE",
    help=f"Only runs of this type: {', '.join(TYPES)}.",
)
@library_option
@json_option
def runs(kind: str | None, folder: Path, as_json: bool) -> None:
    """List runs and their outcomes, newest first."""
    with open_library(folder) as library:
        found = library_runs.list_runs(library, kind=kind)
    if as_json:
        print_json(found)
        return
    table(
        "Runs",
        {"id": "left", "status": "left", "started (UTC)": "left", "outcome": "left"},
        [[each.id, each.status, each.created_at[:19], outcome_text(each.outcome)] for each in found],
    )
