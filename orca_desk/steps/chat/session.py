"""A conversation with a model that stays loaded in its worker."""

import itertools
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Self

from orca_desk.errors import UserError
from orca_desk.method.records import FinishReason, Sampling
from orca_desk.processes import protocol
from orca_desk.processes.asking import Runner
from orca_desk.processes.process import WorkerProcess
from orca_desk.processes.progress import LOOK_AROUND
from orca_desk.prompts.messages import Message

SHORTEN = "Start a new chat, shorten the message, or allow fewer answer tokens."


class ChatSession:
    """Answers conversations with `model` (GGUF) and perhaps an `adapter` (GGUF), one at a time.

    When a worker starts, `prepare` provides the model's file, and `template` returns the user's chat
    template for it, or None for its own.
    The worker starts with the first message, and again after it died. Use it in a `with` block or close it.
    `finish_reason`, `prompt_tokens`, `completion_tokens` and `seconds` describe the latest answer; `context`
    is how many tokens a conversation can have, known once the model is loaded.
    """

    def __init__(
        self,
        model: Path,
        adapter: Path | None = None,
        *,
        context: int | None = None,
        threads: int | None = None,
        template: Callable[[], str | None] = lambda: None,
        prepare: Callable[[], None] = lambda: None,
        log: Path | None = None,
    ) -> None:
        self._runner = Runner(model=model, adapter=adapter, batch=1, context=context, threads=threads)
        self._template, self._prepare = template, prepare
        self._log = log
        self._worker: WorkerProcess | None = None
        self._keys = itertools.count()
        self._answering: str | None = None
        self._guard = threading.Lock()  # between a thread that starts a worker and one that kills
        self._killed = False
        self.context: int | None = None
        self._forget()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def send(self, messages: Sequence[Message], sampling: Sampling | None = None) -> Iterator[str]:
        """Yield the answer to a conversation piece by piece; `finish_reason` is set after the last one.

        Leaving the iteration early stops the answer. Raises UserError when the conversation does not fit
        the context, or the model cannot be loaded or run.
        """
        key = self._answering = f"{next(self._keys)}"
        self._forget()
        worker = self._start()
        content = {
            "key": key,
            "messages": [[message.role, message.content] for message in messages],
            "sampling": asdict(sampling or Sampling()),
        }
        worker.send(protocol.request(content))
        try:
            yield from self._pieces(worker, key)
        finally:
            if self.finish_reason is None and self._worker:  # left early
                self.stop()
                for _ in self._pieces(worker, key):
                    pass
            self._answering = None

    def stop(self) -> None:
        """End the current answer soon. Any thread may call this."""
        key, worker = self._answering, self._worker
        if key is not None and worker:
            worker.send(protocol.control("cancel", key=key))

    def kill(self) -> None:
        """End the worker at once and for good; the current answer just ends. Any thread may call this."""
        with self._guard:
            self._killed = True
            if self._worker:
                self._worker.kill()

    def close(self) -> None:
        """End the worker. While another thread waits for an answer, call `kill` instead."""
        if self._worker:
            self._worker.close()
            self._worker = None

    def _start(self) -> WorkerProcess:
        if self._worker is None:
            self._prepare()
            self._runner = replace(self._runner, template=self._template())
        with self._guard:
            if self._worker is None:
                self._worker = WorkerProcess("chat", self._runner.as_job(), log=self._log)
                if self._killed:
                    self._worker.kill()
            return self._worker

    def _forget(self) -> None:
        """Clear what describes the answer before."""
        self.finish_reason: FinishReason | None = None
        self.prompt_tokens: int | None = None
        self.completion_tokens: int | None = None
        self.seconds: float | None = None

    def _pieces(self, worker: WorkerProcess, key: str) -> Iterator[str]:
        """Yield the pieces of answer `key`, then note how it ended."""
        while (events := worker.events(LOOK_AROUND)) is not None:
            for event in events:
                if event["event"] == "ready":
                    self.context = event["context"]
                if event.get("key") != key:
                    continue
                if event["event"] == "piece":
                    yield event["text"]
                    continue
                self.finish_reason = event.get("finish_reason", "cancelled")
                self.prompt_tokens = event.get("prompt_tokens")
                self.completion_tokens = event.get("completion_tokens")
                self.seconds = event.get("seconds")
                if event["event"] == "failure":
                    raise UserError(f"This message cannot be answered: {event['reason']}", SHORTEN)
                return
        self._fail(worker)

    def _fail(self, worker: WorkerProcess) -> None:
        """Raise the error of a worker that ended in the middle of an answer, unless it was killed."""
        self._worker = None
        with worker:
            if self._killed:
                return
            worker.check()
        raise RuntimeError("The chat worker ended before it had answered.")
