"""The engine: a GGUF model that answers many prompts at once."""

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import version
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from orca_desk.machine import free_memory, usable_cores
from orca_desk.prompts.renderer import Renderer
from orca_desk.teacher.context import Context
from orca_desk.teacher.lanes import Lane, Source, run_lanes
from orca_desk.teacher.llama import LlamaModel, LlamaTokenizer
from orca_desk.teacher.prefixes import Prefixes
from orca_desk.teacher.requests import Completion, Failure, Request
from orca_desk.teacher.scheduler import OnToken

__all__ = ["ENGINE_VERSION", "Completion", "Engine", "Failure", "Request"]

ENGINE_VERSION = f"orca-desk 1, llama-cpp-python {version('llama_cpp_python')}"
PREFIX_SEQUENCES = 8  # the seven strategies, and one of the user's own
LANES_AT_MOST = 8  # Python's share of a step is a tenth or so, and only one lane at a time can have it.
CELLS_AT_MOST = 32_768  # of all lanes, unless one sequence needs more: 32 answers of 1024 tokens
MEMORY_SHARE = 0.25  # of the free memory, for keys and values


@dataclass(frozen=True)
class _Plan:
    """How a model of some size runs best on a processor, found by measuring each batch size."""

    lanes: bool  # a lane a core, or one lane with all cores
    slots: int  # answers at once in a lane
    flash: bool  # the flash attention kernel, or plain matrix products


# By the number of weights, up to so many. A tiny model spends its time on attention, for which plain matrix
# products are twice as fast as the flash kernel at 2 to 6 answers. From some 100 million weights on, the
# weights' own products rule, which are fast from 16 rows on. For larger models still, the memory that many
# lanes' answers need is better spent otherwise.
PLANS = ((20e6, _Plan(True, 4, False)), (400e6, _Plan(True, 16, True)), (math.inf, _Plan(False, 16, True)))


def _never() -> bool:
    return False


class Engine:
    """Continuous batching over one GGUF model, with an optional LoRA. Use it in a `with` block.

    `batch` is how many answers grow at once (None: by the model's size), `context` the longest prompt
    and answer together in tokens (None: what the model was trained on, as memory allows), `threads` at
    most the cores this process may use (None: all of them). Greedy answers may differ in rare near-ties
    between batch sizes, as sums are taken in another order: store `batch` with what was made.
    Raises UserError when a file cannot be used.
    """

    def __init__(
        self,
        model: Path,
        *,
        adapter: Path | None = None,
        adapter_scale: float = 1.0,
        batch: int | None = None,
        context: int | None = None,
        threads: int | None = None,
    ) -> None:
        self._model = LlamaModel(model)
        self._lanes: list[Lane] = []
        try:
            self.threads = min(threads or usable_cores(), usable_cores())
            self._start(batch, context)
            if adapter is not None:
                self._adapt(adapter, adapter_scale)
            self._warm_up()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> "Engine":
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Free the model and all that belongs to it."""
        while self._lanes:
            self._lanes.pop().context.close()
        self._model.close()

    @property
    def tokenizer(self) -> LlamaTokenizer:
        """The model's tokenizer."""
        return self._model.tokenizer

    @cached_property
    def renderer(self) -> Renderer:
        """The renderer for the model's chat template."""
        return Renderer(self._model.tokenizer)

    def generate(
        self,
        requests: Iterable[Request],
        *,
        cancelled: Callable[[], bool] = _never,
        on_token: OnToken | None = None,
    ) -> Iterator[Completion | Failure]:
        """Answer `requests`, pulled one at a time as room comes free; yield each answer as it ends.

        `cancelled` is asked before every token, and like `requests` perhaps from another thread; once
        it says yes, the unfinished answers are yielded with the reason "cancelled" and nothing more is
        pulled. `on_token(key, text)` is told text as soon as it is certain to stay. A request too long
        for the context is yielded as a Failure. One run at a time.
        """
        yield from run_lanes(self._lanes, Source(requests, cancelled), on_token)

    def logits(self, ids: Sequence[int]) -> NDArray[np.float32]:
        """Return the logits after each of `ids`, [len(ids), vocabulary]; not during a run.

        Raises ValueError when they are too many for the context.
        """
        if len(ids) > self.context:
            raise ValueError(f"{len(ids)} ids for a context of {self.context}")
        lane = self._lanes[0]
        parts = []
        try:
            for start in range(0, len(ids), lane.context.outputs):
                chunk = list(ids[start : start + lane.context.outputs])
                count = len(chunk)
                while not lane.context.decode(chunk, range(start, start + count), [0] * count, [1] * count):
                    if not lane.prefixes.evict():
                        raise RuntimeError("the cache has no room: is a run going on?")
                parts.append(lane.context.logits(count).copy())
        finally:
            lane.context.drop_sequence(0)
        return np.concatenate(parts)

    def _start(self, batch: int | None, context: int | None) -> None:
        """Make the lanes, and settle how many answers grow at once and how long they may become."""
        plan = next(plan for limit, plan in PLANS if self._model.parameters < limit)
        lanes = min(self.threads, LANES_AT_MOST, batch or LANES_AT_MOST) if plan.lanes else 1
        self.batch = batch or lanes * plan.slots
        slots = -(-self.batch // lanes)
        longest = min(context or self._model.context, self._model.context)
        memory = free_memory() * MEMORY_SHARE / lanes
        wanted = max(longest, min(slots * longest, CELLS_AT_MOST // lanes))
        cells = max(256, min(wanted, int(memory / self._model.kv_bytes_per_token)))
        self._lanes += [self._lane(slots, longest, cells, self.threads // lanes, plan) for _ in range(lanes)]
        self.context = self._lanes[0].limit

    def _lane(self, slots: int, longest: int, cells: int, threads: int, plan: _Plan) -> Lane:
        sequences = slots + PREFIX_SEQUENCES
        context = Context(
            self._model, cells=cells, sequences=sequences, threads=threads, flash_attention=plan.flash
        )
        return Lane(
            context=context,
            prefixes=Prefixes(context, range(slots, sequences)),
            tokenizer=self._model.tokenizer,
            slots=slots,
            limit=min(longest, context.cells),
        )

    def _adapt(self, adapter: Path, scale: float) -> None:
        handle = self._model.load_adapter(adapter)
        for lane in self._lanes:
            lane.context.set_adapter(handle, scale)

    def _warm_up(self) -> None:
        """Touch the weights once, so that the first answer is not the one that waits for the disk."""
        self.logits([0])
