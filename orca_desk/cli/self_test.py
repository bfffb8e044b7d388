"""`orca-desk self-test`: check that everything works on this machine."""

import sys
from dataclasses import asdict
from pathlib import Path

import click
from rich.text import Text

from orca_desk.cli.options import device_option, examples, json_option
from orca_desk.cli.output import console, print_json, untrusted
from orca_desk.cli.running import running
from orca_desk.library.database import DATABASE_NAME, Library
from orca_desk.paths import default_library
from orca_desk.steps.demo.self_test import CheckResult, self_test
from orca_desk.ui.words.machine import machine_lines


@click.command("self-test", epilog=examples("orca-desk self-test", "orca-desk self-test --json"))
@click.option(
    "--library",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=default_library,
    show_default="your data folder, or $ORCA_DESK_LIBRARY",
    help="A library to check as well, read-only.",
)
@device_option
@json_option
def command(folder: Path, as_json: bool) -> None:
    """Try everything once: versions, windows, generation, training, export, parity, library, offline.

    This takes half a minute and uses a temporary library. The exit code is 1 if a check fails.
    """
    library = Library.open(folder) if (folder / DATABASE_NAME).exists() else None
    try:
        with running(quiet=True) as (progress, control):
            found = self_test(
                library, on_check=(lambda _: None) if as_json else _show, progress=progress, control=control
            )
    finally:
        if library:
            library.close()
    if as_json:
        print_json({"ok": all(one.ok for one in found), "checks": [asdict(one) for one in found]})
    sys.exit(0 if all(one.ok for one in found) else 1)


def _show(checked: CheckResult) -> None:
    sign, style = ("ok  ", "green") if checked.ok else ("FAIL", "bold red")
    line = Text(f"{sign} ", style=style)
    line.append(f"{checked.name:26}", style="bold").append(f"{checked.seconds:5.1f} s  ", style="")
    console.print(line.append(checked.detail, style=""), soft_wrap=True)
    for name, text in machine_lines(checked.machine) if checked.machine else ():
        console.print(untrusted(f"{'':41}{name}: {text}"), soft_wrap=True)
