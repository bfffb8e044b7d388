"""`orca-desk evaluate`: measure how well a model answers held-out tasks."""

from collections.abc import Mapping
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import click

from orca_desk.cli.evaluate_answers import answers
from orca_desk.cli.evaluate_benchmark import benchmark
from orca_desk.cli.evaluate_budget import budget
from orca_desk.cli.evaluate_checkpoints import checkpoints
from orca_desk.cli.evaluate_export import export
from orca_desk.cli.evaluate_forgetting import forgetting as forgetting_command
from orca_desk.cli.options import (
    examples,
    json_option,
    library_option,
    model_options,
    open_library,
    require_model,
    runner_options,
    sampling_options,
    task_options,
)
from orca_desk.cli.output import percent, print_json, say, table
from orca_desk.cli.own_families import families_meant, with_samples_option
from orca_desk.cli.running import running, tell_notes
from orca_desk.library.evaluations import get_evaluation
from orca_desk.library.tasks import TaskFilter, iterate_tasks
from orca_desk.method.records import Sampling, Split
from orca_desk.method.statistics import Comparison
from orca_desk.processes.asking import Runner
from orca_desk.steps.evaluate.comparison import ModelComparison, compare_models
from orca_desk.steps.evaluate.evaluation import System, SystemKind, evaluate
from orca_desk.steps.evaluate.forgetting import forgetting_report, report_json
from orca_desk.steps.evaluate.scoring import Evaluated
from orca_desk.ui.words.evaluations import comparison_base, comparison_notes, p_value, score_notes
from orca_desk.ui.words.forgetting import TITLE, report_lines

SYSTEMS: dict[str, SystemKind] = {
    "cautious": "cautious",
    "empty": "empty",
    "strategy": "strategy",
    "wrong": "wrong",
}


@click.group(
    "evaluate",
    invoke_without_command=True,
    epilog=examples(
        "orca-desk evaluate --model student.gguf --adapter adapter.gguf",
        "orca-desk evaluate --model student.gguf --system empty --family algebra",
        "orca-desk evaluate --model teacher.gguf --system strategy",
        "orca-desk evaluate --model student.gguf --compare evaluate-1",
    ),
)
@partial(model_options, required=False)
@click.option(
    "--system",
    default="cautious",
    show_default=True,
    metavar="cautious|empty|strategy|wrong|TEXT",
    help="The system message: cautious, empty, each task's strategy, a strategy other than the task's "
    "(wrong), or your own text.",
)
@task_options
@with_samples_option
@click.option("--limit", type=click.IntRange(1), help="Maximum number of tasks.")
@click.option("--compare", metavar="EVALUATION", help="Compare with an earlier evaluation, task by task.")
@click.option(
    "--forgetting/--no-forgetting", default=True,
    help="Also measure what a tuned student lost on general questions. [default: on with --adapter]",
)  # fmt: skip
@sampling_options
@runner_options
@library_option
@json_option
def command(
    model: Path | None,
    adapter: Path | None,
    system: str,
    family: str | None,
    with_samples: bool,
    split: Split | None,
    tag: str | None,
    text: str | None,
    limit: int | None,
    compare: str | None,
    forgetting: bool,
    sampling: Sampling,
    batch: int | None,
    context: int | None,
    threads: int | None,
    folder: Path,
    as_json: bool,
) -> None:
    """Have a model answer held-out tasks, and grade every answer.

    Prints the share of correct answers per family with 95% intervals (Wilson). A task that is too long to
    ask counts as incorrect. With --compare, both are scored on the tasks that they share. With --adapter, the
    student and its base also answer general questions, which show what training lost. Run the same
    command again to resume an evaluation that was stopped. The commands below examine evaluations.
    """
    if click.get_current_context().invoked_subcommand is not None:
        return
    model = require_model(model)
    tell_notes(model, adapter, folder=folder)
    runner = Runner(model=model, adapter=adapter, batch=batch, context=context, threads=threads)
    asked = System(kind=SYSTEMS[system]) if system in SYSTEMS else System(kind="own", text=system)
    with (
        open_library(folder, needs_tasks=not family) as library,
        running(quiet=as_json) as (progress, control),
    ):
        if compare:
            get_evaluation(library, compare)  # report a mistyped id before minutes are spent
        wanted = TaskFilter(
            families=families_meant(library, [family] if family else None, with_samples=with_samples),
            split=split or "heldout",
            tag=tag,
            text=text,
            limit=limit,
            has_answer=True,
        )
        found = evaluate(
            library,
            runner,
            list(iterate_tasks(library, wanted)),
            system=asked,
            sampling=sampling,
            progress=progress,
            control=control,
            forgetting=forgetting,
        )
        lost = forgetting_report(library, found.run)
        control.finished = found.finished
        other = compare if compare != found.run else None  # that one is resumed here, and is no other
        comparison = compare_models(library, [found.run, other], other) if other else None
    if as_json:
        more = _comparison_json(comparison) if comparison else {}
        print_json(asdict(found) | more | {"forgetting": report_json(lost)})
        return
    _show(found)
    if lost:
        say(f"{TITLE}:")
        for line in report_lines(lost):
            say(f"  {line}")
    if comparison:
        _show_comparison(comparison)


command.add_command(answers)
command.add_command(benchmark)
command.add_command(budget)
command.add_command(checkpoints)
command.add_command(export)
command.add_command(forgetting_command)


def _show(found: Evaluated) -> None:
    rows = [*found.families.items(), ("overall", found.overall)]
    table(
        found.run,
        {"family": "left", "correct": "right", "share": "right", "95% interval": "right", "tokens": "right"},
        [
            [
                name,
                f"{score.accuracy.correct}/{score.accuracy.n}",
                percent(score.accuracy.share),
                f"{percent(score.accuracy.low)} to {percent(score.accuracy.high)}",
                f"{score.mean_tokens:.0f}",
            ]
            for name, score in rows
        ],
    )
    if found.adherence.n:
        say(f"{percent(found.adherence.share)} of the answers follow the strategy paired with their family.")
    for note in score_notes(found):
        say(note)


def _comparison_json(found: ModelComparison) -> dict[str, Any]:
    """Return the differences by family, and what the comparison leaves out, as JSON values."""
    (differences,) = found.differences.values() or ({},)
    return {
        "comparison": differences,
        "compared_tasks": found.tasks,
        "left_out": {one.id: one.left_out for one in found.summaries},
        "could_not_be_asked": {one.id: one.results.unasked for one in found.summaries},
    }


def _show_comparison(found: ModelComparison) -> None:
    say(comparison_base(found))
    for note in comparison_notes(found):
        say(note)
    for first, differences in found.differences.items():
        _difference_table(first, found.reference, differences)


def _difference_table(first: str, second: str, differences: Mapping[str, Comparison]) -> None:
    table(
        f"{first} minus {second}, on shared tasks",
        {
            "family": "left",
            "tasks": "right",
            "difference": "right",
            "95% interval": "right",
            "McNemar": "right",
            "": "left",
        },
        [
            [
                name,
                str(one.n),
                f"{one.difference:+.1%}",
                f"{one.low:+.1%} to {one.high:+.1%}",
                p_value(one.p),
                one.finding,
            ]
            for name, one in differences.items()
        ],
    )
