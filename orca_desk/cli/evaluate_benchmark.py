"""`orca-desk evaluate benchmark`: standard benchmarks by lm-eval, from task files on this disk."""

from pathlib import Path

import click

from orca_desk.cli.options import (
    examples,
    json_option,
    library_option,
    model_options,
    open_library,
    runner_options,
)
from orca_desk.cli.output import print_json, say, table
from orca_desk.cli.running import running
from orca_desk.processes.asking import Runner
from orca_desk.steps.evaluate.benchmark_files import benchmark_tasks
from orca_desk.steps.evaluate.benchmarks import BenchmarkRequest, BenchmarkResult, run_benchmark
from orca_desk.ui.words.benchmarks import CODE, benchmark_notes, difference_text


@click.command(
    "benchmark",
    epilog=examples(
        "orca-desk evaluate benchmark --model student.gguf --tasks my-tasks --list",
        "orca-desk evaluate benchmark --model student.gguf --adapter adapter.gguf --tasks my-tasks",
    ),
)
@model_options
@click.option(
    "--tasks", "tasks_folder", required=True, type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="The folder of lm-eval's task files (YAML) and their data.",
)  # fmt: skip
@click.option("--task", "tasks", multiple=True, help="A task to run. Can be repeated. [default: all]")
@click.option("--list", "only_list", is_flag=True, help="List the tasks of the folder, and run nothing.")
@click.option("--limit", type=click.IntRange(1), help="Maximum number of documents per task.")
@click.option("--chat", is_flag=True, help="Ask through the chat template; for tasks with written answers.")
@click.option("--base/--no-base", "with_base", default=True, help="Also ask the model without the adapter.")
@click.option("--allow-code", is_flag=True, help="Let the task files run their own Python code.")
@runner_options
@library_option
@json_option
def benchmark(
    model: Path,
    adapter: Path | None,
    tasks_folder: Path,
    tasks: tuple[str, ...],
    only_list: bool,
    limit: int | None,
    chat: bool,
    with_base: bool,
    allow_code: bool,
    batch: int | None,
    context: int | None,
    threads: int | None,
    folder: Path,
    as_json: bool,
) -> None:
    """Run standard benchmarks with lm-eval on a model, and on its base where it has an adapter.

    Needs lm-eval: pip install "orca-desk[lm-eval]". Everything stays on this machine. Run the same command
    again to resume.
    """
    known = benchmark_tasks(tasks_folder)
    if only_list:
        _list(known.names, runs_code=known.runs_code, as_json=as_json)
        return
    request = BenchmarkRequest(
        model=model,
        adapter=adapter,
        folder=tasks_folder.resolve(),
        tasks=tasks or known.names,
        limit=limit,
        chat=chat,
        with_base=with_base,
        allow_code=allow_code,
    )
    runner = Runner(model=model, adapter=adapter, batch=batch, context=context, threads=threads)
    with open_library(folder) as library, running(quiet=as_json) as (progress, control):
        found = run_benchmark(library, request, runner=runner, progress=progress, control=control)
        control.finished = found is not None
    if found is None:
        return
    run, result = found
    if as_json:
        print_json({"run": run, "result": result})
    else:
        _show(run, result)


def _list(names: tuple[str, ...], *, runs_code: bool, as_json: bool) -> None:
    if as_json:
        print_json({"tasks": names, "runs_code": runs_code})
        return
    for name in names:
        say(name)
    if runs_code:
        say(CODE)


def _show(run: str, result: BenchmarkResult) -> None:
    columns = {"task": "left", "metric": "left", "n": "right", "score": "right", "base": "right"}
    table(
        run,
        columns | {"difference": "right"},
        [
            [
                one.task,
                one.metric,
                f"{one.n:,}",
                f"{one.value:.3f}" + ("" if one.error is None else f" ± {one.error:.3f}"),
                "–" if one.base is None else f"{one.base:.3f}",
                difference_text(one),
            ]
            for one in result.scores
        ],
    )
    for note in benchmark_notes(result):
        say(note)
