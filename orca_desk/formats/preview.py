"""What an import would do with a file's first rows, before anything is imported."""

from array import array
from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

from orca_desk.errors import UserError
from orca_desk.formats.layout import Asked
from orca_desk.formats.read_as import ReadAs, read_as
from orca_desk.formats.reading import TaskFile
from orca_desk.formats.rows import BadRow
from orca_desk.formats.tasks import EXAMPLE, opened
from orca_desk.method.records import Split, Task
from orca_desk.method.splits import QuestionCounts, variant_key

LIMIT = 5_000  # rows
SHOWN = 100  # rows of each kind
SHOWN_CHARACTERS = 1_000_000  # after which no further row is shown


@dataclass(frozen=True, kw_only=True)
class ImportPreview:
    """The first rows of a file as tasks.

    `read_as` says how it is read, `columns` are what it has, `whole` says that these are all of its rows.
    `rows` are (line, task or problem) of the first rows, `problems` the first bad ones, of `bad`. Of all
    tasks there are the `families` and `splits`, the `keys` of their questions and the first 64 bits of their
    `ids`; `unanswered` counts those without an answer.
    """

    read_as: ReadAs
    columns: tuple[str, ...]
    whole: bool
    rows: tuple[tuple[int, Task | BadRow], ...]
    problems: tuple[BadRow, ...]
    bad: int
    unanswered: int
    families: tuple[str, ...]
    splits: tuple[Split, ...]
    keys: "array[int]"
    ids: "array[int]"

    @property
    def good(self) -> int:
        """How many rows are tasks."""
        return len(self.families)

    @property
    def mapping(self) -> dict[str, str]:
        """Field -> column as it would be used."""
        return self.read_as.mapping

    def counts(self) -> QuestionCounts:
        """Return the questions of all tasks, from which those to hold out are chosen."""
        counts = QuestionCounts()
        counts.extend(self.keys, self.ids, self.families)
        return counts

    def to_json(self) -> dict[str, Any]:
        """Return what `from_json` reads."""
        return {
            **{name: getattr(self, name) for name in _AS_THEY_ARE},
            "read_as": self.read_as.to_json(),
            "rows": [(line, isinstance(row, Task), asdict(row)) for line, row in self.rows],
            "problems": [asdict(problem) for problem in self.problems],
            "keys": b64encode(self.keys.tobytes()).decode(),
            "ids": b64encode(self.ids.tobytes()).decode(),
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> "ImportPreview":
        """Return what `to_json` wrote."""
        return cls(
            **{name: _tupled(values[name]) for name in _AS_THEY_ARE},
            read_as=ReadAs.from_json(values["read_as"]),
            rows=tuple(
                (line, _task(row) if is_task else BadRow(**row)) for line, is_task, row in values["rows"]
            ),
            problems=tuple(BadRow(**problem) for problem in values["problems"]),
            keys=array("Q", b64decode(values["keys"])),
            ids=array("Q", b64decode(values["ids"])),
        )


_AS_THEY_ARE = ("columns", "whole", "bad", "unanswered", "families", "splits")


def preview_tasks(
    source: Path | BinaryIO, asked: Asked | None = None, *, limit: int = LIMIT
) -> ImportPreview:
    """Read the first `limit` rows of a file as an import does.

    Unlike that, returns a preview even if no row is readable: another mapping may help. Raises UserError for
    a file that cannot be read, or has no rows.
    """
    with opened(source) as (stream, path):
        file = TaskFile(stream, path, asked or Asked())
        survey = file.survey(limit)
        if not survey.rows:
            raise UserError(f"{path} contains no tasks.", EXAMPLE)
        rows: list[tuple[int, Task | BadRow]] = []
        tasks: list[Task] = []
        problems: list[BadRow] = []
        size = 0
        for line, row in islice(file.numbered_rows(), limit):
            if len(rows) < SHOWN and size < SHOWN_CHARACTERS:
                rows.append((line, row))
                size += _size(row)
            if isinstance(row, Task):
                tasks.append(row)
            else:
                problems.append(row)
        return ImportPreview(
            read_as=read_as(file, survey),
            columns=survey.columns,
            whole=survey.whole,
            rows=tuple(rows),
            problems=tuple(problems[:SHOWN]),
            bad=len(problems),
            unanswered=sum(task.answer is None for task in tasks),
            families=tuple(task.family for task in tasks),
            splits=tuple(task.split for task in tasks),
            keys=array("Q", [variant_key(task.compared_text) for task in tasks]),
            ids=array("Q", [int(task.id[:16], 16) for task in tasks]),
        )


def _size(row: Task | BadRow) -> int:
    return len(row.raw) if isinstance(row, BadRow) else len(row.conversation) + len(row.answer or "")


def _tupled(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _task(values: dict[str, Any]) -> Task:
    return Task(**{**values, "tags": tuple(values["tags"]), "turns": tuple(map(tuple, values["turns"]))})
