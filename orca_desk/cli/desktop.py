"""`orca-desk desktop`: the same on a screen."""

import importlib
import sys
from pathlib import Path

import click

from orca_desk.cli.options import examples, library_option
from orca_desk.display import display_problem
from orca_desk.errors import UserError


@click.command("desktop", epilog=examples("orca-desk", "orca-desk desktop --library my-library"))
@library_option
def command(folder: Path) -> None:
    """Show the desktop; so does `orca-desk` alone where there is a display.

    A second start on the same library brings the first one's window to the front.
    """
    if problem := display_problem():
        raise UserError(problem)
    sys.exit(importlib.import_module("orca_desk.ui.app").main(folder))
