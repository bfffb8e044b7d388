"""`orca-desk tasks`: the task library, in and out."""

import sys
from math import isnan
from pathlib import Path

import click

from orca_desk.cli.options import examples, json_option, library_option, open_library, task_options
from orca_desk.cli.output import complain, print_json, say, table
from orca_desk.cli.running import running
from orca_desk.formats.tasks import DEFAULT_FAMILY, read_tasks, write_tasks
from orca_desk.library import tasks
from orca_desk.library.ids import full_id
from orca_desk.library.tasks import TaskFilter
from orca_desk.method.records import Split
from orca_desk.steps.collect import import_tasks as importing
from orca_desk.ui.words.shorten import shorten


@click.group(
    "tasks",
    epilog=examples(
        "orca-desk tasks import questions.jsonl --family algebra --heldout 10",
        "orca-desk tasks import quiz.csv --map query=Question --map answer='Right answer'",
        "orca-desk tasks list --family belief --text basket",
        "orca-desk tasks export --split heldout heldout.jsonl",
        "orca-desk tasks families",
    ),
)
def command() -> None:
    """Import, list, search, export and delete tasks."""


@command.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--family", default=DEFAULT_FAMILY, show_default=True, help="For rows that name none.")
@click.option(
    "--heldout",
    type=click.FloatRange(0, 100),
    metavar="PERCENT",
    help="Hold out this share of the tasks for evaluation, chosen by their text, whatever the file says.",
)
@click.option("--update", is_flag=True, help="Replace tasks with the same question that are there already.")
@click.option(
    "--map",
    "mapping",
    multiple=True,
    metavar="FIELD=COLUMN",
    help="Which column is which: query, context, answer, answer_kind, family, tags, split, strategy.",
)
@library_option
@json_option
def import_tasks(
    file: Path,
    family: str,
    heldout: float | None,
    update: bool,
    mapping: tuple[str, ...],
    folder: Path,
    as_json: bool,
) -> None:
    """Import tasks from FILE: JSONL or CSV with a header.

    Rows that cannot be read are reported with their line; the others get in. What is there already is
    left as it is, so that an import can be repeated.
    """
    if heldout is not None and isnan(heldout):
        raise click.UsageError("--heldout wants a percentage from 0 to 100.")
    with open_library(folder) as library, running(quiet=as_json) as (progress, control):
        rows = read_tasks(file, _mapping(mapping), family=family)
        result = importing.import_tasks(
            library, rows, heldout=heldout, update=update, progress=progress, control=control
        )
    for problem in result.problems:
        complain(f"Line {problem.line}: {problem.what}. {problem.hint}")
    if result.unreadable > len(result.problems):
        complain(f"... and {result.unreadable - len(result.problems):,} more rows that could not be read.")
    if as_json:
        print_json(result)
        return
    say(f"Added {result.added:,} tasks; {result.already_there:,} were there already.")
    if result.differing:
        first = shorten(result.examples[0].query, 60)
        done = "were replaced" if result.updated else "were left as they are; --update replaces them"
        say(f"{result.differing:,} were there with other content and {done}. The first: {first}")
    if not result.heldout:
        say("None of them is held out, so nothing can be evaluated on them: see --heldout.")


@command.command("list")
@task_options
@click.option("--limit", type=click.IntRange(1), default=50, show_default=True, help="The most to show.")
@library_option
@json_option
def list_tasks(
    family: str | None,
    split: Split | None,
    tag: str | None,
    text: str | None,
    limit: int,
    folder: Path,
    as_json: bool,
) -> None:
    """List or search tasks."""
    wanted = TaskFilter(family=family, split=split, tag=tag, text=text)
    with open_library(folder) as library:
        total = tasks.count_tasks(library, wanted)
        found = list(tasks.iterate_tasks(library, TaskFilter(**{**vars(wanted), "limit": limit})))
    if as_json:
        print_json({"total": total, "tasks": found})
        return
    table(
        f"{total:,} tasks" + (f", the first {limit} of them" if total > limit else ""),
        {"id": "left", "family": "left", "split": "left", "query": "left", "answer": "left"},
        [
            [each.id[:8], each.family, each.split, shorten(each.query, 60), shorten(each.answer or "", 24)]
            for each in found
        ],
    )


@command.command("show")
@click.argument("task_id")
@library_option
@json_option
def show(task_id: str, folder: Path, as_json: bool) -> None:
    """Show one task whole; TASK_ID may be its first characters."""
    with open_library(folder) as library:
        task = tasks.get_task(library, full_id(library, "task", task_id))
    if as_json:
        print_json(task)
        return
    say(f"{task.id}  {task.family}, {task.split}\n\n{task.user_text}\n\nAnswer: {task.answer or '(none)'}")


@command.command("families")
@library_option
@json_option
def families(folder: Path, as_json: bool) -> None:
    """Count the tasks of each family."""
    with open_library(folder) as library:
        found = tasks.families(library)
    if as_json:
        print_json(found)
        return
    table(
        "Families",
        {"family": "left", "train": "right", "held out": "right", "without answer": "right"},
        [[each.family, f"{each.train:,}", f"{each.heldout:,}", f"{each.unanswered:,}"] for each in found],
    )


@command.command("export")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@task_options
@library_option
@json_option
def export(
    file: Path,
    family: str | None,
    split: Split | None,
    tag: str | None,
    text: str | None,
    folder: Path,
    as_json: bool,
) -> None:
    """Write tasks to FILE as JSONL, which `tasks import` reads back."""
    with open_library(folder) as library:
        wanted = TaskFilter(family=family, split=split, tag=tag, text=text)
        count = write_tasks(file, tasks.iterate_tasks(library, wanted))
    if as_json:
        print_json({"written": count, "file": file})
    else:
        say(f"Wrote {count:,} tasks to {file}.")


@command.command("delete")
@task_options
@click.option("--yes", is_flag=True, help="Do not ask.")
@library_option
@json_option
def delete(
    family: str | None,
    split: Split | None,
    tag: str | None,
    text: str | None,
    yes: bool,
    folder: Path,
    as_json: bool,
) -> None:
    """Delete the tasks that match; what was generated from them stays."""
    wanted = TaskFilter(family=family, split=split, tag=tag, text=text)
    # A blank --text (an unset variable in a script, say) asks for nothing, so it would match every task.
    if not any(value and value.strip() for value in (family, split, tag, text)):
        raise click.UsageError("Say which tasks: --family, --split, --tag or --text.")
    with open_library(folder) as library:
        ids = [task.id for task in tasks.iterate_tasks(library, wanted)]
        if ids and not yes:
            if not sys.stdin.isatty():
                raise click.UsageError("Nobody is there to be asked. Add --yes.")
            click.confirm(f"Delete {len(ids):,} tasks?", abort=True, err=True)
        deleted = tasks.delete_tasks(library, ids)
    if as_json:
        print_json({"deleted": len(deleted.tasks)})
    else:
        say(f"Deleted {len(deleted.tasks):,} tasks.")


def _mapping(pairs: tuple[str, ...]) -> dict[str, str] | None:
    """Read FIELD=COLUMN pairs."""
    split = [pair.partition("=") for pair in pairs]
    if bad := next((pair for pair, (_, sign, _) in zip(pairs, split, strict=True) if not sign), None):
        raise click.UsageError(f"--map wants FIELD=COLUMN, as in --map query=Question; it got {bad!r}.")
    return {field.strip(): column.strip() for field, _, column in split} or None
