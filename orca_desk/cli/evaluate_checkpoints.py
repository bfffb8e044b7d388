"""`orca-desk evaluate checkpoints`: how a student changed over its training."""

from dataclasses import asdict
from pathlib import Path

import click

from orca_desk.cli.options import (
    device_option,
    examples,
    existing_library_option,
    json_option,
    open_library,
    sampling_options,
)
from orca_desk.cli.output import percent, print_json, say, table
from orca_desk.cli.running import running
from orca_desk.method.records import Sampling
from orca_desk.method.statistics import Share
from orca_desk.steps.evaluate.checkpoints import (
    PER_FAMILY,
    CheckpointCurve,
    checkpoint_curve,
    evaluate_checkpoints,
)
from orca_desk.steps.evaluate.evaluation import System, SystemKind
from orca_desk.steps.evaluate.scoring import OVERALL
from orca_desk.ui.words.checkpoints import curve_notes

SYSTEMS: tuple[SystemKind, ...] = ("cautious", "empty", "strategy")


@click.command(
    "checkpoints",
    epilog=examples(
        "orca-desk evaluate checkpoints train-1",
        "orca-desk evaluate checkpoints train-1 --per-family 50 --family words --json",
        "orca-desk evaluate checkpoints train-1 --stored",
    ),
)
@click.argument("training")
@click.option(
    "--per-family",
    default=PER_FAMILY,
    show_default=True,
    type=click.IntRange(1),
    help="Held-out tasks per family.",
)
@click.option("--family", multiple=True, help="Only this family. Can be repeated.")
@click.option(
    "--system",
    default="cautious",
    show_default=True,
    metavar="cautious|empty|strategy|TEXT",
    help="The system message: cautious, empty, each task's strategy, or your own text.",
)
@click.option("--stored", is_flag=True, help="Only show what was evaluated before.")
@sampling_options
@existing_library_option
@device_option
@json_option
def checkpoints(
    training: str,
    per_family: int,
    family: tuple[str, ...],
    system: str,
    stored: bool,
    sampling: Sampling,
    folder: Path,
    as_json: bool,
) -> None:
    """Evaluate the base and the kept checkpoints of a TRAINING on the same held-out tasks.

    Prints for each step the share of correct answers, the share that follows the strategy paired with its
    task, and the tokens per answer. A training keeps up to eight earlier adapters beside its newest
    checkpoints. What was evaluated before is not asked again.
    """
    known = next((kind for kind in SYSTEMS if kind == system), None)
    asked = System(kind=known) if known else System(kind="own", text=system)
    with open_library(folder, create=False) as library, running(quiet=as_json) as (progress, control):
        if stored:
            curve = checkpoint_curve(library, training)
        else:
            curve = evaluate_checkpoints(
                library,
                training,
                per_family=per_family,
                families=family,
                system=asked,
                sampling=sampling,
                progress=progress,
                control=control,
            )
        control.finished = curve.finished
    if as_json:
        print_json(asdict(curve))
        return
    _show(curve)


def _show(curve: CheckpointCurve) -> None:
    if not curve.checkpoints:
        say(f"No checkpoint of {curve.training} has been evaluated yet.")
        return
    first, *others = (one.families for one in curve.checkpoints)
    names = [name for name in first if name != OVERALL and all(name in one for one in others)]
    table(
        curve.training,
        {
            "step": "right",
            "correct": "right",
            "95% interval": "right",
            "follows its strategy": "right",
            "tokens": "right",
            **dict.fromkeys(names, "right"),
        },
        [
            [
                f"{one.step:,}" if one.step else "base",
                percent(one.families[OVERALL].accuracy.share),
                _interval(one.families[OVERALL].accuracy),
                percent(one.families[OVERALL].adherence.share) if one.families[OVERALL].adherence.n else "",
                f"{one.families[OVERALL].mean_tokens:.0f}",
                *(percent(one.families[name].accuracy.share) for name in names),
            ]
            for one in curve.checkpoints
        ],
    )
    for note in curve_notes(curve):
        say(note)


def _interval(share: Share) -> str:
    return f"{percent(share.low)} to {percent(share.high)}"
