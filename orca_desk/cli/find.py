"""`orca-desk find`: one search over tasks, records, answers of evaluations and chats."""

from pathlib import Path

import click

from orca_desk.cli.options import SearchCommand, examples, json_option, library_option, open_library
from orca_desk.cli.output import print_json, say, table
from orca_desk.cli.running import running
from orca_desk.library.finding import find
from orca_desk.library.searching import KINDS, SearchKind
from orca_desk.library.text_indexes import index_all
from orca_desk.method.search_query import FIELDS
from orca_desk.processes.progress import Update
from orca_desk.ui.words.finding import FIELD_HELP, found_title, lacking_note, verdict_word
from orca_desk.ui.words.shorten import shorten


@click.command(
    "find",
    cls=SearchCommand,
    epilog=examples(
        "orca-desk find 'family:algebra wrong:yes'",
        "orca-desk find '\"sum of the digits\" -tag:draft' --in tasks --json",
        "orca-desk find 'model:smollm correct:no' --in answers",
    ),
)
@click.argument("search", required=False, default="")
@click.option(
    "--in",
    "kinds",
    type=click.Choice(KINDS),
    multiple=True,
    help="Search only these. Can be repeated.",
)
@click.option("--limit", type=click.IntRange(1), default=20, show_default=True, help="Hits shown of each.")
@click.option("--fields", "show_fields", is_flag=True, help="List the fields that a search can have.")
@library_option
@json_option
def command(
    search: str, kinds: tuple[SearchKind, ...], limit: int, show_fields: bool, folder: Path, as_json: bool
) -> None:
    """Find tasks, teacher records, answers of evaluations and chats.

    SEARCH has words, "exact words" and fields such as family:algebra or wrong:yes, all of which must hold. A
    minus before one excludes it. The last word may be the beginning of a word. What was said before a
    question is searched, too.
    """
    if show_fields:
        if as_json:
            print_json({name: {"values": FIELDS[name], "help": FIELD_HELP[name]} for name in FIELDS})
        else:
            table("Fields", {"field": "left", "meaning": "left"}, list(map(list, FIELD_HELP.items())))
        return
    if not search.strip():
        raise click.UsageError("Missing argument 'SEARCH': what to look for.")
    with open_library(folder) as library, running(quiet=as_json) as (progress, control):

        def on_percent(percent: int) -> None:
            control.require_running()
            progress(Update(stage="Indexing older texts", done=percent, total=100, unit="%"))

        if library.problem is None:
            index_all(library, on_percent=on_percent)
        findings = find(library, search, kinds=kinds or KINDS, limit=limit)
    if as_json:
        print_json({"search": search, "total": findings.total, "groups": findings.groups})
        return
    for group in findings.groups:
        if group.lacking:
            say(lacking_note(group))
            continue
        if not group.hits:
            say(found_title(group))
            continue
        rows = [
            [
                hit.id[:12],
                hit.family,
                shorten(hit.title, 60),
                shorten(hit.text, 40),
                verdict_word(hit),
                hit.run,
            ]
            for hit in group.hits
        ]
        columns = {"id": "left", "family": "left", "question": "left", "answer": "left", "": "left"}
        table(found_title(group), {**columns, "evaluation": "left"}, rows)
