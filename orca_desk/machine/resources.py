"""What this computer has to offer a model: cores and memory, as this process may use them."""

import os

import psutil


def usable_cores() -> int:
    """Return how many cores this process may use: on Linux, fewer than all of them in a container."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def free_memory() -> int:
    """Return how many bytes of memory programs can still take without swapping."""
    return int(psutil.virtual_memory().available)


def total_memory() -> int:
    """Return how many bytes of memory the computer has."""
    return int(psutil.virtual_memory().total)
