"""Causal attention of rows on a CPU, by blocks of queries.

torch's own attention for CPUs is slow in bfloat16: it took a third of a training step, of which this takes a
quarter. Here a block of queries meets the keys up to its end in one matrix product, so that nothing but the
last block of keys has to be masked. Scores are float32, of products in the states' own type; the weights of
short rows are stored for the backward pass, those of longer ones computed again.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor

QUERIES = 64  # of a block
STORED = 512  # tokens of a row up to which its weights are stored: memory grows with their square
AT_ONCE = 2**22  # scores computed at once: as many rows as that
Block = tuple[slice, int, int]  # rows times key/value heads, first query, end of queries and keys


class RowAttention(torch.autograd.Function):  # type: ignore[misc]
    """Rotated queries and keys (arXiv 2104.09864, in the half-split order of Hugging Face), and attention."""

    @staticmethod
    def forward(
        context: Any, q: Tensor, k: Tensor, v: Tensor, cos: Tensor, sin: Tensor, scale: float, size: int
    ) -> Tensor:
        """q [rows, n, heads * size], k and v [rows, n, kv heads * size] -> the shape of q.

        cos, sin [rows or 1, n, size / 2]; `size` is a head's.
        """
        heads, cos, sin = k.shape[-1] // size, cos[:, :, None, None], sin[:, :, None, None]
        queries, keys = (_turned_by_heads(states, heads, size, cos, sin) for states in (q, k))
        keys, values = keys.squeeze(2), _by_heads(v, heads, size).squeeze(2)
        mixed = torch.empty_like(queries)
        stored: list[Tensor] = []
        for part, first, end in _blocks(queries):
            weights = _weights(queries[part, first:end], keys[part, :end], scale)
            mixed[part, first:end] = weights.bmm(values[part, :end]).unflatten(1, (end - first, -1))
            if q.shape[1] <= STORED:
                stored.append(weights)
        context.save_for_backward(queries, keys, values, cos, sin, *stored)
        context.scale, context.rows = scale, len(q)
        return _by_tokens(mixed, len(q)).flatten(2)

    @staticmethod
    def backward(context: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        """Return the gradients of q, k and v."""
        queries, keys, values, cos, sin, *stored = context.saved_tensors
        scale, rows = context.scale, context.rows
        upstream = _by_heads(gradient, len(keys) // rows, keys.shape[-1])
        dq, dk, dv = torch.empty_like(queries), torch.zeros_like(keys), torch.zeros_like(values)
        for place, (part, first, end) in enumerate(_blocks(queries)):
            block, some = queries[part, first:end], upstream[part, first:end].flatten(1, 2)
            weights = stored[place] if stored else _weights(block, keys[part, :end], scale)
            dscores = some.bmm(values[part, :end].transpose(1, 2))
            dscores = torch.ops.aten._softmax_backward_data(dscores, weights, -1, weights.dtype)
            dq[part, first:end] = dscores.bmm(keys[part, :end]).unflatten(1, (end - first, -1))
            dk[part, :end] += dscores.transpose(1, 2).bmm(block.flatten(1, 2))
            dv[part, :end] += weights.transpose(1, 2).bmm(some)
        dq, dk = (_by_tokens(states.mul_(scale), rows) for states in (dq, dk.unsqueeze(2)))
        dq, dk = (_turn(states, cos, sin, -1, _empty_as(states)) for states in (dq, dk))
        return dq.flatten(2), dk.flatten(2), _by_tokens(dv, rows).flatten(2), None, None, None, None


def _by_heads(states: Tensor, heads: int, size: int) -> Tensor:
    """[rows, n, heads * group * size] -> [rows * heads, n, group, size], contiguous."""
    return states.unflatten(-1, (heads, -1, size)).transpose(1, 2).flatten(0, 1)


def _by_tokens(states: Tensor, rows: int) -> Tensor:
    """[rows * heads, n, ...] -> a view [rows, n, heads, ...]."""
    return states.unflatten(0, (rows, -1)).transpose(1, 2)


def _turned_by_heads(states: Tensor, heads: int, size: int, cos: Tensor, sin: Tensor) -> Tensor:
    """Rotate [rows, n, heads * group * size] into [rows * heads, n, group, size], in the same passes."""
    states = states.unflatten(-1, (heads, -1, size))
    result = _empty_as(states.transpose(1, 2))
    _turn(states, cos, sin, 1, result.transpose(1, 2))
    return result.flatten(0, 1)


def _turn(states: Tensor, cos: Tensor, sin: Tensor, direction: int, result: Tensor) -> Tensor:
    """Rotate states [rows, n, heads, group, size], forth (1) or back (-1), into `result`."""
    (first, second), (left, right) = states.chunk(2, -1), result.chunk(2, -1)
    torch.mul(first, cos, out=left).addcmul_(second, sin, value=-direction)
    torch.mul(second, cos, out=right).addcmul_(first, sin, value=direction)
    return result


def _empty_as(states: Tensor) -> Tensor:
    """Return a new tensor of the same shape, laid out in order."""
    return torch.empty(states.shape, dtype=states.dtype)


def _blocks(queries: Tensor) -> Iterator[Block]:
    """Yield the blocks of queries [rows * heads, n, group, size], as many rows at once as AT_ONCE allows."""
    count, n, group, _ = queries.shape
    for first in range(0, n, QUERIES):
        end = min(first + QUERIES, n)
        rows = max(1, AT_ONCE // ((end - first) * group * end))
        for start in range(0, count, rows):
            yield slice(start, start + rows), first, end


def _weights(queries: Tensor, keys: Tensor, scale: float) -> Tensor:
    """Return what each query gives to each key: [rows, queries, group, size], [rows, n, size].

    -> [rows, queries * group, n], in the type of the states. The queries are those of the last keys.
    """
    count, group = queries.shape[1:3]
    with _products_as(queries.dtype):
        scores = queries.float().flatten(1, 2).bmm(keys.float().transpose(1, 2))
    scores.mul_(scale)[:, :, -count:] += _mask(count, group)
    return torch.softmax(scores, -1).to(queries.dtype)


@contextmanager
def _products_as(dtype: torch.dtype) -> Iterator[None]:
    """Let float32 products round their factors to bfloat16, which states in bfloat16 are in already."""
    products: Any = torch.backends.mkldnn.matmul
    before = products.fp32_precision
    if dtype == torch.bfloat16:
        products.fp32_precision = "bf16"
    try:
        yield
    finally:
        products.fp32_precision = before


@lru_cache(maxsize=2 * QUERIES)
def _mask(count: int, group: int) -> Tensor:
    """Return -inf where a query [count * group] comes before a key [count], 0 elsewhere."""
    return torch.full((count, count), -torch.inf).triu_(1).repeat_interleave(group, 0)
