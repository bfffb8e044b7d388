"""How fast this machine multiplies matrices and moves memory, measured by torch in about a second."""

import time
from collections.abc import Callable, Iterator

import psutil
import torch
from torch import Tensor

from orca_desk.machine import free_memory
from orca_desk.machine.clock import computing_seconds
from orca_desk.machine.stored import BUSY, Speed

SIDE = 1024  # of the products on the CPU: large enough for full speed
DEVICE_SIDE = 4096  # and on a graphics processor, which is hundreds of times as fast
COPIED = 2**28  # bytes: more than a processor's caches hold
SECONDS = 0.12  # for each figure
LOOKING = 0.25  # s, at what other programs take of the processor
Clock = Callable[[], float]
FORMATS = (torch.float32, torch.bfloat16, torch.float16)


def cpu_speed() -> Speed:
    """Measure the CPU with torch's threads: the faster of its libraries, float32 and bfloat16.

    Beside busy programs, the time counts in which the calling thread computed. On an idle machine the time
    that passed counts, which shows a container's limit on its share of the cores too.
    """
    busy = psutil.cpu_percent(LOOKING) / 100
    clock = computing_seconds if busy >= BUSY else time.perf_counter
    products = {}
    for dtype in (torch.float32, torch.bfloat16):
        square = torch.ones(SIDE, SIDE, dtype=dtype)
        products[_name(dtype)] = 2 * SIDE**3 / min(_least_seconds(work, clock) for work in _ways(square))
    return Speed(products=products, bandwidth=_bandwidth("cpu", clock), busy=busy)


def device_speed(device: str) -> Speed:
    """Measure a device by its name in torch, in each number format that it computes in."""
    products = {}
    for dtype in FORMATS:
        try:
            square = torch.ones(DEVICE_SIDE, DEVICE_SIDE, dtype=dtype, device=device)
            seconds = _least_seconds(lambda square=square: _waited(square.mm(square)))  # type: ignore[misc]
        except (RuntimeError, TypeError):  # it lacks this format, or the memory
            continue
        products[_name(dtype)] = 2 * DEVICE_SIDE**3 / seconds
    return Speed(products=products, bandwidth=_bandwidth(device))


def _ways(square: Tensor) -> Iterator[Callable[[], object]]:
    yield lambda: square.mm(square)
    if torch.backends.mkldnn.is_available() and hasattr(torch.ops.mkldnn, "_linear_pointwise"):
        yield lambda: torch.ops.mkldnn._linear_pointwise(square, square, None, "none", [], "")


def _bandwidth(device: str, clock: Clock = time.perf_counter) -> float:
    size = min(COPIED, free_memory() // 8) if device == "cpu" else COPIED
    try:
        source = torch.ones(size, dtype=torch.uint8, device=device)
        target = torch.empty_like(source)
        return 2 * size / _least_seconds(lambda: _waited(target.copy_(source)), clock)
    except RuntimeError:
        return 0.0


def _least_seconds(work: Callable[[], object], clock: Clock = time.perf_counter) -> float:
    """Return the seconds of the fastest of several runs; the first prepares kernels and does not count."""
    work()
    once = _seconds(work, clock)
    times = max(1, min(20, int(SECONDS / max(once, 1e-6))))
    return max(min(once, *(_seconds(work, clock) for _ in range(times))), 1e-9)


def _seconds(work: Callable[[], object], clock: Clock) -> float:
    began = clock()
    work()
    return clock() - began


def _waited(result: Tensor) -> None:
    """Wait until a device has computed `result`; the CPU has already."""
    if result.device.type == "cuda":
        torch.cuda.synchronize(result.device)
    elif result.device.type == "mps":
        torch.mps.synchronize()


def _name(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")
