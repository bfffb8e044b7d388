"""Options that several commands share."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import click

from orca_desk.library.database import Library
from orca_desk.paths import default_library

Command = TypeVar("Command", bound=Callable[..., object])


def library_option(command: Command) -> Command:
    """Add `--library DIR`, the library to work in."""
    return click.option(
        "--library",
        "folder",
        type=click.Path(file_okay=False, path_type=Path),
        default=default_library,
        show_default="your data folder, or $ORCA_DESK_LIBRARY",
        help="The library's folder; a new one is made where there is none.",
    )(command)


def json_option(command: Command) -> Command:
    """Add `--json`, for machines: one JSON document on stdout."""
    return click.option("--json", "as_json", is_flag=True, help="Print one JSON document for machines.")(
        command
    )


def task_options(command: Command) -> Command:
    """Add the options that say which tasks: --family, --split, --tag and --text."""
    for option in (
        click.option("--text", help="Only tasks that hold these words."),
        click.option("--tag", help="Only tasks with this tag."),
        click.option("--split", type=click.Choice(["train", "heldout"]), help="Only this split."),
        click.option("--family", help="Only this family."),
    ):
        command = option(command)
    return command


def examples(*lines: str) -> str:
    """Return a help epilog that shows `lines` as they would be typed."""
    return "\b\nExamples:\n" + "\n".join(f"  {line}" for line in lines)


def open_library(folder: Path) -> Library:
    """Open the library in `folder` (`with open_library(folder) as library:`); make it where there is none."""
    return Library.open(folder)
