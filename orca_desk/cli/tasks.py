"""`orca-desk tasks`: import, list, export and delete tasks."""

import sys
from dataclasses import asdict, replace
from math import isnan
from pathlib import Path
from typing import Any

import click

from orca_desk.cli.data_export import data_export_options, export_data
from orca_desk.cli.grow import command as grow
from orca_desk.cli.options import (
    checker_option,
    examples,
    field_mapping,
    import_options,
    json_option,
    library_option,
    open_library,
    task_options,
)
from orca_desk.cli.output import complain, print_json, say, table
from orca_desk.cli.refused_rows import complain_of_rows
from orca_desk.cli.running import running
from orca_desk.cli.tasks_duplicates import benchmarks, duplicates
from orca_desk.cli.tasks_group import group, rename
from orca_desk.cli.tasks_history import forget, history
from orca_desk.counting import counted
from orca_desk.formats.tasks import DEFAULT_FAMILY
from orca_desk.library import tasks
from orca_desk.library.checkers import family_checkers, set_checker
from orca_desk.library.ids import full_id
from orca_desk.library.notes import family_notes
from orca_desk.library.samples import samples_in
from orca_desk.library.tasks import TaskFilter
from orca_desk.method.checkers import AUTO
from orca_desk.method.records import Split
from orca_desk.steps.collect.answers_request import holds_answers
from orca_desk.steps.collect.request import ImportRequest, TaskSource
from orca_desk.ui.words.answers_import import ARE_ANSWERS
from orca_desk.ui.words.imports import import_report
from orca_desk.ui.words.shorten import shorten
from orca_desk.ui.words.tasks import asked_line


@click.group(
    "tasks",
    epilog=examples(
        "orca-desk tasks import questions.jsonl --family algebra --heldout 10",
        "orca-desk tasks import quiz.csv --map query=Question --map answer='Correct answer'",
        "orca-desk tasks import quiz.csv --dry-run --refused refused.csv",
        "orca-desk tasks list --family belief --text basket",
        "orca-desk tasks export --split heldout heldout.jsonl",
        "orca-desk tasks export --format messages chats.jsonl",
        "orca-desk tasks families",
        "orca-desk tasks group --family general --apply",
        "orca-desk tasks families --family algebra --checker arithmetic",
        "orca-desk tasks duplicates --apply exact",
        "orca-desk tasks duplicates --against gsm8k-test.jsonl",
        "orca-desk tasks benchmarks add gsm8k-test.jsonl",
    ),
)
def command() -> None:
    """Import, list, search, export and delete tasks."""


command.add_command(benchmarks)
command.add_command(duplicates)
command.add_command(group)
command.add_command(grow)
command.add_command(rename)
command.add_command(history)
command.add_command(forget)


@command.command("import")
@click.argument(
    "files", metavar="FILE...", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path)
)
@click.option("--family", default=DEFAULT_FAMILY, show_default=True, help="Family for rows without one.")
@click.option(
    "--heldout",
    type=click.FloatRange(0, 100),
    metavar="PERCENT",
    help="Hold out this percentage of the tasks for evaluation, whatever the file says. The same tasks are"
    " held out every time.",
)
@click.option("--update", is_flag=True, help="Replace tasks that the library already has.")
@click.option(
    "--map",
    "mapping",
    multiple=True,
    metavar="FIELD=COLUMN",
    help="Read FIELD (query, context, answer, choices, answer_kind, family, tags, split or strategy) from"
    " COLUMN; no COLUMN leaves it empty. Several columns of choices are separated by a comma and a space.",
)
@import_options
@library_option
@json_option
def import_tasks(
    files: tuple[Path, ...],
    family: str,
    heldout: float | None,
    update: bool,
    mapping: tuple[str, ...],
    encoding: str | None,
    header: bool | None,
    rows_in: str,
    refused: Path | None,
    dry_run: bool,
    folder: Path,
    as_json: bool,
) -> None:
    """Import tasks from FILE: JSONL, JSON, CSV, TSV, Parquet, Arrow, Anki's export, one question per line.

    Several files are one import, each read by its own columns; --refused then numbers the files it writes.
    FILE may also be a workbook, a SQLite database, a zip archive, a task of lm-eval, or a folder of files.

    Rows that cannot be read are reported with their line number; all others are imported. Tasks that the
    library already has are left unchanged, so an import can be repeated. FILE may be packed with gzip or
    zstd.
    """
    if heldout is not None and isnan(heldout):
        raise click.UsageError("--heldout must be a percentage from 0 to 100.")
    request = ImportRequest(
        source=TaskSource.of_file(files[0]),
        more=tuple(map(TaskSource.of_file, files[1:])),
        mapping=field_mapping(mapping),
        family=family,
        heldout=heldout,
        update=update,
        encoding=encoding,
        header=header,
        rows_in=rows_in,
    )
    with open_library(folder) as library, running(quiet=as_json) as (progress, control):
        run = request.try_out if dry_run else request.run
        imported = run(library, refused=refused, progress=progress, control=control)
    complain_of_rows(imported.problems, imported.unreadable)
    if as_json:
        print_json(imported.to_json())
        return
    for source in request.sources:
        if holds_answers(source, request.asked):
            complain(
                f"{ARE_ANSWERS} To import them as teacher records: orca-desk records import {source.path}"
            )
    name = files[0].name if len(files) == 1 else counted(len(files), "file")
    report = import_report(imported, name, how_to_hold_out="Use --heldout.")
    for line in (report.summary, *report.notes):
        say(line)
    if imported.differing:
        first = shorten(imported.examples[0].query, 60)
        say(f"The first: {first}" + ("" if imported.updated else "\nAdd --update to replace them."))
    if refused and imported.unreadable:
        rows = counted(imported.unreadable, "row")
        say(f"Wrote the {rows} that could not be read to {refused}, and the reasons beside it.")


@command.command("list")
@task_options
@click.option(
    "--limit", type=click.IntRange(1), default=50, show_default=True, help="Maximum number to list."
)
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
    """List tasks, or search them."""
    wanted = TaskFilter(family=family, split=split, tag=tag, text=text)
    with open_library(folder) as library:
        total = tasks.count_tasks(library, wanted)
        found = list(tasks.iterate_tasks(library, TaskFilter(**{**vars(wanted), "limit": limit})))
    if as_json:
        print_json({"total": total, "tasks": found})
        return
    table(
        counted(total, "task") + (f" (first {limit:,} shown)" if total > limit else ""),
        {"id": "left", "family": "left", "split": "left", "query": "left", "answer": "left"},
        [
            [
                each.id[:8],
                each.family,
                each.split,
                shorten(asked_line(each), 60),
                shorten(each.answer or "", 24),
            ]
            for each in found
        ],
    )


@command.command("show")
@click.argument("task_id")
@library_option
@json_option
def show(task_id: str, folder: Path, as_json: bool) -> None:
    """Show one task in full. The first characters of its id are enough for TASK_ID."""
    with open_library(folder) as library:
        task = tasks.get_task(library, full_id(library, "task", task_id))
    if as_json:
        print_json(task)
        return
    say(f"{task.id}  {task.family}, {task.split}\n\n{task.conversation}\n\nAnswer: {task.answer or '(none)'}")


@command.command("families")
@click.option("--family", help="The family whose checker to choose.")
@checker_option
@library_option
@json_option
def families(family: str | None, checker: str | None, folder: Path, as_json: bool) -> None:
    """Count the tasks of each family; with --family and --checker, choose how its answers are checked."""
    if (family is None) != (checker is None):
        raise click.UsageError("--family and --checker go together.")
    with open_library(folder) as library:
        if family is not None and checker is not None:
            set_checker(library, family, checker)
        found = tasks.families(library)
        checkers, notes = family_checkers(library), family_notes(library)
    if as_json:
        print_json([
            asdict(each)
            | {"checker": checkers.get(each.family, AUTO), "note": notes.get(each.family, "")}
            for each in found
        ])  # fmt: skip
        return
    table(
        "Families",
        {
            "family": "left",
            "train": "right",
            "held-out": "right",
            "without answer": "right",
            "steps checked by": "left",
            "note": "left",
        },
        [
            [
                each.family,
                f"{each.train:,}",
                f"{each.heldout:,}",
                f"{each.unanswered:,}",
                checkers.get(each.family, AUTO),
                shorten(notes.get(each.family, ""), 60),
            ]
            for each in found
        ],
    )


@command.command(
    "export",
    epilog=examples(
        "orca-desk tasks export --split heldout heldout.jsonl",
        "orca-desk tasks export tasks.parquet",
        "orca-desk tasks export --format messages --dry-run chats.jsonl",
        "orca-desk tasks export --format mlx my-data",
        "orca-desk tasks export --format lm-eval --split heldout my-benchmark",
    ),
)
@click.argument("file", type=click.Path(path_type=Path))
@task_options
@data_export_options("tasks")
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
    **choices: Any,
) -> None:
    """Write tasks to FILE in the format of another program, with a manifest and a data set card.

    `tasks import` reads most of these formats again. A FILE without an ending becomes a folder, in which
    held-out tasks have a file of their own. Formats to train on leave held-out tasks out of a single file,
    and say how many.
    """
    wanted = TaskFilter(family=family, split=split, tag=tag, text=text)
    with open_library(folder) as library:
        export_data(library, "tasks", file, choices, as_json=as_json, tasks=wanted)


@command.command("delete")
@task_options
@click.option("--samples", is_flag=True, help="The sample tasks that every new library has.")
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
@library_option
@json_option
def delete(
    family: str | None,
    split: Split | None,
    tag: str | None,
    text: str | None,
    samples: bool,
    yes: bool,
    folder: Path,
    as_json: bool,
) -> None:
    """Delete the tasks that match. Records that were made from them stay."""
    wanted = TaskFilter(family=family, split=split, tag=tag, text=text)
    # A blank --text (such as an unset variable in a script) would match every task.
    chosen = any(value and value.strip() for value in (family, split, tag, text))
    if not chosen and not samples:
        raise click.UsageError("Select the tasks with --family, --split, --tag, --text or --samples.")
    with open_library(folder) as library:
        if samples:
            wanted = replace(wanted, ids=samples_in(library))
        rowids = tasks.task_rowids(library, wanted)
        if rowids and not yes:
            if not sys.stdin.isatty():
                raise click.UsageError("There is no terminal to confirm this in. Add --yes.")
            click.confirm(f"Delete {counted(len(rowids), 'task')}?", abort=True, err=True)
        deleted = tasks.delete_rows(library, rowids)
    if as_json:
        print_json({"deleted": len(deleted)})
    else:
        say(f"Deleted {counted(len(deleted), 'task')}.")
