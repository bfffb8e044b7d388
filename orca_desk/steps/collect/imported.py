"""What an import did, or would do."""

import json
from array import array
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any

from orca_desk.formats.read_as import ReadAs
from orca_desk.formats.rows import BadRow
from orca_desk.method.records import Task

SHOWN = 20  # bad and differing rows to show
_SUMS = (
    "rows", "added", "already_there", "differing", "unreadable", "heldout", "unanswered", "repeated",
    "elsewhere", "both", "regraded", "general",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class LeftAside:
    """In how many rows something was not taken, or had been lost before.

    `systems` are system messages of conversations, `several_answers` right answers after the first one,
    `splits` and `kinds` values that are no split and no type of answer. `damaged` are rows with the sign that
    stands for a letter lost in an earlier conversion. `tools` are conversations whose calls of tools were
    kept as text, `thoughts` those with thoughts of the assistant's, `unwanted` rows with an answer that is
    marked as such.
    """

    systems: int = 0
    several_answers: int = 0
    splits: int = 0
    kinds: int = 0
    damaged: int = 0
    tools: int = 0
    thoughts: int = 0
    unwanted: int = 0

    @classmethod
    def of_notes(cls, notes: Mapping[str, int]) -> "LeftAside":
        """Return what the reader of rows noted."""
        return cls(
            systems=notes.get("systems", 0),
            several_answers=notes.get("several answers", 0),
            splits=notes.get("splits", 0),
            kinds=notes.get("kinds", 0),
            damaged=notes.get("damaged", 0),
            tools=notes.get("tools", 0),
            thoughts=notes.get("thoughts", 0),
            unwanted=notes.get("unwanted", 0),
        )


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
    `general` counts rows that are held out as they ask a question of the general probe. `samples` counts the
    sample tasks that lie in the families of the added ones.
    `files` has the counts of each of several files, `families` counts the added tasks by family. `problems`
    and `examples` are the first 20 bad and differing rows. `run` is the import's run; with `dry_run` there is
    none, and nothing was stored.
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
    samples: dict[str, int] = field(default_factory=dict)
    dry_run: bool = False
    files: tuple["ImportedFile", ...] = ()
    run: str = ""
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
class ImportedFile:
    """What came out of one of several files, and how it was read; `is_whole`: all of its rows were."""

    name: str
    read_as: ReadAs
    rows: int
    added: int
    unreadable: int
    is_whole: bool


def joined(parts: Sequence[Imported], names: Sequence[str]) -> Imported:
    """Return several imports as one. `read_as` is that of the first; what is repeated is counted in each."""
    first = parts[0]
    if len(names) == 1:
        return first
    sums = {name: sum(getattr(part, name) for part in parts) for name in _SUMS}
    aside = {one.name: sum(getattr(part.left_aside, one.name) for part in parts) for one in fields(LeftAside)}
    families: Counter[str] = Counter()
    for part in parts:
        families.update(part.families)
    files = tuple(
        ImportedFile(
            name=name,
            read_as=part.read_as,
            rows=part.rows,
            added=part.added,
            unreadable=part.unreadable,
            is_whole=part.finished,
        )
        for name, part in zip(names, parts, strict=False)
    )
    undos = [part.undo for part in parts if part.undo is not None]
    added = array("q", (row for undo in undos for row in undo.added))
    held_out = {row: flag for undo in reversed(undos) for row, flag in undo.held_out.items()}
    undo = ImportUndo(
        added=added,
        replaced=tuple(task for undo in undos for task in undo.replaced),
        newly_held=tuple(row for undo in undos for row in undo.newly_held),
        held_out=held_out,
    )
    return replace(
        first,
        **sums,
        families=dict(families.most_common()),
        samples={family: count for part in parts for family, count in part.samples.items()},
        problems=tuple(
            replace(problem, part=f"{problem.part} of {name}" if problem.part else name)
            for name, part in zip(names, parts, strict=False)
            for problem in part.problems
        )[:SHOWN],
        examples=tuple(task for part in parts for task in part.examples)[:SHOWN],
        left_aside=LeftAside(**aside),
        files=files,
        undo=undo if undos else None,
    )


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
