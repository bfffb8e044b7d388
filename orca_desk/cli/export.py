"""`orca-desk export`: a tuned student as files for other applications, each checked before."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from orca_desk.cli.options import device_option, examples, existing_library_option, json_option, open_library
from orca_desk.cli.output import complain, print_json, say, table
from orca_desk.cli.running import running
from orca_desk.errors import UserError
from orca_desk.library.database import Library
from orca_desk.library.trainings import get_training
from orca_desk.models.fits import export_fit, human_bytes
from orca_desk.models.identify import identify
from orca_desk.parity.table import GateTable
from orca_desk.paths import expanded
from orca_desk.steps.export.export import ExportBlockedError, Exported, export
from orca_desk.steps.export.formats import Format
from orca_desk.steps.export.offer import time_for
from orca_desk.steps.export.outcome import ExportOutcome
from orca_desk.steps.export.part_folder import discard
from orca_desk.steps.export.places import Application, put, targets
from orca_desk.steps.export.request import HELD_OUT, PUBLISHER, ExportRequest, default_name, formats_of
from orca_desk.steps.export.serving import has_ollama_template
from orca_desk.ui.words.exports import (
    APPLICATIONS,
    GUESSES_TEMPLATE,
    OVERRIDDEN,
    export_time_text,
    place_sentence,
    score_sentence,
    stored_sentence,
)
from orca_desk.ui.words.fits import fit_sentence
from orca_desk.ui.words.parity import (
    ends_text,
    logits_text,
    rounding_text,
    row_sentence,
    strength_text,
    tokens_text,
)

PUTTABLE = (Application.LM_STUDIO.value, Application.GPT4ALL.value)


@click.command(
    "export",
    epilog=examples(
        "orca-desk export train-1 --format q8_0 --out my-student",
        "orca-desk export train-1 --format q4_k_m --format ollama --format lm-studio --out my-student",
        "orca-desk export train-1 --format safetensors --format adapter --out my-student --heldout 0",
        "orca-desk export train-1 --format q8_0 --out my-student --put lm-studio",
    ),
)
@click.argument("training")
@click.option(
    "--format",
    "formats",
    multiple=True,
    type=click.Choice([one.value for one in Format]),
    default=[Format.Q8_0.value],
    show_default=True,
    help="What to write; can be repeated.",
)
@click.option(
    "--out",
    required=True,
    type=click.Path(path_type=Path),
    help="The folder of the export, which does not exist yet or is empty.",
)
@click.option(
    "--name", help="The model's name in files, cards and applications. [default: base and training]"
)
@click.option("--publisher", default=PUBLISHER, show_default=True, help="The first of LM Studio's folders.")
@click.option(
    "--heldout",
    type=click.IntRange(0),
    default=HELD_OUT,
    show_default=True,
    help="Held-out tasks that each quantised file answers, beside the unquantised student. 0: none.",
)
@click.option("--override", is_flag=True, help="Export a file that failed its check; its card says so.")
@click.option(
    "--discard", "discards", is_flag=True, help="Only remove what an unfinished export left behind."
)
@click.option(
    "--put",
    "applications",
    multiple=True,
    type=click.Choice(PUTTABLE),
    help="Put the smallest file into this application's folder, if it is found.",
)
@existing_library_option
@device_option
@json_option
def command(
    training: str,
    formats: Sequence[str],
    out: Path,
    name: str | None,
    publisher: str,
    heldout: int,
    override: bool,
    discards: bool,
    applications: Sequence[str],
    folder: Path,
    as_json: bool,
) -> None:
    """Export the tuned student of TRAINING for other applications.

    Every file is compared with what was trained before it is handed over: its prompts' tokens, its logits,
    its greedy answers and their ends. Run the same command again to resume an export that was stopped.
    """
    if discards:
        gone = discard(expanded(out).absolute())
        print_json({"discarded": gone}) if as_json else say(
            "Removed." if gone else f"There is no unfinished export in {out}."
        )
        return
    with open_library(folder, create=False) as library, running(quiet=as_json) as (progress, control):
        request = ExportRequest(
            training=training,
            formats=formats_of(formats),
            out=out,
            name=name or default_name(get_training(library, training).base, training),
            publisher=publisher,
            heldout=heldout,
            override=override,
        )
        _tell_needs(library, request)
        try:
            made = export(library, request, progress=progress, control=control)
        except ExportBlockedError as error:
            _show_blocked(error, as_json)
            raise
        control.finished = made.finished
    if made.outcome is None:
        return
    placed = [put(target) for target in targets(made.outcome) if target.application.value in applications]
    found = {target.application.value for target in targets(made.outcome) if target.folder}
    if as_json:
        print_json(_as_json(made) | {"put": placed})
    else:
        _show(made.outcome, placed)
    if missing := sorted(set(applications) - found):
        names = ", ".join(APPLICATIONS[Application(one)] for one in missing)
        raise UserError(
            f"No folder of {names} was found.", "The notes above say where to put the files instead."
        )


def _tell_needs(library: Library, request: ExportRequest) -> None:
    """Say before the work begins how long it takes, and whether it may not fit in memory.

    The export itself reports a missing base.
    """
    try:
        base = identify(get_training(library, request.training).base)
    except UserError:
        return
    complain(export_time_text(time_for(base, request)), "dim")
    fit = export_fit(base)
    if not fit.fits:
        complain(f"Note: {fit_sentence(fit)}", "yellow")
    if Format.OLLAMA in request.formats and has_ollama_template(library, request.training) is False:
        complain(f"Note: {GUESSES_TEMPLATE}", "yellow")


def _show_blocked(error: ExportBlockedError, as_json: bool) -> None:
    if as_json:
        print_json({"blocked": True, "gate": _gate_json(error.outcome.gate)})
    else:
        _show_gate(error.outcome.gate)


def _as_json(made: Exported) -> dict[str, Any]:
    outcome = made.outcome
    assert outcome is not None
    return {
        "run": made.run,
        "out": outcome.out,
        "files": outcome.files,
        "gate": _gate_json(outcome.gate),
        "scores": outcome.scores,
        "overridden": outcome.is_overridden,
        "seconds": made.seconds,
    }


def _gate_json(gate: GateTable) -> dict[str, Any]:
    return {"passed": gate.passed, "rows": gate.rows}


def _show(outcome: ExportOutcome, placed: Sequence[Path]) -> None:
    _show_gate(outcome.gate)
    if outcome.is_overridden:
        complain(OVERRIDDEN, "yellow")
    for score in outcome.scores:
        say(score_sentence(score))
    table(
        "Files",
        {"file": "left", "size": "right", "SHA-256": "left"},
        [[one.place, human_bytes(one.bytes), f"{one.sha256[:16]}…"] for one in outcome.files],
    )
    for note in filter(None, map(stored_sentence, outcome.files)):
        complain(f"Note: {note}", "yellow")
    say(f"Exported to {outcome.out}.")
    for path in placed:
        say(f"Put into {path}.")
    for target in targets(outcome):
        say(f"{APPLICATIONS[target.application]}: {place_sentence(target)}")


def _show_gate(gate: GateTable) -> None:
    table(
        "Checks",
        {"file": "left", "check": "left", "prompts": "right", "tokens equal": "right", "weights off": "right",
         "logits apart": "right", "answers ended": "right", "adapter": "right"},
        [
            [
                row.label,
                "passed" if row.passed else "FAILED",
                f"{row.prompts - row.prompts_differ:,} of {row.prompts:,}",
                tokens_text(row),
                rounding_text(row),
                logits_text(row),
                ends_text(row),
                strength_text(row),
            ]
            for row in gate.rows
        ],
    )  # fmt: skip
    for row in gate.failed:
        complain(f"{row.label}: {row_sentence(row)}")
