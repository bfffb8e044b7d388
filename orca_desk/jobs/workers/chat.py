"""A model that stays loaded and answers one conversation after the other, piece by piece.

Job and requests as in `answer`, with a batch of one. Events: ready, piece (key, text), then answer,
cut (key: it was cancelled) or failure.
"""

from orca_desk.jobs.worker import Channel, serve
from orca_desk.jobs.workers.answer import open_engine, outcome_event, prompt_request


def main() -> None:
    """Serve one job."""
    serve(chat)


def chat(channel: Channel) -> None:
    """Answer each request as it comes, until there are no more."""
    control = channel.control
    with open_engine(channel.job) as engine:
        channel.emit({"event": "ready"})
        for content in channel.requests(ahead=1):
            key: str = content["key"]

            def cancelled(key: str = key) -> bool:
                return key in control.cancelled or control.state == "stop"

            def piece(key: str, text: str) -> None:
                channel.emit({"event": "piece", "key": key, "text": text})

            request = prompt_request(engine, content)
            for outcome in engine.generate([request], cancelled=cancelled, on_token=piece):
                channel.emit(outcome_event(outcome) or {"event": "cut", "key": key})
