"""A column of a chat at work: its model in a worker, asked in a thread; what it says waits to be taken."""

import threading
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from orca_desk.library.chats import ChatMessage, add_message
from orca_desk.library.database import Library
from orca_desk.library.locations import log_folder
from orca_desk.method.grading import Verdict
from orca_desk.method.messages import Message
from orca_desk.method.records import Sampling, Task
from orca_desk.steps.chat.conversation import judge
from orca_desk.steps.chat.models import Answerer
from orca_desk.steps.chat.session import ChatSession

SECONDS_TO_END = 10.0  # for a thread whose worker was killed


@dataclass(frozen=True, kw_only=True)
class Ending:
    """How a reply ended: with the stored answer and its grade, or with the error that ended it."""

    answer: ChatMessage | None = None
    verdict: Verdict | None = None
    prompt_tokens: int | None = None
    context: int | None = None
    error: Exception | None = None


class Reply:
    """One answer on its way. `take` returns what came since; `ending` is set once, after the last piece."""

    def __init__(self) -> None:
        self._pieces: deque[str] = deque()
        self._guard = threading.Lock()
        self._discarded = False
        self.stopped = False
        self.tokens = 0  # pieces so far, which are tokens or nearly
        self.began: float | None = None  # when the first piece came (monotonic)
        self.ending: Ending | None = None

    def take(self) -> str:
        """Return the text that has come since the last call."""
        return "".join(self._pieces.popleft() for _ in range(len(self._pieces)))

    def discard(self) -> None:
        """Store nothing of it from now on."""
        with self._guard:
            self._discarded = True

    @property
    def rate(self) -> float | None:
        """Tokens a second so far, once it can be told."""
        if self.began is None or self.tokens < 2:
            return None
        return (self.tokens - 1) / max(time.monotonic() - self.began, 1e-6)

    def add(self, piece: str) -> None:
        """For the asking thread: note a piece."""
        self.began = self.began or time.monotonic()
        self.tokens += 1
        self._pieces.append(piece)

    def keep(self, library: Library, chat_id: str, answer: ChatMessage) -> None:
        """For the asking thread: store the answer, unless it was discarded."""
        with self._guard:
            if not self._discarded:
                add_message(library, chat_id, answer)


class Asker:
    """Asks one model, one question after the other. The worker starts with the first and stays loaded."""

    def __init__(self, library: Library, answerer: Answerer, *, threads: int | None = None) -> None:
        self.answerer = answerer
        self._library = library
        self._session = ChatSession(
            answerer.model, answerer.adapter, threads=threads, log=log_folder(library) / "chat.log"
        )
        self._thread: threading.Thread | None = None
        self._reply: Reply | None = None
        self._closing = threading.Lock()  # two threads that close: the second finds nothing left to do

    def ask(
        self, chat_id: str, sent: Sequence[Message], sampling: Sampling, *, task: Task | None = None
    ) -> Reply:
        """Begin to answer, after the reply before has ended; the answer is stored in column `chat_id`."""
        reply, before = Reply(), self._thread

        def run() -> None:
            if before:
                before.join()
            try:
                reply.ending = self._answer(reply, chat_id, sent, sampling, task)
            except Exception as error:
                reply.ending = Ending(error=error)

        self._reply = reply
        self._thread = threading.Thread(target=run, name=f"chat {chat_id}", daemon=True)
        self._thread.start()
        return reply

    def stop(self) -> None:
        """End the reply soon; what came of it is kept."""
        if self._reply:
            self._reply.stopped = True
            self._session.stop()

    def kill(self) -> None:
        """End the worker at once; `close` then has little to wait for."""
        self._session.kill()

    def close(self) -> None:
        """End the worker and the thread; what came of an answer is kept."""
        with self._closing:
            self._session.kill()
            if self._thread:
                self._thread.join(SECONDS_TO_END)
            self._session.close()

    def _answer(
        self, reply: Reply, chat_id: str, sent: Sequence[Message], sampling: Sampling, task: Task | None
    ) -> Ending:
        session, parts = self._session, list[str]()
        try:
            for piece in session.send(sent, sampling):
                parts.append(piece)
                reply.add(piece)
                if reply.stopped:  # asked to stop before there was a worker to be told
                    session.stop()
        except Exception:
            if parts:
                self._keep(reply, chat_id, "".join(parts))
            raise
        answer = self._keep(reply, chat_id, "".join(parts))
        return Ending(
            answer=answer,
            verdict=judge(answer, task),
            prompt_tokens=session.prompt_tokens,
            context=session.context,
        )

    def _keep(self, reply: Reply, chat_id: str, text: str) -> ChatMessage:
        session = self._session
        answer = ChatMessage(
            role="assistant",
            content=text,
            finish_reason=session.finish_reason or "cancelled",
            completion_tokens=reply.tokens
            if session.completion_tokens is None
            else session.completion_tokens,
            seconds=session.seconds,
        )
        reply.keep(self._library, chat_id, answer)
        return answer
