"""Builds an engine: the setup to begin with, a smaller one where memory runs out, and the replicas."""

import logging
from collections.abc import Sequence
from dataclasses import replace

from orca_desk.machine.devices import Listed
from orca_desk.teacher.batch import CELLS_EACH, choose_batch, measure_batch, store_batch, stored_batch
from orca_desk.teacher.context import Context
from orca_desk.teacher.native import MemoryRanOutError
from orca_desk.teacher.offload import CacheType
from orca_desk.teacher.prefix_store import PrefixStore
from orca_desk.teacher.prefixes import Prefixes
from orca_desk.teacher.replicas import Replica
from orca_desk.teacher.setup import (
    LEAST_CELLS,
    PREFIX_SEQUENCES,
    Setup,
    Wish,
    cells_halved,
    fewer_layers,
    setup_beside,
    setup_on_cpu,
    setup_on_devices,
)
from orca_desk.teacher.weights import Weights

logger = logging.getLogger(__name__)


def cache_type(chosen: str, weights: Weights, devices: Sequence[Listed]) -> CacheType | None:
    """Return the chosen type of keys and values, where the model allows it; None: what fits."""
    match chosen:
        case "q8_0" if weights.layout.packable:
            return "Q8_0"
        case "auto" if devices:
            return None
    return "F16"


class EngineBuilder:
    """Decides how `weights` run as wished, on `devices` or the processor, and creates what runs them."""

    def __init__(self, *, weights: Weights, wish: Wish, devices: Sequence[Listed]) -> None:
        self.wish = wish
        self._weights = weights
        self._devices = devices

    def promise(self, tokens: int) -> None:
        """Make no further setup for shorter sequences than of so many tokens."""
        self.wish = replace(self.wish, least=tokens)

    def first_setup(self) -> Setup:
        """Return the setup with as much on the devices as fits, beside the engines that share the weights."""
        weights = self._weights
        if weights.users > 1 and weights.placement and weights.placement.layers:
            return setup_beside(weights.layout, weights.facts, self.wish, self._devices, weights.placement)
        if not self._devices or weights.users > 1:
            return setup_on_cpu(weights.facts, self.wish)
        return setup_on_devices(weights.layout, weights.facts, self.wish, self._devices)

    def smaller(self, setup: Setup, error: MemoryRanOutError) -> Setup:
        """Return a setup that takes less memory than `setup`, with which `error` was raised.

        It has fewer cells where that is enough, or else fewer layers on the devices. Raises `error` if there
        is none with room for what was promised.
        """
        logger.warning("%s", error)
        weights = self._weights
        fits = weights.placement is not None
        least = self.wish.least or min(setup.longest, LEAST_CELLS)
        fewer = cells_halved(setup, least) if fits else None
        if fewer is not None:
            return fewer
        if not setup.placement.layers or weights.users > 1:
            raise error
        layers = fewer_layers(setup.placement)
        if not layers:
            return setup_on_cpu(weights.facts, self.wish)
        return setup_on_devices(weights.layout, weights.facts, self.wish, self._devices, most_layers=layers)

    def fastest_batch(self, setup: Setup, version: str) -> int:
        """Return how many answers at once the weights write fastest where they lie now.

        It is measured once for each model and `version` of the engine.
        """
        most = max(1, min(setup.slots, setup.cells // CELLS_EACH))
        key = f"{version}, {self._weights.path.name}, {self._weights.facts}"
        count = stored_batch(key)
        if count is None:
            context = self._context(replace(setup, slots=most))
            try:
                speeds = measure_batch(context, most)
            finally:
                context.close()
            logger.info("tokens per second by answers at once: %s", speeds)
            count = choose_batch(speeds) if speeds else 1
            store_batch(key, count)
        return min(count, most)

    def replica(self, setup: Setup, store: PrefixStore) -> Replica:
        """Return one of the setup's replicas, which shares what it reads through `store`."""
        context = self._context(setup)
        return Replica(
            context=context,
            prefixes=Prefixes(context, range(setup.slots, setup.slots + PREFIX_SEQUENCES), store),
            tokenizer=self._weights.vocabulary.tokenizer,
            slots=setup.slots,
            limit=min(setup.longest, context.cells),
        )

    def _context(self, setup: Setup) -> Context:
        return Context(
            self._weights.model,
            cells=setup.cells,
            sequences=setup.slots + PREFIX_SEQUENCES,
            threads=setup.threads,
            flash_attention=setup.flash,
            cache=setup.placement.cache,
            scored=self.wish.scored,
        )
