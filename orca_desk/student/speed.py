"""How fast this machine multiplies matrices and moves memory, measured by torch in about a second."""

from collections.abc import Callable, Iterator

import psutil
import torch
from torch import Tensor

from orca_desk.machine import free_memory
from orca_desk.machine.stored import Speed
from orca_desk.student.torch.matmul import shortest_time

SIDE = 1024  # of the products on the CPU: large enough for full speed
DEVICE_SIDE = 4096  # and on a graphics processor, which is hundreds of times as fast
COPIED = 2**28  # bytes: more than a processor's caches hold
SECONDS = 0.12  # for each figure
LOOKING = 0.25  # s, at what other programs take of the processor
FORMATS = (torch.float32, torch.bfloat16, torch.float16)


def cpu_speed() -> Speed:
    """Measure the CPU with torch's threads: the faster of its libraries, float32 and bfloat16."""
    busy = psutil.cpu_percent(LOOKING) / 100
    products = {}
    for dtype in (torch.float32, torch.bfloat16):
        square = torch.ones(SIDE, SIDE, dtype=dtype)
        products[_name(dtype)] = 2 * SIDE**3 / min(_least_seconds(work) for work in _ways(square))
    return Speed(products=products, bandwidth=_bandwidth("cpu"), busy=busy)


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


def _bandwidth(device: str) -> float:
    size = min(COPIED, free_memory() // 8) if device == "cpu" else COPIED
    try:
        source = torch.ones(size, dtype=torch.uint8, device=device)
        target = torch.empty_like(source)
        return 2 * size / _least_seconds(lambda: _waited(target.copy_(source)))
    except RuntimeError:
        return 0.0


def _least_seconds(work: Callable[[], object]) -> float:
    """Return the seconds of the fastest of several runs; the first prepares kernels and does not count."""
    work()
    once = shortest_time(work, 1)
    return min(once, shortest_time(work, max(1, min(20, int(SECONDS / max(once, 1e-6))))))


def _waited(result: Tensor) -> None:
    """Wait until a device has computed `result`; the CPU has already."""
    if result.device.type == "cuda":
        torch.cuda.synchronize(result.device)
    elif result.device.type == "mps":
        torch.mps.synchronize()


def _name(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")
