"""Serves models to other programs over HTTP, as OpenAI's interface, until it is stopped.

Job: {"models": [{"name", "part", and a job of `answer`}, ...], "host", "port", "key"}. Events: loading
(name), ready (url, is_local, models: [[name, context, answers at once], ...]), activity (running, answered,
tokens).
"""

import asyncio
import socket
import threading
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orca_desk.errors import UserError
from orca_desk.workers.answer import open_engine
from orca_desk.workers.runtime import Channel, serve

if TYPE_CHECKING:
    import uvicorn

    from orca_desk.serving.served import ServedModel

SCORED_ROWS = 64  # of a step: enough to read prompts fast; each takes 4 bytes per token of the vocabulary
SECONDS_BETWEEN_TELLING = 0.5
MOST_CONNECTIONS = 512  # also of clients that only keep one open
SECONDS_TO_FINISH = 1  # for answers that are being written when the server is stopped


def main() -> None:
    """Serve one job."""
    serve(serve_models)


def serve_models(channel: Channel) -> None:
    """Load the models, then answer clients until the host stops it."""
    from orca_desk.serving.address import is_local, listen_at, url_of

    job = channel.job
    with listen_at(job["host"], job["port"]) as listener, ExitStack() as stack:
        if not is_local(listener) and not job["key"]:
            raise UserError(
                "Other machines can reach this address, so an API key is required.",
                "Set one, or serve at 127.0.0.1.",
            )
        models = _load(channel, stack)
        if channel.control.state == "stop":
            return
        channel.emit(
            {
                "event": "ready",
                "url": url_of(listener),
                "is_local": is_local(listener),
                "models": [[model.name, model.engine.context, model.engine.batch] for model in models],
            }
        )
        asyncio.run(_run(channel, models, listener))


def _load(channel: Channel, stack: ExitStack) -> "list[ServedModel]":
    """Load all models, each file once."""
    from orca_desk.serving.served import ServedModel, ServerTally

    tally = ServerTally()
    loaded: dict[tuple[str, str | None], Any] = {}
    models = []
    for job in channel.job["models"]:
        channel.emit({"event": "loading", "name": job["name"]})
        weights = job["model"], job.get("template")
        engine = stack.enter_context(
            open_engine(job, beside=loaded.get(weights), scored=SCORED_ROWS, unpacks=True)
        )
        loaded.setdefault(weights, engine)
        models.append(
            ServedModel(
                name=job["name"],
                part=job["part"],
                file=Path(job["model"]),
                adapter=Path(job["adapter"]) if job.get("adapter") else None,
                engine=engine,
                tally=tally,
            )
        )
    return models


async def _run(channel: Channel, models: "list[ServedModel]", listener: socket.socket) -> None:
    """Answer clients until the host stops it, or a model fails."""
    server = _server(channel, models, listener)
    failures: list[BaseException] = []

    def failed(error: BaseException) -> None:
        failures.append(error)
        server.should_exit = True

    def wait_for_stop() -> None:
        channel.control.wait_for_stop()
        server.should_exit = True

    threading.Thread(target=wait_for_stop, name="stop", daemon=True).start()
    for model in models:
        model.start(failed)
    telling = asyncio.create_task(_tell(channel, models))
    await server.serve(sockets=[listener])
    telling.cancel()
    for model in models:
        await model.close()
    if failures:
        raise failures[0]


def _server(channel: Channel, models: "list[ServedModel]", listener: socket.socket) -> "uvicorn.Server":
    import uvicorn

    from orca_desk.serving.address import LOOPBACK, is_local
    from orca_desk.serving.app import make_app
    from orca_desk.serving.guard import Guard

    hosts = LOOPBACK | {channel.job["host"], listener.getsockname()[0]}
    guarded = Guard(
        make_app(models, created=int(time.time())),
        hosts=hosts if is_local(listener) else None,
        key=channel.job["key"],
    )
    return uvicorn.Server(
        uvicorn.Config(
            guarded,
            log_config=None,
            access_log=False,
            server_header=False,
            lifespan="off",
            ws="none",
            http="h11",
            loop="asyncio",
            proxy_headers=False,
            limit_concurrency=MOST_CONNECTIONS,
            timeout_graceful_shutdown=SECONDS_TO_FINISH,
        )
    )


async def _tell(channel: Channel, models: "list[ServedModel]") -> None:
    """Tell the host what happens, as often as it changes, but not for every token."""
    told = None
    while True:
        tally = models[0].tally
        now = {
            "running": sum(model.pending for model in models),
            "answered": tally.answered,
            "tokens": tally.tokens,
        }
        if now != told:
            told = now
            channel.emit({"event": "activity"} | now)
        await asyncio.sleep(SECONDS_BETWEEN_TELLING)
