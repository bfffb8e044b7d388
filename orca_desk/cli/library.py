"""`orca-desk library`: what is in it, whether it is whole, and copies of it."""

from pathlib import Path

import click

from orca_desk.cli.options import examples, json_option, library_option, open_library
from orca_desk.cli.output import print_json, say, table
from orca_desk.errors import UserError
from orca_desk.library import backup as backups
from orca_desk.library import records, snapshots, tasks
from orca_desk.library import runs as library_runs
from orca_desk.library.integrity import check as find_problems
from orca_desk.library.integrity import missing_files


@click.group(
    "library",
    epilog=examples(
        "orca-desk library info",
        "orca-desk library check --thorough",
        "orca-desk library backup monday.db",
        "orca-desk library restore monday.db new-folder",
        "orca-desk library runs --json",
    ),
)
def command() -> None:
    """Show, check and back up the library."""


@command.command("info")
@library_option
@json_option
def info(folder: Path, as_json: bool) -> None:
    """Show where the library is and how much it holds."""
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


@command.command("check")
@click.option("--thorough", is_flag=True, help="Also compare every index and every snapshot's hash.")
@library_option
@json_option
def check(thorough: bool, folder: Path, as_json: bool) -> None:
    """Check that the library is whole; exit with 1 when it is not."""
    with open_library(folder, create=False) as library:
        problems = find_problems(library, thorough=thorough)
        problems += [f"The adapter {path} is missing." for path in missing_files(library)]
    if as_json:
        print_json({"whole": not problems, "problems": problems})
    else:
        say("\n".join(problems) or "The library is whole.")
    if problems:
        raise UserError("The library is not whole.", "Restore a backup: orca-desk library restore FILE DIR")


@command.command("backup")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@library_option
@json_option
def backup(file: Path, folder: Path, as_json: bool) -> None:
    """Write a checked copy of the database to FILE; adapters and checkpoints are files of their own."""
    with open_library(folder, create=False) as library:
        made = backups.back_up(library, file)
    print_json(made) if as_json else say(f"{made.path} holds {made.tasks:,} tasks, {made.records:,} records.")


@command.command("restore")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.argument("new_folder", type=click.Path(file_okay=False, path_type=Path))
@json_option
def restore(file: Path, new_folder: Path, as_json: bool) -> None:
    """Make a library in NEW_FOLDER from the backup FILE."""
    made = backups.restore(file, new_folder)
    print_json(made) if as_json else say(f"Restored {made.tasks:,} tasks and {made.records:,} records.")


@command.command("runs")
@click.option(
    "--kind", type=click.Choice(["probe", "generate", "train", "evaluate"]), help="Only runs of this kind."
)
@library_option
@json_option
def runs(kind: str | None, folder: Path, as_json: bool) -> None:
    """List what was run, the newest first, and how it ended."""
    with open_library(folder) as library:
        found = library_runs.list_runs(library, kind=kind)
    if as_json:
        print_json(found)
        return
    table(
        "Runs",
        {"id": "left", "status": "left", "started (UTC)": "left", "outcome": "left"},
        [[each.id, each.status, (each.started_at or "")[:19], each.outcome] for each in found],
    )
