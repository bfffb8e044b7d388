"""`orca-desk library move`: the whole library into another folder, also on another disk."""

from pathlib import Path

import click

from orca_desk.cli.options import existing_library_option, json_option
from orca_desk.cli.output import print_json, say
from orca_desk.cli.running import running
from orca_desk.library.moves.relocation import bytes_to_move, check_move, move_library
from orca_desk.processes.progress import Meter
from orca_desk.ui.words.library import moved_sentences


@click.command("move")
@click.argument("new_folder", type=click.Path(path_type=Path))
@existing_library_option
@json_option
def move(new_folder: Path, folder: Path, as_json: bool) -> None:
    """Move the library to NEW_FOLDER, which must be new or empty. No window may have it open.

    Trainings, backups and settings go along, and paths follow. A stop or a crash leaves it whole, in its old
    place or the new one.
    """
    check_move(folder, new_folder)
    with running(quiet=as_json) as (progress, control):
        total, meters = bytes_to_move(folder.resolve()), list[Meter]()

        def on_bytes(count: int) -> None:
            control.require_running()
            if not meters:  # on one disk nothing is copied
                meters.append(Meter(progress, stage="copying", total=total, unit="bytes"))
            meters[0].advance(count)

        moved = move_library(folder, new_folder, on_bytes=on_bytes)
        control.finished = True
    if as_json:
        print_json({"folder": moved.folder, "rest": moved.rest})
        return
    for sentence in filter(None, moved_sentences(folder, moved)):
        say(sentence)
