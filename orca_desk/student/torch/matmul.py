"""Matrix products by the library that is faster on this processor.

torch multiplies float32 matrices with MKL, which leaves AVX-512 unused on AMD processors; oneDNN, which torch
contains too, was measured 2.2 times as fast there. Each run times both once and then stays with its choice:
the two round differently, and a resumed run must repeat every bit. Where two runs must be equal bit for bit,
ORCA_DESK_PRODUCTS=blas (or onednn) in the environment replaces the timing.
"""

import os
import time
from collections.abc import Callable
from typing import Literal

import torch
from torch import Tensor

MatmulLibrary = Literal["blas", "onednn"]

CLEARLY_FASTER = 1.1
# oneDNN caches about half a megabyte of compiled code for each of its last 1024 shapes, twice. Batches have
# ever new shapes, so only those of one step are worth caching. It reads this at its first product.
for _capacity in ("LRU_CACHE_CAPACITY", "ONEDNN_PRIMITIVE_CACHE_CAPACITY"):
    os.environ.setdefault(_capacity, "64")
_library: MatmulLibrary = "blas"


def matmul(x: Tensor, w: Tensor, *, add: Tensor | None = None) -> Tensor:
    """Return x @ w.T, plus `add` if given: x [n, in], w [out, in], add [n, out]; any strides.

    Consumes `add`: the result can reuse its memory.
    """
    if _library == "onednn" and x.dtype == torch.float32:
        if add is not None:
            return torch.ops.mkldnn._linear_pointwise.binary(x, add, w, None, "add")
        return torch.ops.mkldnn._linear_pointwise(x, w, None, "none", [], "")
    return x.mm(w.t()) if add is None else add.addmm_(x, w.t())


def use_library(library: MatmulLibrary) -> None:
    """Let `matmul` use this library from now on, in this process."""
    global _library
    _library = library


def faster_library(*, rows: int, width: int, out: int, rank: int) -> MatmulLibrary:
    """Time both libraries on this machine and return the faster.

    The float32 products are those of a step through a layer [out, width] with an adapter of `rank`: forward,
    backward, and for an adapter's gradient: a library can be fast in one and far slower in another.
    """
    if os.environ.get("ORCA_DESK_PRODUCTS") == "blas":
        return "blas"
    if not torch.backends.mkldnn.is_available() or not hasattr(torch.ops.mkldnn, "_linear_pointwise"):
        return "blas"
    if os.environ.get("ORCA_DESK_PRODUCTS") == "onednn":
        return "onednn"
    x, y = torch.ones(rows, width), torch.ones(rows, out)
    w, thin = torch.ones(out, width), torch.ones(rows, rank)
    before = _library
    seconds: dict[MatmulLibrary, float] = {}
    libraries: tuple[MatmulLibrary, ...] = ("blas", "onednn")
    for name in libraries:
        use_library(name)
        seconds[name] = shortest_time(lambda: (matmul(x, w), matmul(y, w.t()), matmul(thin.t(), y.t())))
    use_library(before)
    return "onednn" if seconds["blas"] > CLEARLY_FASTER * seconds["onednn"] else "blas"


def shortest_time(work: Callable[[], object], times: int = 6) -> float:
    """Return the seconds that `work` takes, the least of several runs."""
    results = []
    for _ in range(times):
        start = time.perf_counter()
        work()
        results.append(time.perf_counter() - start)
    return min(results)
