"""Asking one message several times and letting the answers vote: self-consistency (2203.11171) in a chat."""

from collections.abc import Sequence

from orca_desk.errors import UserError
from orca_desk.library.chats import ChatMessage, ChatSample, SampledAnswers
from orca_desk.method.agreement import Agreement, agree
from orca_desk.method.records import Sampling, Task
from orca_desk.steps.grading import MATHEMATICS, agree_on

MOST_VOTES = 25  # answers per message


def check_votes(votes: int, sampling: Sampling) -> None:
    """Raise UserError if asking so often makes no sense: at temperature 0 every answer is the same."""
    if votes > 1 and sampling.temperature == 0:
        raise UserError(
            "At temperature 0 all answers to a message are the same, so they cannot vote.",
            "Raise the temperature, for example to 0.7, or ask once.",
        )


def vote_of(samples: Sequence[ChatSample], question: str, task: Task | None) -> Agreement:
    """Return the vote of some answers to a question; one that the user stopped has none.

    Mathematics may take seconds, so never call this in the event loop of a window.
    """
    texts = [one.content if one.finish_reason != "cancelled" else "" for one in samples]
    if task is not None:
        return agree_on(task, texts, question=question)
    return agree(texts, question=question, comparer=MATHEMATICS)


def voted_answer(samples: Sequence[ChatSample], vote: Agreement, asked: int) -> ChatMessage:
    """Return the answer that stands for all samples: the first with the most votes, or else the first."""
    most = max((one.votes for one in vote.candidates), default=0)
    shown = min((one.samples[0] for one in vote.candidates if one.votes == most), default=0)
    chosen = samples[shown]
    return ChatMessage(
        role="assistant",
        content=chosen.content,
        finish_reason=chosen.finish_reason,
        completion_tokens=chosen.completion_tokens,
        seconds=chosen.seconds,
        sampled=SampledAnswers(asked=asked, shown=shown, samples=tuple(samples)),
    )


def stored_vote(answer: ChatMessage | None, question: str, task: Task | None) -> Agreement | None:
    """Return the vote behind a stored answer; None for one that was asked once."""
    if answer is None or answer.sampled is None:
        return None
    return vote_of(answer.sampled.samples, question, task)
