"""Show the exact prompt that a model gets: rendered by its template, counted by its tokenizer."""

import itertools
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Self

from orca_desk.errors import UserError
from orca_desk.method.turns import Turns
from orca_desk.processes import protocol
from orca_desk.processes.process import WorkerProcess

PartRole = Literal["control", "system", "user", "assistant", "end"]
SECONDS = 30.0  # for a worker that has to start on a busy machine and read a large vocabulary


@dataclass(frozen=True, kw_only=True)
class PromptPart:
    """A part of a prompt: text of the template ("control", with control tokens by name) or of a message."""

    role: PartRole
    text: str
    tokens: int


@dataclass(frozen=True, kw_only=True)
class ShownPrompt:
    """A whole prompt, from its first token to where the model's answer begins."""

    parts: tuple[PromptPart, ...]

    @property
    def tokens(self) -> int:
        """The number of tokens that the model reads."""
        return sum(part.tokens for part in self.parts)

    def tokens_of(self, *roles: PartRole) -> int:
        """Return how many of them belong to these roles."""
        return sum(part.tokens for part in self.parts if part.role in roles)


class PromptViewer:
    """Shows prompts, from a worker that holds the tokenizer of the model shown last.

    Any thread may call `show`; calls run one at a time. Use it in a `with` block, or close it.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._keys = itertools.count()
        self._job: protocol.Message = {}
        self._worker: WorkerProcess | None = None
        self._closed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def show(
        self, model: Path, system: str, user: str, *, turns: Turns = (), template: str | None = None
    ) -> ShownPrompt:
        """Return the prompt that `model` (a GGUF file) gets for a system and a user message.

        `turns` come before the user message. `template` is used instead of the model's own chat template.
        Raises UserError when the model cannot be read, or its template fails or refuses the messages.
        """
        with self._lock:
            if self._closed:
                raise UserError("The preview was closed.", "Open the page again.")
            worker = self._worker_for({"model": str(model), "template": template})
            key = str(next(self._keys))
            messages = [["system", system], *map(list, turns), ["user", user]]
            worker.send(protocol.request({"key": key, "messages": messages}))
            while (events := worker.events(SECONDS)) is not None:
                if not events:
                    self._drop()
                    raise UserError("The preview took too long.", "Try again when the machine is less busy.")
                for event in events:
                    if event.get("key") == key:
                        return _shown(event)
            self._worker = None
            with worker:
                worker.check()
            raise RuntimeError("The prompt worker ended before it answered.")

    def close(self) -> None:
        """End the worker. A `show` in progress fails."""
        if worker := self._worker:
            worker.kill()  # releases the thread that waits for it in `show`
        with self._lock:
            self._closed = True
            self._drop()

    def _worker_for(self, job: protocol.Message) -> WorkerProcess:
        if self._job != job:
            self._drop()
        if self._worker is None:
            self._worker, self._job = WorkerProcess("prompt", job), job
        return self._worker

    def _drop(self) -> None:
        if self._worker:
            self._worker.close()
            self._worker = None


def _shown(event: protocol.Message) -> ShownPrompt:
    if event["event"] == "failure":
        raise UserError(event["message"], event["hint"])
    return ShownPrompt(
        parts=tuple(PromptPart(role=role, text=text, tokens=tokens) for role, text, tokens in event["parts"])
    )
