"""A file of tasks: what it is, decided over all of its rows before the first one becomes a task."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice
from pathlib import Path
from typing import Any, BinaryIO, get_args

from orca_desk.formats.chat_rows import turns_beside
from orca_desk.formats.choices import ChoiceCounts, Choosing, choice_columns, options_of
from orca_desk.formats.columns import map_columns, named_for, plain
from orca_desk.formats.layout import Asked, Layout, find_layout, read_rows
from orca_desk.formats.plain_tasks import (
    PLAIN_TYPES,
    Plain,
    PlainTasks,
    RowShape,
    shape_and_values,
    task_of,
)
from orca_desk.formats.rows import BadRow, Literal, Row
from orca_desk.formats.shapes import (
    EARLIER,
    Shape,
    binary,
    earlier_columns,
    fields_of,
    is_wanted,
    second_answer,
    shape_of,
    truth,
    verdict_column,
)
from orca_desk.formats.task_rows import MAX_SHAPES, TOOLS, VERDICT, RowReader, flat
from orca_desk.formats.values import is_nothing, split_of
from orca_desk.method.records import AnswerKind, Task
from orca_desk.yielding import yielding

MAX_COLUMNS = 200  # that are told of
MAX_TOLD = 20  # shapes, and files that are not read
_WORDS = ("split", "answer_kind")  # fields whose values are of few words
_LABELS = frozenset({"label", "labels", "goldlabel"})  # where sets number their classes
_CHATS = frozenset({"messages", "ShareGPT", "conversation"})
_TEXTS = ("family", "tags", "strategy")  # fields that an object cannot fill
TOLD = 10_000  # rows between two reports of progress
FIRST = 1_000  # rows that show how to read the others
FIRST_CHARACTERS = 4_000_000
MAX_SEEN = 1_000  # values of a column that are remembered


@dataclass(kw_only=True)
class Survey:
    """What the rows of a file show: how many, their columns, and those columns that are not read.

    `numbers` says how choices are numbered ("from 0", "from 1", or "" if they are not), `sure` whether the
    file itself shows it. `classes` is a column of labels that are numbers, but of no choices. `aside` are
    columns with the name, but no value, of a split or a type of answer, as pairs of field and column. `whole`
    is False if only the first rows were looked at. `shapes` counts the rows of each shape, None for rows of
    no known one; `left_out` are files of a folder or an archive that are not read.
    """

    rows: int = 0
    columns: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()
    mapping: dict[str, str] = field(default_factory=dict)
    numbers: str = ""
    sure: bool = True
    classes: str = ""
    aside: tuple[tuple[str, str], ...] = ()
    whole: bool = True
    shapes: tuple[tuple[Shape | None, int], ...] = ()
    left_out: tuple[str, ...] = ()


class TaskFile:
    """One file, as its rows. `stream` can seek; `path` is the file's name; `asked` is what the user said."""

    def __init__(self, stream: BinaryIO, path: Path, asked: Asked) -> None:
        map_columns((), asked.mapping)  # refuses fields that no task has
        self.path, self._stream, self._asked = path, stream, asked
        self.layout: Layout = find_layout(stream, path, asked)
        self._reader: RowReader | None = None

    @property
    def reader(self) -> RowReader:
        """What turns the rows into tasks, once the file was surveyed."""
        if self._reader is None:
            self.survey()
        assert self._reader is not None
        return self._reader

    def notes(self) -> Counter[str]:
        """Return what was left aside in the rows so far."""
        return Counter() if self._reader is None else Counter(self._reader.notes)

    def raw_rows(self) -> Iterator[Row | BadRow]:
        """Yield the rows before any column is mapped."""
        return read_rows(self._stream, self.path, self.layout)

    def rows(self) -> Iterator[Task | BadRow]:
        """Yield a task or the reason why there is none, for each row."""
        return (row for _, row in self.numbered_rows())

    def numbered_rows(self) -> Iterator[tuple[int, Task | BadRow]]:
        """Yield the same with the line on which each row starts."""
        reader = self.reader
        reader.notes.clear()
        plain = PlainTasks(reader)
        for row in self.raw_rows():
            if isinstance(row, BadRow):
                yield row.line, row
            elif found := plain.take(*shape_and_values(row)):
                yield row.line, task_of(found)
            else:
                yield row.line, reader.task(row)

    def survey(
        self, limit: int | None = None, *, progress: Callable[[int], None] = lambda rows: None
    ) -> Survey:
        """Look at all rows, or the first `limit`, and decide how to read them.

        `progress` is told from time to time how many more rows were looked at.
        """
        counts = _Counts(self._asked, self.layout)
        rows = yielding(self.raw_rows())
        for row in rows if limit is None else islice(rows, limit):
            counts.add(row)
            if counts.rows % TOLD == 0:
                progress(TOLD)
        whole = limit is None or counts.rows < limit or next(rows, None) is None
        self._reader = self._reader_by(counts)
        return self._survey_by(counts, self._reader, whole=whole)

    def read(self, progress: Callable[[int], None] = lambda rows: None) -> "FirstReading":
        """Return the rows as tasks with the survey, in one go over the file."""
        return FirstReading(self, self._asked, progress)

    def _reader_by(self, counts: "_Counts") -> RowReader:
        """Return the reader that suits what was counted so far."""
        return RowReader(
            family=self._asked.family,
            mapping=self._asked.mapping or {},
            defaults=self.layout.defaults,
            aside=tuple(counts.aside()),
            choosing=counts.choosing(),
            html=self.layout.table is not None and self.layout.table.html,
            header=self.layout.table is not None and self.layout.table.header,
            spaced_tags=self.layout.format == "Anki",
        )

    def _survey_by(self, counts: "_Counts", reader: RowReader, *, whole: bool) -> Survey:
        choosing, aside = reader.choosing, reader.aside
        mapped = [reader.mapped(shape) for shape in counts.shapes]
        read: set[str] = set().union(counts.beside, *(one.read for one in mapped)) - counts.foreign_ids
        mapping: dict[str, str] = {}
        for one in mapped:
            for name, column in one.columns.items():
                mapping.setdefault(name, column)
            if one.choices:
                mapping.setdefault("choices", ", ".join(one.choices))
        numbered = [one for one in choosing if one.modes[0].startswith("from")]
        return Survey(
            rows=counts.rows,
            columns=tuple(islice(counts.columns, MAX_COLUMNS)),
            unread=tuple(islice((name for name in counts.filled if name not in read), MAX_COLUMNS)),
            mapping=mapping,
            numbers=numbered[0].modes[0] if numbered else "",
            sure=all(one.sure for one in choosing),
            classes="" if choosing else counts.classes,
            aside=tuple(pair for pair in aside if pair[0] in _WORDS),
            whole=whole,
            shapes=tuple(counts.shaped.most_common(MAX_TOLD)),
            left_out=tuple(self.layout.chosen.container.aside[:MAX_TOLD]) if self.layout.chosen else (),
        )


class FirstReading:
    """A file's rows as tasks, and at the same time the survey that says how to read them.

    The first rows show it, and all others mostly agree. Once `rows` are at their end, `survey` is the whole
    file's, and `holds` tells whether that reads the rows as they were read: if not, read them again by `rows`
    of the file.
    """

    survey: Survey
    holds: bool

    def __init__(self, file: TaskFile, asked: Asked, progress: Callable[[int], None]) -> None:
        self._file, self._asked, self._progress = file, asked, progress

    def rows(self) -> Iterator[Plain | Task | BadRow]:
        """Yield a task or the reason why there is none, for each row."""
        file = self._file
        counts = _Counts(self._asked, file.layout)
        counted = _Counted(counts)
        source = file.raw_rows()
        head = _first(source)
        for row in head:
            counts.add(row)
        reader = file._reader = file._reader_by(counts)
        plain = PlainTasks(reader)
        for place, row in enumerate(chain(head, source)):
            if place % TOLD == TOLD - 1:
                self._progress(TOLD)
            is_new = place >= len(head)
            if isinstance(row, BadRow):
                if is_new:
                    counts.add(row)
                yield row
                continue
            shape, values = shape_and_values(row)
            if is_new and not counted.take(shape, values):
                counts.add(row)
                counted.learn(shape, values)
            yield plain.take(shape, values) or reader.task(row)
        counted.tell()
        final = file._reader_by(counts)
        self.holds = (final.choosing, set(final.aside)) == (reader.choosing, set(reader.aside))
        if not self.holds:
            file._reader = reader = final
        self.survey = file._survey_by(counts, reader, whole=True)


def _first(rows: Iterator[Row | BadRow]) -> list[Row | BadRow]:
    """Take the rows that show how to read the others."""
    found: list[Row | BadRow] = []
    size = 0
    while len(found) < FIRST and size < FIRST_CHARACTERS and (row := next(rows, None)) is not None:
        found.append(row)
        size += len(row.raw)
    return found


_Shape = tuple[dict[str, str], tuple[str, ...], list[tuple[str, str]], Shape | None]


class _Counts:
    """What the rows of a file add up to, in memory that does not grow with it."""

    def __init__(self, asked: Asked, layout: Layout) -> None:
        self._said = asked.mapping or {}
        self._defaults = layout.defaults
        self.rows = 0
        self.columns: dict[str, None] = {}
        self.filled: dict[str, None] = {}  # columns with a value in some row
        self.shapes: dict[tuple[str, ...], _Shape] = {}
        self.shaped: Counter[Shape | None] = Counter()
        self.foreign_ids: set[str] = set()
        self._known: Counter[tuple[str, str]] = Counter()
        self._unknown: Counter[tuple[str, str]] = Counter()
        self._choices: list[tuple[tuple[str, ...], ChoiceCounts]] = []
        self.beside: set[str] = set()  # columns that are read beside question and answer
        self._labels: dict[str, bool] = {}  # columns of labels: whether each so far is a number
        if layout.table is not None:
            self.columns.update(dict.fromkeys(layout.table.columns))

    def add(self, row: Row | BadRow) -> None:
        """Count a row."""
        self.rows += 1
        if isinstance(row, BadRow):
            return
        values = flat(row.values)
        shape = tuple(values)
        found = self.shapes.get(shape)
        if found is None:
            found = self._look(shape, shape_of(row.values) or shape_of(values))
            if len(self.shapes) < MAX_SHAPES:
                self.shapes[shape] = found
                self.columns.update(dict.fromkeys(name for name in shape[:MAX_COLUMNS] if name != EARLIER))
        mapping, choices, judged, kind = found
        self.shaped[kind] += 1
        if len(self.filled) < len(self.columns):
            filled = (name for name in shape if values[name] not in (None, "", [], {}))
            self.filled.update(dict.fromkeys(filled))
        for name, column in judged:
            self._judge(name, column, values[column])
        if (own := mapping.get("id")) and not RowReader.is_ours(values[own]):
            self.foreign_ids.add(own)
        if plain(label := mapping.get("answer", "")) in _LABELS and not is_nothing(str(values[label])):
            is_number = re.fullmatch(r"\d{1,2}", str(values[label]).strip()) is not None
            self._labels[label] = self._labels.get(label, True) and is_number
        if kind == "KTO" and is_wanted(values) is not None:
            self.beside.add(verdict_column(shape))
        elif kind in _CHATS:
            self.beside.update(name for name in TOOLS if name in values)
        if choices:
            self._count_choices(values, choices, mapping)

    def open_columns(self, names: tuple[str, ...]) -> set[str] | None:
        """Return the columns of rows with these names whose values can still change what is counted.

        Other rows with the same values in these add nothing but their number. None: each row has to be added.
        """
        found = self.shapes.get(names)
        if found is None:
            return None
        mapping, choices, judged, kind = found
        if choices or kind == "KTO" or kind in _CHATS:
            return None
        still = {name for name in names if name not in self.filled and len(self.filled) < len(self.columns)}
        still.update(pair[1] for pair in judged if pair[0] not in _TEXTS or not self._known[pair])
        if (own := mapping.get("id")) and own not in self.foreign_ids:
            still.add(own)
        if plain(label := mapping.get("answer", "")) in _LABELS:
            still.add(label)
        return still

    @property
    def classes(self) -> str:
        """The column of labels that are all numbers, "" if there is none."""
        return next((column for column, are_numbers in self._labels.items() if are_numbers), "")

    def choosing(self) -> list[Choosing]:
        """Return how the rows give choices, for each set of columns with such."""
        found = [counts.choosing(columns) for columns, counts in self._choices]
        return [one for one in found if one is not None]

    def aside(self) -> Iterable[tuple[str, str]]:
        """Return the pairs of field and column of which no value is such a thing.

        A column called subset is not a family if each of its values is a split.
        """
        splits = [
            column for name, column in self._known if name == "split" and not self._unknown[name, column]
        ]
        unfit = [pair for pair in self._unknown if not self._known[pair]]
        mixed = [pair for pair in self._unknown if pair[0] == VERDICT and self._known[pair]]
        return [*unfit, *mixed, *(("family", column) for column in splits if plain(column) == "subset")]

    def _look(self, shape: tuple[str, ...], kind: Shape | None) -> _Shape:
        """Return the mapping and the choices of rows with these columns, and what is to be judged."""
        said = self._said.get("choices", self._defaults.get("choices"))
        if said is None:
            choices = choice_columns(shape)
        else:
            choices = (said,) if said in shape else tuple(one for one in said.split(", ") if one in shape)
        others = {**fields_of(shape), **self._defaults, **self._said}
        others.pop("choices", None)
        others = {name: column for name, column in others.items() if column in shape or column == ""}
        mapping = map_columns([name for name in shape if name not in choices], others)
        judged = [
            (name, column)
            for name in (*_WORDS, *_TEXTS)
            for column in named_for(name, shape)
            if column not in choices and name not in self._said
        ]
        judged += [("turns", column) for column in earlier_columns(shape)]
        if (verdict := verdict_column(shape)) and "answer" not in self._said:
            judged += [("answer", verdict), (VERDICT, verdict)]
        if not choices and "answer" not in self._said:
            judged += [("answer", column) for column in shape if plain(column) == "key"]
        return {name: column for name, column in mapping.items() if column in shape}, choices, judged, kind

    def _judge(self, name: str, column: str, value: Any) -> None:
        """Note whether a value is a split, or a type of answer."""
        if name == "turns":
            if value not in (None, "", []):
                (self._known if turns_beside(value) else self._unknown)[name, column] += 1
            return
        if name == "answer":  # numbers of a column called key count the rows; a label may judge the answer
            is_key = plain(column) == "key"
            known = not re.fullmatch(r"\d+", str(value).strip()) if is_key else truth(value) is None
            (self._known if known else self._unknown)[name, column] += 1
            return
        if name == VERDICT:
            if not is_nothing(str(value)):
                (self._unknown if binary(value) is None else self._known)[name, column] += 1
            return
        if name in _TEXTS:
            if value not in (None, "", []):
                is_text = not isinstance(value, dict) and not (name != "tags" and isinstance(value, list))
                (self._known if is_text else self._unknown)[name, column] += 1
            return
        if not isinstance(value, str) or isinstance(value, Literal):
            if value is not None:
                self._unknown[name, column] += 1
            return
        if is_nothing(value):
            return
        if name == "split":
            known = split_of(value) is not None
        else:
            known = value.strip().casefold() in get_args(AnswerKind)
        (self._known if known else self._unknown)[name, column] += 1

    def _count_choices(
        self, values: dict[str, Any], choices: tuple[str, ...], mapping: dict[str, str]
    ) -> None:
        answer = values.get(mapping.get("answer", ""))
        if answer is None and (instead := second_answer(values)):
            answer = values[instead]
        counts = self._counts_of(choices)
        try:
            counts.add(answer, options_of(values, choices))
        except ValueError:  # the row is refused with this reason when it is read
            counts.add_fault(answer)

    def _counts_of(self, choices: tuple[str, ...]) -> ChoiceCounts:
        """Return the counts of rows with these columns; those with a choice more or less count together."""
        for place, (columns, counts) in enumerate(self._choices):
            if set(choices) <= set(columns):
                return counts
            if set(choices) > set(columns):
                self._choices[place] = (choices, counts)
                return counts
        self._choices.append((choices, ChoiceCounts()))
        return self._choices[-1][1]


@dataclass(slots=True)
class _Watch:
    """Rows of a shape: the places whose values matter with those that were counted, and how many followed."""

    kind: Shape | None
    places: list[tuple[int, set[Any]]]
    rows: int = 0


class _Counted:
    """Counts rows that differ from counted ones in nothing that matters, without a look at what they hold."""

    def __init__(self, counts: _Counts) -> None:
        self._counts = counts
        self._watches: dict[RowShape, _Watch] = {}

    def take(self, shape: RowShape, values: Sequence[Any]) -> bool:
        """Count a row if it adds nothing but itself; return whether it did."""
        watch = self._watches.get(shape)
        if watch is None:
            return False
        for place, seen in watch.places:
            if values[place] not in seen:
                return False
        watch.rows += 1
        return True

    def learn(self, shape: RowShape, values: Sequence[Any]) -> None:
        """Note a row that was added."""
        names, types = shape
        if not PLAIN_TYPES.issuperset(types) or (still := self._counts.open_columns(names)) is None:
            return
        if shape not in self._watches and len(self._watches) == MAX_SHAPES:
            return
        watch = self._watches.setdefault(shape, _Watch(kind=self._counts.shapes[names][3], places=[]))
        before = dict(watch.places)
        watch.places = [(place, before.get(place, set())) for place in map(names.index, still)]
        for place, seen in watch.places:
            if len(seen) < MAX_SEEN:
                seen.add(values[place])

    def tell(self) -> None:
        """Add the rows that were taken to the counts."""
        for watch in self._watches.values():
            self._counts.rows += watch.rows
            self._counts.shaped[watch.kind] += watch.rows
            watch.rows = 0
