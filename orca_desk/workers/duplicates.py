"""The `duplicates` worker: finds the texts that ask the same, also as the questions of a file do."""

from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from orca_desk.workers.runtime import Channel, serve

if TYPE_CHECKING:
    from orca_desk.method.duplicates import AlikeFinder

CHUNK = 2_000  # groups, pairs or questions in one event


def main() -> None:
    """Serve one job."""
    serve(find_duplicates)


def find_duplicates(channel: Channel) -> None:
    """Compare the {"texts"} of all requests, and before them the questions of the job's "file", if any.

    The job is {"near", "file", "rows_in", "only_read"}. Emits `questions` with those of the file, and
    `refused` with the number of its rows that were none. Then `stage` with what is done next, `same` with
    groups of places, and `near` with pairs of places and their similarity: the questions of the file have
    the first places. With "only_read", nothing is compared.
    """
    from orca_desk.method.duplicates import AlikeFinder

    job = channel.job
    finder = AlikeFinder(job["near"])
    try:
        if job["file"]:
            _read(channel, finder)
        if job["only_read"]:
            return
        for request in channel.requests(ahead=4):
            finder.add(request["texts"])

        def proceed(stage: str) -> None:
            _go_on(channel)
            channel.emit({"event": "stage", "stage": stage})

        found = finder.find(proceed)
    except _NotWantedError:
        return
    groups = iter(found.same)
    while some := list(islice(groups, CHUNK)):
        channel.emit({"event": "same", "groups": some})
    pairs = iter(found.near)
    while near := [(one.first, one.second, one.similarity) for one in islice(pairs, CHUNK)]:
        channel.emit({"event": "near", "pairs": near})
    channel.emit({"event": "compared"})


def _read(channel: Channel, finder: "AlikeFinder") -> None:
    from orca_desk.formats.layout import Asked
    from orca_desk.formats.reading import TaskFile
    from orca_desk.formats.rows import BadRow
    from orca_desk.formats.tasks import opened, readable

    path, refused = Path(channel.job["file"]), 0
    with opened(path) as (stream, name):
        rows = readable(TaskFile(stream, name, Asked(rows_in=channel.job["rows_in"])).rows(), path)
        while some := list(islice(rows, CHUNK)):
            _go_on(channel)
            refused += sum(isinstance(row, BadRow) for row in some)
            texts = [row.compared_text for row in some if not isinstance(row, BadRow)]
            finder.add(texts)
            channel.emit({"event": "questions", "texts": texts})
    channel.emit({"event": "refused", "rows": refused})


def _go_on(channel: Channel) -> None:
    if not channel.control.proceed():
        raise _NotWantedError


class _NotWantedError(Exception):
    """The host wants nothing any more."""
