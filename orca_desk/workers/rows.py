"""The `rows` worker: reads the user's files as batches of tasks, within limits of memory and time.

A round reads one file. Its first request is a `BatchJob`: {"path" or "text", "name", "asked", "scratch",
"percent", "stored", "refused"}. The next ones are {"known"}: what the library asks, for the choice of what to
hold out; the last of them is {}. Each further request is good for one event, so that the host is never behind
by more than a few batches. The event `read` ends the file.
"""

import io
from array import array
from base64 import b64decode, b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from orca_desk.formats.layout import Asked
from orca_desk.method.known_questions import KnownQuestions
from orca_desk.processes.progress import StoppedError
from orca_desk.processes.protocol import Message
from orca_desk.workers.limits import Watch
from orca_desk.workers.runtime import Channel, serve
from orca_desk.workers.task_batches import BatchJob, read_batches

SECONDS = 60.0  # for a thousand rows
OPENING_SECONDS = 1800.0  # for a whole document, which is looked at before its first row


def main() -> None:
    """Serve one job."""
    serve(read_rows)


def read_rows(channel: Channel) -> None:
    """Read a file a round and emit its batches, until the host stops it."""
    watch = Watch(SECONDS)

    def look(rows: int) -> None:
        watch.end()
        if rows:
            channel.emit({"event": "looked", "rows": rows})
        if not channel.control.proceed():
            raise StoppedError
        watch.begin()

    for _ in channel.rounds():
        requests = channel.requests(ahead=4)
        if (job := next(requests, None)) is None:
            return
        known = _known(requests)
        watch.begin(OPENING_SECONDS)
        try:
            for event in read_batches(batch_job(job), known.sides, look):
                watch.end()
                if next(requests, None) is None:
                    return
                channel.emit(event)
                watch.begin()
        except StoppedError:
            return
        watch.end()
        channel.emit({"event": "read"})
        for _ in requests:  # those that were on their way
            pass


def batch_job(values: Message) -> BatchJob:
    """Return the job in a message from the host."""
    path, refused = values["path"], values["refused"]
    return BatchJob(
        source=Path(path) if path else PastedText(values["text"], values["name"]),
        asked=Asked(**values["asked"]),
        scratch=Path(values["scratch"]),
        percent=values["percent"],
        stored=values["stored"],
        refused=Path(refused) if refused else None,
    )


class PastedText(io.BytesIO):
    """Pasted text as a stream. The readers use `name` in their errors."""

    def __init__(self, text: str, name: str = "The pasted text") -> None:
        super().__init__(text.encode("utf-8", "surrogatepass"))
        self.name = name


def _known(requests: Iterator[Message]) -> KnownQuestions:
    known = KnownQuestions()
    for request in requests:
        if not request:
            break
        keys, ids, held = (b64decode(request["known"][name]) for name in ("keys", "ids", "held"))
        known.extend(array("Q", keys), array("Q", ids), held)
    return known


def encode_known(known: KnownQuestions, chunk: int = 100_000) -> Iterator[dict[str, Any]]:
    """Yield the requests that tell a worker what the library asks."""
    for start in range(0, len(known), chunk):
        keys, ids, held = known.part(start, start + chunk)
        values = {"keys": keys.tobytes(), "ids": ids.tobytes(), "held": bytes(held)}
        yield {"known": {name: b64encode(value).decode() for name, value in values.items()}}
    yield {}
