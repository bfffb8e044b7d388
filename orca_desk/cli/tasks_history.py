"""`orca-desk tasks history` and `orca-desk tasks forget`: what became of a task, and deleting it for good."""

import sys
from dataclasses import asdict
from pathlib import Path

import click

from orca_desk.cli.options import SearchCommand, json_option, library_option, open_library
from orca_desk.cli.output import print_json, say, table
from orca_desk.counting import counted
from orca_desk.library.deleting.traces import traces_of
from orca_desk.library.history import task_history
from orca_desk.library.ids import full_id
from orca_desk.library.tasks import TaskFilter, task_ids, task_rowids
from orca_desk.steps.collect.forget import account_of, forget_tasks
from orca_desk.ui.words.forgetting_tasks import (
    CONFIRMATION,
    NOT_UNDONE,
    backups_line,
    going_lines,
    lasting_lines,
    weights_line,
)
from orca_desk.ui.words.task_history import event_text, event_time, history_notes


@click.command("history")
@click.argument("task_id")
@library_option
@json_option
def history(task_id: str, folder: Path, as_json: bool) -> None:
    """Show where a task came from, its edits, and what was done with it.

    The first characters of its id are enough for TASK_ID.
    """
    with open_library(folder) as library:
        found = task_history(library, full_id(library, "task", task_id))
    if as_json:
        print_json(asdict(found))
        return
    rows = [[event_time(event), event_text(event)] for event in found.events]
    table(f"Task {found.task[:12]}", {"when (UTC)": "left", "what": "left"}, rows)
    for note in history_notes(found):
        say(note)


@click.command("forget", cls=SearchCommand)
@click.argument("search")
@click.option("--delete", "do_delete", is_flag=True, help="Delete them. Without it, the list is only shown.")
@click.option("--keep-backups", is_flag=True, help="Keep the backups in the library's folder that hold them.")
@click.option("--weights", is_flag=True, help="Also delete adapters and checkpoints that learned from them.")
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
@library_option
@json_option
def forget(
    search: str,
    do_delete: bool,
    keep_backups: bool,
    weights: bool,
    yes: bool,
    folder: Path,
    as_json: bool,
) -> None:
    """Delete the tasks that SEARCH finds for good, with everything that was made from them.

    SEARCH is as in `orca-desk find`: words, "exact words", fields such as id:3f2a or tag:withdrawn. Only a
    list of what would go is shown, unless --delete is given. No byte of the texts stays in the library's
    files, except in what you keep.
    """
    if not search.strip():
        raise click.UsageError("SEARCH is blank, which would be every task.")
    with open_library(folder) as library:
        ids = task_ids(library, task_rowids(library, TaskFilter(text=search)))
        traces = traces_of(library, ids)
        if not as_json:
            _show(ids, going_lines(traces), lasting_lines(traces))
            for line in filter(None, (backups_line(traces), weights_line(traces))):
                say(line)
        if not do_delete or not ids:
            if as_json:
                print_json({"deleted": False, **account_of(traces)})
            elif ids:
                say("Nothing was deleted. Add --delete.")
            return
        if not yes:
            if not sys.stdin.isatty():
                raise click.UsageError("There is no terminal to confirm this in. Add --yes.")
            prompt = f"{NOT_UNDONE} Type {CONFIRMATION} to continue"
            if click.prompt(prompt, err=True, default="", show_default=False) != CONFIRMATION:
                raise click.Abort
        done = forget_tasks(library, ids, backups=not keep_backups, weights=weights)
    if as_json:
        print_json({"deleted": True, **done.to_json()})
        return
    say(f"Deleted {counted(done.traces.tasks, 'task')} for good, and {counted(len(done.deleted), 'file')}.")
    for path in done.kept:
        say(f"Kept, although it learned from them: {path}")


def _show(ids: list[str], going: list[str], lasting: list[str]) -> None:
    if not ids:
        say("No task was found.")
        return
    say("What will be deleted:")
    for line in going:
        say(f"  {line}")
    say("What cannot be deleted from here:")
    for line in lasting:
        say(f"  {line}")
