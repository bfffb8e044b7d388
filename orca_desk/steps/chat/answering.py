"""Getting one column's answer to a message, or several answers and their vote, and storing it."""

import time
from collections.abc import Callable
from dataclasses import replace

from orca_desk.library.chats import ChatMessage, ChatSample
from orca_desk.method.agreement import Agreement, is_settled
from orca_desk.steps.chat.events import AnswerEnded, AnswerFailed, Piece, Sampled
from orca_desk.steps.chat.sending import ChatStore, Sending
from orca_desk.steps.chat.transcript import judge, prompt
from orca_desk.steps.chat.voting import vote_of, voted_answer

LARGEST_SEED = 2**31 - 1


def get_answer(
    sending: Sending, column: int, store: ChatStore, tell: Callable[[Piece | Sampled], None]
) -> AnswerEnded | AnswerFailed:
    """Ask one column's model, store its answer, and grade it if the question is a task's.

    A message with several votes is asked so often, until more answers cannot change the vote; each is stored
    as it ends. A stopped answer is stored as far as it came; a message stopped before this call is not asked.
    """
    if sending.is_stopping:
        return AnswerEnded(column=column, answer=None)
    asking = _Asking(sending, column, store, tell)
    try:
        try:
            asking.ask()
        except Exception as error:
            return AnswerFailed(column=column, error=error, answer=asking.store_rest(), vote=asking.vote)
        verdict = judge(asking.answer, sending.turn.task)
    except Exception as error:  # the library refuses the answer, or grading it has a bug
        return AnswerFailed(column=column, error=error)
    context = sending.columns[column].session.context
    return AnswerEnded(
        column=column, answer=asking.answer, verdict=verdict, vote=asking.vote, context=context
    )


class _Asking:
    """One column that is asked a message, once or several times."""

    def __init__(
        self, sending: Sending, column: int, store: ChatStore, tell: Callable[[Piece | Sampled], None]
    ) -> None:
        self._sending, self._column, self._store, self._tell = sending, column, store, tell
        self._session = sending.columns[column].session
        self._samples: list[ChatSample] = []
        self._pieces: list[str] = []
        self._position: int | None = None  # of the answer in its chat, once it is stored
        self.answer: ChatMessage | None = None
        self.vote: Agreement | None = None

    def ask(self) -> None:
        """Get all answers, and store each."""
        votes = self._sending.votes
        for number in range(votes):
            if number and (self._sending.is_stopping or self._is_settled(votes - number)):
                break
            self._ask_once(number)
            self._take()
            if votes > 1 and self.vote is not None:
                self._tell(Sampled(column=self._column, count=len(self._samples), of=votes, vote=self.vote))

    def store_rest(self) -> ChatMessage | None:
        """Store what came of an answer that failed; return what stands for all answers, if there is any."""
        if self._pieces:
            self._take()
        return self.answer

    def _ask_once(self, number: int) -> None:
        sending, session, turn = self._sending, self._session, self._sending.turn
        self._pieces = pieces = []
        began = 0.0
        sampling = sending.samplings[self._column]
        seeded = replace(sampling, seed=(sampling.seed + number) % LARGEST_SEED) if number else sampling
        messages = prompt(sending.earlier, self._column, turn)
        for text in session.send(messages, seeded):
            pieces.append(text)
            began = began or time.monotonic()
            rate = _rate(len(pieces), began)
            self._tell(Piece(column=self._column, text=text, tokens=len(pieces), rate=rate))
            if sending.is_stopping:  # the stop may have come before there was a worker to tell
                session.stop()

    def _take(self) -> None:
        """Add the answer that has ended, and store what stands for all of them now."""
        tokens = self._session.completion_tokens
        sample = ChatSample(
            content="".join(self._pieces),
            finish_reason=self._session.finish_reason or "cancelled",
            completion_tokens=len(self._pieces) if tokens is None else tokens,
            seconds=self._session.seconds,
        )
        self._pieces = []
        self._samples.append(sample)
        turn, votes = self._sending.turn, self._sending.votes
        if votes > 1:
            self.vote = vote_of(self._samples, turn.question, turn.task)
            answer = voted_answer(self._samples, self.vote, votes)
        else:
            answer = ChatMessage(
                role="assistant",
                content=sample.content,
                finish_reason=sample.finish_reason,
                completion_tokens=sample.completion_tokens,
                seconds=sample.seconds,
            )
        answer = replace(answer, sampling=self._sending.samplings[self._column])
        self._position = self._store.add_answer(self._sending, self._column, answer, self._position)
        self.answer = answer

    def _is_settled(self, remaining: int) -> bool:
        return self.vote is not None and is_settled(self.vote, remaining)


def _rate(tokens: int, began: float) -> float | None:
    """Return tokens per second, from the second token on; a piece is a token, or nearly."""
    return (tokens - 1) / max(time.monotonic() - began, 1e-6) if tokens > 1 else None
