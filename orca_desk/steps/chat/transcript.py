"""What was asked and answered: a chat of the library as turns, and what its models are sent of it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

from orca_desk.library.chats import Chat, ChatMessage, columns, messages
from orca_desk.library.database import Library
from orca_desk.library.tasks import get_tasks
from orca_desk.method.agreement import Agreement
from orca_desk.method.grading import Verdict
from orca_desk.method.records import Task
from orca_desk.method.thoughts import split_thoughts
from orca_desk.method.turns import Turns
from orca_desk.prompts.messages import Message
from orca_desk.steps.chat.voting import stored_vote
from orca_desk.steps.grading import grade_answer

LONGEST_TITLE = 60  # characters


@dataclass(frozen=True, kw_only=True)
class Turn:
    """A question under its system message, and per column the answer, its grade and vote, where there are.

    `before` are turns that were given with the question, such as a task's; the models get them before it.
    """

    question: str
    system: str
    before: Turns = ()
    task: Task | None = None
    answers: tuple[ChatMessage | None, ...]
    verdicts: tuple[Verdict | None, ...]
    votes: tuple[Agreement | None, ...]

    @classmethod
    def new(cls, question: str, *, system: str, task: Task | None, columns: int, before: Turns = ()) -> Self:
        """Return a turn that no column has answered yet."""
        nothing = (None,) * columns
        return cls(
            question=question,
            system=system,
            before=before,
            task=task,
            answers=nothing,
            verdicts=nothing,
            votes=nothing,
        )

    def answered(
        self,
        column: int,
        answer: ChatMessage | None,
        *,
        verdict: Verdict | None = None,
        vote: Agreement | None = None,
    ) -> Self:
        """Return the turn with another answer in one column, graded if the question is a task's.

        `verdict` and `vote` are the grade and the vote if they are known: mathematics takes a moment.
        """
        graded = verdict or judge(answer, self.task)
        voted = vote or stored_vote(answer, self.question, self.task)
        return replace(
            self,
            answers=(*self.answers[:column], answer, *self.answers[column + 1 :]),
            verdicts=(*self.verdicts[:column], graded, *self.verdicts[column + 1 :]),
            votes=(*self.votes[:column], voted, *self.votes[column + 1 :]),
        )


@dataclass(frozen=True, kw_only=True)
class Transcript:
    """The columns of a chat and its turns."""

    columns: tuple[Chat, ...]
    turns: tuple[Turn, ...]

    @property
    def system(self) -> str:
        """The system message of the last turn."""
        return self.turns[-1].system if self.turns else self.columns[0].system


def read_transcript(library: Library, chat_id: str) -> Transcript:
    """Read a chat and grade its answers to tasks. Raises UserError when the chat does not exist."""
    chats = columns(library, chat_id)
    questions: list[tuple[ChatMessage, str]] = []  # with the system message of each
    answers: list[dict[int, ChatMessage]] = []  # per question, by column
    for column, chat in enumerate(chats):
        system, asked = chat.system, 0
        for message in messages(library, chat.id):
            if message.role == "system":
                system = message.content
            elif message.role == "user":
                if asked == len(questions):
                    questions.append((message, system))
                    answers.append({})
                asked += 1
            elif asked:
                answers[asked - 1][column] = message
    tasks = get_tasks(library, [asked.task for asked, _ in questions if asked.task])
    turns = []
    for (question, system), given in zip(questions, answers, strict=True):
        task = tasks.get(question.task) if question.task else None
        turn = Turn.new(question.content, system=system, task=task, columns=len(chats), before=question.turns)
        for column, answer in given.items():
            turn = turn.answered(column, answer)
        turns.append(turn)
    return Transcript(columns=tuple(chats), turns=tuple(turns))


def judge(answer: ChatMessage | None, task: Task | None) -> Verdict | None:
    """Grade an answer to a task; return None without an answer or without a reference."""
    return None if answer is None or task is None else grade_answer(task, answer.content)


def prompt(turns: Sequence[Turn], column: int, turn: Turn) -> list[Message]:
    """Return what one column's model gets for `turn`: system message, its earlier answers, the question.

    The turns that were given with a question go before it.

    Questions that this model left without an answer are skipped: most templates require turns to alternate.
    The thoughts of earlier answers are left out, as models are trained to go on without them.
    """
    sent = [Message("system", turn.system)]
    for one in turns:
        answer = one.answers[column]
        if answer is not None and (said := split_thoughts(answer.content)[1]):
            sent += [*_asked(one), Message("assistant", said)]
    return [*sent, *_asked(turn)]


def _asked(turn: Turn) -> list[Message]:
    before = [Message("user" if role == "user" else "assistant", text) for role, text in turn.before]
    return [*before, Message("user", turn.question)]


def title_of(question: str) -> str:
    """Return a title for a chat: the beginning of the last line of its first question that is not blank."""
    lines = [" ".join(line.split()) for line in question.splitlines() if line.strip()]
    line = lines[-1] if lines else ""
    return line if len(line) <= LONGEST_TITLE else line[: LONGEST_TITLE - 1].rstrip() + "…"
