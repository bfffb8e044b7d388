"""`orca-desk tasks duplicates` and `tasks benchmarks`: what is asked twice, and what is not to be trained."""

from pathlib import Path

import click

from orca_desk.cli.options import json_option, library_option, open_library, task_options
from orca_desk.cli.output import print_json, say, table
from orca_desk.cli.running import running
from orca_desk.counting import counted
from orca_desk.errors import UserError
from orca_desk.library.benchmarks import list_benchmarks, remove_benchmark
from orca_desk.library.tasks import TaskFilter, delete_tasks
from orca_desk.method.overlap import NEAR
from orca_desk.method.records import Split
from orca_desk.steps.collect.duplicates import DuplicateCluster, Marking, find_duplicates, name_benchmark
from orca_desk.ui.words.duplicates import KEEPER, STAYS, difference_text, duplicates_summary, named_sentence
from orca_desk.ui.words.shorten import shorten

FILE = click.Path(exists=True, path_type=Path)
STOPPED = UserError("The search was stopped; nothing was changed.", "Start it again.")


@click.command("duplicates")
@task_options
@click.option(
    "--near",
    type=click.FloatRange(0.5, 1),
    default=NEAR,
    show_default=True,
    help="How similar near copies are at least: the share of runs of five words in common.",
)
@click.option("--across", is_flag=True, help="Only what both splits ask.")
@click.option(
    "--against", type=FILE, metavar="FILE", help="Compare with the questions of FILE, not with other tasks."
)
@click.option("--list", "rows_in", default="", metavar="NAME", help="The part of FILE to read.")
@click.option(
    "--apply",
    "marking",
    type=click.Choice(["exact", "near"]),
    help="Delete the copies: exact ones, or near ones too. Those with another answer or, if near, with other"
    " numbers always stay.",
)
@click.option("--limit", type=click.IntRange(1), default=20, show_default=True, help="Clusters to show.")
@library_option
@json_option
def duplicates(
    family: str | None,
    split: Split | None,
    tag: str | None,
    text: str | None,
    near: float,
    across: bool,
    against: Path | None,
    rows_in: str,
    marking: Marking | None,
    limit: int,
    folder: Path,
    as_json: bool,
) -> None:
    """Find tasks that ask the same, exactly or nearly, and with --apply delete all but one.

    Of tasks that ask the same, one stays: preferably one with an answer, then a reviewed one, then a held-out
    one, then the oldest. Records that were made from deleted tasks stay.
    """
    wanted = TaskFilter(family=family, split=split, tag=tag, text=text)
    with open_library(folder) as library:
        with running(quiet=as_json) as (progress, control):
            found = find_duplicates(
                library,
                wanted,
                near=near,
                against=against,
                rows_in=rows_in,
                across=across,
                progress=progress,
                control=control,
            )
        if found is None:
            raise STOPPED
        marked = found.marked(marking) if marking else ()
        deleted = len(delete_tasks(library, [one.task_id for one in marked])) if marked else 0
    if as_json:
        print_json(found.to_json() | {"applied": marking, "deleted": deleted})
        return
    say(duplicates_summary(found))
    if not found.clusters:
        return
    _show(found.clusters[:limit])
    if len(found.clusters) > limit:
        say(f"… and {counted(len(found.clusters) - limit, 'more cluster', 'more clusters')}: see --limit.")
    if marking:
        say(f"Deleted {counted(deleted, 'task')}. {STAYS if against else KEEPER}")
    else:
        exact, both = len(found.marked("exact")), len(found.marked("near"))
        say(
            f"Nothing was changed. --apply exact deletes {counted(exact, 'task')}, --apply near"
            f" {counted(both, 'task')}."
        )


def _show(clusters: tuple[DuplicateCluster, ...]) -> None:
    rows = []
    for one in clusters:
        if one.keep:
            rows.append(
                [one.keep.task_id[:8], one.keep.family, one.keep.split, "", shorten(one.keep.query, 60)]
            )
        else:
            rows.append(["(file)", "", "", "", shorten(" ".join(one.question.split()), 60)])
        for copy in one.copies:
            row = [copy.task_id[:8], copy.family, copy.split, difference_text(copy), shorten(copy.query, 60)]
            rows.append([f"  {row[0]}", *row[1:]])
    table(
        "Clusters: first what is kept, then its copies",
        {"id": "left", "family": "left", "split": "left", "copy": "left", "query": "left"},
        rows,
    )


@click.group("benchmarks", invoke_without_command=True)
@library_option
@json_option
@click.pass_context
def benchmarks(context: click.Context, folder: Path, as_json: bool) -> None:
    """List the files that are benchmarks: no snapshot takes what they ask, unless that is allowed."""
    if context.invoked_subcommand is not None:
        return
    with open_library(folder) as library:
        found = list_benchmarks(library)
    if as_json:
        print_json([one.to_json() for one in found])
        return
    table(
        "Benchmarks",
        {"name": "left", "questions": "right", "file": "left"},
        [[one.name, f"{one.questions:,}", str(one.path)] for one in found],
    )


@benchmarks.command("add")
@click.argument("file", type=FILE)
@click.option("--name", default="", help="Its name.  [default: that of the file]")
@click.option("--list", "rows_in", default="", metavar="NAME", help="The part of FILE to read.")
@library_option
@json_option
def add(file: Path, name: str, rows_in: str, folder: Path, as_json: bool) -> None:
    """Remember the questions of FILE as a benchmark. The file itself is no longer needed."""
    with open_library(folder) as library, running(quiet=as_json) as (progress, control):
        named = name_benchmark(library, file, name, rows_in=rows_in, progress=progress, control=control)
    if named is None:
        raise STOPPED
    if as_json:
        print_json(named.benchmark.to_json() | {"refused": named.refused})
    else:
        say(named_sentence(named))


@benchmarks.command("remove")
@click.argument("name")
@library_option
@json_option
def remove(name: str, folder: Path, as_json: bool) -> None:
    """Forget the benchmark NAME: its questions may be trained on. Its file stays."""
    with open_library(folder) as library:
        removed = remove_benchmark(library, name)
    if as_json:
        print_json(removed.benchmark.to_json())
    else:
        say(f"{removed.benchmark.name} is no longer a benchmark.")
