"""A message before it is sent: a question, perhaps a context before it, perhaps the task it comes from."""

from dataclasses import dataclass
from pathlib import Path
from typing import Self

from orca_desk.errors import UserError
from orca_desk.method.records import Task
from orca_desk.method.turns import Turns
from orca_desk.steps.chat.transcript import Turn

LARGEST_FILE = 1_000_000  # bytes of a text file that becomes a context


@dataclass(frozen=True, kw_only=True)
class Draft:
    """What the user is about to ask, after the earlier `turns`, which models get as turns of their own.

    `source` is the task that was put in, edited since or not.
    """

    question: str
    context: str = ""
    source: Task | None = None
    turns: Turns = ()

    @classmethod
    def of_task(cls, task: Task) -> Self:
        """Return a draft that asks a task, after its earlier turns."""
        return cls(question=task.query, context=task.context, source=task, turns=task.turns)

    @classmethod
    def of_turn(cls, turn: Turn) -> Self:
        """Return a draft that asks a turn's question again, as its task if it came from one."""
        draft = cls.of_task(turn.task) if turn.task else None
        is_same = draft and (draft.message, draft.turns) == (turn.question, turn.before)
        return draft if draft and is_same else cls(question=turn.question, turns=turn.before)

    @property
    def message(self) -> str:
        """The text that is sent: the context, if any, then the question; empty without a question."""
        question, context = whole_characters(self.question).strip(), whole_characters(self.context).strip()
        return Task(family="", query=question, context=context).user_text if question else ""

    @property
    def task(self) -> Task | None:
        """The task that the message asks word for word, which makes its answers gradable."""
        if self.source is None:
            return None
        asked = Draft.of_task(self.source)
        return self.source if (asked.message, asked.turns) == (self.message, self.turns) else None


def whole_characters(text: str) -> str:
    """Return `text` with its surrogates joined, and a replacement for each that lacks its other half.

    Pasted text and a command's arguments can carry them; the library and the models cannot.
    """
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def read_context_file(path: Path) -> str:
    """Return the text of a file for use as a context.

    Raises UserError when the file cannot be read, is larger than 1 MB or is not text.
    """
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise UserError(
                f"{path.name} is larger than 1 MB, more than a model can read.",
                "Paste the part that matters.",
            )
        content = path.read_bytes()
    except OSError as error:
        raise UserError(f"{path.name} cannot be read: {error.strerror}.", "Check the file.") from error
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:
        raise UserError(f"{path.name} is not a text file.", "Save it as plain text (UTF-8) first.")
    return text.replace("\r\n", "\n").strip()
