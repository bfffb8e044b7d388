"""How far an adapter moves its model on everyday requests (see `orca_desk.teacher.divergence`).

Job: that of `answer`, with its "adapter", "prompts": [[key, [[role, text], ...]], ...] and "tokens". Emits
`divergence` (key, tokens, nats, changed) for each prompt that fits the context.
"""

from dataclasses import asdict

from orca_desk.prompts.messages import Message
from orca_desk.workers.answer import open_engine
from orca_desk.workers.runtime import Channel, serve


def main() -> None:
    """Serve one job."""
    serve(measure)


def measure(channel: Channel) -> None:
    """Compare the model with and without the adapter on every prompt. A stop leaves the rest out."""
    from orca_desk.teacher.divergence import divergences

    job = channel.job
    keys = [key for key, _ in job["prompts"]]
    conversations = [[Message(role, text) for role, text in turns] for _, turns in job["prompts"]]
    with (
        open_engine(job | {"adapter": None}) as base,
        open_engine(job | {"batch": 1}, beside=base) as tuned,
    ):
        for place, found in divergences(
            base, tuned, conversations, tokens=job["tokens"], proceed=channel.control.proceed
        ):
            channel.emit({"event": "divergence", "key": keys[place]} | asdict(found))
