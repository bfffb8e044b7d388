"""`orca-desk library repair` and `compact`: a damaged library, and one with much unused space."""

from contextlib import nullcontext
from dataclasses import asdict
from pathlib import Path

import click

from orca_desk.cli.options import existing_library_option, json_option, open_library
from orca_desk.cli.output import print_json, say
from orca_desk.cli.running import running
from orca_desk.library.care.compacting import compact as compact_library
from orca_desk.library.care.compacting import space_of
from orca_desk.library.care.recovery import recover
from orca_desk.library.lock import locked
from orca_desk.processes.progress import Update
from orca_desk.ui.words.care import compacted_sentence, not_worth_it, recovered_lines


@click.command("repair")
@click.argument("new_folder", type=click.Path(file_okay=False, path_type=Path))
@existing_library_option
@json_option
def repair(new_folder: Path, folder: Path, as_json: bool) -> None:
    """Recover what can be read of a damaged library into NEW_FOLDER.

    The damaged library is only read, and locked meanwhile. The report says, by table, what could not be read.
    A backup may have more: orca-desk library backups list
    """
    with running(quiet=as_json) as (progress, control):
        done = 0

        def on_table(name: str) -> None:
            nonlocal done
            control.require_running()
            progress(Update(stage="reading tables", done=done, unit="tables", message=name))
            done += 1

        with locked(folder) if folder.is_dir() else nullcontext():
            made = recover(folder, new_folder, on_table=on_table)
        control.finished = True
    if as_json:
        print_json({**asdict(made), "whole": not made.damaged})
        return
    for line in recovered_lines(made):
        say(line)


@click.command("compact")
@click.option("--now", is_flag=True, help="Compact even if it frees little.")
@existing_library_option
@json_option
def compact(now: bool, folder: Path, as_json: bool) -> None:
    """Give the space of deleted rows back to the disk.

    Without --now, only where more than a quarter of the file, and more than 50 MiB, is unused. Stopping it,
    or a crash, leaves the library as it was.
    """
    with open_library(folder, create=False) as library:
        space = space_of(library)
        if not (now or space.is_worth_it):
            told = f"{not_worth_it(space)} Add --now to compact anyway."
            print_json({**asdict(space), "compacted": False}) if as_json else say(told)
            return
        with running(quiet=as_json) as (progress, control):
            progress(Update(stage="compacting", done=0, total=None, unit=""))
            done = compact_library(library, check=control.require_running)
            control.finished = True
    print_json({**asdict(done), "compacted": True}) if as_json else say(compacted_sentence(done))
