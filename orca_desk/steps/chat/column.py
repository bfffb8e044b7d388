"""One column of a conversation: a model that stays loaded, and the thread that waits for its answers."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

from orca_desk.method.records import FinishReason, Sampling
from orca_desk.prompts.messages import Message
from orca_desk.steps.chat.models import ChatModel


class Session(Protocol):
    """What a column needs of a model in a worker; see `ChatSession`."""

    context: int | None
    finish_reason: FinishReason | None
    prompt_tokens: int | None
    completion_tokens: int | None
    seconds: float | None

    def send(self, messages: Sequence[Message], sampling: Sampling | None = None) -> Iterator[str]:
        """Yield the answer piece by piece."""

    def stop(self) -> None:
        """End the current answer soon."""

    def kill(self) -> None:
        """End the model's process at once, for good."""

    def close(self) -> None:
        """Release what the session holds."""


class ModelColumn:
    """Runs work with one model's session in a thread of its own, one piece of work after another."""

    def __init__(self, model: ChatModel, session: Session) -> None:
        self.model, self.session = model, session
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=f"chat {model.model.name}")

    def run(self, work: Callable[[], None]) -> None:
        """Run `work` after all earlier work."""
        self._thread.submit(work)

    def leave(self) -> None:
        """End the model's process now and release the rest as soon as its answer has ended."""
        self.session.kill()
        self._thread.submit(self.session.close)
        self._thread.shutdown(wait=False)

    def wait(self) -> None:
        """After `leave`: wait until everything has ended."""
        self._thread.shutdown(wait=True)
