"""`orca-desk library bundle` and `unbundle`: a whole library in one file, for another computer."""

from dataclasses import asdict
from pathlib import Path

import click

from orca_desk.cli.options import existing_library_option, json_option, open_library
from orca_desk.cli.output import print_json, say
from orca_desk.cli.running import running
from orca_desk.steps.carry.manifest import ContentKind
from orca_desk.steps.carry.pack import pack
from orca_desk.steps.carry.unpack import unpack
from orca_desk.ui.words.bundles import packed_lines, unpacked_lines


@click.command("bundle")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--models", is_flag=True, help="Include the models that the library uses.")
@click.option(
    "--no-checkpoints", is_flag=True, help="Leave out the checkpoints, from which stopped trainings resume."
)
@click.option("--no-logs", is_flag=True, help="Leave the logs out.")
@existing_library_option
@json_option
def bundle(
    file: Path, models: bool, no_checkpoints: bool, no_logs: bool, folder: Path, as_json: bool
) -> None:
    """Pack the whole library into FILE, to open it on another computer.

    Database, adapters, checkpoints and logs; each file is read back and checked. Models that stay out are
    named with their SHA-256. FILE must not exist.
    """
    wanted: dict[ContentKind, bool] = {
        "models": models,
        "checkpoints": not no_checkpoints,
        "logs": not no_logs,
    }
    kinds = frozenset(kind for kind, is_wanted in wanted.items() if is_wanted)
    with open_library(folder, create=False) as library, running(quiet=as_json) as (progress, control):
        made = pack(library, file, kinds=kinds, progress=progress, control=control)
        control.finished = made is not None
    if made is None:
        return
    if as_json:
        print_json(
            {
                "path": made.path,
                "size": made.size,
                "links": made.links,
                "unfit": made.unfit,
                **asdict(made.manifest),
            }
        )
        return
    say(f"Packed {made.manifest.name} into {made.path}.")
    for line in packed_lines(made):
        say(line)


@click.command("unbundle")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.argument("new_folder", type=click.Path(file_okay=False, path_type=Path))
@json_option
def unbundle(file: Path, new_folder: Path, as_json: bool) -> None:
    """Make a library in NEW_FOLDER from the bundle FILE, which is checked before anything is written."""
    with running(quiet=as_json) as (progress, control):
        made = unpack(file, new_folder, progress=progress, control=control)
        control.finished = made is not None
    if made is None:
        return
    if as_json:
        print_json(
            {"folder": made.folder, **asdict(made.counts), "missing_models": made.manifest.missing_models}
        )
        return
    say(f"Unpacked {made.manifest.name} into {made.folder}.")
    for line in unpacked_lines(made):
        say(line)
