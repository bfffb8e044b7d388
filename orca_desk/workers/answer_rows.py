"""The `answer-rows` worker: reads a file of answers that a model gave elsewhere, within limits.

The job is an `AnswersJob`: {"path" or "text", "name", "asked", "refused"}. Each request is good for one event
after `looked`: `surveyed` once the whole file was looked at, then `rows` after `rows`.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from orca_desk.formats.answer_rows import AnsweredRow
from orca_desk.formats.answers import AnswerFile, AnswersAsked, readable_answers, rows_to_json
from orca_desk.formats.refused import RefusedRows
from orca_desk.formats.rows import BadRow
from orca_desk.formats.tasks import opened
from orca_desk.processes.progress import StoppedError
from orca_desk.processes.protocol import Message
from orca_desk.workers.limits import Watch
from orca_desk.workers.rows import OPENING_SECONDS, SECONDS, looking, source_of
from orca_desk.workers.runtime import Channel, serve

CHUNK = 500  # rows in one event, which the host stores in one transaction
CHUNK_CHARACTERS = 500_000

Look = Callable[[int], None]


@dataclass(frozen=True, kw_only=True)
class AnswersJob:
    """What to read: `source` as `asked`. Refused rows go into the file `refused`, their reasons beside it."""

    source: Path | BinaryIO
    asked: AnswersAsked
    refused: Path | None = None


def main() -> None:
    """Serve one job."""
    serve(read_rows)


def read_rows(channel: Channel) -> None:
    """Read the file and emit its rows, until the host stops it."""
    watch = Watch(SECONDS)
    requests = channel.requests(ahead=4)
    watch.begin(OPENING_SECONDS)
    try:
        for event in read_answers(answers_job(channel.job), looking(channel, watch)):
            watch.end()
            if next(requests, None) is None:
                return
            channel.emit(event)
            watch.begin()
    except StoppedError:
        return


def read_answers(job: AnswersJob, look: Look) -> Iterator[Message]:
    """Yield `surveyed`, then `rows` after `rows`.

    `look` is called often, with the number of rows that were looked at since, and raises StoppedError to end
    the reading. Raises UserError if the source cannot be read, or has no readable answer.
    """
    with opened(job.source) as (stream, path):
        file = AnswerFile(stream, path, job.asked)
        survey = file.survey(progress=look)
        yield {
            "event": "surveyed",
            "name": path.name,
            "sha256": file.sha256(),
            "read_as": file.read_as(survey).to_json(),
            "survey": survey.to_json(),
        }
        with RefusedRows(job.refused, file) as refused:
            for chunk in _chunks(readable_answers(file.rows(), path)):
                look(0)
                for row in chunk:
                    if isinstance(row, BadRow):
                        refused.add(row)
                yield {"event": "rows", "rows": rows_to_json(chunk), "notes": dict(file.reader.notes)}


def answers_job(values: Message) -> AnswersJob:
    """Return the job in a message from the host."""
    return AnswersJob(
        source=source_of(values),
        asked=AnswersAsked.from_json(values["asked"]),
        refused=Path(values["refused"]) if values["refused"] else None,
    )


def _chunks(rows: Iterator[AnsweredRow | BadRow]) -> Iterator[list[AnsweredRow | BadRow]]:
    chunk: list[AnsweredRow | BadRow] = []
    size = 0
    for row in rows:
        chunk.append(row)
        size += len(row.raw)
        if len(chunk) == CHUNK or size >= CHUNK_CHARACTERS:
            yield chunk
            chunk, size = [], 0
    if chunk:
        yield chunk
