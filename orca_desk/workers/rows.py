"""The `rows` worker: reads the user's files as batches of tasks, within limits of memory and time.

A round reads one file. Its first request is a `BatchJob`: {"path" or "text", "name", "asked", "scratch",
"percent", "tasks", "stored", "refused"}. With a percentage, the next ones are {"known"}: what the library
asks, for the choice of what to hold out; the last of them is {}. Each further request is good for one event
after `opened`, so that the host is never behind by more than a few batches. The event `read` ends the file.
"""

import io
from array import array
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from orca_desk.formats.layout import Asked
from orca_desk.method.known_questions import KnownQuestions
from orca_desk.method.splits import QuestionCounts
from orca_desk.processes.progress import StoppedError
from orca_desk.processes.protocol import Message
from orca_desk.workers.limits import Watch
from orca_desk.workers.runtime import Channel, serve
from orca_desk.workers.task_batches import AskSides, BatchJob, Sides, read_batches

SECONDS = 60.0  # for a thousand rows
OPENING_SECONDS = 1800.0  # for a whole document, which is looked at before its first row


def main() -> None:
    """Serve one job."""
    serve(read_rows)


def read_rows(channel: Channel) -> None:
    """Read a file a round and emit its batches, until the host stops it."""
    watch = Watch(SECONDS)
    look = looking(channel, watch)
    for _ in channel.rounds():
        requests = channel.requests(ahead=4)
        if (job := next(requests, None)) is None:
            return
        watch.begin(OPENING_SECONDS)
        try:
            for event in read_batches(batch_job(job), _sides(requests, watch), look):
                watch.end()
                if event["event"] != "opened" and next(requests, None) is None:
                    return
                channel.emit(event)
                watch.begin()
        except StoppedError:
            return
        watch.end()
        channel.emit({"event": "read"})
        for _ in requests:  # those that were on their way
            pass


def looking(channel: Channel, watch: Watch) -> Callable[[int], None]:
    """Return what a reader calls with the rows that it looked at: it tells the host, and minds its wishes.

    Raises StoppedError once the host stops the job.
    """

    def look(rows: int) -> None:
        watch.end()
        if rows:
            channel.emit({"event": "looked", "rows": rows})
        if not channel.control.proceed():
            raise StoppedError
        watch.begin()

    return look


def source_of(values: Message) -> "Path | PastedText":
    """Return the source in a job: a path, or text with a name."""
    return Path(values["path"]) if values["path"] else PastedText(values["text"], values["name"])


def batch_job(values: Message) -> BatchJob:
    """Return the job in a message from the host."""
    refused = values["refused"]
    return BatchJob(
        source=source_of(values),
        asked=Asked(**values["asked"]),
        scratch=Path(values["scratch"]),
        percent=values["percent"],
        tasks=values["tasks"],
        stored=values["stored"],
        refused=Path(refused) if refused else None,
    )


class PastedText(io.BytesIO):
    """Pasted text as a stream. The readers use `name` in their errors."""

    def __init__(self, text: str, name: str = "The pasted text") -> None:
        super().__init__(text.encode("utf-8", "surrogatepass"))
        self.name = name


def _sides(requests: Iterator[Message], watch: Watch) -> AskSides:
    """Return what takes from the requests what the library asks: the host may still be reading it."""

    def sides(counts: QuestionCounts) -> Sides:
        watch.end()
        known = _known(requests)
        watch.begin()
        return known.sides(counts)

    return sides


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
