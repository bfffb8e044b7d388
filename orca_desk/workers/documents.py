"""The `documents` worker: cuts the user's documents into passages, within limits of memory and time.

The job is {"paths", "most_words", "least_words"}. For each document, by its place in the list, it emits
`opened`, then `passages` as often as it takes, then `read`; or `refused` with the reason. A document that
takes too much memory or time ends this process: the host knows which one it was, and continues with the next.
"""

import contextlib
import os
import threading
import time
from collections.abc import Iterator
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from typing import Any

import psutil

from orca_desk.errors import UserError
from orca_desk.method.passages import Block, cut
from orca_desk.workers.runtime import Channel, serve

MEMORY_BYTES = 2 * 2**30
SECONDS = 120.0  # for one document
LOOK_SECONDS = 0.2
TOO_MUCH = 7  # exit code
CHUNK = 50  # passages in one event
_SAID = 200  # characters of an error
_SAMPLE = 4_000  # characters from which the language is recognised


def main() -> None:
    """Serve one job."""
    serve(read_documents)


def read_documents(channel: Channel) -> None:
    """Cut the documents of the job, one after the other, until the host stops it."""
    from orca_desk.formats.documents import read_document

    watch = _Watch()
    for place, path in enumerate(map(Path, channel.job["paths"])):
        if not channel.control.proceed():
            return
        channel.emit({"event": "opened", "place": place})
        watch.begin()
        try:
            blocks = list(read_document(path))
            chunk = None
            for chunk in _chunks(blocks, channel.job["most_words"], channel.job["least_words"]):
                channel.emit({"event": "passages", "place": place, "passages": chunk})
            if chunk is None:
                raise UserError(f"{path} is too short: it has no passage to ask about.")
        except UserError as error:
            channel.emit({"event": "refused", "place": place, "reason": str(error)})
        except Exception as error:  # a damaged file can raise anything in the libraries that read it
            said = " ".join(str(error).split())[:_SAID] or type(error).__name__
            reason = f"{path} is damaged, or too large to be read: {said}."
            channel.emit({"event": "refused", "place": place, "reason": reason})
        else:
            channel.emit({"event": "read", "place": place})
        watch.end()


def _chunks(blocks: list[Block], most_words: int, least_words: int) -> Iterator[list[dict[str, Any]]]:
    from orca_desk.method.languages import clear_language, languages_of

    sample = " ".join(block.text for block in islice(blocks, 50))[:_SAMPLE]
    language = clear_language(languages_of(sample)) or "en"
    passages = cut(blocks, most_words=most_words, least_words=least_words, language=language)
    while chunk := [asdict(one) for one in islice(passages, CHUNK)]:
        yield chunk


class _Watch:
    """Ends this process once a document takes too much; the system limits the memory where it can, too."""

    def __init__(self) -> None:
        self._deadline = float("inf")
        with contextlib.suppress(
            ImportError, ValueError, OSError
        ):  # Windows and macOS limit no address space
            import resource

            resource.setrlimit(resource.RLIMIT_AS, (2 * MEMORY_BYTES, 2 * MEMORY_BYTES))
        threading.Thread(target=self._look, daemon=True).start()

    def begin(self) -> None:
        """Start the deadline of a document."""
        self._deadline = time.monotonic() + SECONDS

    def end(self) -> None:
        """Stop the deadline."""
        self._deadline = float("inf")

    def _look(self) -> None:
        process = psutil.Process()
        while process.memory_info().rss <= MEMORY_BYTES and time.monotonic() <= self._deadline:
            time.sleep(LOOK_SECONDS)
        os._exit(TOO_MUCH)
