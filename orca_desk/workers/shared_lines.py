"""The `shared-lines` worker: makes tasks of half of a file's lines, and the worker `rows` of the other half.

Until all tasks are known none can be stored, so that one processor would have nothing to do. It reads pickled
requests on its stdin, the reader and the settled shapes (see `reading.LineShare`) or some lines, and answers
each of the latter by a pickled `Shared`, or None. It ends where its stdin does.
"""

import os
import pickle
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from types import TracebackType
from typing import Any

from orca_desk.formats.json_rows import json_rows
from orca_desk.formats.plain_tasks import PlainTasks, RowShape, by_shape
from orca_desk.formats.reading import Shared
from orca_desk.formats.rows import BadRow
from orca_desk.formats.task_rows import RowReader
from orca_desk.formats.text import Line
from orca_desk.processes.command import worker_command
from orca_desk.workers.kept_rows import chunk_of
from orca_desk.workers.limits import Watch

LARGE = 20_000_000  # bytes of a file, from which a second process saves more than its start takes
SECONDS = 60.0  # for some lines
_Settled = frozenset[RowShape]


def main() -> None:
    """Read requests until there are no more."""
    source, sink = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    watch = Watch(SECONDS)
    reader, settled = RowReader(family=""), _Settled()
    plain = PlainTasks(reader)
    while True:
        try:
            request = pickle.load(source)
        except EOFError:
            os._exit(0)
        if isinstance(request, tuple) and isinstance(request[0], RowReader):
            reader, settled = request
            plain = PlainTasks(reader)
            continue
        watch.begin()
        answer = read_lines(request, reader, plain, settled)
        watch.end()
        try:
            pickle.dump(answer, sink, protocol=pickle.HIGHEST_PROTOCOL)
            sink.flush()
        except OSError:  # the other process has ended
            os._exit(0)


def read_lines(
    lines: tuple[int, list[str]], reader: RowReader, plain: PlainTasks, settled: _Settled
) -> Shared | None:
    """Return what becomes of lines, given by the number of the first one and their texts.

    None if they have a row of a shape that is not settled.
    """
    first, texts = lines
    rows = list(json_rows(Line(number=number, text=text) for number, text in enumerate(texts, first)))
    shapes = by_shape(rows)
    if not shapes.keys() <= settled:
        return None
    reader.notes.clear()
    product = chunk_of(plain.read(rows, shapes))
    return Shared(
        shapes={shape: len(alike.rows) for shape, alike in shapes.items()},
        bad=sum(isinstance(row, BadRow) for row in rows),
        notes=Counter(reader.notes),
        product=product,
    )


class SecondReader:
    """The other process, as the one that shares with it sees it. Use it in a `with` block, which ends it.

    Where it ends before, all lines are read here.
    """

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            worker_command("shared-lines"),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
        self._settled: _Settled | None = None
        self._has_lines = False

    def __enter__(self) -> "SecondReader":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.communicate()

    def send(self, lines: Sequence[Line], reader: RowReader, settled: _Settled) -> None:
        """Give it lines."""
        self._has_lines = bool(lines) and not any(line.fault for line in lines)
        if not self._has_lines:
            return
        if settled != self._settled:
            self._settled = settled
            self._write((reader, settled))
        self._write((lines[0].number, [line.text for line in lines]))

    def receive(self) -> Shared | None:
        """Return what it made of them; None if they are to be read here."""
        if not self._has_lines:
            return None
        assert self._process.stdout is not None
        try:
            found: Shared | None = pickle.load(self._process.stdout)
        except (EOFError, OSError, pickle.UnpicklingError):
            found, self._has_lines = None, False
        return found

    def _write(self, request: Any) -> None:
        assert self._process.stdin is not None
        try:
            pickle.dump(request, self._process.stdin, protocol=pickle.HIGHEST_PROTOCOL)
            self._process.stdin.flush()
        except OSError:  # it has ended
            self._has_lines = False
