"""A model that stays loaded and answers one conversation after another, piece by piece.

Job and requests as in `answer`, with a batch of one. Events: ready (context: the most tokens of a
conversation), piece (key, text), then answer, failure, or cut (key, completion_tokens, seconds) if cancelled.
"""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from orca_desk.workers.answer import open_engine, outcome_event, prompt_request
from orca_desk.workers.runtime import Channel, serve

if TYPE_CHECKING:
    from orca_desk.teacher.engine import Completion, Request, RequestFailure

LEAST_ROOM = 16  # tokens for an answer; with less the conversation is refused


def main() -> None:
    """Serve one job."""
    serve(chat)


def chat(channel: Channel) -> None:
    """Answer each request as it arrives, until the host sends no more."""
    control = channel.control
    with open_engine(channel.job) as engine:
        channel.emit({"event": "ready", "context": engine.context})
        for content in channel.requests(ahead=1):
            key: str = content["key"]

            def cancelled(key: str = key) -> bool:
                return key in control.cancelled or control.state == "stop"

            def piece(key: str, text: str) -> None:
                channel.emit({"event": "piece", "key": key, "text": text})

            request = _fitted(prompt_request(engine, content), engine.context)
            outcomes = list(engine.generate([request], cancelled=cancelled, on_token=piece))
            for outcome in outcomes:
                channel.emit(outcome_event(outcome) or _cut(outcome))
            if not outcomes:  # cancelled before it began
                channel.emit({"event": "cut", "key": key})


def _fitted(request: "Request", context: int) -> "Request":
    """Shorten the answer's limit to the room that the conversation leaves: it can well end before that."""
    room = context - len(request.ids)
    if not LEAST_ROOM <= room < request.sampling.max_tokens:
        return request
    return replace(request, sampling=replace(request.sampling, max_tokens=room))


def _cut(outcome: "Completion | RequestFailure") -> dict[str, Any]:
    names = ("key", "completion_tokens", "seconds")
    return {"event": "cut"} | {name: getattr(outcome, name) for name in names}
