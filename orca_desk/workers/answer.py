"""Many prompts through the batched engine: what teaching and evaluating share.

Job: {"model", "adapter"?, "batch"?, "context"?, "threads"?, "template"?, "as_stored"?}. Request: {"key",
"messages": [[role, text], ...], "sampling": {...}}. Events: loading (place: what the model may lie on); ready
(engine, batch, template_sha256, place, less: what was left out as memory ran out), also when the engine goes
on with less; answer (key, text, finish_reason, prompt_tokens, completion_tokens, seconds), failure (key,
reason).
"""

from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orca_desk.method.records import Sampling
from orca_desk.prompts.messages import Message
from orca_desk.workers.runtime import Channel, serve

if TYPE_CHECKING:
    from orca_desk.teacher.engine import Completion, Engine, Request, RequestFailure

AHEAD = 4  # queued requests per answer in the batch


def main() -> None:
    """Serve one job."""
    serve(answer)


def answer(channel: Channel) -> None:
    """Answer all requests. Pauses and stops within a token; an answer cut by a stop is not sent."""
    channel.emit({"event": "loading", "place": _offered()})
    with open_engine(channel.job, unpacks=True, went_on=lambda: channel.emit(ready_event(engine))) as engine:
        for _ in channel.rounds():
            channel.emit(ready_event(engine))
            requests = _prompts(channel, engine)
            for outcome in engine.generate(requests, cancelled=lambda: not channel.control.proceed()):
                if (event := outcome_event(outcome)) is not None:
                    channel.emit(event)


def _offered() -> str:
    """Return the devices that a model may be loaded onto; "CPU" if there are none."""
    from orca_desk.teacher.devices import usable_devices

    return " and ".join(one.name for one in usable_devices()) or "CPU"


def ready_event(engine: "Engine") -> dict[str, Any]:
    """Return the event that says how `engine` runs from now on."""
    return {
        "event": "ready",
        "engine": engine.version,
        "batch": engine.batch,
        "template_sha256": engine.renderer.template_sha256,
        "place": engine.place,
        "less": list(engine.less),
    }


def open_engine(
    job: dict[str, Any],
    *,
    beside: "Engine | None" = None,
    scored: int = 0,
    unpacks: bool = False,
    went_on: Callable[[], None] = lambda: None,
) -> "Engine":
    """Return the engine that a job describes; for the rest see `Engine`. Use it in a `with` block."""
    from orca_desk.teacher.engine import Engine

    return Engine(
        Path(job["model"]),
        adapter=Path(job["adapter"]) if job.get("adapter") else None,
        batch=job.get("batch"),
        context=job.get("context"),
        threads=job.get("threads"),
        template=job.get("template"),
        beside=beside,
        scored=scored,
        unpacks=unpacks and not job.get("as_stored"),
        went_on=went_on,
    )


def prompt_request(engine: "Engine", content: dict[str, Any]) -> "Request":
    """Render a request's messages for `engine`."""
    from orca_desk.teacher.engine import Request

    rendered = engine.renderer.prompt([Message(role, text) for role, text in content["messages"]])
    sampling = Sampling.from_json(content["sampling"])
    return Request(
        key=content["key"],
        ids=rendered.ids,
        prefix=rendered.prefix,
        sampling=replace(sampling, stop=(*sampling.stop, *engine.renderer.stops)),
        ends=engine.renderer.ends,
        opening=rendered.opening,
    )


def outcome_event(outcome: "Completion | RequestFailure") -> dict[str, Any] | None:
    """Return the event for `outcome`; None for an answer that a stop cut off."""
    from orca_desk.teacher.engine import RequestFailure

    if isinstance(outcome, RequestFailure):
        return {"event": "failure", "key": outcome.key, "reason": outcome.reason}
    if outcome.finish_reason == "cancelled":
        return None
    event = asdict(outcome)
    for name in ("ids", "scores", "prompt_scores"):
        del event[name]
    return {"event": "answer"} | event


def _prompts(channel: Channel, engine: "Engine") -> Iterator["Request"]:
    for content in channel.requests(ahead=AHEAD * engine.batch):
        yield prompt_request(engine, content)
