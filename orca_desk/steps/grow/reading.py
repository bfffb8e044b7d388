"""Reads documents in a worker: what one of them does there reaches neither the others nor the library."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from orca_desk.errors import UserError
from orca_desk.formats.documents import find_documents
from orca_desk.method.passages import LEAST_WORDS, MOST_WORDS, Passage
from orca_desk.processes.host import run_worker
from orca_desk.processes.process import WorkerCrashError, WorkerEndedError
from orca_desk.processes.progress import JobControl, Meter, Progress, silent

STAGE = "reading documents"
SECONDS_TO_STOP = 1.0  # the worker has nothing to save


@dataclass(frozen=True, kw_only=True)
class SourcePassage:
    """A passage and the document that it is from."""

    document: Path
    passage: Passage


@dataclass(frozen=True, kw_only=True)
class ReadDocuments:
    """The passages of all documents in order, and why a document gave none, by its path.

    `finished` is False when the job was stopped before the last document was read.
    """

    passages: tuple[SourcePassage, ...]
    refused: dict[Path, str]
    documents: int
    finished: bool


def read_passages(
    places: Sequence[Path],
    *,
    most_words: int = MOST_WORDS,
    least_words: int = LEAST_WORDS,
    progress: Progress = silent,
    control: JobControl | None = None,
    log: Path | None = None,
) -> ReadDocuments:
    """Cut the documents among these files and in these folders into passages.

    Raises UserError if there is no document, or none of them gives a passage.
    """
    control = control or JobControl()
    documents = find_documents(list(places))
    if not documents:
        named = ", ".join(map(str, places)) or "nothing"
        raise UserError(
            f"There is no document in {named}.", "Choose text, Markdown, HTML, PDF or Word files (.docx)."
        )
    meter = Meter(progress, stage=STAGE, total=len(documents), unit="documents")
    passages: dict[int, list[Passage]] = {}
    refused: dict[Path, str] = {}
    at = -1  # the document that the worker has open

    def receive(events: list[dict[str, Any]]) -> None:
        nonlocal at
        for event in events:
            place = begin + event["place"]
            match event["event"]:
                case "opened":
                    at = place
                case "passages":
                    found = [Passage(**one) for one in event["passages"]]
                    passages.setdefault(place, []).extend(found)
                case "refused":
                    refused[documents[place]] = event["reason"]
                    meter.advance(1)
                case "read":
                    meter.advance(1)

    begin, finished = 0, False
    while begin < len(documents):
        job = {
            "paths": [str(path.absolute()) for path in documents[begin:]],
            "most_words": most_words,
            "least_words": least_words,
        }
        try:
            finished = run_worker(
                "documents", job, on_events=receive, control=control, log=log, seconds_to_stop=SECONDS_TO_STOP
            )
            break
        except (WorkerEndedError, WorkerCrashError):
            if at < begin:
                raise  # it was not a document's fault
            passages.pop(at, None)
            refused[documents[at]] = _too_much(documents[at])
            meter.advance(1)
            begin = at + 1
            finished = True
    found = [
        SourcePassage(document=documents[place], passage=one)
        for place in sorted(passages)
        for one in passages[place]
    ]
    if finished and len(refused) == len(documents):
        raise UserError(f"No document has a passage to ask about. {next(iter(refused.values()))}")
    return ReadDocuments(passages=tuple(found), refused=refused, documents=len(documents), finished=finished)


def _too_much(path: Path) -> str:
    return f"{path} takes more than 2 GiB of memory or two minutes. Split it, or save its text alone."
