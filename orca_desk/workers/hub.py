"""Looks things up on a hub: searches, a model's files and card, whether it would fit. Connects.

Job: {"endpoint", "token"}; requests: {"key", "ask": "search", "text", "kind", "order", "size"},
{"key", "ask": "open", "repo", "revision"} or {"key", "ask": "shape", "repo", "variant"};
events: `answer` or `failure`, each with the request's key.
"""

import contextlib
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from typing import Any

from orca_desk.errors import UserError
from orca_desk.processes.protocol import Message
from orca_desk.workers.runtime import Channel, failure_event, serve

MEMORY_BYTES = 3 * 2**30  # of address space, which threads reserve more of than they use
AT_ONCE = 8  # requests: a slow card does not hold up a search
ALLOWED = ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE")  # what keeps every other worker offline


def main() -> None:
    """Serve one job."""
    serve(look_up)


def allow_connections() -> None:
    """Let huggingface_hub connect in this process; call it before that is imported."""
    for name in ALLOWED:
        os.environ.pop(name, None)


def _limit_memory() -> None:
    """Let an endless answer end this process's work, not the machine's memory."""
    with contextlib.suppress(ImportError, ValueError):  # Windows and macOS limit no address space
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))


def look_up(channel: Channel) -> None:
    """Answer requests, several at once, until the host ends."""
    allow_connections()
    _limit_memory()
    from orca_desk.models.hub.connection import Hub, connected

    hub = Hub(endpoint=channel.job["endpoint"], token=channel.job["token"])
    with connected(hub), ThreadPoolExecutor(AT_ONCE) as pool:
        for request in channel.requests():
            pool.submit(_serve_one, channel, hub, request)


def _serve_one(channel: Channel, hub: Any, request: Message) -> None:
    try:
        found = {"event": "answer", **ASKS[request["ask"]](hub, request)}
    except UserError as error:
        found = {"event": "failure", "message": error.message, "hint": error.hint}
    except Exception as error:  # in a thread, it would be lost
        found = failure_event(error)
    channel.emit(found | {"key": request["key"]})


def _search(hub: Any, request: Message) -> Message:
    from orca_desk.models.hub.listing import search

    found = search(hub, request["text"], kind=request["kind"], order=request["order"], size=request["size"])
    return {"found": [asdict(one) for one in found]}


def _open(hub: Any, request: Message) -> Message:
    from orca_desk.models.hub.listing import CARD_BYTES, card_text, list_repo, read_start

    repo = list_repo(hub, request["repo"], revision=request["revision"])
    card = ""
    if any(file.name == "README.md" for file in repo.files):
        try:
            card = card_text(read_start(hub, repo, "README.md", limit=CARD_BYTES))
        except UserError as error:  # the files are worth showing without it
            card = f"The model card can't be shown. {error}"
    return {"repo": repo.to_json(), "card": card}


def _shape(hub: Any, request: Message) -> Message:
    from orca_desk.models.hub.choice import variants_of
    from orca_desk.models.hub.listing import HubRepo
    from orca_desk.models.hub.shape import read_shape

    repo = HubRepo.from_json(request["repo"])
    variant = next(one for one in variants_of(repo) if one.name == request["variant"])
    model, config = read_shape(hub, repo, variant)
    return {"model": asdict(model) | {"path": str(model.path), "files": []}, "config": dict(config)}


ASKS = {"search": _search, "open": _open, "shape": _shape}
