"""The engine: a GGUF model that answers many prompts at once."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from importlib.metadata import version
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from orca_desk.machine import usable_cores
from orca_desk.machine.choice import chosen_cache
from orca_desk.machine.devices import AUTO, Listed
from orca_desk.prompts.renderer import Renderer
from orca_desk.teacher.adapter_base import require_base
from orca_desk.teacher.building import EngineBuilder, cache_type
from orca_desk.teacher.devices import usable_devices
from orca_desk.teacher.live import LiveRequests
from orca_desk.teacher.llama import LlamaTokenizer
from orca_desk.teacher.native import MemoryRanOutError
from orca_desk.teacher.prefix_store import PrefixStore
from orca_desk.teacher.replicas import Replica, RequestSource, Source, run_replicas
from orca_desk.teacher.requests import Completion, Request, RequestFailure
from orca_desk.teacher.scheduler import OnToken
from orca_desk.teacher.setup import Wish
from orca_desk.teacher.unpacked import UNPACKED, pays
from orca_desk.teacher.weights import Weights

__all__ = ["ENGINE_VERSION", "Completion", "Engine", "Request", "RequestFailure"]

ENGINE_VERSION = f"orca-desk 1, llama-cpp-python {version('llama_cpp_python')}"


def _never() -> bool:
    return False


def _ignore() -> None:
    pass


class Engine:
    """Continuous batching over one GGUF model, with an optional LoRA. Use it in a `with` block.

    `batch` is the number of answers at once (None: by the model's size on a processor, as measured on a
    device), `context` the longest prompt and answer together in tokens (None: as the model was trained, as
    memory allows), `threads` the number of cores to use (None: all that this process can use), `template` the
    chat template (None: the model's own), `devices` those to offload layers to (None: as the user chose).
    Greedy answers can differ in rare near-ties between batch sizes and devices, as the sums have another
    order: store `batch` and `version` with each answer. `replicas` share the work; benchmarks look into them.
    `beside` is another engine of the same file and template, which shares its weights; `scored` is how many
    rows of a step may be tokens of prompts that are scored, beyond the few that always may. `unpacks` allows
    quantised weights to be held as F16 where that makes many answers at once faster.

    Where memory runs out, also in the middle of a run, the engine continues with less of the device and no
    request is lost; `went_on` is called then, and `less` says it. Raises UserError for a file that cannot be
    used, and for a device that is not there.
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
        devices: Sequence[Listed] | None = None,
        went_on: Callable[[], None] = _ignore,
        unpacks: bool = False,
    ) -> None:
        self.threads = min(threads or usable_cores(), usable_cores())
        self.replicas: list[Replica] = []
        self.less: tuple[str, ...] = ()  # what was left out as memory ran out, one sentence each
        self._adapter = adapter, adapter_scale
        self._went_on = went_on
        self._devices = usable_devices() if devices is None else tuple(devices)
        if beside:
            self._weights: Weights = beside._weights
            self._weights.users += 1
        else:
            self._weights = Weights(
                model,
                template=template,
                movable=bool(self._devices),
                unpacks=unpacks and pays(model, batch),
            )
        try:
            wish = Wish(
                batch=batch,
                context=context,
                threads=self.threads,
                scored=scored,
                cache=cache_type(chosen_cache() if devices is None else AUTO, self._weights, self._devices),
            )
            self._builder = EngineBuilder(weights=self._weights, wish=wish, devices=self._devices)
            self._setup = self._builder.first_setup()
            self._settle()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> "Engine":
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Free the contexts, and the model unless another engine shares it."""
        self._close_replicas()
        self._weights.release()

    @property
    def tokenizer(self) -> LlamaTokenizer:
        """The model's tokenizer."""
        return self._weights.vocabulary.tokenizer

    @cached_property
    def renderer(self) -> Renderer:
        """The renderer for the model's chat template."""
        return Renderer(self.tokenizer)

    @property
    def place(self) -> str:
        """Where the model runs, in a few words: "CPU", or a device with its layers."""
        placement = self._setup.placement
        if not placement.layers:
            return "CPU"
        names = {one.name: one.description for one in self._devices}
        where = " and ".join(f"{name} ({names.get(name, name)})" for name in placement.devices)
        return f"{where}, {placement.layers} of {placement.total} layers"

    @property
    def version(self) -> str:
        """The versions of the engine, and where and how it computes: what answers depend on in near-ties."""
        placement = self._setup.placement
        said = [ENGINE_VERSION]
        if self._weights.is_unpacked:
            said.append(UNPACKED)
        if placement.layers or placement.cache != "F16":
            said += [self.place, f"keys and values in {placement.cache}"]
        return ", ".join(said)

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
        yield from self._run(RequestSource(requests, cancelled), on_token)

    def serve(
        self, requests: LiveRequests, *, on_token: OnToken | None = None
    ) -> Iterator[Completion | RequestFailure]:
        """Answer requests as they arrive, until `requests` is closed; otherwise as `generate`."""
        yield from self._run(requests, on_token)

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

    def _run(self, source: Source, on_token: OnToken | None) -> Iterator[Completion | RequestFailure]:
        """Run all replicas; continue with less where memory runs out in the middle."""
        while True:
            try:
                yield from run_replicas(self.replicas, source, on_token)
                return
            except MemoryRanOutError as error:
                if len(self.replicas) > 1:  # side by side on a processor: those without fault have ended too
                    raise
                self._go_on(error)

    def _go_on(self, error: MemoryRanOutError) -> None:
        """Build the engine again with less memory, for sequences as long as before."""
        self._builder.promise(self.context)
        self._close_replicas()
        self._setup = self._builder.smaller(self._setup, error)
        self._settle(error)
        self._went_on()

    # Setting up

    def _settle(self, failure: MemoryRanOutError | None = None) -> None:
        """Load the weights and create the replicas, with less where memory runs out.

        Then notes what is left since this, or an earlier `failure`.
        """
        while True:
            try:
                self._build()
                break
            except MemoryRanOutError as error:
                self._close_replicas()
                self._setup = self._builder.smaller(self._setup, error)
                failure = failure or error
        if failure:
            room = sum(replica.context.cells for replica in self.replicas)
            self.less += (f"{failure.message} It continues with room for {room:,} tokens: {self.place}.",)

    def _build(self) -> None:
        self._weights.load(self._setup.placement)
        if not self._setup.measured:
            slots = self._builder.fastest_batch(self._setup, self.version)
            self._setup = replace(self._setup, slots=slots, measured=True)
        setup = self._setup
        self.batch = self._builder.wish.batch or setup.replicas * setup.slots
        store = PrefixStore()
        for _ in range(setup.replicas):
            self.replicas.append(self._builder.replica(setup, store))
        self.context = self.replicas[0].limit
        self._adapt()
        self._warm_up()

    def _close_replicas(self) -> None:
        while self.replicas:
            self.replicas.pop().context.close()

    def _adapt(self) -> None:
        adapter, scale = self._adapter
        if adapter is None:
            return
        require_base(adapter, self._weights.path)
        handle = self._weights.model.load_adapter(adapter)
        for replica in self.replicas:
            replica.context.set_adapter(handle, scale)

    def _warm_up(self) -> None:
        """Read the weights once, so that the first answer does not wait for the disk."""
        self.logits([0])
