"""What an import of answers did, or would do."""

import json
from dataclasses import asdict, dataclass, field
from typing import Any

from orca_desk.formats.answer_rows import AnsweredRow
from orca_desk.formats.answers import AnswersReadAs
from orca_desk.formats.rows import BadRow
from orca_desk.method.fitness import Unfit

OUTCOME = "imported_records"


@dataclass(frozen=True, kw_only=True)
class MessageCount:
    """A system message with the strategy that stands for it, and how many rows of the file have it.

    `is_new` says that the library lacks the strategy, or this version of it.
    """

    message: str
    strategy: str
    version: int
    rows: int
    is_new: bool


@dataclass(frozen=True, kw_only=True)
class AnswersUndo:
    """What takes an import of answers back: the run that made the records, and the tasks that it added."""

    run: str
    tasks: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class ImportedRecords:
    """The result of an import of `rows` rows: each was `added`, `already_there` or `refused`.

    `tasks_added` and `tasks_matched` count the questions of the added records, `heldout` the records whose
    question is held out, which are never trained on. `graded` have a reference answer, of which `correct` are
    right. `unfit` counts the added records that no snapshot takes by default, by reason. `other_reference`
    counts rows whose reference differs from that of their task, which stays. `messages` are the system
    messages, the most frequent first; `rare` different ones, of `rare_rows` rows, share a strategy.
    `earlier_turns`, `more_answers`, `thoughts`, `more_references`, `unread_references` and `damaged` count
    rows of which a part was left aside.
    `problems` are the first refused rows, `examples` the first rows. With `dry_run` nothing was stored.
    """

    rows: int
    added: int
    already_there: int
    refused: int
    tasks_added: int
    tasks_matched: int
    heldout: int
    graded: int
    correct: int
    leaked: int
    unfit: dict[Unfit, int]
    other_reference: int
    families: dict[str, int]
    models: dict[str, int]
    messages: tuple[MessageCount, ...]
    rare: int
    rare_rows: int
    earlier_turns: int
    more_answers: int
    thoughts: int
    more_references: int
    unread_references: int
    damaged: int
    problems: tuple[BadRow, ...]
    examples: tuple[AnsweredRow, ...]
    finished: bool
    read_as: AnswersReadAs
    sha256: str
    run: str = ""
    dry_run: bool = False
    undo: AnswersUndo | None = field(default=None, repr=False, compare=False)

    def to_json(self) -> dict[str, Any]:
        """Return everything but what undoes it, as JSON can hold it."""
        values = asdict(self)
        del values["undo"]
        for row in (*values["problems"], *values["examples"]):
            del row["raw"]
        return values


@dataclass(frozen=True, kw_only=True)
class RecordsOutcome:
    """The counts that a run keeps of its import of answers."""

    rows: int
    added: int
    already_there: int
    refused: int
    tasks_added: int
    heldout: int
    graded: int
    correct: int
    finished: bool

    def to_json(self) -> str:
        """Return the outcome as JSON; see `records_outcome_from_json`."""
        return json.dumps({OUTCOME: asdict(self)})


def records_outcome(imported: ImportedRecords) -> RecordsOutcome:
    """Return the counts of an import that its run keeps."""
    return RecordsOutcome(**{name: getattr(imported, name) for name in RecordsOutcome.__dataclass_fields__})


def records_outcome_from_json(text: str) -> RecordsOutcome | None:
    """Return the outcome that `to_json` wrote; None for any other text."""
    if not text.startswith(f'{{"{OUTCOME}"'):
        return None
    return RecordsOutcome(**json.loads(text)[OUTCOME])
