"""A chat session without a model, where the test decides what it says and when; and a listener."""

import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from orca_desk.library.database import Library
from orca_desk.method.records import FinishReason, Sampling
from orca_desk.prompts.messages import Message
from orca_desk.steps.chat.events import Event
from orca_desk.steps.chat.models import ChatModel

E = TypeVar("E", bound=Event)
SECONDS = 30.0


class ScriptedSession:
    """Says what `say` is given, until `finish`, `fail`, `stop` or `kill` ends the answer."""

    def __init__(self, model: ChatModel | None = None) -> None:
        self.model = model or ChatModel(part="base", model=Path("scripted.gguf"))
        self.asked: list[tuple[list[Message], Sampling | None]] = []
        self.context: int | None = 100
        self.finish_reason: FinishReason | None = None
        self.prompt_tokens: int | None = None
        self.completion_tokens: int | None = None
        self.seconds: float | None = None
        self.is_closed = False
        self._steps: queue.SimpleQueue[tuple[str, object]] = queue.SimpleQueue()
        self._killed = False
        self._answering = 0  # counts the answers; 0 between them

    def say(self, text: str) -> None:
        """Give the current answer, or the next one, one more piece."""
        self._steps.put(("say", text))

    def finish(self, reason: FinishReason = "stop") -> None:
        """End the current answer, or the next one, as a model does."""
        self._steps.put(("end", reason))

    def fail(self, error: Exception) -> None:
        """End the current answer, or the next one, with an error."""
        self._steps.put(("fail", error))

    def send(self, messages: Sequence[Message], sampling: Sampling | None = None) -> Iterator[str]:
        """Yield what the test says."""
        self.finish_reason = None
        self.asked.append((list(messages), sampling))
        number = self._answering = len(self.asked)
        try:
            while not self._killed:
                word, value = self._steps.get()
                if word == "say":
                    yield str(value)
                elif word == "fail":
                    assert isinstance(value, Exception)
                    raise value
                elif word == "end" or value == number:
                    self.finish_reason = value if word == "end" else "cancelled"  # type: ignore[assignment]
                    return
        finally:
            self._answering = 0

    def stop(self) -> None:
        """End the current answer, if there is one."""
        if self._answering:
            self._steps.put(("stop", self._answering))

    def kill(self) -> None:
        """End the current answer, and all later ones at once."""
        self._killed = True
        self._steps.put(("kill", None))

    def close(self) -> None:
        """Note that the session was closed."""
        self.is_closed = True


class EchoSession(ScriptedSession):
    """Answers at once, with the name of the model, the seed and what it was asked."""

    def __init__(self, model: Path, adapter: Path | None = None, **_: object) -> None:
        super().__init__(ChatModel(part="base", model=model, adapter=adapter))

    def send(self, messages: Sequence[Message], sampling: Sampling | None = None) -> Iterator[str]:
        """Yield the answer word by word."""
        seed = (sampling or Sampling()).seed
        words = f"{self.model.model.stem} {seed} {messages[-1].content}".split(" ")
        for word in words:
            self.say(f"{word} ")
        self.finish()
        yield from super().send(messages, sampling)
        self.completion_tokens, self.seconds = len(words), 0.1


class Heard:
    """A conversation's listener that the test can wait for."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self._changed = threading.Condition()

    def __call__(self, event: Event) -> None:
        with self._changed:
            self.events.append(event)
            self._changed.notify_all()

    def of(self, kind: type[E]) -> list[E]:
        """Return the events of one type so far."""
        with self._changed:
            return [event for event in self.events if isinstance(event, kind)]

    def until(self, condition: Callable[[], bool]) -> None:
        """Wait for events until a condition holds."""
        with self._changed:
            assert self._changed.wait_for(condition, SECONDS), self.events

    def clear(self) -> None:
        """Forget the events so far."""
        with self._changed:
            self.events.clear()


@contextmanager
def busy_writer(library: Library) -> Iterator[Callable[[], None]]:
    """Keep the library's writer busy until the end of the block, or until the yielded function is called."""
    begun, free = threading.Event(), threading.Event()

    def hold(_: object) -> None:
        begun.set()
        free.wait(SECONDS)

    thread = threading.Thread(target=library.write, args=(hold,))
    thread.start()
    assert begun.wait(SECONDS)
    try:
        yield free.set
    finally:
        free.set()
        thread.join()
