"""`orca-desk train presets`: named training settings, which every library shares."""

import json
from pathlib import Path
from typing import Any

import click

from orca_desk.cli.options import examples, json_option, overwrite_option, require_new
from orca_desk.cli.output import print_json, say, table
from orca_desk.cli.train_settings import given_settings, setting_options
from orca_desk.steps.train.presets import (
    default_for,
    delete_preset,
    export_preset,
    get_preset,
    import_preset,
    list_presets,
    rename_preset,
    save_preset,
    set_default,
)
from orca_desk.ui.words.settings import title
from orca_desk.ui.words.trainings import differing, shown


@click.group(
    "presets",
    epilog=examples(
        "orca-desk train presets list",
        "orca-desk train presets save careful --learning-rate 1e-4 --early-stop 3",
        "orca-desk train --preset careful --student Qwen2.5-0.5B-Instruct --snapshot 3f2a",
        "orca-desk train presets export careful careful.json",
    ),
)
def presets() -> None:
    """List, save, rename, delete and share named training settings."""


@presets.command("list")
@json_option
def list_command(as_json: bool) -> None:
    """List the presets that come with the app, and yours."""
    found = list_presets()
    if as_json:
        print_json(
            [
                {
                    "name": one.name,
                    "yours": not one.is_shipped,
                    "settings": None if one.settings is None else one.settings.to_dict(),
                    "problem": one.problem,
                }
                for one in found
            ]
        )
        return
    rows = [
        [
            one.name,
            "the app's" if one.is_shipped else "yours",
            one.problem if one.settings is None else differing(one.settings.to_dict()),
        ]
        for one in found
    ]
    table("Presets", {"Name": "left", "Whose": "left", "Settings": "left"}, rows)


@presets.command("show")
@click.argument("name")
@json_option
def show(name: str, as_json: bool) -> None:
    """Print the settings of a preset."""
    settings = get_preset(name).to_dict()
    if as_json:
        print_json(settings)
        return
    rows = [[title(setting), shown(value)] for setting, value in settings.items()]
    table(name, {"Setting": "left", "Value": "left"}, rows)


@presets.command("save")
@click.argument("name")
@click.option("--from", "source", metavar="PRESET", help="Start from the settings of another preset.")
@setting_options
@json_option
def save(name: str, source: str | None, as_json: bool, **settings: Any) -> None:
    """Save settings under a name; an existing preset of that name is replaced."""
    chosen = given_settings(settings, preset=source)
    before = save_preset(name, chosen)
    said = f"{'Saved' if before is None else 'Replaced'} the preset {name}."
    _tell(as_json, said, name=name, replaced=before)


@presets.command("rename")
@click.argument("name")
@click.argument("new")
@json_option
def rename(name: str, new: str, as_json: bool) -> None:
    """Rename one of your presets."""
    rename_preset(name, new)
    _tell(as_json, f"{name} is now called {new}.", name=new)


@presets.command("delete")
@click.argument("name")
@json_option
def delete(name: str, as_json: bool) -> None:
    """Delete one of your presets. It is printed, so that it can be saved again."""
    values, _ = delete_preset(name)
    _tell(as_json, f"Deleted the preset {name}. It was: {json.dumps(values)}", name=name, settings=values)


@presets.command("default")
@click.argument("student", type=click.Path(exists=True, path_type=Path))
@click.argument("name", required=False)
@click.option("--reset", is_flag=True, help="Start with the app's settings again.")
@json_option
def default(student: Path, name: str | None, reset: bool, as_json: bool) -> None:
    """Show or choose the preset that the desktop starts with for a student.

    `orca-desk train` ignores it: it follows its own options.
    """
    if name is not None and reset:
        raise click.UsageError("Name a preset, or give --reset.")
    if name is not None or reset:
        set_default(student, name)
    chosen = default_for(student)
    _tell(as_json, f"{student.name} now starts with {chosen}.", name=chosen)


@presets.command("export")
@click.argument("name")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@overwrite_option
@json_option
def export(name: str, file: Path, overwrite: bool, as_json: bool) -> None:
    """Write a preset to a JSON file."""
    require_new(file, overwrite=overwrite)
    export_preset(name, file)
    _tell(as_json, f"Saved to {file}.", name=name, file=str(file))


@presets.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@json_option
def import_command(file: Path, as_json: bool) -> None:
    """Add the preset of a JSON file; if its name is taken, under its name with a number."""
    name = import_preset(file)
    _tell(as_json, f"Added the preset {name}.", name=name)


def _tell(as_json: bool, said: str, **values: Any) -> None:
    print_json(values) if as_json else say(said)
