"""The `duplicates` worker: finds the texts that ask the same, also as the questions of a file do."""

from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from psutil import virtual_memory

from orca_desk.workers.limits import MEMORY_BYTES, Watch
from orca_desk.workers.runtime import Channel, serve

if TYPE_CHECKING:
    from orca_desk.method.duplicates import AlikeFinder

CHUNK = 2_000  # groups, pairs or questions in one event
SECONDS = 60.0  # for as many rows of a file
OPENING_SECONDS = 1800.0  # for a whole document, which is looked at before its first row


def main() -> None:
    """Serve one job."""
    serve(find_duplicates)


def find_duplicates(channel: Channel) -> None:
    """Compare the {"texts"} of all requests, and before them the questions of the job's "file", if any.

    The job is {"near", "file", "rows_in", "only_read"}. Emits `questions` with those of the file, and
    `refused` with the number of its rows that were none; or `several` with the parts of a file of which the
    host must name one. Then `stage` with what is done next, `same` with
    groups of places, and `near` with pairs of places and their similarity: the questions of the file have
    the first places. With "only_read", nothing is compared.
    """
    from orca_desk.formats.json_layout import SeveralListsError
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
    except SeveralListsError as error:
        channel.emit(
            {"event": "several", "what": error.message, "hint": error.hint, "names": list(error.names)}
        )
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
    from orca_desk.formats.tasks import opened, require_task

    path, tasks, first_bad, refused = Path(channel.job["file"]), 0, None, 0
    # Comparing millions of tasks may take more memory than reading any file should
    watch = Watch(SECONDS, max(MEMORY_BYTES, virtual_memory().total // 2))
    watch.begin(OPENING_SECONDS)
    with opened(path) as (stream, name):
        rows = TaskFile(stream, name, Asked(rows_in=channel.job["rows_in"])).rows()
        while some := list(islice(rows, CHUNK)):
            watch.end()
            _go_on(channel)
            bad = [row for row in some if isinstance(row, BadRow)]
            refused += len(bad)
            first_bad = first_bad or next(iter(bad), None)
            texts = [row.compared_text for row in some if not isinstance(row, BadRow)]
            tasks += len(texts)
            finder.add(texts)
            channel.emit({"event": "questions", "texts": texts})
            watch.begin()
        require_task(tasks, first_bad, path)
    watch.end()
    channel.emit({"event": "refused", "rows": refused})


def _go_on(channel: Channel) -> None:
    if not channel.control.proceed():
        raise _NotWantedError


class _NotWantedError(Exception):
    """The host no longer wants the result."""
