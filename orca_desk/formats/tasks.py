"""Reading tasks from the user's files."""

import io
import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any, BinaryIO

from orca_desk.errors import UserError
from orca_desk.formats.packed import unpacked
from orca_desk.formats.rows import BadRow
from orca_desk.method.records import Task

DEFAULT_FAMILY = "general"
EXAMPLE = 'A row needs a question, e.g. {"query": "...", "answer": "..."}.'


def require_task(tasks: int, first_bad: BadRow | None, path: Path) -> None:
    """Raise UserError if a file called `path` has no task; `first_bad` is its first row that is none."""
    if not tasks and first_bad:
        raise UserError(
            f"{path} contains no readable task; line {first_bad.line}: {first_bad.what}.", first_bad.hint
        )
    if not tasks:
        raise UserError(f"{path} contains no tasks.", EXAMPLE)


@contextmanager
def opened(source: Path | BinaryIO) -> Iterator[tuple[BinaryIO, Path]]:
    """Open a source so that it can be read several times, unpacked; give its name, too.

    A folder has no stream of its own: what is in it is found by its name.
    Raises UserError for a file that cannot be opened, read or unpacked.
    """
    if not isinstance(source, Path):
        name = Path(str(getattr(source, "name", "the input")))
        with unpacked(source, name) as found:
            yield found, name
        return
    if source.is_dir():
        yield io.BytesIO(), source
        return
    try:
        with ExitStack() as stack:
            stream: BinaryIO = stack.enter_context(source.open("rb"))
            if not stream.seekable():  # a pipe gives its content once
                pipe, stream = stream, stack.enter_context(TemporaryFile())
                while chunk := pipe.read(1 << 20):
                    stream.write(chunk)
            elif is_device(source):  # such as /dev/zero, which never ends
                raise UserError(f"{source} is a device, not a file.", "Choose a file.")
            yield stack.enter_context(unpacked(stream, source)), source
    except OSError as error:
        if isinstance(error, (BlockingIOError, BrokenPipeError)) or error.filename not in (None, str(source)):
            raise
        raise unreadable(source, error) from error


def task_line(task: Task) -> str:
    """Return a task as a line of JSONL: its fields in reading order, without the empty ones."""
    values = {name: value for name, value in task_values(task).items() if value not in ("", None, [])}
    return json.dumps(values, ensure_ascii=False) + "\n"


def is_device(path: Path) -> bool:
    """Return whether a path names a device of the system."""
    return path.is_char_device() or path.is_block_device()


def unreadable(path: Path, error: OSError) -> UserError:
    """Return the error for a file that cannot be opened."""
    if path.is_dir():  # which each system refuses in its own way
        return UserError(f"{path} is a folder.", "Choose the files in it.")
    return UserError(f"{path} cannot be read: {error.strerror}.", "Check the path.")


def task_values(task: Task) -> dict[str, Any]:
    """Return a task's fields in reading order, the empty ones too."""
    return {
        "id": task.id,
        "family": task.family,
        "earlier_turns": [{"role": role, "content": text} for role, text in task.turns],
        "context": task.context,
        "query": task.query,
        "answer": task.answer,
        "answer_kind": task.answer_kind,
        "tags": list(task.tags),
        "split": task.split,
        "strategy": task.strategy,
    }
