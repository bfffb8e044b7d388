"""Continuous batching: many answers grow together, and each that ends makes room for the next.

Every step decodes one batch: one token of each answer in progress, then as much of the new prompts as fits.
A request is admitted once the cache has room for its prompt and its longest answer, so that no answer is ever
cut for lack of room.
"""

import time
from collections import deque
from collections.abc import Callable, Collection, Iterator
from dataclasses import replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from orca_desk.method.records import FinishReason
from orca_desk.prompts.harmony import HarmonyText, speaks_harmony
from orca_desk.prompts.tokenizer import Tokenizer
from orca_desk.teacher.active import ActiveRequest, Place
from orca_desk.teacher.context import Context
from orca_desk.teacher.native import MemoryRanOutError
from orca_desk.teacher.prefixes import SHORTEST, Prefix, Prefixes
from orca_desk.teacher.requests import Completion, Request, RequestFailure
from orca_desk.teacher.sampling import make_chain
from orca_desk.teacher.scores import score
from orca_desk.teacher.stream import TextStream

OnToken = Callable[[str, str], None]


class Take(Protocol):
    """Returns the next request; None at the end or, unless `wait`, if there is none for now.

    `load` is how many requests this replica has in progress.
    """

    def __call__(self, *, wait: bool, load: int) -> Request | None: ...


class Scheduler:
    """Runs requests on a context, at most `slots` at once, on the sequences 0 to `slots` - 1.

    `limit` is the most tokens of a sequence. Create one per run and `clear` it afterwards.
    """

    def __init__(
        self,
        *,
        context: Context,
        prefixes: Prefixes,
        tokenizer: Tokenizer,
        slots: int,
        limit: int,
        take: Take,
        on_token: OnToken | None,
    ) -> None:
        self._context = context
        self._prefixes = prefixes
        self._tokenizer = tokenizer
        self._harmony = speaks_harmony(tokenizer.control)
        self._limit = limit
        self._take = take
        self._on_token = on_token
        self._waiting: deque[Request] = deque()
        self._free = list(range(slots - 1, -1, -1))
        self._cells = 0  # reserved for the answers
        self._crowded = False  # nothing is admitted until an answer has ended
        self._reading: list[ActiveRequest] = []
        self._writing: list[ActiveRequest] = []

    @property
    def busy(self) -> bool:
        """Whether any request is in progress."""
        return bool(self._reading or self._writing)

    # Admission

    def admit(self) -> Iterator[RequestFailure]:
        """Give sequences to waiting requests while there is room; yield those that can never run."""
        while self._free and not self._crowded:
            request = self._next()
            if request is None:
                return
            reason = self._refusal(request)
            if reason:
                yield RequestFailure(key=request.key, reason=reason)
            elif not self._starts(request):
                self._waiting.appendleft(request)
                return

    def _next(self) -> Request | None:
        if self._waiting:
            return self._waiting.popleft()
        return self._take(wait=not self.busy, load=len(self._reading) + len(self._writing))

    def _refusal(self, request: Request) -> str:
        """Return why a request can never run; an empty text if it can."""
        prompt, answer = len(request.ids), request.sampling.max_tokens
        if prompt == 0 or answer < 1:
            return "The prompt is empty, or the longest answer is 0 tokens."
        if prompt + answer > self._limit:
            return (
                f"The prompt of {prompt:,} tokens and an answer of up to {answer:,} need {prompt + answer:,} "
                f"tokens of context; the model has {self._limit:,}."
            )
        return ""

    def _starts(self, request: Request) -> bool:
        try:
            return self._start(request)
        except MemoryRanOutError:
            self._waiting.appendleft(request)  # to be handed back with the others
            raise

    def _start(self, request: Request) -> bool:
        """Admit `request` if the cache has room, dropping unused prefixes where that helps."""
        prefix = self._prefix(request)
        shared = len(prefix.ids) if prefix else 0
        cells = len(request.ids) - shared + request.sampling.max_tokens
        while not self._has_room(cells):
            if not self._prefixes.evict(keep=prefix):
                if self.busy or prefix is None:
                    return False
                self._prefixes.evict()  # it is alone: only its own prefix takes the room
                prefix, shared = None, 0
                cells = len(request.ids) + request.sampling.max_tokens
        sequence = self._free.pop()
        if prefix:
            self._context.copy_sequence(prefix.sequence, sequence)
            prefix.users += 1
        self._cells += cells
        shows = self._on_token is not None and request.streams
        streams = shows or request.sampling.stop or request.opening or self._harmony
        self._reading.append(
            ActiveRequest(
                request=request,
                sequence=sequence,
                read=shared,
                cells=cells,
                prefix=prefix,
                chain=make_chain(self._context.lib, request.sampling),
                stream=self._stream(request) if streams else None,
                harmony=HarmonyText(self._tokenizer.control) if self._harmony else None,
                started=time.perf_counter(),
                length=shared,
            )
        )
        return True

    def _stream(self, request: Request) -> TextStream:
        return TextStream(request.sampling.stop, opening=request.opening, shown=request.shown)

    def _prefix(self, request: Request) -> Prefix | None:
        """Return the request's prefix, decoding a new one; None if it is not worth sharing."""
        ids = request.ids[: min(request.prefix, len(request.ids) - 1)]
        if len(ids) < SHORTEST or (request.scores is not None and request.scores_prompt):
            return None
        prefix = self._prefixes.find(ids)
        while prefix is None and not self._has_room(len(ids)):
            if not self._prefixes.evict():
                return None
        return prefix or self._prefixes.add(ids)

    def _has_room(self, cells: int) -> bool:
        return self._cells + self._prefixes.cells + cells <= self._context.cells

    # One step

    def step(self) -> Iterator[Completion | RequestFailure]:
        """Decode one batch and yield the answers that it completes."""
        tokens = [answer.written[-1] for answer in self._writing]
        positions = [answer.length for answer in self._writing]
        sequences = [answer.sequence for answer in self._writing]
        wanted = [1] * len(tokens)
        chunks = self._chunks(self._context.rows - len(tokens), self._context.outputs - len(tokens))
        for answer, count in chunks:
            start = answer.read
            tokens += answer.request.ids[start : start + count]
            positions += range(start, start + count)
            sequences += [answer.sequence] * count
            is_last = start + count == len(answer.request.ids)
            wanted += [1] * count if answer.is_scored else [0] * (count - 1) + [int(is_last)]
        if not self._context.decode(tokens, positions, sequences, wanted):
            yield from self._make_room()
            return
        for answer in self._writing:
            answer.length += 1
        places = self._places(chunks, wanted)
        active = self._writing + self._advance(chunks)
        if active:
            yield from self._extend_all(active, places, sum(wanted))

    def _chunks(self, room: int, outputs: int) -> list[tuple[ActiveRequest, int]]:
        """Divide `room` tokens among the unread prompts, oldest first; at most `outputs` are scored."""
        outputs -= sum(not answer.is_scored for answer in self._reading)  # each may want its last token's
        chunks = []
        for answer in self._reading:
            count = min(room, len(answer.request.ids) - answer.read)
            if answer.is_scored:
                count = min(count, outputs)
                outputs -= count
            if count <= 0:
                continue
            chunks.append((answer, count))
            room -= count
        return chunks

    def _places(self, chunks: list[tuple[ActiveRequest, int]], wanted: list[int]) -> list[Place]:
        """Return the places of the next tokens of all answers in progress; score the prompts' tokens."""
        places = [Place(index, index) for index in range(len(self._writing))]
        row = output = len(places)
        for answer, count in chunks:
            following = answer.request.ids[answer.read + 1 : answer.read + 1 + count]
            if answer.is_scored and following:
                logits = self._context.logits(sum(wanted))[output : output + len(following)]
                answer.prompt_scores += score(logits, following, answer.request.scores or 0)
            output += sum(wanted[row : row + count])
            row += count
            if answer.read + count == len(answer.request.ids):
                places.append(Place(row - 1, output - 1))
        return places

    def _advance(self, chunks: list[tuple[ActiveRequest, int]]) -> list[ActiveRequest]:
        """Count what the batch has read; return the requests whose prompt is complete."""
        complete = []
        for answer, count in chunks:
            answer.read += count
            answer.length = answer.read
            if answer.read == len(answer.request.ids):
                complete.append(answer)
        if complete:
            self._reading = [answer for answer in self._reading if answer.read < len(answer.request.ids)]
        return complete

    def _extend_all(
        self, active: list[ActiveRequest], places: list[Place], outputs: int
    ) -> Iterator[Completion]:
        """Add the next token to each answer, from its place in the batch; yield those that end."""
        logits = self._context.logits(outputs)
        chosen = self._choose(active, places, logits)
        self._writing = []
        ended: list[tuple[ActiveRequest, FinishReason]] = []
        for answer, place, token in zip(active, places, chosen, strict=True):
            if answer.request.scores is not None:
                row = logits[place.output : place.output + 1]
                answer.scores += score(row, [token], answer.request.scores)
            reason = self._extend(answer, token)
            if reason is None:
                self._writing.append(answer)
            else:
                ended.append((answer, reason))
        for answer, reason in ended:
            yield self._complete(answer, reason)

    def _choose(
        self, active: list[ActiveRequest], places: list[Place], logits: NDArray[np.float32]
    ) -> list[int]:
        """Return the next token of each answer."""
        if len(logits) == len(active) and all(answer.chain is None for answer in active):
            best: list[int] = logits.argmax(axis=1).tolist()
            return best
        context = self._context
        return [
            int(logits[place.output].argmax())
            if answer.chain is None
            else context.lib.llama_sampler_sample(answer.chain, context.handle, place.row)
            for answer, place in zip(active, places, strict=True)
        ]

    def _extend(self, answer: ActiveRequest, token: int) -> FinishReason | None:
        """Add a token to an answer; return why it has ended, or None."""
        if token in answer.request.ends:
            return "stop"
        answer.written.append(token)
        if answer.stream is not None:
            piece = self._tokenizer.piece_bytes(token)
            stopped = answer.stream.push(answer.harmony.push(token, piece) if answer.harmony else piece)
            self._show(answer, last=False)
            if stopped:
                return "stop"
        return "length" if len(answer.written) >= answer.request.sampling.max_tokens else None

    def _show(self, answer: ActiveRequest, *, last: bool) -> None:
        if self._on_token is not None and answer.stream is not None and answer.request.streams:
            text = answer.stream.fresh(last=last)
            if text:
                self._on_token(answer.request.key, text)

    # Ends

    def _complete(self, answer: ActiveRequest, reason: FinishReason) -> Completion:
        if answer.stream is not None:
            answer.stream.finish()
            self._show(answer, last=True)
            text = answer.stream.text
        else:
            text = self._tokenizer.decode(answer.written)
        self._release(answer)
        return Completion(
            key=answer.request.key,
            text=text,
            ids=tuple(answer.written),
            finish_reason=reason,
            prompt_tokens=len(answer.request.ids),
            completion_tokens=len(answer.written),
            seconds=time.perf_counter() - answer.started,
            scores=tuple(answer.scores),
            prompt_scores=tuple(answer.prompt_scores),
        )

    def cancel(self) -> Iterator[Completion]:
        """End all answers now; yield them as far as they are."""
        answers, self._writing, self._reading = self._writing + self._reading, [], []
        for answer in answers:
            yield self._complete(answer, "cancelled")

    def drop(self, keys: Collection[str]) -> Iterator[Completion | RequestFailure]:
        """End the requests with these keys, wherever they stand; yield them."""
        for answers in (self._writing, self._reading):
            for answer in [one for one in answers if one.request.key in keys]:
                answers.remove(answer)
                yield self._complete(answer, "cancelled")
        for request in [one for one in self._waiting if one.key in keys]:
            self._waiting.remove(request)
            yield RequestFailure(key=request.key, reason="It was dropped before it began.")

    def hand_back(self) -> list[Request]:
        """Free everything; return the requests that are not answered, which can start again elsewhere."""
        requests = [_anew(answer) for answer in self._writing + self._reading] + list(self._waiting)
        self.clear()
        self._waiting.clear()
        return requests

    def clear(self) -> None:
        """Free everything still in use and yield nothing."""
        for answer in self._writing + self._reading:
            self._release(answer)
        self._writing, self._reading = [], []

    def _release(self, answer: ActiveRequest) -> None:
        self._context.drop_sequence(answer.sequence)
        self._free.append(answer.sequence)
        self._cells -= answer.cells
        self._crowded = False
        if answer.prefix:
            answer.prefix.users -= 1
        if answer.chain is not None:
            self._context.lib.llama_sampler_free(answer.chain)
            answer.chain = None

    def _make_room(self) -> Iterator[RequestFailure]:
        """Free room where the native cache has less than expected (as with sliding windows).

        Drops an unused prefix; else the newest answer, which starts again later. An answer that is alone
        fails.
        """
        if not self._prefixes.evict():
            queue = self._reading or self._writing
            newest = queue.pop()
            self._release(newest)
            if not self.busy:
                yield RequestFailure(key=newest.request.key, reason="The model's cache has no room for it.")
                return
            self._waiting.appendleft(_anew(newest))
        self._crowded = True


def _anew(answer: ActiveRequest) -> Request:
    """Return the request of an answer that has to start again, with what was shown of it."""
    return replace(answer.request, shown=answer.stream.shown) if answer.stream else answer.request
