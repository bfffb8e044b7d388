"""`orca-desk library`: contents, integrity check, backups and runs."""

from pathlib import Path

import click

from orca_desk.cli.options import (
    examples,
    existing_library_option,
    json_option,
    library_option,
    open_library,
)
from orca_desk.cli.output import print_json, say, table
from orca_desk.errors import UserError
from orca_desk.library import backup as backups
from orca_desk.library import records, snapshots, tasks
from orca_desk.library import runs as library_runs
from orca_desk.library.integrity import check as find_problems
from orca_desk.library.integrity import missing_files
from orca_desk.ui.words.counting import counted
from orca_desk.ui.words.outcomes import outcome_text


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
    """Show, check, back up and restore the library."""


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


@command.command("check")
@click.option(
    "--thorough",
    is_flag=True,
    help="Also check every index and every snapshot's hash, which reads the whole file.",
)
@existing_library_option
@json_option
def check(thorough: bool, folder: Path, as_json: bool) -> None:
    """Check the library for damage. The exit code is 1 if there are problems."""
    with open_library(folder, create=False) as library:
        problems = find_problems(library, thorough=thorough)
        problems += [f"The adapter {path} is missing." for path in missing_files(library)]
    if as_json:
        print_json({"whole": not problems, "problems": problems})
    else:
        say("\n".join(problems) or "No problems found.")
    if problems:
        raise UserError("The library is damaged.", "Restore a backup: orca-desk library restore FILE DIR")


@command.command("backup")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@existing_library_option
@json_option
def backup(file: Path, folder: Path, as_json: bool) -> None:
    """Write a verified copy of the database to FILE. Adapters and checkpoints are not included."""
    with open_library(folder, create=False) as library:
        made = backups.back_up(library, file)
    print_json(made) if as_json else say(f"Saved {_content(made)} to {made.path}.")


@command.command("restore")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.argument("new_folder", type=click.Path(file_okay=False, path_type=Path))
@json_option
def restore(file: Path, new_folder: Path, as_json: bool) -> None:
    """Create a library in NEW_FOLDER from the backup FILE."""
    made = backups.restore(file, new_folder)
    print_json(made) if as_json else say(f"Restored {_content(made)}.")


@command.command("runs")
@click.option(
    "--kind", type=click.Choice(["probe", "generate", "train", "evaluate"]), help="Only runs of this type."
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
        [[each.id, each.status, (each.started_at or "")[:19], outcome_text(each.outcome)] for each in found],
    )


def _content(made: backups.Backup) -> str:
    return f"{counted(made.tasks, 'task')} and {counted(made.records, 'record')}"
