"""What an import did, or would do."""

import json
from array import array
from dataclasses import asdict, dataclass, field
from typing import Any

from orca_desk.formats.layout import Format
from orca_desk.formats.rows import BadRow
from orca_desk.method.records import Task

SHOWN = 20  # bad and differing rows to show


@dataclass(frozen=True, kw_only=True)
class ReadAs:
    """How a file was read.

    `encoding` is Python's name for it, `guessed` says that nothing in the file proves it. `header` are the
    names in a table's first row, `headerless` says that a table has none, `above` counts the rows over it
    that are not read. `mapping` is field -> column. `unread` are the columns that served no field, of which
    `aside` have a fitting name but no fitting value. `numbers` says how answers number their choices
    ("from 0", "from 1" or ""), `sure` whether the file shows which. `classes` is a column of answers that are
    numbers and may stand for words ("" if there is none).
    """

    format: Format
    encoding: str
    guessed: bool = False
    header: tuple[str, ...] = ()
    headerless: bool = False
    above: int = 0
    mapping: dict[str, str] = field(default_factory=dict)
    unread: tuple[str, ...] = ()
    aside: tuple[str, ...] = ()
    numbers: str = ""
    sure: bool = True
    classes: str = ""


@dataclass(frozen=True, kw_only=True)
class LeftAside:
    """In how many rows something was not taken, or had been lost before.

    `systems` are system messages of conversations, `several_answers` right answers after the first one,
    `splits` and `kinds` values that are no split and no type of answer. `damaged` are rows with the sign that
    stands for a letter lost in an earlier conversion.
    """

    systems: int = 0
    several_answers: int = 0
    splits: int = 0
    kinds: int = 0
    damaged: int = 0


@dataclass(frozen=True, kw_only=True)
class ImportUndo:
    """What takes an import back: the rows of the tasks that it added, and the tasks that it replaced.

    `newly_held` are the rows of the records that the added tasks hold out; `held_out` tells which of those
    that the replaced tasks can hold out were held out before.
    """

    added: "array[int]"
    replaced: tuple[Task, ...]
    newly_held: tuple[int, ...] = ()
    held_out: dict[int, bool] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Imported:
    """The result of an import of `rows` rows, of which `unreadable` were refused.

    `differing` counts rows whose question already existed with other content (answer, split, tags, ...), in
    the library or earlier in the file; `updated` says whether the file's content replaced it, and `replaced`
    counts these. `heldout` and `unanswered` count the tasks that were added. `repeated` counts rows that ask
    what an earlier row asks, in the same words or nearly, `elsewhere` added tasks that ask what another task
    of the library asks, `both` questions that stand in both splits, here or with the library's. `regraded`
    counts the records that got another verdict by a replaced reference answer.
    `general` counts rows that are held out as they ask a question of the general probe.
    `families` counts the added tasks by family. `problems` and `examples` are the first 20 bad and differing
    rows. With `dry_run` nothing was stored.
    """

    rows: int
    added: int
    already_there: int
    differing: int
    updated: bool
    unreadable: int
    heldout: int
    unanswered: int
    repeated: int
    elsewhere: int
    both: int
    families: dict[str, int]
    problems: tuple[BadRow, ...]
    examples: tuple[Task, ...]
    finished: bool
    read_as: ReadAs
    left_aside: LeftAside = LeftAside()
    regraded: int = 0
    general: int = 0
    dry_run: bool = False
    undo: ImportUndo | None = field(default=None, repr=False, compare=False)

    @property
    def replaced(self) -> int:
        """The number of rows whose content replaced that of a task."""
        return self.differing if self.updated else 0

    def to_json(self) -> dict[str, Any]:
        """Return everything but what undoes it, as JSON can hold it."""
        values = asdict(self) | {"replaced": self.replaced}
        del values["undo"]
        for problem in values["problems"]:
            del problem["raw"]
        return values


@dataclass(frozen=True, kw_only=True)
class ImportOutcome:
    """The counts that a run keeps of its import."""

    rows: int
    added: int
    already_there: int
    unreadable: int
    heldout: int
    finished: bool
    replaced: int = 0  # not counted by earlier versions

    def to_json(self) -> str:
        """Return the outcome as JSON; see `outcome_from_json`."""
        return json.dumps({"import": asdict(self)})


def outcome_of(imported: Imported) -> ImportOutcome:
    """Return the counts of an import that its run keeps."""
    return ImportOutcome(
        rows=imported.rows,
        added=imported.added,
        already_there=imported.already_there + imported.differing - imported.replaced,
        replaced=imported.replaced,
        unreadable=imported.unreadable,
        heldout=imported.heldout,
        finished=imported.finished,
    )


def outcome_from_json(text: str) -> ImportOutcome | None:
    """Return the outcome that `to_json` wrote; None for any other text."""
    if not text.startswith('{"import"'):
        return None
    return ImportOutcome(**json.loads(text)["import"])
