"""`orca-desk desktop`: the same on a screen."""

import importlib
import sys
from pathlib import Path

import click

from orca_desk.cli.options import examples, library_option
from orca_desk.display import display_problem
from orca_desk.errors import UserError
from orca_desk.library.database import DATABASE_NAME


@click.command(
    "desktop",
    epilog=examples("orca-desk", "orca-desk desktop my-library", "orca-desk desktop --library my-library"),
)
@click.argument("place", required=False, type=click.Path(path_type=Path))
@library_option
def command(folder: Path, place: Path | None) -> None:
    """Show the desktop; so does `orca-desk` alone where there is a display.

    PLACE is a library's folder or the library.db in it, as a file manager hands it over; it goes before
    --library. A second start on the same library brings the first one's window to the front.
    """
    if problem := display_problem():
        raise UserError(problem)
    sys.exit(importlib.import_module("orca_desk.ui.app").main(folder if place is None else folder_of(place)))


def folder_of(place: Path) -> Path:
    """Return the folder of the library that a file manager was asked to open: it may name its database.

    Raises UserError for a file that is no library's.
    """
    place = place.absolute()
    if place.name == DATABASE_NAME:
        return place.parent
    if place.is_file():
        raise UserError(f"{place} is no library.", f"Open a library's folder, or the {DATABASE_NAME} in it.")
    return place
