"""How much of a model fits on the devices: pure arithmetic, on the header of its file.

llama.cpp offloads whole layers, the last ones first, and counts what follows the last block (the output) as
one more layer. A layer's keys and values lie where the layer does. The token embedding stays in memory.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from math import prod
from pathlib import Path
from typing import Literal

from orca_desk.models.gguf_header import Header, read_header
from orca_desk.models.identify import identify

CacheType = Literal["F16", "Q8_0"]
BYTES_PER_NUMBER: dict[CacheType, float] = {"F16": 2.0, "Q8_0": 34 / 32}
QUANTISED_BLOCK = 32  # numbers that Q8_0 stores with one scale: a head's size must be a multiple
BATCH_TOKENS = 512  # that one decode takes at most
SPARED_BYTES, SPARED_SHARE = 128 * 2**20, 0.05  # of a device's free memory: its libraries, other programs
_SINGLE = 4  # bytes of a number
_MASK = 2  # bytes of a number of the mask that says which token sees which
_BLOCK = re.compile(r"blk\.(\d+)\.")


@dataclass(frozen=True, kw_only=True)
class ModelLayout:
    """What a model's file says of its size.

    `blocks` has each block's bytes, `output` those of what follows the last; `cached` counts the keys and
    values of a token in each block. `packable` is whether Q8_0 can hold them. `parameters` counts weights,
    and `context` the tokens of the longest text that the model was trained on.
    """

    parameters: int
    context: int
    blocks: tuple[int, ...]
    output: int
    cached: tuple[int, ...]
    width: int
    ffn: int
    vocab: int
    packable: bool

    @property
    def layers(self) -> int:
        """The number of layers as llama.cpp counts them for offloading: the blocks and the output."""
        return len(self.blocks) + 1

    def weights(self, first: int, last: int) -> int:
        """Return the bytes of the layers from `first` up to before `last`; the output is the last one."""
        return sum((*self.blocks, self.output)[first:last])

    def cache(self, first: int, last: int, cells: int, kind: CacheType) -> int:
        """Return the bytes of `cells` tokens' keys and values in these layers."""
        return int(sum(self.cached[first:last]) * cells * BYTES_PER_NUMBER[kind])

    def computing(self, cells: int, outputs: int) -> int:
        """Return the bytes of a device's buffers for one decode that returns `outputs` rows of logits."""
        activations = BATCH_TOKENS * (4 * self.width + 2 * self.ffn) * _SINGLE
        return activations + BATCH_TOKENS * cells * _MASK + outputs * self.vocab * _SINGLE


@dataclass(frozen=True, kw_only=True)
class Placement:
    """What lies where: the last `layers` of `total` on `devices`, each in its `shares` of them.

    `cells` is the room for keys and values, of type `cache`. Without devices all is in the machine's memory.
    """

    devices: tuple[str, ...] = ()
    shares: tuple[float, ...] = ()
    layers: int = 0
    total: int = 0
    cells: int
    cache: CacheType = "F16"

    @property
    def is_whole(self) -> bool:
        """Whether all layers are on devices."""
        return self.layers == self.total > 0


def layout_of(path: Path) -> ModelLayout:
    """Read the layout of a model from the headers of its files. Raises UserError for one without blocks."""
    headers = [read_header(file) for file in identify(path).files]
    sizes: dict[str, int] = {}
    for header in headers:
        for name, tensor in header.tensors.items():
            sizes[name] = prod(tensor.shape[:-1]) * tensor.row_bytes
    count = headers[0].number(f"{headers[0].text('general.architecture')}.block_count")
    blocks = [0] * count
    output = 0
    for name, size in sizes.items():
        if (found := _BLOCK.match(name)) and int(found[1]) < count:
            blocks[int(found[1])] += size
        elif name.startswith("output"):
            output += size
    if "output.weight" not in sizes:  # the head is the embedding: a copy of it lies beside the last block
        output += sizes.get("token_embd.weight", 0)
    return _layout(headers[0], sum(header.elements.total() for header in headers), tuple(blocks), output)


def _layout(head: Header, parameters: int, blocks: tuple[int, ...], output: int) -> ModelLayout:
    architecture = head.text("general.architecture")

    def number(key: str, default: int = 0) -> int:
        return head.number(f"{architecture}.{key}", default)

    heads = number("attention.head_count", 1) or 1
    each = number("embedding_length") // heads
    keys, values = number("attention.key_length", each), number("attention.value_length", each)
    groups = head.metadata.get(f"{architecture}.attention.head_count_kv", heads)
    of_blocks = groups if isinstance(groups, tuple) else [groups] * len(blocks)
    tokens = head.metadata.get("tokenizer.ggml.tokens")
    return ModelLayout(
        parameters=parameters,
        context=number("context_length"),
        blocks=blocks,
        output=output,
        cached=tuple(int(count) * (keys + values) for count in of_blocks if isinstance(count, int)),
        width=number("embedding_length"),
        ffn=number("feed_forward_length"),
        vocab=int(getattr(tokens, "count", 0)) or number("vocab_size"),
        packable=keys % QUANTISED_BLOCK == values % QUANTISED_BLOCK == 0,
    )


def place(
    layout: ModelLayout,
    devices: Sequence[str],
    free: Sequence[int],
    *,
    wanted: int,
    enough: int,
    cache: CacheType | None,
    outputs: int,
    most: int | None = None,
) -> Placement:
    """Decide how many layers of a model go to `devices`, which have `free` bytes each, and how many cells.

    All of them, if `enough` cells fit beside them: the more, up to `wanted`, the better. Keys and values are
    of type `cache`; None: F16, or Q8_0 where only that lets the whole model fit. Otherwise as many layers as
    fit with `enough` cells in F16, and no device if none does. `outputs` is how many rows of logits a decode
    returns; `most` limits the layers.
    """
    trial = _Trial.of(layout, devices, free, layout.computing(enough, outputs), outputs)
    limit = layout.layers if most is None else min(most, layout.layers)
    kinds: tuple[CacheType, ...] = (cache,) if cache else ("F16", "Q8_0") if layout.packable else ("F16",)
    for kind in kinds if limit == layout.layers else kinds[:1]:
        if trial.fits(limit, enough, kind):
            return trial.placement(limit, trial.most_cells(limit, enough, wanted, kind), kind)
    for layers in range(limit - 1, 0, -1):
        if trial.fits(layers, enough, kinds[0]):
            return trial.placement(layers, enough, kinds[0])
    return Placement(total=layout.layers, cells=enough, cache=kinds[0])


def device_layers(layout: ModelLayout, shares: Sequence[float], layers: int) -> list[tuple[int, int]]:
    """Return each device's first layer and the one after its last, as llama.cpp divides `layers` of them."""
    start = layout.layers - layers
    ends = list(accumulate(shares))
    places = [
        min(bisect_right(ends, (layer - start) / layers), len(shares) - 1)
        for layer in range(start, layout.layers)
    ]
    found = []
    for device in range(len(shares)):
        first = start + sum(place < device for place in places)
        found.append((first, first + places.count(device)))
    return found


@dataclass(frozen=True, kw_only=True)
class _Trial:
    """The devices that have room beside a decode's buffers: `spare` bytes, buffers not yet counted."""

    layout: ModelLayout
    names: tuple[str, ...]
    spare: tuple[int, ...]
    shares: tuple[float, ...]
    outputs: int

    @classmethod
    def of(
        cls, layout: ModelLayout, devices: Sequence[str], free: Sequence[int], computing: int, outputs: int
    ) -> "_Trial":
        """Leave out the devices that have no room; divide layers by the room of the others."""
        spare = [int(size - max(SPARED_BYTES, size * SPARED_SHARE)) for size in free]
        kept = [(name, size) for name, size in zip(devices, spare, strict=True) if size > computing]
        room = [size - computing for _, size in kept]
        return cls(
            layout=layout,
            names=tuple(name for name, _ in kept),
            spare=tuple(size for _, size in kept),
            shares=tuple(size / sum(room) for size in room),
            outputs=outputs,
        )

    def fits(self, layers: int, cells: int, kind: CacheType) -> bool:
        """Whether the last `layers`, with `cells` tokens' keys and values, fit on every device."""
        computing = self.layout.computing(cells, self.outputs)
        return bool(self.names) and all(
            self.layout.weights(first, last) + self.layout.cache(first, last, cells, kind) + computing <= size
            for (first, last), size in zip(
                device_layers(self.layout, self.shares, layers), self.spare, strict=True
            )
        )

    def most_cells(self, layers: int, enough: int, wanted: int, kind: CacheType) -> int:
        """Return how many cells fit, from `enough` to `wanted`."""
        cells = range(enough, max(enough, wanted))
        return enough + bisect_left(cells, True, key=lambda count: not self.fits(layers, count + 1, kind))

    def placement(self, layers: int, cells: int, kind: CacheType) -> Placement:
        """Return the placement of so many layers and cells."""
        return Placement(
            devices=self.names,
            shares=self.shares,
            layers=layers,
            total=self.layout.layers,
            cells=cells,
            cache=kind,
        )
