"""`orca-desk models search`, `recommended` and `download`: models on a hub."""

from pathlib import Path

import click

from orca_desk.cli.options import json_option, library_option, open_library
from orca_desk.cli.output import complain, print_json, say, table
from orca_desk.cli.running import running
from orca_desk.models.fits import human_bytes
from orca_desk.models.hub.address import checked_endpoint, host_of, model_name, usual_endpoint
from orca_desk.models.hub.choice import choose, variants_of
from orca_desk.models.hub.listing import Kind, Order, Size
from orca_desk.steps.download import recommended as listed
from orca_desk.steps.download.download import download as fetch
from orca_desk.steps.download.request import (
    chosen_endpoint,
    chosen_folder,
    folder_for,
    request_for,
)
from orca_desk.steps.download.session import HubSession
from orca_desk.steps.download.token import find_token
from orca_desk.ui.words.hub import (
    KINDS,
    ORDERS,
    SIZES,
    gate_sentence,
    licence_of,
    licence_terms,
    token_sentence,
)
from orca_desk.ui.words.models import count

endpoint_option = click.option(
    "--endpoint", help="Address of the hub. [default: $HF_ENDPOINT, or Hugging Face]"
)


@click.command("search")
@click.argument("text")
@click.option(
    "--kind",
    type=click.Choice([kind for kind in KINDS if kind]),
    help="Only GGUF files or only safetensors folders.",
)
@click.option(
    "--sort", type=click.Choice(list(ORDERS)), default="downloads", show_default=True, help="The order."
)
@click.option(
    "--size",
    type=click.Choice([size for size in SIZES if size]),
    help="Only models with about this many parameters: up to 1.5 B, up to 5.5 B, up to 10 B, or more.",
)
@endpoint_option
@json_option
def search(
    text: str, kind: Kind | None, sort: Order, size: Size | None, endpoint: str | None, as_json: bool
) -> None:
    """Search a hub for models whose names contain TEXT; a name owner/model lists its files.

    Connects to the hub. Nothing of your library is sent.
    """
    address = checked_endpoint(endpoint or usual_endpoint())
    with HubSession(address, token=find_token(address).value) as hub:
        if "/" in text:
            _show_files(hub, text, as_json)
            return
        found = hub.search(text, kind=kind or "", order=sort, size=size or "")
    if as_json:
        print_json({"models": found})
        return
    table(
        f"Models on {host_of(address)}",
        {
            "model": "left",
            "formats": "left",
            "parameters": "right",
            "downloads": "right",
            "licence": "left",
            "gated": "left",
            "updated": "left",
        },
        [
            [
                one.name,
                ", ".join(one.kinds) or "–",
                count(one.parameters),
                f"{one.downloads:,}",
                licence_of(one),
                "yes" if one.gate else "no",
                one.updated,
            ]
            for one in found
        ],
    )


def _show_files(hub: HubSession, text: str, as_json: bool) -> None:
    repo = hub.open(model_name(text)).repo
    variants = variants_of(repo)
    if as_json:
        files = [
            {"name": one.name, "kind": one.kind, "quantisation": one.quantisation, "size_bytes": one.size}
            for one in variants
        ]
        print_json({"model": repo.model, "commit": repo.commit, "files": files})
        return
    table(
        repo.name,
        {"file": "left", "format": "left", "quantisation": "left", "size": "right"},
        [[one.name, one.kind, one.quantisation or "–", human_bytes(one.size)] for one in variants],
    )
    say(f"Licence: {licence_of(repo.model)}. {licence_terms(repo.model.licence)}")
    if gate := gate_sentence(repo.model.gate, repo.model.is_private):
        say(gate)


@click.command("recommended")
@click.option(
    "--all", "everything", is_flag=True, help="Also models that need more memory than this machine has."
)
@json_option
def recommended(everything: bool, as_json: bool) -> None:
    """List teachers and students to begin with, by memory, with their licences. Opens no connection."""
    models = listed.recommended() if everything else listed.for_this_machine()
    if as_json:
        print_json({"models": models, "licences": listed.licences()})
        return
    table(
        "Recommended models",
        {
            "model": "left",
            "as": "left",
            "file": "left",
            "size": "right",
            "memory": "right",
            "licence": "left",
            "gated": "left",
        },
        [
            [
                one.repo,
                one.role,
                one.file or "model folder",
                human_bytes(one.size),
                f"{one.memory} GB",
                licence_of(one),
                "yes" if one.gated else "no",
            ]
            for one in models
        ],
    )


@click.command("download")
@click.argument("repo")
@click.argument(
    "target", required=False, metavar="[FOLDER]", type=click.Path(file_okay=False, path_type=Path)
)
@click.option("--file", help="One file, such as a GGUF. [default: the safetensors and their companion files]")
@click.option("--revision", default="main", show_default=True, help="Branch, tag or commit.")
@endpoint_option
@library_option
@json_option
def download(
    repo: str,
    target: Path | None,
    file: str | None,
    revision: str,
    endpoint: str | None,
    folder: Path,
    as_json: bool,
) -> None:
    """Download REPO from a hub into FOLDER and add it to the library's models.

    Without FOLDER, into the folder for downloads. Connects to the hub. Every file is compared with the hub's
    hash. Run it again to resume a stopped download.
    """
    with open_library(folder) as library:
        address = checked_endpoint(endpoint or chosen_endpoint(library))
        where = target or folder_for(chosen_folder(library), model_name(repo))
    token = find_token(address)
    if not as_json and token.source not in ("none", "keyring"):
        complain(f"Note: {token_sentence(token)}", "yellow")
    with HubSession(address, token=token.value) as hub:
        opened = hub.open(model_name(repo), revision=revision).repo
    variant = choose(opened, file)
    with open_library(folder) as library, running(quiet=as_json) as (progress, control):
        wanted = request_for(address, opened, variant, where)
        made = fetch(library, wanted, token=token.value, progress=progress, control=control)
    if made.finished and as_json:
        print_json(
            {"path": made.path, "run": made.run, "commit": opened.commit, "licence": opened.model.licence}
        )
    elif made.finished:
        say(f"Downloaded to {made.path}")
        say(f"Licence: {licence_of(opened.model)}. {licence_terms(opened.model.licence)}")
