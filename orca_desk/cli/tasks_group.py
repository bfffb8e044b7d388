"""`orca-desk tasks group` and `tasks rename`: families for tasks that name none."""

from pathlib import Path

import click

from orca_desk.cli.options import json_option, library_option, open_library
from orca_desk.cli.output import print_json, say, table
from orca_desk.cli.running import running
from orca_desk.counting import counted
from orca_desk.errors import UserError
from orca_desk.formats.tasks import DEFAULT_FAMILY
from orca_desk.library.families import rename_family
from orca_desk.steps.collect.group_tasks import Grouping, apply_grouping, group_family
from orca_desk.ui.words.grouping import AFTERWARDS, applied_sentence, grouping_summary
from orca_desk.ui.words.shorten import shorten


@click.command("group")
@click.option(
    "--family",
    "chosen",
    multiple=True,
    help=f"Group the tasks of this family; can be repeated.  [default: {DEFAULT_FAMILY}]",
)
@click.option(
    "--groups",
    type=click.IntRange(2, 200),
    metavar="NUMBER",
    help="Make this many groups. By default, groups are merged until they share too few words.",
)
@click.option(
    "--apply", "applies", is_flag=True, help="Make families of the groups, which are only shown otherwise."
)
@library_option
@json_option
def group(chosen: tuple[str, ...], groups: int | None, applies: bool, folder: Path, as_json: bool) -> None:
    """Group tasks that are worded alike into families, and name these by their words.

    Nothing is stored without --apply. The same tasks give the same groups every time.
    """
    with open_library(folder) as library:
        with running(quiet=as_json) as (progress, control):
            found = group_family(
                library, chosen or (DEFAULT_FAMILY,), groups, progress=progress, control=control
            )
        if found is None:
            raise UserError("The grouping was stopped; nothing was changed.", "Start it again.")
        moved = apply_grouping(library, found).count if applies else 0
    if as_json:
        print_json(found.to_json() | {"applied": applies, "moved": moved})
        return
    say(grouping_summary(found))
    _show(found)
    if applies:
        say(f"{applied_sentence(moved, len(found.names))} {AFTERWARDS}")
    else:
        say("Nothing was changed. Add --apply to make these families.")


@click.command("rename")
@click.argument("family")
@click.argument("name")
@library_option
@json_option
def rename(family: str, name: str, folder: Path, as_json: bool) -> None:
    """Rename FAMILY to NAME, or merge it into the family that has this name.

    Its tasks, records, evaluations and strategies follow.
    """
    if not name.strip():
        raise click.UsageError("NAME must not be blank.")
    with open_library(folder) as library:
        renamed = rename_family(library, family, name.strip())
    if as_json:
        print_json({"family": renamed.former, "name": renamed.name, "tasks": renamed.count})
    else:
        say(f"Moved {counted(renamed.count, 'task')} from {renamed.former} to {renamed.name}.")


def _show(found: Grouping) -> None:
    table(
        "Groups",
        {"family": "left", "tasks": "right", "alike": "right", "other words": "left", "example": "left"},
        [
            [
                one.name,
                f"{one.tasks:,}",
                f"{one.cohesion:.2f}",
                ", ".join(one.terms[3:]),
                shorten(" ".join(one.examples[0].split()), 48) if one.examples else "",
            ]
            for one in found.groups
        ],
    )
