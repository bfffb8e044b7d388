"""Several schedulers side by side, each with its own context, thread and share of the cores.

One context spreads every small operation over all cores and makes them wait for each other some hundred
times a token. For a small model that costs more than it gains: two lanes of one core each write about
twice as many tokens as one lane of two cores, and on a busy machine many times as many. A lane also looks
only through its own answers' cells.
"""

import queue
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from orca_desk.prompts.tokenizer import Tokenizer
from orca_desk.teacher.context import Context
from orca_desk.teacher.prefixes import Prefixes
from orca_desk.teacher.requests import Completion, Failure, Request
from orca_desk.teacher.scheduler import OnToken, Scheduler

Result = Completion | Failure


class Source:
    """The caller's requests and word to stop; never asked by two lanes at once."""

    def __init__(self, requests: Iterable[Request], cancelled: Callable[[], bool]) -> None:
        self._requests = iter(requests)
        self._cancelled = cancelled
        self._turn = threading.Lock()
        self._asking = threading.Lock()
        self.ended = threading.Event()

    def take(self, *, wait: bool) -> Request | None:
        """Return the next request; None at their end, or, unless `wait`, while another lane is asking."""
        if not self._turn.acquire(blocking=wait):
            return None
        try:
            return next(self._requests, None)
        finally:
            self._turn.release()

    def stopped(self) -> bool:
        """Return whether the caller has cancelled, now or before.

        Where the caller holds the answer back, as in a pause, every lane waits for it.
        """
        with self._asking:
            if not self.ended.is_set() and self._cancelled():
                self.ended.set()
        return self.ended.is_set()


@dataclass(frozen=True, kw_only=True)
class Lane:
    """A context and the prefixes that it holds; answers `slots` requests at once."""

    context: Context
    prefixes: Prefixes
    tokenizer: Tokenizer
    slots: int
    limit: int

    def run(self, source: Source, on_token: OnToken | None) -> Iterator[Result]:
        """Answer requests until there are no more or the source is stopped."""
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
                yield from scheduler.admit()
                if not scheduler.busy:
                    return
                yield from scheduler.step()
        finally:
            scheduler.clear()


@dataclass(frozen=True)
class _Text:
    """A piece of an answer, on its way to the caller's `on_token`."""

    key: str
    text: str


def run_lanes(lanes: list[Lane], source: Source, on_token: OnToken | None) -> Iterator[Result]:
    """Run all lanes and yield their results as they come; what a lane raises is raised here.

    `on_token` is called in the caller's thread; the source is asked in the lanes'.
    """
    if len(lanes) == 1:
        yield from lanes[0].run(source, on_token)
        return
    events: queue.SimpleQueue[Result | _Text | BaseException | None] = queue.SimpleQueue()

    def tell(key: str, text: str) -> None:
        events.put(_Text(key, text))

    def work(lane: Lane) -> None:
        try:
            for result in lane.run(source, tell if on_token else None):
                events.put(result)
        except BaseException as error:  # Raised again in the caller's thread.
            events.put(error)
        finally:
            events.put(None)

    threads = [threading.Thread(target=work, args=(lane,), name="lane", daemon=True) for lane in lanes]
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
