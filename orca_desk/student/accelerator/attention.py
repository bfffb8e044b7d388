"""Attention within the records of a packed row, by one of PyTorch's own kernels.

A token sees the tokens of its own record up to itself, and nothing else of the row. None of the kernels makes
a dense mask of the row by the row:

- `varlen`: flash attention for records of any length (`torch.nn.attention.varlen`), CUDA in 16 bits
- `flex`: FlexAttention, compiled, with the blocks of the row that records touch
- `split`: scaled dot-product attention of each record, one after the other: slow, but it is everywhere

Which of them a device can run, and which is fastest there, is found by `race.race_kernels`.
"""

from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn.attention.flex_attention import BlockMask, flex_attention
from transformers import AttentionInterface

from orca_desk.student.accelerator.packing import BLOCK, Kernel, RowRoom

IMPLEMENTATION = "orca_desk_packed"  # its name among transformers' implementations of attention
SHAPES = 64  # most kinds of rows that something is compiled for


@dataclass(frozen=True, eq=False)
class RowLayout:
    """Where the records of a packed row begin, on a device, and the kernel that attends to them.

    `starts` [records + 1] (int32; there may be empty records at the end) and `longest`, in tokens, are what
    variable-length kernels want; `records` [n] (int32) says to which record each token belongs.
    """

    kernel: Kernel
    starts: Tensor
    records: Tensor
    longest: int
    bounds: npt.NDArray[np.int64]
    masks: dict[int, BlockMask] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        starts: npt.NDArray[np.int64],
        kernel: Kernel,
        device: torch.device,
        room: RowRoom | None = None,
    ) -> "RowLayout":
        """Lay out the row whose records begin at `starts` (the last entry is its end), in at least `room`."""
        room = room or RowRoom()
        lengths = np.diff(starts)
        layout = cls(
            kernel=kernel,
            starts=torch.from_numpy(_with_room(starts, room.records)).to(device),
            records=torch.from_numpy(np.repeat(np.arange(len(lengths), dtype=np.int32), lengths)).to(device),
            longest=max(int(lengths.max()), room.longest),
            bounds=starts,
        )
        if kernel == "flex":
            layout.masks[0] = block_mask(layout, 0)
        return layout

    def mask(self, window: int) -> BlockMask:
        """Return the blocks that FlexAttention computes, with a sliding window (0: none)."""
        if window not in self.masks:
            self.masks[window] = block_mask(self, window)
        return self.masks[window]


def attend(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    layout: RowLayout,
    *,
    scale: float,
    window: int = 0,
    cap: float = 0.0,
) -> Tensor:
    """Return the attention of a row: q [1, heads, n, size], k and v [1, kv heads, n, size] -> as q.

    `window` is how many tokens a token sees, itself included (0: its whole record); `cap` bends the scores
    as cap * tanh(score / cap) (0: does not).
    """
    if layout.kernel == "varlen":
        return _varlen(q, k, v, layout, scale, window)
    if layout.kernel == "split":
        return _split(q, k, v, layout, scale)
    return _flex(q, k, v, layout, scale, window, cap)


def is_suitable(
    kernel: Kernel, device: torch.device, dtype: torch.dtype, *, window: int = 0, cap: float = 0.0
) -> bool:
    """Return whether a kernel computes this kind of attention at all, on this type of device."""
    if kernel == "varlen":
        return bool(device.type == "cuda" and dtype != torch.float32 and not cap)
    if kernel == "split":  # of no use to Apple's GPU, which is slow in starting many small products
        return bool(device.type in ("cuda", "cpu") and not cap and not window)
    return bool(device.type == "cuda")  # elsewhere FlexAttention has no backward pass


def _varlen(q: Tensor, k: Tensor, v: Tensor, layout: RowLayout, scale: float, window: int) -> Tensor:
    from torch.nn.attention.varlen import varlen_attn

    rows = (states[0].transpose(0, 1).contiguous() for states in (q, k, v))
    mixed = varlen_attn(
        *rows,
        layout.starts,
        layout.starts,
        layout.longest,
        layout.longest,
        scale=scale,
        window_size=(window - 1 if window else -1, 0),
        enable_gqa=q.shape[1] != k.shape[1],
    )
    return mixed.transpose(0, 1)[None]


def _split(q: Tensor, k: Tensor, v: Tensor, layout: RowLayout, scale: float) -> Tensor:
    lengths = np.diff(layout.bounds).tolist()
    records = zip(*(states.split(lengths, dim=2) for states in (q, k, v)), strict=True)
    grouped = q.shape[1] != k.shape[1]
    mixed = [
        nn.functional.scaled_dot_product_attention(*record, is_causal=True, scale=scale, enable_gqa=grouped)
        for record in records
    ]
    return torch.cat(mixed, dim=2)


def _flex(
    q: Tensor, k: Tensor, v: Tensor, layout: RowLayout, scale: float, window: int, cap: float
) -> Tensor:
    attention = flex_attention if q.device.type == "cpu" else _compiled_flex()

    def bent(score: Tensor, *_: Tensor) -> Tensor:
        return cap * torch.tanh(score / cap)

    mixed: Tensor = attention(
        q,
        k,
        v,
        score_mod=bent if cap else None,
        block_mask=layout.mask(window),
        scale=scale,
        enable_gqa=q.shape[1] != k.shape[1],
    )
    return mixed


@cache
def _compiled_flex() -> Any:
    # Beyond the limit torch would go on uncompiled, with every score of the row in memory.
    torch._dynamo.config.recompile_limit = max(torch._dynamo.config.recompile_limit, SHAPES)
    return torch.compile(flex_attention, dynamic=False)


def _with_room(starts: npt.NDArray[np.int64], records: int) -> npt.NDArray[np.int32]:
    """Return the starts as int32, with empty records at the end up to a multiple of `records` (0: none)."""
    count = len(starts) - 1
    wanted = -(-count // records) * records if records else count
    return np.pad(starts, (0, wanted - count), mode="edge").astype(np.int32)


def block_mask(layout: RowLayout, window: int) -> BlockMask:
    """Return the blocks of the row that hold a pair of tokens of which one sees the other.

    Made from the records' bounds: the usual way looks at every pair of tokens. Blocks all of whose pairs see
    each other are listed as full, and need no mask inside.
    """
    records, device = layout.records, layout.records.device

    def sees(_: Tensor, __: Tensor, query: Tensor, key: Tensor) -> Tensor:
        near = (key <= query) & (records[query] == records[key])
        return near & (query - key < window) if window else near

    partial, full = (torch.from_numpy(each).to(device) for each in _blocks(layout.bounds, window))
    count = len(partial)
    return BlockMask.from_kv_blocks(
        *_listed(partial), *_listed(full), BLOCK_SIZE=BLOCK, mask_mod=sees, seq_lengths=(count * BLOCK,) * 2
    )


def _blocks(
    bounds: npt.NDArray[np.int64], window: int
) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Return, as two [blocks, blocks] tables (query, key), which blocks are partly and fully seen."""
    firsts = np.arange(0, bounds[-1], BLOCK)
    lasts = firsts + BLOCK - 1
    of_first, of_last = (np.searchsorted(bounds, ends, side="right") - 1 for ends in (firsts, lasts))
    query, key = firsts[:, None], lasts[None]
    seen = (of_last[None] >= of_first[:, None]) & (firsts[None] <= query)
    full = (of_first[None] == of_last[:, None]) & (key < query)
    if window:
        seen &= query - key < window
        full &= lasts[:, None] - firsts[None] < window
    return seen & ~full, full


def _listed(table: Tensor) -> tuple[Tensor, Tensor]:
    """Return, as FlexAttention wants them, how many blocks each row has, and their indices first."""
    order = torch.argsort(table.to(torch.int8), dim=1, descending=True, stable=True)
    return table.sum(1, dtype=torch.int32)[None, None], order.to(torch.int32)[None, None]


def _packed_attention(
    module: nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    *,
    layout: RowLayout,
    scaling: float | None = None,
    sliding_window: int | None = None,
    softcap: float | None = None,
    **_: Any,
) -> tuple[Tensor, None]:
    """Attention as the models of transformers call it: [1, heads, n, size] -> [1, n, heads, size]."""
    scale = query.shape[-1] ** -0.5 if scaling is None else scaling
    mixed = attend(query, key, value, layout, scale=scale, window=sliding_window or 0, cap=softcap or 0.0)
    return mixed.transpose(1, 2), None


AttentionInterface.register(IMPLEMENTATION, _packed_attention)
