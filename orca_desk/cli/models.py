"""`orca-desk models`: find, inspect, convert and delete models here, or search and download on a hub."""

import importlib
from collections.abc import Sequence
from pathlib import Path

import click

from orca_desk.cli.models_hub import download, recommended, search
from orca_desk.cli.models_template import template
from orca_desk.cli.options import examples, existing_library_option, json_option, open_library
from orca_desk.cli.output import complain, print_json, say, table
from orca_desk.cli.quantise import command as quantise
from orca_desk.cli.running import running
from orca_desk.errors import UserError
from orca_desk.inventory.catalogue import SHOWN_ANSWERS, added_in_folder, fit_of, known_models
from orca_desk.inventory.convert import convert, unpack
from orca_desk.inventory.deletable import paths_of, why_kept
from orca_desk.inventory.find import find_models
from orca_desk.inventory.names import with_distinct_names
from orca_desk.inventory.serving import serving_notes
from orca_desk.inventory.templates import Overrides
from orca_desk.inventory.trainable import why_untrainable
from orca_desk.inventory.usage import take_inventory
from orca_desk.models.base_identity import base_of_adapter
from orca_desk.models.fits import human_bytes
from orca_desk.models.identify import identify
from orca_desk.models.model_file import ModelFile
from orca_desk.ui.words.fits import fit_sentence
from orca_desk.ui.words.models import deletion_hint, notes_of

HEADINGS = {"title": "internal name", "kind": "type", "size_bytes": "bytes", "chat_template": "chat template"}


@click.group(
    "models",
    epilog=examples(
        "orca-desk models list",
        "orca-desk models list ~/models",
        "orca-desk models show qwen2.5-7b-instruct-q4_k_m.gguf",
        "orca-desk models convert Qwen2.5-0.5B-Instruct student.gguf",
        "orca-desk models convert SmolLM2-135M-Instruct.Q4_1.gguf smollm2",
        "orca-desk models recommended",
        "orca-desk models search smollm2 --kind gguf",
        "orca-desk models download Qwen/Qwen3-8B-GGUF --file Qwen3-8B-Q4_K_M.gguf",
        "orca-desk models delete ~/models/qwen2.5-7b-instruct-q4_k_m.gguf --yes",
        "orca-desk models download HuggingFaceTB/SmolLM2-135M-Instruct ~/models/smollm2",
    ),
)
def command() -> None:
    """Find, inspect, convert, download and delete models."""


@command.command("list")
@click.argument("folders", nargs=-1, type=click.Path(exists=True, file_okay=False, path_type=Path))
@existing_library_option
@json_option
def list_models(folders: Sequence[Path], folder: Path, as_json: bool) -> None:
    """List the models in FOLDERS.

    Without FOLDERS, list the bundled models, those of Hugging Face, llama.cpp, LM Studio, Ollama, Jan and
    GPT4All, and what was downloaded or added to the library. Models are used where they are, never copied.
    """
    found = with_distinct_names(find_models(folders)) if folders else known_models(added_in_folder(folder))
    models = [each for each in found if isinstance(each, ModelFile)]
    others = [each for each in found if not isinstance(each, ModelFile)]
    if as_json:
        print_json({"models": [_summary(each) for each in models], "not_usable": others})
        return
    table(
        "Models",
        {
            "name": "left",
            "type": "left",
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
@existing_library_option
@json_option
def show(path: Path, folder: Path, as_json: bool) -> None:
    """Show the properties of the model at PATH, and whether it fits in memory.

    For a model that cannot be trained, show why; for an adapter, its rank and the model it belongs to.
    """
    model = identify(path)
    own = Overrides.in_folder(folder)
    is_adapter = model.kind == "adapter"
    refusal = "" if is_adapter else why_untrainable(path, template=own.find(path))
    fit = None if refusal and model.kind == "safetensors" else fit_of(model)
    facts = _adapter_facts(model) if is_adapter else _summary(model)
    notes = [] if is_adapter else notes_of(serving_notes(path, overrides=own))
    if as_json:
        memory = {"fits": fit.fits, "memory": fit_sentence(fit)} if fit else {}
        trainable = {} if is_adapter else {"trainable": not refusal, "refusal": refusal}
        print_json(facts | memory | trainable | {"notes": notes})
        return
    for name, value in facts.items():
        if value == "":
            continue
        heading = HEADINGS.get(name, name)
        say(f"{heading:14} {value:,}" if isinstance(value, int) else f"{heading:14} {value}")
    if fit:
        use = (
            f"With {SHOWN_ANSWERS} parallel answers" if model.kind == "gguf" else "With the default settings"
        )
        say(f"{use}: {fit_sentence(fit)}")
    if refusal:
        say(f"It can't be trained. {refusal}")
    for note in notes:
        say(note)


@command.command("convert")
@click.argument("student", type=click.Path(exists=True, path_type=Path))
@click.argument("out", type=click.Path(path_type=Path))
@click.option(
    "--dtype",
    type=click.Choice(["f16", "f32", "bf16", "q8_0"]),
    default="f16",
    show_default=True,
    help="Number format of the weights in a GGUF file.",
)
@json_option
def convert_model(student: Path, out: Path, dtype: str, as_json: bool) -> None:
    """Convert the folder STUDENT to the GGUF file OUT, or the GGUF file STUDENT to the new folder OUT.

    Supports llama, mistral, qwen2, qwen3, gemma2, gemma3, phi3, smollm3, granite and olmo2 models.
    """
    if out.is_dir() or (student.is_file() and out.exists()):
        raise UserError(f"{out} already exists.", "Name a new file or folder.")
    with running(quiet=as_json) as (progress, control):
        if student.is_dir():
            control.finished = convert(student, out, dtype=dtype, progress=progress, control=control)
        else:
            control.finished = unpack(student, out, progress=progress, control=control)
    model = identify(out)
    print_json(_summary(model)) if as_json else say(f"Wrote {out}, {human_bytes(model.size_bytes)}.")


@command.command("delete")
@click.argument("path", type=click.Path(exists=True, path_type=Path))
@click.option("--yes", is_flag=True, help="Move the files. Without it, only show what would be moved.")
@existing_library_option
@json_option
def delete(path: Path, yes: bool, folder: Path, as_json: bool) -> None:
    """Move the files of the model at PATH to the system's trash.

    Shows the files and what used them in the library; other libraries and programs are not looked at.
    """
    with open_library(folder, create=False) as library:
        model = identify(path.absolute() if path.is_symlink() else path.resolve())  # of a link it says so
        item = take_inventory(library, [model])[0]
        if reason := why_kept(item, library.folder):
            raise UserError(f"{model.name} can't be deleted here.", reason)
        paths = paths_of(model)
        if not as_json:
            say(deletion_hint(item, paths, is_busy=False))
        if yes:
            importlib.import_module("orca_desk.ui.model_trash").move_to_trash(library, item)
    if as_json:
        uses = [{"kind": use.kind, "id": use.id, "count": use.count} for use in item.uses]
        print_json({"paths": [str(one) for one in paths], "uses": uses, "moved": yes})
    else:
        say("It is in the system's trash." if yes else "Nothing was moved. Add --yes.")


for made in (search, recommended, download, template, quantise):
    command.add_command(made)


def _adapter_facts(model: ModelFile) -> dict[str, str | int]:
    """Return the properties of an adapter: its base has the context and the chat template."""
    known = base_of_adapter(model.path)
    without = {"context", "chat_template"} | ({"architecture"} if model.path.is_dir() else set())
    facts = {name: value for name, value in _summary(model).items() if name not in without}
    base = known.name if known else model.base
    return facts | {"base": base or "unknown", "rank": model.rank or "unknown"}


def _summary(model: ModelFile) -> dict[str, str | int]:
    """Return the properties of a model that the commands show."""
    return {
        "name": model.name,
        "title": model.title,
        "licence": model.licence,
        "kind": model.kind,
        "architecture": model.architecture,
        "parameters": model.parameters,
        "quantisation": model.quantisation,
        "context": model.context,
        "size_bytes": model.size_bytes,
        "chat_template": "yes" if model.chat_template else "no",
        "path": str(model.path),
    }
