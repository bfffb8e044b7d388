"""`orca-desk models quantise`: a smaller copy of a model that does not fit in memory."""

from pathlib import Path

import click

from orca_desk.cli.options import examples, json_option
from orca_desk.cli.output import print_json, say
from orca_desk.cli.running import running
from orca_desk.inventory.quantise import quantise
from orca_desk.models.fits import human_bytes
from orca_desk.models.identify import identify
from orca_desk.models.quantisations import QUANTISED


@click.command(
    "quantise", epilog=examples("orca-desk models quantise teacher-F16.gguf teacher-Q4_K_M.gguf --to q4_k_m")
)
@click.argument("model", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "--to",
    "kind",
    type=click.Choice(QUANTISED),
    default="q4_k_m",
    show_default=True,
    help="Number format of the weights; the later ones are smaller and less exact.",
)
@json_option
def command(model: Path, file: Path, kind: str, as_json: bool) -> None:
    """Write a smaller copy of the GGUF file MODEL to FILE.

    MODEL must have F32, F16 or BF16 weights: quantising a quantised model again would lose too much.
    """
    with running(quiet=as_json) as (progress, control):
        finished = quantise(identify(model), file, kind, progress=progress, control=control)
        control.finished = finished
    if not finished:
        return
    made = identify(file)
    facts = {"path": made.path, "quantisation": made.quantisation, "size_bytes": made.size_bytes}
    print_json(facts) if as_json else say(f"Wrote {file}, {human_bytes(made.size_bytes)}.")
