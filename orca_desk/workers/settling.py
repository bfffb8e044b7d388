"""How a process that does nothing but train treats its memory."""

import ctypes
import gc
import sys

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # M_... of malloc.h
_LARGEST_KEPT = 32 * 2**20  # bytes: the most that glibc allows
_MOST_KEPT = 2**31 - 1


def settle() -> None:
    """Keep freed memory for the next tensors, and leave what is loaded now out of garbage collection.

    A step frees and takes the same tensors again and again. glibc gives most of them back to the system,
    which clears each page that is taken again: as long as a pass over the tensor. Other C libraries are left
    as they are.
    """
    gc.collect()
    gc.freeze()
    if sys.platform == "linux":
        mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
        if mallopt is not None:
            mallopt(_MMAP_THRESHOLD, _LARGEST_KEPT)
            mallopt(_TRIM_THRESHOLD, _MOST_KEPT)
