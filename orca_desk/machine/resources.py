"""The processor, and cores and memory as this process may use them: less than all in a container."""

import os
import platform
import subprocess
import sys
from contextlib import suppress
from functools import cache
from pathlib import Path

import psutil

from orca_desk.machine.containers import Control, cgroups


def usable_cores() -> int:
    """Return how many cores this process may use: on Linux, fewer than all of them in a container."""
    given = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    shares = [one.cores for one in _controls() if one.cores]
    return max(1, min([given, *(int(-(-share // 1)) for share in shares)]))


def free_memory() -> int:
    """Return how many bytes of memory programs can still take without swapping, and within the limits."""
    free = int(psutil.virtual_memory().available)
    return max(0, min([free, *(one.limit - one.used for one in _controls() if one.limit)]))


def total_memory() -> int:
    """Return how many bytes of memory the computer has, or the container may use."""
    total = int(psutil.virtual_memory().total)
    return min([total, *(one.limit for one in _controls() if one.limit)])


def memory_is_limited() -> bool:
    """Return whether a container gives this process less memory than the computer has."""
    return total_memory() < int(psutil.virtual_memory().total)


def _controls() -> list[Control]:
    return cgroups(Path("/proc/self/cgroup"), Path("/sys/fs/cgroup"))


@cache
def processor_name() -> str:
    """Return the name of the processor for people."""
    with suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text(errors="replace").splitlines():
            if line.lower().startswith("model name"):
                return " ".join(line.partition(":")[2].split())
    if sys.platform == "darwin":
        return _apple_name() or platform.processor()
    return platform.processor() or platform.machine()


@cache
def has_matrix_unit() -> bool:
    """Return whether the processor multiplies matrices of 8-bit integers by Intel's AMX."""
    with suppress(OSError):
        return "amx_int8" in Path("/proc/cpuinfo").read_text(errors="replace")
    return False


def _apple_name() -> str:
    with suppress(OSError, subprocess.SubprocessError):
        command = ["/usr/sbin/sysctl", "-n", "machdep.cpu.brand_string"]
        return subprocess.run(command, capture_output=True, text=True, timeout=5).stdout.strip()
    return ""
