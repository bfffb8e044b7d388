"""Getting one column's answer to a message, and storing it."""

import time
from collections.abc import Callable

from orca_desk.library.chats import ChatMessage
from orca_desk.steps.chat.events import AnswerEnded, AnswerFailed, Piece
from orca_desk.steps.chat.sending import ChatStore, Sending
from orca_desk.steps.chat.transcript import judge, prompt


def get_answer(
    sending: Sending, column: int, store: ChatStore, on_piece: Callable[[Piece], None]
) -> AnswerEnded | AnswerFailed:
    """Ask one column's model, store its answer, and grade it if the question is a task's.

    A stopped answer is stored as far as it came; a message stopped before this call is not asked at all.
    """
    if sending.is_stopping:
        return AnswerEnded(column=column, answer=None)
    session, turn = sending.columns[column].session, sending.turn
    pieces: list[str] = []
    try:
        try:
            began = 0.0
            for text in session.send(
                prompt(sending.earlier, column, turn.question, turn.system), sending.sampling
            ):
                pieces.append(text)
                began = began or time.monotonic()
                on_piece(Piece(column=column, text=text, tokens=len(pieces), rate=_rate(len(pieces), began)))
                if sending.is_stopping:  # the stop may have come before there was a worker to tell
                    session.stop()
        except Exception as error:
            answer = _store_answer(sending, column, store, pieces) if pieces else None
            return AnswerFailed(column=column, error=error, answer=answer)
        answer = _store_answer(sending, column, store, pieces)
        verdict = judge(answer, turn.task)
    except Exception as error:  # the library refuses the answer, or grading it has a bug
        return AnswerFailed(column=column, error=error)
    return AnswerEnded(column=column, answer=answer, verdict=verdict, context=session.context)


def _rate(tokens: int, began: float) -> float | None:
    """Return tokens per second, from the second token on; a piece is a token, or nearly."""
    return (tokens - 1) / max(time.monotonic() - began, 1e-6) if tokens > 1 else None


def _store_answer(sending: Sending, column: int, store: ChatStore, pieces: list[str]) -> ChatMessage:
    session = sending.columns[column].session
    tokens = session.completion_tokens
    answer = ChatMessage(
        role="assistant",
        content="".join(pieces),
        finish_reason=session.finish_reason or "cancelled",
        completion_tokens=len(pieces) if tokens is None else tokens,
        seconds=session.seconds,
    )
    store.add_answer(sending, column, answer)
    return answer
