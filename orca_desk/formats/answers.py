"""A file of answers that a model gave elsewhere: its rows, and their system messages."""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

from orca_desk.errors import UserError
from orca_desk.formats.answer_columns import answer_columns
from orca_desk.formats.answer_rows import AnsweredRow, AnswerReader
from orca_desk.formats.columns import MAX_COLUMNS
from orca_desk.formats.layout import Asked, Format, Layout, find_layout, read_rows
from orca_desk.formats.rows import BadRow, Row
from orca_desk.formats.tasks import opened
from orca_desk.method.turns import turns_of
from orca_desk.yielding import yielding

MAX_MESSAGES = 20_000  # different system messages that are counted one by one
SAMPLE = 200  # rows that show whether a file holds answers
SOME = 10  # one row in so many has a system message: OpenOrca's often have none
TOLD = 2_000  # rows between two reports of progress
PREVIEWED = 5_000  # rows
SHOWN = 100  # rows of each kind
SHOWN_CHARACTERS = 1_000_000  # after which no further row is shown
EXAMPLE = 'A row needs a question and its answer: {"system": "...", "question": "...", "response": "..."}.'


@dataclass(frozen=True, kw_only=True)
class AnswersAsked:
    """What the user said about a file of answers.

    `mapping` is field -> column (see `answer_columns.ANSWER_FIELDS`), `file` how the file is read. With
    `instruction_is_system`, a row's instruction is the system message and its input the question.
    """

    mapping: dict[str, str] | None = None
    instruction_is_system: bool = False
    file: Asked = field(default_factory=Asked)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> "AnswersAsked":
        """Return what `asdict` wrote."""
        return cls(**{**values, "file": Asked(**values["file"])})


@dataclass(frozen=True, kw_only=True)
class AnswerSurvey:
    """What the rows show: how many there are, which could be read, their columns and their system messages.

    `messages` counts the good rows by system message and the strategy that they name ("" without either);
    `uncounted` are good rows with more different ones than are counted one by one.
    """

    rows: int
    good: int
    columns: tuple[str, ...]
    unread: tuple[str, ...]
    mapping: dict[str, str]
    messages: Counter[tuple[str, str]]
    uncounted: int = 0
    whole: bool = True

    def to_json(self) -> dict[str, Any]:
        """Return what `from_json` reads."""
        return {**vars(self), "messages": [(*said, rows) for said, rows in self.messages.items()]}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> "AnswerSurvey":
        """Return what `to_json` wrote."""
        messages = Counter({(system, strategy): rows for system, strategy, rows in values["messages"]})
        columns, unread = tuple(values["columns"]), tuple(values["unread"])
        return cls(**{**values, "columns": columns, "unread": unread, "messages": messages})


@dataclass(frozen=True, kw_only=True)
class AnswersReadAs:
    """How a file of answers was read: `mapping` is field -> column, `unread` the columns that served none."""

    format: Format = "text"
    encoding: str = "utf-8"
    guessed: bool = False
    has_header: bool = False
    mapping: dict[str, str] = field(default_factory=dict)
    unread: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return what `from_json` reads."""
        return vars(self)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> "AnswersReadAs":
        """Return what `to_json` wrote."""
        return cls(**{**values, "unread": tuple(values["unread"])})


@dataclass(frozen=True, kw_only=True)
class AnswersPreview:
    """The first rows of a file as answers, and those that are refused; `survey` is of more of them."""

    rows: tuple[AnsweredRow | BadRow, ...]
    problems: tuple[BadRow, ...]
    survey: AnswerSurvey
    read_as: AnswersReadAs

    def to_json(self) -> dict[str, Any]:
        """Return what `from_json` reads."""
        return {
            "rows": rows_to_json(self.rows),
            "problems": [{**vars(problem), "raw": ""} for problem in self.problems],
            "survey": self.survey.to_json(),
            "read_as": self.read_as.to_json(),
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> "AnswersPreview":
        """Return what `to_json` wrote."""
        return cls(
            rows=tuple(rows_from_json(values["rows"])),
            problems=tuple(BadRow(**problem) for problem in values["problems"]),
            survey=AnswerSurvey.from_json(values["survey"]),
            read_as=AnswersReadAs.from_json(values["read_as"]),
        )


class AnswerFile:
    """One file of answers, as its rows. `stream` can seek; `path` is the file's name."""

    def __init__(self, stream: BinaryIO, path: Path, asked: AnswersAsked) -> None:
        answer_columns((), asked.mapping)  # refuses fields that no answer has
        self.path, self._stream, self._asked = path, stream, asked
        self.layout: Layout = find_layout(stream, path, asked.file)
        self.reader = AnswerReader(
            mapping=asked.mapping or {}, instruction_is_system=asked.instruction_is_system
        )

    def sha256(self) -> str:
        """Return the SHA-256 of the file's content."""
        self._stream.seek(0)
        digest = hashlib.sha256()
        while chunk := self._stream.read(1 << 20):
            digest.update(chunk)
        return digest.hexdigest()

    def raw_rows(self) -> Iterator[Row | BadRow]:
        """Yield the rows before any column is mapped."""
        return read_rows(self._stream, self.path, self.layout)

    def rows(self) -> Iterator[AnsweredRow | BadRow]:
        """Yield what each row says, or why it says nothing."""
        self.reader.notes.clear()
        for row in self.raw_rows():
            yield row if isinstance(row, BadRow) else self.reader.read(row)

    def survey(
        self, limit: int | None = None, *, progress: Callable[[int], None] = lambda rows: None
    ) -> AnswerSurvey:
        """Look at all rows, or the first `limit`. `progress` receives the rows read since its last call."""
        columns: dict[str, None] = {}
        mapping: dict[str, str] = {}
        read: set[str] = set()
        messages: Counter[tuple[str, str]] = Counter()
        rows = good = uncounted = 0
        self.reader.notes.clear()
        source = yielding(self.raw_rows())
        for row in source if limit is None else islice(source, limit):
            rows += 1
            if rows % TOLD == 0:
                progress(TOLD)
            if isinstance(row, BadRow):
                continue
            columns.update(dict.fromkeys(islice(row.values, MAX_COLUMNS)))
            answered = self.reader.read(row)
            for name, column in self.reader.mapped(row).items():
                mapping.setdefault(name, column)
                read.add(column)
            if isinstance(answered, BadRow):
                continue
            good += 1
            key = (answered.system, answered.strategy)
            if key in messages or len(messages) < MAX_MESSAGES:
                messages[key] += 1
            else:
                uncounted += 1
        return AnswerSurvey(
            rows=rows,
            good=good,
            columns=tuple(islice(columns, MAX_COLUMNS)),
            unread=tuple(name for name in islice(columns, MAX_COLUMNS) if name not in read),
            mapping=mapping,
            messages=messages,
            uncounted=uncounted,
            whole=limit is None or rows < limit or next(source, None) is None,
        )

    def read_as(self, survey: AnswerSurvey) -> "AnswersReadAs":
        """Return how the file was read."""
        return AnswersReadAs(
            format=self.layout.format,
            encoding=self.layout.encoding.name.removesuffix("-sig"),
            guessed=self.layout.encoding.guessed,
            has_header=self.layout.table is not None and self.layout.table.header,
            mapping=survey.mapping,
            unread=survey.unread,
        )

    def holds_answers(self) -> bool:
        """Return whether most of the first rows can be read, and some name a system message or a model."""
        rows = list(islice(self.raw_rows(), SAMPLE))
        read = [self.reader.read(row) for row in rows if isinstance(row, Row)]
        self.reader.notes.clear()
        answers = [one for one in read if isinstance(one, AnsweredRow)]
        by_models = [one for one in answers if one.system or one.model]
        return 2 * len(answers) > len(rows) and len(by_models) * SOME >= len(answers)


def preview_answers(source: Path | BinaryIO, asked: AnswersAsked) -> AnswersPreview:
    """Read the first rows of a file as an import does. Raises UserError if it cannot be read, or has none."""
    with opened(source) as (stream, path):
        file = AnswerFile(stream, path, asked)
        survey = file.survey(PREVIEWED)
        if not survey.rows:
            raise UserError(f"{path} contains no answers.", EXAMPLE)
        rows: list[AnsweredRow | BadRow] = []
        problems: list[BadRow] = []
        size = 0
        for row in islice(file.rows(), PREVIEWED):
            if len(rows) < SHOWN and size < SHOWN_CHARACTERS:
                rows.append(row)
                size += len(row.raw)
            if isinstance(row, BadRow) and len(problems) < SHOWN:
                problems.append(row)
        return AnswersPreview(
            rows=tuple(rows), problems=tuple(problems), survey=survey, read_as=file.read_as(survey)
        )


def readable_answers(rows: Iterable[AnsweredRow | BadRow], path: Path) -> Iterator[AnsweredRow | BadRow]:
    """Yield the rows of a file called `path`. Raises UserError in the end if none of them was an answer."""
    good, first_bad = 0, None
    for row in rows:
        good += isinstance(row, AnsweredRow)
        if isinstance(row, BadRow):
            first_bad = first_bad or row
        yield row
    if not good and first_bad:
        raise UserError(
            f"{path} contains no readable answer; line {first_bad.line}: {first_bad.what}.", first_bad.hint
        )
    if not good:
        raise UserError(f"{path} contains no answers.", EXAMPLE)


def rows_to_json(rows: Sequence[AnsweredRow | BadRow]) -> list[tuple[bool, dict[str, Any]]]:
    """Return rows as JSON can hold them, without what they were in the file; see `rows_from_json`."""
    return [(isinstance(row, AnsweredRow), {**vars(row), "raw": ""}) for row in rows]


def rows_from_json(values: Iterable[Sequence[Any]]) -> Iterator[AnsweredRow | BadRow]:
    """Yield the rows that `rows_to_json` was given."""
    for is_good, row in values:
        yield AnsweredRow(**{**row, "turns": turns_of(row["turns"])}) if is_good else BadRow(**row)
