"""`orca-desk demo`: the whole method on the bundled models."""

from pathlib import Path

import click
from rich import box
from rich.table import Table
from rich.text import Text

from orca_desk.cli.options import device_option, examples, json_option, open_library
from orca_desk.cli.output import console, percent, print_json, say
from orca_desk.cli.running import running
from orca_desk.errors import UserError
from orca_desk.steps.demo.result import MODELS, DemoResult, write_result
from orca_desk.steps.demo.stages import StageDone
from orca_desk.steps.demo.state import DemoStudent, next_folder, result_file
from orca_desk.steps.demo.walk import bundled, demo
from orca_desk.steps.evaluate.scoring import Score
from orca_desk.ui.words.demo import result_heading
from orca_desk.ui.words.evaluations import gain_text, gap_text
from orca_desk.ui.words.grading import verdict_reason
from orca_desk.ui.words.outcomes import outcome_text

STYLES = {"base": "bright_black", "tuned": "cyan", "teacher": "yellow"}


@click.command(
    "demo",
    epilog=examples("orca-desk demo", "orca-desk demo --real", "orca-desk demo --library demo-folder --json"),
)
@click.option(
    "--library",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="A folder for the demo's new library  [default: a new one beside your own].",
)
@click.option(
    "--real",
    is_flag=True,
    help="Teach SmolLM2-135M-Instruct, a published model, instead of the mini student: about 20 minutes.",
)
@device_option
@json_option
def command(folder: Path | None, real: bool, as_json: bool) -> None:
    """Teach the bundled mini student to reason: a few minutes on two CPU cores, nothing is downloaded.

    Pairs each family of tasks with the strategy that serves it best, has the teacher answer, erases the
    instructions, freezes a snapshot, trains a LoRA adapter, evaluates base, tuned student and teacher on
    held-out tasks, and asks about John and Mark. Ctrl-C stops it and saves its progress; the same command
    resumes it. With --real in the same folder, the teacher's answers there are reused.
    """
    student: DemoStudent = "real" if real else "mini"
    models = bundled(student)
    chosen = folder or next_folder(student)
    if result_file(chosen, student).exists():
        raise UserError(
            f"The demo has already finished in {chosen}.", "Choose a new folder or omit --library."
        )
    if not as_json:
        say(f"The demo's library is {chosen}")
    with open_library(chosen) as library, running(quiet=as_json) as (progress, control):
        on_stage = (lambda stage: None) if as_json else _show_stage
        found = demo(library, models, on_stage=on_stage, progress=progress, control=control)
        if found:
            write_result(library, found)
            control.finished = True
    if found and as_json:
        print_json(found.as_json())
    elif found:
        _show(found)


def _show_stage(stage: StageDone) -> None:
    console.print(Text(f"\n{stage.name}, {stage.seconds:.1f} s", style="bold"))
    say(outcome_text(stage.outcome))


def _show(found: DemoResult) -> None:
    say(f"\n{result_heading(found.student)}")
    say(f"\n{found.question}")
    for who, one in found.worked.items():
        console.print(Text(f"\n{who} student:", style=STYLES[who]))
        say(one.answer)
        say(f"({verdict_reason(one.verdict.reason)})")
    console.print(_table(found))
    adherence = found.adherence
    say(gain_text(found.gain))
    say(gap_text(found.gap))
    say(
        f"Without being told a strategy, the tuned student chose the paired one in {percent(adherence.share)}"
        f" of {adherence.n} held-out tasks ({percent(adherence.low)} to {percent(adherence.high)})."
    )
    say(f"It took {found.seconds['total']:.0f} s. Chat with the student:")
    say(f"  orca-desk chat --model {found.model} --adapter {found.adapter}")


def _table(found: DemoResult) -> Table:
    made = Table(
        box=box.SIMPLE_HEAD,
        title="Held-out tasks answered correctly (95% interval), mean tokens per answer",
    )
    made.add_column("family")
    for model in MODELS:
        made.add_column(model, justify="right", style=STYLES[model], no_wrap=True)
        made.add_column("tok.", justify="right", style=STYLES[model])
    for family in found.scores["tuned"]:
        cells = [family]
        for model in MODELS:
            score = found.scores[model][family]
            cells += [_share(score), f"{score.mean_tokens:.0f}"]
        made.add_row(*cells)
        if len(made.rows) == len(found.scores["tuned"]) - 1:
            made.add_section()  # before OVERALL
    return made


def _share(score: Score) -> str:
    right = score.accuracy
    return f"{right.share:.0%} ({right.low * 100:.0f}-{right.high * 100:.0f})"
