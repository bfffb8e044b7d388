"""Which attention kernel a device computes correctly, and fastest: measured once when a training begins."""

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np
import torch
from torch import Tensor, nn

from orca_desk.student.accelerator.attention import RowLayout, attend, is_suitable
from orca_desk.student.accelerator.packing import BLOCK, Kernel

log = logging.getLogger(__name__)

# "rows": no packing, each record has its own row
Attention = Literal["varlen", "flex", "split", "rows"]
KERNELS: tuple[Kernel, ...] = ("varlen", "split", "flex")
COMPARED = ("result", "gradient of queries", "gradient of keys", "gradient of values")
TIMES = 5
# The largest error, as a share of the largest value, that rounding explains.
CLOSE = {torch.float32: 1e-3, torch.bfloat16: 3e-2, torch.float16: 1e-2}


@dataclass(frozen=True, kw_only=True)
class AttentionShape:
    """What a model's attention looks like; `windows` are the sliding windows of its layers (0: none)."""

    heads: int
    kv_heads: int
    size: int
    windows: tuple[int, ...] = (0,)
    cap: float = 0.0


@dataclass(frozen=True, kw_only=True)
class AttentionRace:
    """Seconds of a forward and backward pass by kernel, and why each of the others is out."""

    seconds: dict[Kernel, float]
    failures: dict[Kernel, str]

    @property
    def fastest(self) -> Attention:
        """The kernel to use; "rows" where none computes packed rows."""
        if not self.seconds:
            return "rows"
        kernel: Kernel = min(self.seconds, key=lambda one: self.seconds[one])
        return kernel


def race_kernels(
    shape: AttentionShape,
    lengths: Sequence[int],
    *,
    device: torch.device,
    dtype: torch.dtype,
    is_long: bool = True,
) -> AttentionRace:
    """Time each kernel on a row of records of these lengths, after comparing it with plain attention.

    Compared are its result and the gradients of queries, keys and values.

    A kernel that is missing, fails or computes something else is out, with its reason; so is `flex`, which
    has to be compiled, for a training that is not long, where another computes the same.
    """
    starts = _starts(lengths)
    q, k, v, upstream = _inputs(shape, int(starts[-1]), device, dtype)
    seconds: dict[Kernel, float] = {}
    failures: dict[Kernel, str] = {}
    expected: dict[int, list[Tensor]] = {}
    for kernel in KERNELS:
        if not all(is_suitable(kernel, device, dtype, window=each, cap=shape.cap) for each in shape.windows):
            failures[kernel] = "does not compute this model's attention on this device"
            continue
        if kernel == "flex" and seconds and not is_long:
            failures[kernel] = "the training is too short to compile it"
            continue
        try:
            for window in shape.windows:
                if window not in expected:
                    expected[window] = _plain((q, k, v, upstream), starts, shape, window)
                layout = RowLayout.of(starts, kernel, device)
                mixed = _attend(q, k, v, layout, shape, window)
                got = [mixed, *torch.autograd.grad(mixed, (q, k, v), upstream)]
                for name, one, other in zip(COMPARED, got, expected[window], strict=True):
                    _require_close(name, one, other)
            seconds[kernel] = _time(kernel, (q, k, v, upstream), starts, shape, device)
        except Exception as error:  # a kernel may be left out of a build, or refuse shapes: any reason does
            failures[kernel] = reason_of(error)
            log.info("attention by %s is out: %s", kernel, failures[kernel])
    return AttentionRace(seconds=seconds, failures=failures)


def reason_of(error: Exception) -> str:
    """Return an exception's name and the first line of its text, which may be empty, as of an assertion."""
    return ": ".join([type(error).__name__, *str(error).strip().splitlines()[:1]])[:200]


def synchronise(device: torch.device) -> None:
    """Wait until the device has done what it was given; a CPU always has."""
    if device.type != "cpu":
        torch.accelerator.synchronize(device)


def shortest(work: Callable[[], object], device: torch.device, times: int = TIMES) -> float:
    """Return the least seconds of several runs of `work` on the device, after one that is not counted."""
    results = []
    for _ in range(times + 1):
        synchronise(device)
        began = time.perf_counter()
        work()
        synchronise(device)
        results.append(time.perf_counter() - began)
    return min(results[1:])


def _starts(lengths: Sequence[int]) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    used = sum(lengths)
    rest = -used % BLOCK
    return np.cumsum([0, *lengths, *([rest] if rest else [])]).astype(np.int64)


def _inputs(shape: AttentionShape, count: int, device: torch.device, dtype: torch.dtype) -> list[Tensor]:
    """Return queries, keys, values and an upstream gradient, the same each time."""
    random = torch.Generator().manual_seed(0)
    heads = (shape.heads, shape.kv_heads, shape.kv_heads, shape.heads)
    states = [torch.randn(1, each, count, shape.size, generator=random) for each in heads]
    on_device = [each.to(device=device, dtype=dtype) for each in states]
    return [*(each.requires_grad_() for each in on_device[:3]), on_device[3]]


def _attend(q: Tensor, k: Tensor, v: Tensor, layout: RowLayout, shape: AttentionShape, window: int) -> Tensor:
    return attend(q, k, v, layout, scale=shape.size**-0.5, window=window, cap=shape.cap)


def _plain(states: Sequence[Tensor], starts: np.ndarray, shape: AttentionShape, window: int) -> list[Tensor]:
    """Return what attention is by definition, and its gradients, in float32: see COMPARED.

    One record and one head of keys at a time, as the scores of long records take much memory.
    """
    groups = shape.heads // shape.kv_heads
    results = [torch.zeros(one.shape, device=one.device) for one in (states[0], *states[:3])]
    for first, end in pairwise(starts.tolist()):
        places = torch.arange(end - first, device=states[0].device)
        distance = places[:, None] - places[None]
        hidden = (distance < 0) | (distance >= window if window else distance < 0)
        for head in range(shape.kv_heads):
            own, shared = slice(head * groups, (head + 1) * groups), slice(head, head + 1)
            parts = [(0, which, slice(first, end)) for which in (own, shared, shared, own)]
            some = [one[part].detach().float() for one, part in zip(states, parts, strict=True)]
            q, k, v = (one.requires_grad_() for one in some[:3])
            scores = q @ k.transpose(1, 2) * shape.size**-0.5
            if shape.cap:
                scores = shape.cap * torch.tanh(scores / shape.cap)
            mixed = nn.functional.softmax(scores.masked_fill(hidden, -torch.inf), -1) @ v
            found = [mixed.detach(), *torch.autograd.grad(mixed, (q, k, v), some[3])]
            for result, part, one in zip(results, (parts[0], *parts[:3]), found, strict=True):
                result[part] = one
    return results


def _require_close(name: str, got: Tensor, expected: Tensor) -> None:
    error = float((got.detach().float() - expected).abs().max() / expected.abs().max())
    if not error <= CLOSE[got.dtype]:
        raise ValueError(f"its {name} is wrong by {error:.2g} of the largest value")


def _time(
    kernel: Kernel, states: Sequence[Tensor], starts: np.ndarray, shape: AttentionShape, device: torch.device
) -> float:
    q, k, v, upstream = states
    layout = RowLayout.of(starts, kernel, device)

    def work() -> None:
        for window in shape.windows:
            mixed = _attend(q, k, v, layout, shape, window)
            torch.autograd.grad(mixed, (q, k, v), upstream)

    return shortest(work, device)
