"""How an engine runs a model: where its weights lie, with how many contexts of which size, and with less."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from orca_desk.machine import free_memory
from orca_desk.machine.devices import Listed
from orca_desk.teacher.offload import BYTES_PER_NUMBER, CacheType, ModelLayout, Placement, place

PREFIX_SEQUENCES = 8  # the seven strategies, and one that the user wrote
MOST_REPLICAS = 8  # Python takes about a tenth of a step, and only one replica at a time can run it.
MOST_CELLS = 32_768  # of all replicas together, unless one sequence needs more: 32 answers of 1024 tokens
MEMORY_SHARE = 0.25  # of the free memory, for keys and values
MOST_SLOTS_ON_DEVICE = 128
MOST_CELLS_ON_DEVICE = 131_072
DEVICE_SHARE = 0.5  # of a device's free memory, for more keys and values than MOST_CELLS
LEAST_CELLS = 4096  # before weights leave a device to make room
LAYERS_DROPPED = 0.25  # of all layers, at each time that memory runs out


@dataclass(frozen=True)
class _Plan:
    """How a model of some size runs fastest on a processor, found by measuring each batch size."""

    replicas: bool  # one per core, or one with all cores
    slots: int  # answers at once per replica
    flash: bool  # the flash attention kernel, or plain matrix products


# By the number of weights, up to the limit. A tiny model spends its time on attention, for which plain matrix
# products are twice as fast as the flash kernel at 2 to 6 answers. Each answer looks through the cells of
# all: 2 at once write 8 to 20% more tokens than 4, while a single one misses the kernel for matrices. From
# about 100 million weights on, the products with the weights dominate, which are fast from 16 rows on. For
# still larger models, many replicas' answers would take too much memory.
PLANS = ((20e6, _Plan(True, 2, False)), (400e6, _Plan(True, 16, True)), (math.inf, _Plan(False, 16, True)))


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What a setup depends on: counts of weights, of trained context (see `LlamaModel`) and cache bytes."""

    parameters: int
    context: int
    short_context: int
    kv_bytes_per_token: int


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What an engine was asked for; None is automatic, and `cache` None F16 or what fits.

    `least` is the longest sequence that was promised already.
    """

    batch: int | None
    context: int | None
    threads: int
    scored: int
    cache: CacheType | None
    least: int = 0

    def longest(self, facts: Facts) -> int:
        """Return the longest sequence to make room for."""
        longest = min(self.context or facts.context, facts.context)
        return min(longest, facts.short_context) if self._is_short(facts) else longest

    def most(self, facts: Facts, cells: int) -> int:
        """Return how many cells a context may have, of `cells` usually."""
        return min(cells, facts.short_context) if self._is_short(facts) else cells

    def _is_short(self, facts: Facts) -> bool:
        return 0 < facts.short_context >= (self.context or 0)


@dataclass(frozen=True, kw_only=True)
class Setup:
    """`replicas` contexts of `cells` each; each writes `slots` answers at once by `threads` threads."""

    placement: Placement
    replicas: int
    slots: int
    longest: int
    cells: int
    threads: int
    flash: bool
    measured: bool = True  # or whether `slots` is only the most to try


def setup_on_cpu(facts: Facts, wish: Wish) -> Setup:
    """Return the setup without any device."""
    plan = next(plan for limit, plan in PLANS if facts.parameters < limit)
    replicas = min(wish.threads, MOST_REPLICAS, wish.batch or MOST_REPLICAS) if plan.replicas else 1
    slots = -(-(wish.batch or replicas * plan.slots) // replicas)
    longest, most = wish.longest(facts), wish.most(facts, MOST_CELLS // replicas)
    cache = wish.cache or "F16"
    bytes_per_token = facts.kv_bytes_per_token * BYTES_PER_NUMBER[cache] / BYTES_PER_NUMBER["F16"]
    memory = free_memory() * MEMORY_SHARE / replicas
    wanted = max(longest, min(slots * longest, most))
    cells = max(256, wish.least, min(wanted, int(memory / bytes_per_token)))
    return Setup(
        placement=Placement(cells=cells, cache=cache),
        replicas=replicas,
        slots=slots,
        longest=longest,
        cells=cells,
        threads=wish.threads // replicas,
        flash=plan.flash or cache != "F16",  # only the flash kernel reads quantised values
    )


def setup_on_devices(
    layout: ModelLayout,
    facts: Facts,
    wish: Wish,
    devices: Sequence[Listed],
    *,
    most_layers: int | None = None,
) -> Setup:
    """Return the setup with as much on `devices` as fits, up to `most_layers`; on the CPU if nothing does."""
    slots = wish.batch or MOST_SLOTS_ON_DEVICE
    longest = wish.longest(facts)
    wanted = max(longest, min(slots * longest, wish.most(facts, MOST_CELLS_ON_DEVICE)))
    share = DEVICE_SHARE * sum(one.free for one in devices) / max(1, facts.kv_bytes_per_token)
    enough = max(wish.least, min(wanted, MOST_CELLS))
    placement = place(
        layout,
        [one.name for one in devices],
        [one.free for one in devices],
        wanted=min(wanted, max(enough, int(share))),
        enough=enough,
        cache=wish.cache,
        outputs=slots + PREFIX_SEQUENCES + wish.scored,
        most=most_layers,
    )
    if not placement.layers:
        return setup_on_cpu(facts, wish)
    return Setup(
        placement=placement,
        replicas=1,
        slots=slots,
        longest=longest,
        cells=placement.cells,
        threads=wish.threads,
        flash=True,
        measured=wish.batch is not None,
    )


def setup_beside(
    layout: ModelLayout, facts: Facts, wish: Wish, devices: Sequence[Listed], placed: Placement
) -> Setup:
    """Return the setup of one more context over weights that lie as `placed`."""
    weightless = replace(layout, blocks=(0,) * len(layout.blocks), output=0)
    setup = setup_on_devices(weightless, facts, wish, devices, most_layers=placed.layers)
    cells, cache = setup.cells, setup.placement.cache
    if setup.placement.layers < placed.layers:
        cells, cache = max(256, wish.least), wish.cache or "F16"
    return replace(
        setup,
        placement=replace(placed, cells=cells, cache=cache),
        replicas=1,
        slots=wish.batch or min(setup.slots, MOST_SLOTS_ON_DEVICE),
        cells=cells,
        threads=wish.threads,
        flash=True,
    )


def cells_halved(setup: Setup, least: int) -> Setup | None:
    """Return the setup with half the cells, but no fewer than `least`; None if it has no more than those."""
    if setup.cells <= least:
        return None
    cells = max(least, setup.cells // 2)
    return replace(setup, cells=cells, placement=replace(setup.placement, cells=cells))


def fewer_layers(placement: Placement) -> int:
    """Return how many layers to leave on the devices when their memory ran out."""
    return max(0, placement.layers - math.ceil(placement.total * LAYERS_DROPPED))
