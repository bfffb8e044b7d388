"""`orca-desk library samples` and `rename`: the sample tasks of a library, and its name."""

from pathlib import Path

import click

from orca_desk.cli.options import existing_library_option, json_option, open_library
from orca_desk.cli.output import print_json, say
from orca_desk.counting import counted
from orca_desk.library.naming import rename_library
from orca_desk.library.samples import (
    add_samples,
    delete_samples,
    mixed_families,
    own_families,
    sample_families,
)
from orca_desk.ui.words.library import library_name, mixed_sentence, samples_text


@click.command("samples")
@click.option("--add", "wanted", flag_value="add", help="Add the bundled sample tasks that are missing.")
@click.option("--remove", "wanted", flag_value="remove", help="Remove the sample tasks; your own tasks stay.")
@existing_library_option
@json_option
def samples(wanted: str | None, folder: Path, as_json: bool) -> None:
    """Show, add or remove the bundled sample tasks of the library.

    Once you have tasks of your own, "all families" leaves the samples out unless a command names them.
    """
    with open_library(folder, create=False) as library:
        added = len(add_samples(library).added) if wanted == "add" else 0
        removed = len(delete_samples(library)) if wanted == "remove" else 0
        families, own = sample_families(library), own_families(library)
        mixed = mixed_families(library)
    if as_json:
        counts = {"added": added, "removed": removed, "mixed_families": mixed}
        print_json({**counts, "sample_families": families, "own_families": own})
        return
    if wanted:
        say(f"Added {counted(added, 'task')}." if wanted == "add" else f"Removed {counted(removed, 'task')}.")
    say(samples_text(families, own))
    if mixed:
        say(mixed_sentence(mixed))


@click.command("rename")
@click.argument("name")
@existing_library_option
@json_option
def rename(name: str, folder: Path, as_json: bool) -> None:
    """Give the library a NAME, which its window shows. An empty NAME means that of its folder."""
    with open_library(folder, create=False) as library:
        shown = library_name(library.folder, rename_library(library, name))
    print_json({"name": shown}) if as_json else say(f"The library is now called {shown}.")
