"""A conversation as it is shown: each question once, with the answer of every column to it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from orca_desk.errors import UserError
from orca_desk.library.chats import Chat, ChatMessage, columns, messages
from orca_desk.library.database import Library
from orca_desk.library.tasks import get_tasks
from orca_desk.method.grading import Verdict, grade
from orca_desk.method.messages import Message
from orca_desk.method.records import Task

LARGEST_FILE = 1_000_000  # bytes of a text file that becomes a context
TITLE = 60  # characters


@dataclass(kw_only=True)
class Turn:
    """A question under the system message of its time, and by column the answer and its grade, if any."""

    question: str
    system: str
    task: Task | None = None
    answers: list[ChatMessage | None] = field(default_factory=list)
    verdicts: list[Verdict | None] = field(default_factory=list)


@dataclass(kw_only=True)
class Conversation:
    """The columns of a chat, and its turns; `system` is the system message in force at its end."""

    columns: list[Chat]
    turns: list[Turn]
    system: str


def load(library: Library, chat_id: str) -> Conversation:
    """Read a conversation, and grade the answers to tasks. Raises UserError when there is none."""
    chats = columns(library, chat_id)
    turns: list[Turn] = []
    system = chats[0].system
    ids: list[str | None] = []
    for place, chat in enumerate(chats):
        system, asked = chat.system, 0
        for message in messages(library, chat.id):
            if message.role == "system":
                system = message.content
            elif message.role == "user":
                if asked == len(turns):
                    turns.append(Turn(question=message.content, system=system, answers=[None] * len(chats)))
                    ids.append(message.task)
                asked += 1
            elif asked:
                turns[asked - 1].answers[place] = message
    tasks = get_tasks(library, [task_id for task_id in ids if task_id])
    for turn, task_id in zip(turns, ids, strict=True):
        turn.task = tasks.get(task_id) if task_id else None
        turn.verdicts = [judge(answer, turn.task) for answer in turn.answers]
    return Conversation(columns=chats, turns=turns, system=system)


def judge(answer: ChatMessage | None, task: Task | None) -> Verdict | None:
    """Grade an answer to a task; None where there is no answer or no reference."""
    if answer is None or task is None or not task.answer:
        return None
    return grade(answer.content, task.answer, task.answer_kind)


def prompt(turns: Sequence[Turn], column: int, question: str, system: str) -> list[Message]:
    """Return what a column's model is sent: its own former answers, the question, under `system`.

    A question that this model did not answer is left out: most templates want turns that alternate.
    """
    sent = [Message("system", system)]
    for turn in turns:
        answer = turn.answers[column]
        if answer is not None:
            sent += [Message("user", turn.question), Message("assistant", answer.content)]
    return [*sent, Message("user", question)]


def title_of(question: str) -> str:
    """Return a chat's title from its first question: the beginning of its last line that says something."""
    lines = [" ".join(line.split()) for line in question.splitlines() if line.strip()]
    line = lines[-1] if lines else ""
    return line if len(line) <= TITLE else line[: TITLE - 1].rstrip() + "…"


def read_text(path: Path) -> str:
    """Return the text of a file that becomes a context. Raises UserError when it is none, or very long."""
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
