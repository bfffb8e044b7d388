"""One served model: its engine runs in a thread, and requests come and go in the event loop."""

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from orca_desk.errors import UserError
from orca_desk.prompts.messages import Message
from orca_desk.prompts.renderer import LONE_SURROGATE, Rendered
from orca_desk.serving.queries import SEEDS, ClientQuery
from orca_desk.serving.refusals import ApiError
from orca_desk.teacher.engine import Completion, Engine, Request, RequestFailure
from orca_desk.teacher.live import LiveRequests

MOST_PENDING = 512  # answers that run or wait; more clients are told to come back
LONGEST_PREFIX = 2048  # tokens of a system message that are decoded at once, while all others wait
Piece = tuple[str, str]  # a request's key, and text of its answer
Event = Piece | Completion | RequestFailure


@dataclass
class ServerTally:
    """What a server has done since it started."""

    answered: int = 0
    tokens: int = 0


@dataclass(frozen=True, kw_only=True)
class TokenPrompt:
    """A prompt as ids, ready for the engine: see `Request`."""

    ids: tuple[int, ...]
    prefix: int = 0
    stop: tuple[str, ...] = ()
    ends: frozenset[int]
    opening: str = ""


@dataclass(kw_only=True)
class ServedModel:
    """A model by its name. All methods belong to the event loop's thread, except where they say otherwise."""

    name: str
    part: str
    file: Path
    adapter: Path | None
    engine: Engine
    tally: ServerTally
    _live: LiveRequests = field(default_factory=LiveRequests)
    _pending: dict[str, "asyncio.Queue[Event]"] = field(default_factory=dict)
    _rendering: asyncio.Lock = field(default_factory=asyncio.Lock)
    _thread: threading.Thread | None = None

    @property
    def pending(self) -> int:
        """How many answers run or wait."""
        return len(self._pending)

    def start(self, failed: Callable[[BaseException], None]) -> None:
        """Let the engine answer in its own thread; `failed` receives unexpected errors, in the event loop."""
        loop = asyncio.get_running_loop()

        def show(key: str, text: str) -> None:
            loop.call_soon_threadsafe(self._show, key, text)

        def work() -> None:
            try:
                for outcome in self.engine.serve(self._live, on_token=show):
                    loop.call_soon_threadsafe(self._end, outcome)
            except BaseException as error:
                loop.call_soon_threadsafe(failed, error)

        self._thread = threading.Thread(target=work, name=f"model {self.name}", daemon=True)
        self._thread.start()

    async def close(self) -> None:
        """End all answers and the engine's thread; the engine itself stays open."""
        self._live.close()
        if self._thread:
            await asyncio.to_thread(self._thread.join)

    # From messages and texts to prompts

    async def render(self, messages: Sequence[Message]) -> TokenPrompt:
        """Render a conversation by the model's chat template.

        Raises ApiError where the template refuses, and for more messages than the context has tokens: it
        would take the template long to write what is then too long.
        """
        if len(messages) > self.engine.context:
            raise ApiError(
                f"The conversation has {len(messages):,} messages; {self.name} has a context of "
                f"{self.engine.context:,} tokens.",
                param="messages",
                code="context_length_exceeded",
            )
        async with self._rendering:
            try:
                rendered = await asyncio.to_thread(self.engine.renderer.prompt, messages)
            except UserError as error:
                raise ApiError(str(error), param="messages") from None
        return self._chat_prompt(rendered)

    async def read(self, prompt: str | tuple[int, ...], *, adds_special: bool) -> TokenPrompt:
        """Return a prompt that a client has written itself, template and all.

        Raises ApiError for an empty prompt and for unknown ids.
        """
        tokenizer = self.engine.tokenizer
        if isinstance(prompt, str):
            ids = await asyncio.to_thread(self.encode, prompt, adds_special=adds_special)
        else:
            ids = prompt
        if not all(0 <= token < tokenizer.size for token in ids):
            raise ApiError(
                f"The prompt has ids that {self.name} does not know: it has {tokenizer.size:,} tokens.",
                param="prompt",
            )
        if not ids:
            raise ApiError("The prompt is empty.", param="prompt")
        return TokenPrompt(ids=ids, ends=tokenizer.eos_ids)

    def encode(self, text: str, *, adds_special: bool) -> tuple[int, ...]:
        """Return the ids of a text whose control tokens are meant as such; any thread may call this."""
        tokenizer = self.engine.tokenizer
        ids = tokenizer.encode(LONE_SURROGATE.sub("\ufffd", text), control=True)
        if adds_special and tokenizer.adds_bos:
            bos = tokenizer.encode(tokenizer.bos, control=True)
            ids = ids if ids[: len(bos)] == bos else bos + ids
        return tuple(ids)

    def _chat_prompt(self, rendered: Rendered) -> TokenPrompt:
        renderer = self.engine.renderer
        return TokenPrompt(
            ids=rendered.ids,
            prefix=rendered.prefix if rendered.prefix <= LONGEST_PREFIX else 0,
            stop=renderer.stops,
            ends=renderer.ends,
            opening=rendered.opening,
        )

    # Asking

    def requests(
        self,
        key: str,
        prompts: Sequence[TokenPrompt],
        query: ClientQuery,
        *,
        default: int,
        scores_prompt: bool = False,
    ) -> list[Request]:
        """Return the requests for a query: all choices of the first prompt, then those of the second, ...

        A limit above the room that the context leaves means that room. Raises ApiError for a prompt that
        leaves none.
        """
        return [
            self._request(f"{key}:{place}:{choice}", prompt, choice, query, default, scores_prompt)
            for place, prompt in enumerate(prompts)
            for choice in range(query.choices)
        ]

    def require_room(self, requests: Sequence[Request]) -> None:
        """Raise ApiError if too many answers run or wait already."""
        if self.pending + len(requests) > MOST_PENDING:
            raise ApiError(
                f"{self.name} has {self.pending:,} answers to write: try again later.",
                status=429,
                code="rate_limit_exceeded",
                headers={"Retry-After": "2"},
            )

    @contextlib.asynccontextmanager
    async def ask(self, requests: Sequence[Request]) -> AsyncIterator[AsyncIterator[list[Event]]]:
        """Put requests to the engine; iterate over what has arrived meanwhile, up to the last answer's end.

        Leaving the block drops what is unfinished.
        """
        queue: asyncio.Queue[Event] = asyncio.Queue()
        for request in requests:
            self._pending[request.key] = queue
            self._live.put(request)
        try:
            yield _until_all_ended(queue, len(requests))
        finally:
            for request in requests:
                if self._pending.pop(request.key, None) is not None:
                    self._live.drop(request.key)

    async def complete(self, requests: Sequence[Request]) -> list[Completion]:
        """Return the whole answers, in the order of the requests. Raises ApiError where there is none."""
        found: dict[str, Completion] = {}
        async with self.ask(requests) as events:
            async for arrived in events:
                for event in arrived:
                    if isinstance(event, RequestFailure):
                        raise failure(event)
                    if isinstance(event, Completion):
                        found[event.key] = event
        return [found[request.key] for request in requests]

    def _request(
        self,
        key: str,
        prompt: TokenPrompt,
        choice: int,
        query: ClientQuery,
        default: int,
        scores_prompt: bool,
    ) -> Request:
        room = self.engine.context - len(prompt.ids)
        if room < 1:
            raise ApiError(
                f"The prompt has {len(prompt.ids):,} tokens; {self.name} has a context of "
                f"{self.engine.context:,}, and needs room for an answer.",
                code="context_length_exceeded",
            )
        wanted = default if query.max_tokens is None else query.max_tokens
        sampling = replace(
            query.sampling,
            seed=(query.sampling.seed + choice) % SEEDS,
            max_tokens=max(1, min(wanted, room)),
            stop=(*query.sampling.stop, *prompt.stop),
        )
        return Request(
            key=key,
            ids=prompt.ids,
            prefix=prompt.prefix,
            sampling=sampling,
            ends=prompt.ends,
            opening=prompt.opening,
            streams=query.stream,
            scores=query.scores,
            scores_prompt=scores_prompt and query.scores is not None,
        )

    def _show(self, key: str, text: str) -> None:
        if queue := self._pending.get(key):
            queue.put_nowait((key, text))

    def _end(self, outcome: Completion | RequestFailure) -> None:
        self._live.forget(outcome.key)
        if isinstance(outcome, Completion):
            self.tally.tokens += outcome.completion_tokens
        if queue := self._pending.pop(outcome.key, None):
            self.tally.answered += 1
            queue.put_nowait(outcome)


def failure(outcome: RequestFailure) -> ApiError:
    """Return what a client is told of a request that the engine could not answer."""
    return ApiError(outcome.reason, status=503)


async def _until_all_ended(queue: "asyncio.Queue[Event]", count: int) -> AsyncIterator[list[Event]]:
    while count:
        arrived = [await queue.get()]
        while not queue.empty():
            arrived.append(queue.get_nowait())
        count -= sum(not isinstance(event, tuple) for event in arrived)
        yield arrived
