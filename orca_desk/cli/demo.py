"""`orca-desk demo`: the whole method on the bundled models."""

from pathlib import Path

import click
from rich import box
from rich.table import Table
from rich.text import Text

from orca_desk.cli.options import examples, json_option, open_library
from orca_desk.cli.output import console, percent, print_json, say
from orca_desk.cli.running import running
from orca_desk.errors import UserError
from orca_desk.steps.demo.place import next_folder, result_file
from orca_desk.steps.demo.walk import Demo, Step, bundled, demo, finish, summary
from orca_desk.steps.evaluate.evaluation import Score

STYLES = {"base": "bright_black", "tuned": "cyan", "teacher": "yellow"}


@click.command("demo", epilog=examples("orca-desk demo", "orca-desk demo --library demo-folder --json"))
@click.option(
    "--library",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="A folder for the demo's new library  [default: a new one beside your own].",
)
@json_option
def command(folder: Path | None, as_json: bool) -> None:
    """Teach the bundled mini student to reason: a few minutes on two CPU cores, nothing is downloaded.

    Probes strategies and pairs families with them, has the teacher answer, erases the instructions,
    freezes a snapshot, trains a LoRA adapter, evaluates base, tuned student and teacher on held-out
    tasks, and asks about John and Mark. Ctrl-C keeps what is done; the same command goes on.
    """
    place = folder or next_folder()
    if result_file(place).exists():
        raise UserError(f"A demo was finished in {place}.", "Choose a new folder, or leave --library out.")
    if not as_json:
        say(f"The demo's library is {place}")
    with open_library(place) as library, running(quiet=as_json) as (progress, control):
        on_step = (lambda step: None) if as_json else _show_step
        found = demo(library, bundled(), on_step=on_step, progress=progress, control=control)
        if found:
            finish(library, found)
    if found and as_json:
        print_json(summary(found))
    elif found:
        _show(found)


def _show_step(step: Step) -> None:
    console.print(Text(f"\n{step.name}, {step.seconds:.1f} s", style="bold"))
    say(step.outcome)


def _show(found: Demo) -> None:
    say(f"\n{found.question}")
    for who, one in found.worked.items():
        console.print(Text(f"\n{who} student:", style=STYLES[who]))
        say(one.answer)
        say(f"({one.verdict.reason})")
    console.print(_table(found))
    gain, gap, adherence = found.gain, found.gap, found.adherence
    say(f"Tuned minus base: {_points(gain.difference)} ({_points(gain.low)} to {_points(gain.high)}).")
    say(f"Teacher minus tuned: {_points(gap.difference)} ({_points(gap.low)} to {_points(gap.high)}).")
    say(
        f"Told nothing, the tuned student chose the paired strategy in {percent(adherence.share)} of "
        f"{adherence.n} held-out tasks ({percent(adherence.low)} to {percent(adherence.high)})."
    )
    say(f"It took {found.seconds['total']:.0f} s. Talk to the student:")
    say(f"  orca-desk chat --model {found.model} --adapter {found.adapter}")


def _table(found: Demo) -> Table:
    made = Table(
        box=box.SIMPLE_HEAD, title="Held-out tasks answered rightly (95% interval), tokens an answer"
    )
    made.add_column("family")
    for who, style in STYLES.items():
        made.add_column(who, justify="right", style=style, no_wrap=True)
        made.add_column("tok.", justify="right", style=style)
    names = [*found.base.families, "overall"]
    for name in names:
        cells = [name]
        for result in (found.base, found.tuned, found.teacher):
            score = result.overall if name == "overall" else result.families[name]
            cells += [_share(score), f"{score.mean_tokens:.0f}"]
        made.add_row(*cells, end_section=name == names[-2])
    return made


def _share(score: Score) -> str:
    right = score.right
    return f"{right.share:.0%} ({right.low * 100:.0f}-{right.high * 100:.0f})"


def _points(difference: float) -> str:
    return f"{difference * 100:+.1f} points"
