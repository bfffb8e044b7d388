"""`orca-desk train`: fine-tune a student on a snapshot. The fields of TrainSettings are its options."""

import shlex
from pathlib import Path
from typing import Any

import click

from orca_desk.cli.options import device_option, examples, json_option, library_option, open_library
from orca_desk.cli.output import complain, print_json, say
from orca_desk.cli.running import running, tell_notes
from orca_desk.cli.train_compare import compare
from orca_desk.cli.train_presets import presets
from orca_desk.cli.train_settings import given_settings, setting_options
from orca_desk.errors import UserError
from orca_desk.inventory.trainable import require_model
from orca_desk.library.database import Library
from orca_desk.library.ids import snapshot_id
from orca_desk.models.identify import identify
from orca_desk.steps.train.checks import concerns, snapshot_facts, usual_rate
from orca_desk.steps.train.training import Trained, train
from orca_desk.student.settings import TrainSettings
from orca_desk.ui.words.parity import gate_sentence
from orca_desk.ui.words.training_checks import concern_text
from orca_desk.ui.words.trainings import (
    device_sentence,
    early_sentence,
    is_worse,
    loss_sentence,
    records_sentence,
)


@click.group(
    "train",
    invoke_without_command=True,
    epilog=examples(
        "orca-desk train --student models/mini-student --snapshot 3f2a --learning-rate 5e-3",
        "orca-desk train --student Qwen2.5-0.5B-Instruct --snapshot 3f2a --rank 32 --epochs 3",
        "orca-desk train --student SmolLM2-135M-Instruct.Q4_1.gguf --snapshot 3f2a",
        "orca-desk train --student models/mini-student --snapshot 3f2a --preset 'Quick look' --epochs 2",
    ),
)
@click.option(
    "--student",
    type=click.Path(exists=True, path_type=Path),
    help="The student: a folder with safetensors, config and tokenizer, or a GGUF file.",
)
@click.option("--snapshot", help="The name or id of the snapshot to train on.")
@click.option(
    "--gguf",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The GGUF file that serves the student. [default: the one in its folder, or a converted one]",
)
@click.option("--preset", metavar="NAME", help="Named settings; options that are given change them.")
@setting_options
@library_option
@device_option
@json_option
def command(
    student: Path | None,
    snapshot: str | None,
    gguf: Path | None,
    preset: str | None,
    folder: Path,
    as_json: bool,
    **settings: Any,
) -> None:
    """Train a LoRA adapter for a student on a snapshot and export it to GGUF.

    Then check that llama.cpp answers with it as torch does. Ctrl-C saves a checkpoint; run the same command
    again to resume from it.
    """
    if click.get_current_context().invoked_subcommand is not None:
        return
    if student is None or snapshot is None:
        raise click.UsageError(f"Missing option '{'--student' if student is None else '--snapshot'}'.")
    tell_notes(student, folder=folder)
    chosen = given_settings(settings, preset=preset)
    with open_library(folder) as library, running(quiet=as_json) as (progress, control):
        found = snapshot_id(library, snapshot)
        _check(library, student, found, chosen)
        made = train(
            library,
            student,
            found,
            settings=chosen,
            gguf=gguf,
            by_user=True,
            progress=progress,
            control=control,
        )
        control.finished = made.finished
    print_json(made) if as_json else _show(made, chosen)


def _check(library: Library, student: Path, snapshot: str, settings: TrainSettings) -> None:
    """Say what is likely to go wrong. Raises UserError for what prevents the start."""
    base = identify(student)
    require_model(base)
    facts = snapshot_facts(library, snapshot, base)
    for concern in concerns(facts, settings, context=base.context, rate=usual_rate(student)):
        text, hint = concern_text(concern)
        if concern.is_fatal:
            raise UserError(text, hint)
        complain(f"Note: {text} {hint}", "yellow")


def _show(made: Trained, settings: TrainSettings) -> None:
    say(f"{made.run} finished in {made.seconds:,.0f} s. Adapter: {made.adapter}")
    say(f"{records_sentence(made.records)} {device_sentence(made.records)}".strip())
    for warning in made.warnings:
        complain(warning, "yellow")
    if made.outcome.get("ending") == "early":
        step, steps = made.outcome["step"], made.outcome["steps"]
        say(early_sentence(settings.to_dict(), step, steps, {}))
    found = {name: made.outcome.get(name) for name in ("best_step", "best_loss", "base_loss")}
    worse = is_worse(found["best_loss"], found["base_loss"])
    sentence = loss_sentence(found["best_step"], found["best_loss"], found["base_loss"])
    complain(sentence, "yellow") if worse else say(sentence)
    if made.parity:
        say(gate_sentence(made.parity))
    files = ["--model", str(made.base_gguf), "--adapter", str(made.adapter_gguf)]
    say(f"Try it: orca-desk chat {shlex.join(files)}")


command.add_command(presets)
command.add_command(compare)
