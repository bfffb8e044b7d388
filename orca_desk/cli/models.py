"""`orca-desk models`: model files on this machine, and more from a hub when the user asks for them."""

from collections.abc import Sequence
from pathlib import Path

import click

from orca_desk.cli.options import examples, json_option
from orca_desk.cli.output import complain, print_json, say, table
from orca_desk.cli.running import running
from orca_desk.errors import UserError
from orca_desk.inventory.catalogue import SHOWN_ANSWERS, fit_of, known_models
from orca_desk.inventory.convert import convert
from orca_desk.inventory.find import find_models
from orca_desk.models import hub
from orca_desk.models.fits import human_bytes
from orca_desk.models.identify import identify
from orca_desk.models.model_file import ModelFile
from orca_desk.processes.progress import Meter
from orca_desk.ui.words.fits import fit_sentence


@click.group(
    "models",
    epilog=examples(
        "orca-desk models list",
        "orca-desk models list ~/models",
        "orca-desk models show qwen2.5-7b-instruct-q4_k_m.gguf",
        "orca-desk models convert Qwen2.5-0.5B-Instruct student.gguf",
        "orca-desk models download HuggingFaceTB/SmolLM2-135M-Instruct ~/models/smollm2",
    ),
)
def command() -> None:
    """Find, look at, convert and download models."""


@command.command("list")
@click.argument("folders", nargs=-1, type=click.Path(exists=True, file_okay=False, path_type=Path))
@json_option
def list_models(folders: Sequence[Path], as_json: bool) -> None:
    """List the models in FOLDERS, or else the bundled ones and those of Hugging Face, LM Studio and Ollama.

    They are used where they are and never copied.
    """
    found = list(find_models(folders)) if folders else known_models()
    models = [each for each in found if isinstance(each, ModelFile)]
    others = [each for each in found if not isinstance(each, ModelFile)]
    if as_json:
        print_json({"models": [_summary(each) for each in models], "not_usable": others})
        return
    table(
        "Models",
        {
            "name": "left",
            "kind": "left",
            "architecture": "left",
            "parameters": "right",
            "quantisation": "left",
            "size": "right",
            "path": "left",
        },
        [
            [
                each.name,
                each.kind,
                each.architecture,
                f"{each.parameters / 1e6:,.1f} M",
                each.quantisation,
                human_bytes(each.size_bytes),
                str(each.path),
            ]
            for each in models
        ],
    )
    for other in others:
        complain(f"{other.path}: {other.reason}", style="yellow")


@command.command("show")
@click.argument("path", type=click.Path(exists=True, path_type=Path))
@json_option
def show(path: Path, as_json: bool) -> None:
    """Show what the model at PATH is, and whether it fits into memory."""
    model = identify(path)
    fit = fit_of(model)
    if as_json:
        print_json(_summary(model) | ({"fits": fit.fits, "memory": fit_sentence(fit)} if fit else {}))
        return
    for name, value in _summary(model).items():
        say(f"{name:14} {value:,}" if isinstance(value, int) else f"{name:14} {value}")
    if fit:
        use = f"With {SHOWN_ANSWERS} answers at once" if model.kind == "gguf" else "With the default settings"
        say(f"{use}: {fit_sentence(fit)}")


@command.command("convert")
@click.argument("student", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "--dtype",
    type=click.Choice(["f16", "f32", "bf16", "q8_0"]),
    default="f16",
    show_default=True,
    help="The number format of the weights.",
)
@json_option
def convert_model(student: Path, file: Path, dtype: str, as_json: bool) -> None:
    """Write the weights in the folder STUDENT (llama, qwen2, qwen3) to FILE as GGUF."""
    with running(quiet=as_json) as (progress, control):
        convert(student, file, dtype=dtype, progress=progress, control=control)
    model = identify(file)
    print_json(_summary(model)) if as_json else say(f"Wrote {file}, {human_bytes(model.size_bytes)}.")


@command.command("download")
@click.argument("repo")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option("--file", help="One file of it, such as a GGUF; without it the safetensors folder.")
@click.option("--revision", default="main", show_default=True, help="A branch, tag or commit of it.")
@click.option("--endpoint", help="The hub's address, if it is not Hugging Face's.")
@json_option
def download(
    repo: str, folder: Path, file: str | None, revision: str, endpoint: str | None, as_json: bool
) -> None:
    """Download REPO into FOLDER: the only command that opens a connection. It goes on where it stopped."""
    with running(quiet=as_json) as (progress, control):
        meter: list[Meter] = []

        def show_bytes(done: int, total: int) -> None:
            if control.stopped:
                raise UserError("Stopped.", "Run the same command again to go on from here.")
            if not meter:
                meter.append(Meter(progress, stage=f"downloading {repo}", total=total / 1e6, unit="MB"))
            meter[0].advance(done / 1e6 - meter[0].done)

        path = hub.download(
            repo, folder=folder, file=file, revision=revision, endpoint=endpoint, progress=show_bytes
        )
    print_json({"path": path}) if as_json else say(f"It is in {path}.")


def _summary(model: ModelFile) -> dict[str, str | int]:
    """Return what people want to know of a model."""
    return {
        "name": model.name,
        "kind": model.kind,
        "architecture": model.architecture,
        "parameters": model.parameters,
        "quantisation": model.quantisation,
        "context": model.context,
        "size_bytes": model.size_bytes,
        "chat_template": "yes" if model.chat_template else "no",
        "path": str(model.path),
    }
