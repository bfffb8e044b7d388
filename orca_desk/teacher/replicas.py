"""Replicas: several schedulers side by side, each with its own context, thread and share of the cores.

They share the model's weights. One context spreads every small operation over all cores and makes them wait
for each other some hundred times per token. For a small model that costs more than it gains: two replicas of
one core each write about twice as many tokens as one of two cores, and on a busy machine many times as many.
A replica also looks only through its own answers' cells.
"""

import queue
import threading
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

from orca_desk.prompts.tokenizer import Tokenizer
from orca_desk.teacher.context import Context
from orca_desk.teacher.native import MemoryRanOutError
from orca_desk.teacher.prefixes import Prefixes
from orca_desk.teacher.requests import Completion, Request, RequestFailure
from orca_desk.teacher.scheduler import OnToken, Scheduler

Result = Completion | RequestFailure


class Source(Protocol):
    """Where replicas get their requests, and learn which of them, or that all, are no longer wanted."""

    ended: threading.Event

    @property
    def dropped(self) -> Collection[str]:
        """The keys of requests that are no longer wanted."""

    def take(self, *, wait: bool, load: int) -> Request | None:
        """Return the next request; None at the end, or, unless `wait`, if there is none for now.

        `load` is how many requests the replica has in progress.
        """

    def give_back(self, requests: list[Request]) -> None:
        """Take back requests that a replica could not answer, to be asked again before all others."""

    def stopped(self) -> bool:
        """Return whether the run is to end now."""


class RequestSource:
    """The caller's requests and its wish to stop; two replicas never read them at once."""

    dropped: frozenset[str] = frozenset()

    def __init__(self, requests: Iterable[Request], cancelled: Callable[[], bool]) -> None:
        self._requests = iter(requests)
        self._given_back: deque[Request] = deque()
        self._cancelled = cancelled
        self._turn = threading.Lock()
        self._asking = threading.Lock()
        self.ended = threading.Event()

    def take(self, *, wait: bool, load: int = 0) -> Request | None:
        """Return the next request; None at the end, or, unless `wait`, while another replica reads."""
        if not self._turn.acquire(blocking=wait):
            return None
        try:
            return self._given_back.popleft() if self._given_back else next(self._requests, None)
        finally:
            self._turn.release()

    def give_back(self, requests: list[Request]) -> None:
        """Take back requests that a replica could not answer, to be asked again before all others."""
        with self._turn:
            self._given_back.extend(requests)

    def stopped(self) -> bool:
        """Return whether the caller has cancelled. While it blocks, as in a pause, all replicas wait."""
        with self._asking:
            if not self.ended.is_set() and self._cancelled():
                self.ended.set()
        return self.ended.is_set()


@dataclass(frozen=True, kw_only=True)
class Replica:
    """A context with its prefixes; answers `slots` requests at once, of `limit` tokens at most."""

    context: Context
    prefixes: Prefixes
    tokenizer: Tokenizer
    slots: int
    limit: int

    def run(self, source: Source, on_token: OnToken | None) -> Iterator[Result]:
        """Answer requests until none is left or the source is stopped.

        Gives unanswered requests back to the source when it raises MemoryRanOutError.
        """
        scheduler = Scheduler(
            context=self.context,
            prefixes=self.prefixes,
            tokenizer=self.tokenizer,
            slots=self.slots,
            limit=self.limit,
            take=source.take,
            on_token=on_token,
        )
        try:
            while True:
                if source.stopped():
                    yield from scheduler.cancel()
                    return
                if source.dropped:
                    yield from scheduler.drop(source.dropped)
                yield from scheduler.admit()
                if not scheduler.busy:
                    return
                yield from scheduler.step()
        except MemoryRanOutError:
            source.give_back(scheduler.hand_back())
            raise
        finally:
            scheduler.clear()


@dataclass(frozen=True)
class _Text:
    """A piece of an answer, on its way to the caller's `on_token`."""

    key: str
    text: str


def run_replicas(replicas: list[Replica], source: Source, on_token: OnToken | None) -> Iterator[Result]:
    """Run all replicas and yield their results as they arrive; an exception of a replica is raised here.

    Calls `on_token` in the caller's thread, and the source in the replicas'.
    """
    if len(replicas) == 1:
        yield from replicas[0].run(source, on_token)
        return
    events: queue.SimpleQueue[Result | _Text | BaseException | None] = queue.SimpleQueue()

    def tell(key: str, text: str) -> None:
        events.put(_Text(key, text))

    def work(replica: Replica) -> None:
        try:
            for result in replica.run(source, tell if on_token else None):
                events.put(result)
        except BaseException as error:  # raised again in the caller's thread
            events.put(error)
        finally:
            events.put(None)

    threads = [
        threading.Thread(target=work, args=(replica,), name="replica", daemon=True) for replica in replicas
    ]
    for thread in threads:
        thread.start()
    try:
        running = len(threads)
        while running:
            event = events.get()
            if event is None:
                running -= 1
            elif isinstance(event, BaseException):
                raise event
            elif isinstance(event, _Text):
                if on_token:
                    on_token(event.key, event.text)
            else:
                yield event
    finally:
        source.ended.set()
        for thread in threads:
            thread.join()
