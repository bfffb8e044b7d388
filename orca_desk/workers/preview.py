"""The `preview` worker: looks at the first rows of a user's file, or for those that would be refused.

The job: {"wanted": a key of WANTED, "path" or "text", "name", "asked"}, and "refused" for the file of refused
rows. The event `found` has what was found; `several` are the lists of rows among which the user must choose.
"""

from collections.abc import Callable, Mapping
from pathlib import Path

from orca_desk.formats.answers import AnswerFile, AnswersAsked, preview_answers
from orca_desk.formats.json_layout import SeveralListsError
from orca_desk.formats.layout import Asked
from orca_desk.formats.preview import preview_tasks
from orca_desk.formats.reading import TaskFile
from orca_desk.formats.refused import RefusedRows
from orca_desk.formats.rows import BadRow
from orca_desk.formats.tasks import opened
from orca_desk.processes.progress import StoppedError
from orca_desk.processes.protocol import Message
from orca_desk.workers.limits import Watch
from orca_desk.workers.rows import OPENING_SECONDS, SECONDS, looking, source_of
from orca_desk.workers.runtime import Channel, serve

Look = Callable[[int], None]


def main() -> None:
    """Serve one job."""
    serve(look_at)


def look_at(channel: Channel) -> None:
    """Emit what the job wants of the file."""
    watch = Watch(SECONDS)
    watch.begin(OPENING_SECONDS)
    try:
        channel.emit({"event": "found", **found_in(channel.job, looking(channel, watch))})
    except SeveralListsError as error:
        channel.emit({"event": "several", "message": error.message, "hint": error.hint, "names": error.names})
    except StoppedError:
        return


def found_in(job: Message, look: Look) -> Message:
    """Return what a job wants. `look` is called often, and raises StoppedError to end it.

    Raises UserError for a source that cannot be read, or has no rows.
    """
    return WANTED[job["wanted"]](job, look)


def _tasks(job: Message, look: Look) -> Message:
    """Return the first rows as tasks, and whether they are rather a model's answers."""
    asked = Asked(**job["asked"])
    preview = preview_tasks(source_of(job), asked).to_json()
    with opened(source_of(job)) as (stream, path):
        are_answers = AnswerFile(stream, path, AnswersAsked(file=asked)).holds_answers()
    return {"preview": preview, "are_answers": are_answers}


def _answers(job: Message, look: Look) -> Message:
    """Return the first rows as answers."""
    return {"preview": preview_answers(source_of(job), AnswersAsked.from_json(job["asked"])).to_json()}


def _refused(job: Message, look: Look) -> Message:
    """Write the rows that are not tasks into a file; return how many there are."""
    count = 0
    with opened(source_of(job)) as (stream, path):
        file = TaskFile(stream, path, Asked(**job["asked"]))
        file.survey(progress=look)
        with RefusedRows(Path(job["refused"]), file) as refused:
            for rows in file.pieces():
                look(0)
                for row in rows:
                    if isinstance(row, BadRow):
                        refused.add(row)
                        count += 1
    return {"refused": count}


WANTED: Mapping[str, Callable[[Message, Look], Message]] = {
    "tasks": _tasks,
    "answers": _answers,
    "refused": _refused,
}
