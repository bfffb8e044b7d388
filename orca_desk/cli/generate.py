"""`orca-desk generate`: have the teacher answer tasks."""

from dataclasses import asdict
from pathlib import Path

import click

from orca_desk.cli.options import (
    examples,
    json_option,
    library_option,
    open_library,
    runner_options,
    sampling_options,
    task_options,
)
from orca_desk.cli.output import complain, console, print_json, say
from orca_desk.cli.own_families import families_meant, with_samples_option
from orca_desk.cli.running import running, tell_notes
from orca_desk.library.database import Library
from orca_desk.library.records import RecordFilter, list_records
from orca_desk.method.records import Sampling, Split
from orca_desk.steps.instruct.estimate import estimate_teaching
from orca_desk.steps.instruct.request import GenerateRequest
from orca_desk.ui.words.grading import verdict_reason
from orca_desk.ui.words.teaching import teach_summary, teaching_time_text


@click.command(
    "generate",
    epilog=examples(
        "orca-desk generate --teacher qwen2.5-7b-instruct-q4_k_m.gguf --limit 5 --show",
        "orca-desk generate --teacher teacher.gguf --family algebra",
        "orca-desk generate --teacher teacher.gguf --samples 4 --temperature 0.8",
        "orca-desk generate --teacher teacher.gguf --samples 5 --temperature 0.8 --stop-early",
        "orca-desk generate --teacher teacher.gguf --strategy step-by-step",
    ),
)
@click.option(
    "--teacher",
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The teacher's GGUF file.",
)
@task_options
@with_samples_option
@click.option("--limit", type=click.IntRange(1), help="Answer at most this many tasks: try five first.")
@click.option("--strategy", help="Use this strategy for every task, whatever its family is paired with.")
@click.option("--samples", type=click.IntRange(1), default=1, show_default=True, help="Answers per task.")
@click.option(
    "--stop-early",
    is_flag=True,
    help="With --samples: stop answering a task without a reference once the vote on its answers is decided.",
)
@click.option("--show", is_flag=True, help="Print the answers that this run generated.")
@sampling_options
@runner_options
@library_option
@json_option
def command(
    teacher: Path,
    family: str | None,
    split: Split | None,
    tag: str | None,
    text: str | None,
    with_samples: bool,
    limit: int | None,
    strategy: str | None,
    samples: int,
    stop_early: bool,
    show: bool,
    sampling: Sampling,
    batch: int | None,
    context: int | None,
    threads: int | None,
    folder: Path,
    as_json: bool,
) -> None:
    """Have the teacher answer training tasks, each under its family's strategy.

    Every answer is graded, checked for leaks and saved as it arrives. Answers that the library already has
    are reused, so the same command resumes where it stopped.
    """
    tell_notes(teacher, folder=folder)
    request = GenerateRequest(
        model=str(teacher.resolve()),
        split=split or "train",
        family=family,
        own=not with_samples,
        tag=tag,
        text=text or "",
        limit=limit or 0,
        strategy=strategy,
        samples=samples,
        stop_early=stop_early,
        sampling=sampling,
        batch=batch or 0,
        context=context or 0,
        threads=threads or 0,
    )
    with (
        open_library(folder, needs_tasks=not family) as library,
        running(quiet=as_json) as (progress, control),
    ):
        families_meant(library, [family] if family else None, with_samples=with_samples)
        _tell_time(library, request)
        made = request.generate(library, progress=progress, control=control)
        control.finished = made.finished
        answers = list_records(library, RecordFilter(run=made.run)).items if show else ()
    if as_json:
        print_json(asdict(made) | {"new": made.new})
        return
    for each in answers:
        console.rule(f"{each.record.family}, {each.record.strategy}")
        say(f"{each.record.user}\n\n{each.record.response}")
        say(
            verdict_reason(each.verdict.reason)
            if each.verdict
            else "Not graded: the task has no reference answer."
        )
    say(teach_summary(made))


def _tell_time(library: Library, request: GenerateRequest) -> None:
    """Say before the work begins how long it will take."""
    if time := estimate_teaching(library, request, request.count(library).missing):
        complain(f"Time: {teaching_time_text(time)}", "dim")
