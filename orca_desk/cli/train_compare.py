"""`orca-desk train compare`: trainings side by side."""

from pathlib import Path

import click

from orca_desk.cli.options import (
    examples,
    existing_library_option,
    json_option,
    open_library,
    overwrite_option,
    require_new,
)
from orca_desk.cli.output import print_json, say, table
from orca_desk.counting import counted
from orca_desk.formats.csv_file import write_csv
from orca_desk.library.trainings import get_training
from orca_desk.ui.words.training_comparison import compared, entries


@click.command(
    "compare",
    epilog=examples(
        "orca-desk train compare train-1 train-2 train-5",
        "orca-desk train compare train-1 train-2 --csv trainings.csv",
    ),
)
@click.argument("trainings", nargs=-1, required=True)
@click.option(
    "--csv", "file", type=click.Path(dir_okay=False, path_type=Path), help="Write the table to this file."
)
@overwrite_option
@existing_library_option
@json_option
def compare(
    trainings: tuple[str, ...], file: Path | None, overwrite: bool, folder: Path, as_json: bool
) -> None:
    """Compare trainings: their results, evaluations and settings, differences first."""
    if file is not None:
        require_new(file, overwrite=overwrite)
    with open_library(folder, create=False) as library:
        found = compared(library, [get_training(library, one) for one in dict.fromkeys(trainings)])
    rows = entries(found)
    names = [one.name for one in found]
    written = None
    if file is not None:
        written = write_csv(file, ["", *names], [[name, *values] for name, values in rows])
    if as_json:
        print_json([{"name": name, "values": dict(zip(names, values, strict=True))} for name, values in rows])
    elif file is not None and written is not None:
        say(f"{counted(written, 'row')} saved to {file}.")
    else:
        heads = {"": "left", "Setting or result": "left", **dict.fromkeys(names, "left")}
        table("Trainings", heads, [[_sign(values), name, *values] for name, values in rows])


def _sign(values: tuple[str, ...]) -> str:
    """Return the mark of a row whose values differ."""
    return "≠" if len(set(values)) > 1 else ""
