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
from orca_desk.teacher.adapter_base import require_base
from orca_desk.teacher.context import Context
from orca_desk.teacher.live import LiveRequests
from orca_desk.teacher.llama import LlamaModel, LlamaTokenizer
from orca_desk.teacher.prefixes import Prefixes
from orca_desk.teacher.replicas import Replica, RequestSource, run_replicas
from orca_desk.teacher.requests import Completion, Request, RequestFailure
from orca_desk.teacher.scheduler import OnToken

__all__ = ["ENGINE_VERSION", "Completion", "Engine", "Request", "RequestFailure"]

ENGINE_VERSION = f"orca-desk 1, llama-cpp-python {version('llama_cpp_python')}"
PREFIX_SEQUENCES = 8  # the seven strategies, and one that the user wrote
MOST_REPLICAS = 8  # Python takes about a tenth of a step, and only one replica at a time can run it.
MOST_CELLS = 32_768  # of all replicas together, unless one sequence needs more: 32 answers of 1024 tokens
MEMORY_SHARE = 0.25  # of the free memory, for keys and values


@dataclass(frozen=True)
class _Plan:
    """How a model of some size runs fastest on a processor, found by measuring each batch size."""

    replicas: bool  # one per core, or one with all cores
    slots: int  # answers at once per replica
    flash: bool  # the flash attention kernel, or plain matrix products


# By the number of weights, up to the limit. A tiny model spends its time on attention, for which plain matrix
# products are twice as fast as the flash kernel at 2 to 6 answers. From about 100 million weights on, the
# products with the weights dominate, which are fast from 16 rows on. For still larger models, many replicas'
# answers would take too much memory.
PLANS = ((20e6, _Plan(True, 4, False)), (400e6, _Plan(True, 16, True)), (math.inf, _Plan(False, 16, True)))


def _never() -> bool:
    return False


class Engine:
    """Continuous batching over one GGUF model, with an optional LoRA. Use it in a `with` block.

    `batch` is the number of answers at once (None: by the model's size), `context` the longest prompt and
    answer together in tokens (None: as the model was trained, as memory allows), `threads` the number of
    cores to use (None: all that this process can use), `template` the chat template (None: the model's own).
    Greedy answers can differ in rare near-ties between batch sizes, as the sums have another order: store
    `batch` with each answer. `replicas` share the work; benchmarks look into them. `beside` is another engine
    of the same file and template, which shares its weights and outlives this one; `scored` is how many rows
    of a step may be tokens of prompts that are scored, beyond the few that always may. Raises UserError for a
    file that cannot be used.
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
        template: str | None = None,
        beside: "Engine | None" = None,
        scored: int = 0,
    ) -> None:
        self._model: LlamaModel = beside._model if beside else LlamaModel(model, template=template)
        self._owns_model = beside is None
        self._scored = scored
        self.replicas: list[Replica] = []
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
        """Free the model and its contexts."""
        while self.replicas:
            self.replicas.pop().context.close()
        if self._owns_model:
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
    ) -> Iterator[Completion | RequestFailure]:
        """Answer `requests`, pulled one at a time as room becomes free; yield each answer as it ends.

        Calls `cancelled` before every token, and like `requests` possibly in another thread; once it returns
        True, yields the unfinished answers with the reason "cancelled" and pulls nothing more. Calls
        `on_token(key, text)` with text that is final. Yields a RequestFailure for a request that is too long
        for the context. Only one run at a time.
        """
        yield from run_replicas(self.replicas, RequestSource(requests, cancelled), on_token)

    def serve(
        self, requests: LiveRequests, *, on_token: OnToken | None = None
    ) -> Iterator[Completion | RequestFailure]:
        """Answer requests as they arrive, until `requests` is closed; otherwise as `generate`."""
        yield from run_replicas(self.replicas, requests, on_token)

    def logits(self, ids: Sequence[int]) -> NDArray[np.float32]:
        """Return the logits after each of `ids`, [len(ids), vocabulary]. Not during a run.

        Raises ValueError for more ids than the context holds.
        """
        outputs = self.replicas[0].context.outputs
        return np.concatenate([rows.copy() for rows in self._read(ids, outputs, everywhere=True)])

    def last_logits(self, ids: Sequence[int]) -> NDArray[np.float32]:
        """Return the logits after the last of `ids`, [vocabulary]; otherwise like `logits`."""
        rows = self.replicas[0].context.rows
        (last,) = [found[0].copy() for found in self._read(ids, rows, everywhere=False)]
        return np.asarray(last, np.float32)

    def _read(self, ids: Sequence[int], step: int, *, everywhere: bool) -> Iterator[NDArray[np.float32]]:
        """Decode `ids`, `step` at once; yield the logits of all of them, or of the last one alone."""
        if len(ids) > self.context:
            raise ValueError(f"{len(ids)} ids for a context of {self.context}")
        replica = self.replicas[0]
        try:
            for start in range(0, len(ids), step):
                chunk = list(ids[start : start + step])
                count = len(chunk)
                is_last = start + count == len(ids)
                wanted = [1] * count if everywhere else [0] * (count - 1) + [int(is_last)]
                while not replica.context.decode(chunk, range(start, start + count), [0] * count, wanted):
                    if not replica.prefixes.evict():
                        raise RuntimeError("the cache has no room; do not call this during a run")
                if everywhere or is_last:
                    yield replica.context.logits(sum(wanted))
        finally:
            replica.context.drop_sequence(0)

    def _start(self, batch: int | None, context: int | None) -> None:
        """Create the replicas; decide how many answers run at once and how long they can become."""
        plan = next(plan for limit, plan in PLANS if self._model.parameters < limit)
        replicas = min(self.threads, MOST_REPLICAS, batch or MOST_REPLICAS) if plan.replicas else 1
        self.batch = batch or replicas * plan.slots
        slots = -(-self.batch // replicas)
        longest = min(context or self._model.context, self._model.context)
        most, short = MOST_CELLS // replicas, self._model.short_context
        if short and (context or 0) <= short:
            longest, most = min(longest, short), min(most, short)
        memory = free_memory() * MEMORY_SHARE / replicas
        wanted = max(longest, min(slots * longest, most))
        cells = max(256, min(wanted, int(memory / self._model.kv_bytes_per_token)))
        self.replicas += [
            self._replica(slots, longest, cells, self.threads // replicas, plan) for _ in range(replicas)
        ]
        self.context = self.replicas[0].limit

    def _replica(self, slots: int, longest: int, cells: int, threads: int, plan: _Plan) -> Replica:
        sequences = slots + PREFIX_SEQUENCES
        context = Context(
            self._model,
            cells=cells,
            sequences=sequences,
            threads=threads,
            flash_attention=plan.flash,
            scored=self._scored,
        )
        return Replica(
            context=context,
            prefixes=Prefixes(context, range(slots, sequences)),
            tokenizer=self._model.tokenizer,
            slots=slots,
            limit=min(longest, context.cells),
        )

    def _adapt(self, adapter: Path, scale: float) -> None:
        require_base(adapter, self._model.path)
        handle = self._model.load_adapter(adapter)
        for replica in self.replicas:
            replica.context.set_adapter(handle, scale)

    def _warm_up(self) -> None:
        """Read the weights once, so that the first answer does not wait for the disk."""
        self.logits([0])
