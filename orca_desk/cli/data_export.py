"""What the commands that export data share: their options, and how they tell the result."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click

from orca_desk.cli.options import overwrite_option, require_new
from orca_desk.cli.output import complain, print_json, say
from orca_desk.cli.running import running
from orca_desk.counting import counted
from orca_desk.library.database import Library
from orca_desk.steps.hand_over.hand_over import about_names, hand_over, preview
from orca_desk.steps.hand_over.request import OFFERED, DataTable, HandOverRequest, format_for
from orca_desk.ui.words.hand_over import STOPPED, handed_over_notes, handed_over_sentence

Command = Callable[..., Any]


def data_export_options(*tables: DataTable) -> Callable[[Command], Command]:
    """Add the options of an export from some tables. They reach the command as `choices`' keywords."""
    names = list(dict.fromkeys(name for table in tables for name in OFFERED[table]))
    options = [
        click.option(
            "--format", "data_format", type=click.Choice(names),
            help="The format. By default, FILE's ending decides: .csv, .parquet, or else JSON lines.",
        ),
        click.option(
            "--with-held-out", is_flag=True,
            help="Include held-out tasks in a file to train on; a folder keeps them in test.jsonl.",
        ),
        click.option("--plain", is_flag=True, help="Only the conversation: no id, family, split ..."),
        click.option("--no-about", is_flag=True, help="No manifest and no data set card."),
        click.option("--asks-model", default="", help="The model to name in an OpenAI batch."),
        click.option("--max-tokens", type=click.IntRange(1), help="Its longest answer, in tokens."),
        overwrite_option,
        click.option("--dry-run", is_flag=True, help="Show what would be written, for the first rows."),
    ]  # fmt: skip

    def add(command: Command) -> Command:
        for option in reversed(options):
            command = option(command)
        return command

    return add


def export_data(
    library: Library,
    table: DataTable,
    path: Path,
    choices: dict[str, Any],
    *,
    as_json: bool,
    more: dict[str, Any] | None = None,
    rowids: Sequence[int] | None = None,
    **wanted: Any,
) -> None:
    """Export a table as the options in `choices` say, and print the result; `more` stands in the JSON.

    Raises UserError if the file is there and may not be replaced.
    """
    request = HandOverRequest(
        table=table,
        format=choices["data_format"] or format_for(path),
        path=path,
        with_held_out=choices["with_held_out"],
        plain=choices["plain"],
        about=not choices["no_about"],
        asks_model=choices["asks_model"],
        max_tokens=choices["max_tokens"],
        **wanted,
    )
    if choices["dry_run"]:
        _show_preview(library, request, rowids, as_json)
        return
    require_new(path, overwrite=choices["overwrite"])
    with running(quiet=as_json) as (progress, control):
        made = hand_over(library, request, rowids=rowids, progress=progress, control=control)
    if made is None:
        print_json({"written": 0, "file": path}) if as_json else say(STOPPED)
        return
    manifest, card = about_names(request)
    beside = request.path if request.in_folder else request.path.parent
    if as_json:
        print_json({
            **{name: value for name, value in vars(made).items() if name != "path"},
            "file": path,
            "manifest": beside / manifest if request.about else None,
            "card": beside / card if request.about else None,
            **(more or {}),
        })  # fmt: skip
        return
    say(handed_over_sentence(made, folder=True))
    if request.about:
        where = "in it" if request.in_folder else "beside it"
        say(f"What is in it, and what was left out: {manifest} {where}; for readers: {card}.")
    for note in handed_over_notes(made):
        complain(note, "yellow")


def _show_preview(
    library: Library, request: HandOverRequest, rowids: Sequence[int] | None, as_json: bool
) -> None:
    seen = preview(library, request, rowids=rowids)
    found = seen.found
    if as_json:
        print_json({
            "total": seen.total,
            "looked_at": seen.looked_at,
            "written": found.written,
            "left_out": found.left_out,
            "losses": found.losses,
            "examples": seen.examples,
        })  # fmt: skip
        return
    say(f"Of the first {seen.looked_at:,} of {seen.total:,} {seen.unit}, {found.written:,} would be written.")
    for note in handed_over_notes(found):
        say(note)
    for example in seen.examples:
        print_json(example)
    if not seen.examples:
        say(f"There is nothing to show of {counted(seen.total, seen.unit.removesuffix('s'))}.")
