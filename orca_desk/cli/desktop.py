"""`orca-desk desktop`: open the desktop app."""

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
    """Open the desktop app. `orca-desk` without a command does the same if there is a display.

    PLACE is a library's folder, or the library.db in it; it takes precedence over --library. Opening a
    library that is already open brings its window to the front.
    """
    if problem := display_problem():
        raise UserError(problem)
    try:
        app = importlib.import_module("orca_desk.ui.app")
    except ImportError as error:
        raise UserError(f"Qt cannot be loaded ({error}).", "Install the library that it names.") from error
    sys.exit(app.main(folder if place is None else folder_of(place)))


def folder_of(place: Path) -> Path:
    """Return the library's folder for `place`, which is that folder or the database in it.

    Raises UserError for any other file.
    """
    place = place.absolute()
    if place.name == DATABASE_NAME:
        return place.parent
    if place.is_file():
        raise UserError(f"{place} is not a library.", f"Choose a library's folder or its {DATABASE_NAME}.")
    return place
