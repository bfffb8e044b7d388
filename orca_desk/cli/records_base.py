"""`orca-desk records measure-base`: how often the untrained student solves each training task."""

from dataclasses import replace
from pathlib import Path

import click

from orca_desk.cli.options import (
    NumberRange,
    device_option,
    examples,
    instruction_options,
    json_option,
    library_option,
    open_library,
    student_message,
)
from orca_desk.cli.output import print_json, say
from orca_desk.cli.running import running, tell_notes
from orca_desk.steps.train.base_measure import measure_base
from orca_desk.steps.train.base_request import MEASURE_SAMPLING, SAMPLES, BaseRequest
from orca_desk.ui.words.snapshots import measured_sentence


@click.command(
    "measure-base",
    epilog=examples(
        "orca-desk records measure-base models/mini-student",
        "orca-desk records measure-base student.gguf --samples 8 --family belief",
        "orca-desk records freeze learnable --learnable models/mini-student",
    ),
)
@click.argument("student", type=click.Path(exists=True, path_type=Path))
@instruction_options
@click.option("--family", "families", multiple=True, help="Only this family; can be repeated.")
@click.option("--per-family", type=click.IntRange(1), help="Maximum tasks per family. [default: all]")
@click.option(
    "--samples", type=click.IntRange(1), default=SAMPLES, show_default=True, help="Answers per task."
)
@click.option(
    "--temperature",
    type=NumberRange(0),
    default=MEASURE_SAMPLING.temperature,
    show_default=True,
    help="Above 0, so that the answers to a task differ.",
)
@click.option(
    "--max-tokens",
    type=click.IntRange(1),
    default=MEASURE_SAMPLING.max_tokens,
    show_default=True,
    help="Maximum answer length in tokens.",
)
@library_option
@device_option
@json_option
def measure(
    student: Path,
    instruction: str,
    families: tuple[str, ...],
    per_family: int | None,
    samples: int,
    temperature: float,
    max_tokens: int,
    folder: Path,
    as_json: bool,
) -> None:
    """Have STUDENT, a folder or a GGUF file, answer the training tasks before any training.

    A snapshot can then leave out the tasks that it always or never solves. Of several measurements of a
    task, the last one counts. Ctrl-C stops; every answer is stored, and the same command resumes.
    """
    tell_notes(student, folder=folder)
    request = BaseRequest(
        model=str(student.resolve()),
        families=families or None,
        per_family=per_family or 0,
        samples=samples,
        instruction=student_message(instruction),
        sampling=replace(MEASURE_SAMPLING, temperature=temperature, max_tokens=max_tokens),
    )
    with open_library(folder) as library, running(quiet=as_json) as (progress, control):
        found = measure_base(library, request, progress=progress, control=control)
        control.finished = found.finished
    if as_json:
        print_json(found)
        return
    say(measured_sentence(found))
    if found.finished:
        say(f"Use it: orca-desk records freeze NAME --learnable {found.base[:12]}")
