"""The native library: imported in one place, with its messages sent to Python's logging."""

import ctypes
import importlib
import logging
import os
import sys
import threading
from collections import deque
from functools import cache
from pathlib import Path
from types import ModuleType

from orca_desk.errors import UserError

logger = logging.getLogger("orca_desk.llama_cpp")
logger.addHandler(logging.NullHandler())  # without one, Python prints warnings

LEVELS = {1: logging.DEBUG, 2: logging.DEBUG, 3: logging.INFO, 4: logging.WARNING}
ERROR = 4
CONTINUES = 5
last_errors: deque[str] = deque(maxlen=8)  # the native library's latest errors, oldest first


class MemoryRanOutError(UserError):
    """The device, or the machine, has less memory than llama.cpp wants; less of it may still do."""


@cache
def library() -> ModuleType:
    """Import llama_cpp, send its messages to logging instead of stderr, and start its backend."""
    # Without this, a native abort starts a debugger to print a backtrace; the process must end at once.
    os.environ.setdefault("GGML_NO_BACKTRACE", "1")
    lib: ModuleType = importlib.import_module("llama_cpp.llama_cpp")
    lib.llama_log_set(_callback(lib), ctypes.c_void_p(0))
    _load_kernels(lib)
    lib.llama_backend_init()
    return lib


def _load_kernels(lib: ModuleType) -> None:
    """Let ggml choose kernels for this processor, where they are separate libraries (GGML_BACKEND_DL).

    The packaged app has them beside llama.cpp; pip puts them in a `bin` folder. A build for one machine links
    its kernels in, as always on Windows, so there is nothing to load.
    """
    if sys.platform == "win32":
        return
    ggml, folder = lib._lib, Path(lib.__file__ or "").parent / "lib"  # has its dependencies' symbols too
    ggml.ggml_backend_dev_count.restype = ctypes.c_size_t
    for kernels in (folder, folder.parents[1] / "bin"):
        if not ggml.ggml_backend_dev_count():
            ggml.ggml_backend_load_all_from_path(os.fsencode(kernels))


@cache
def _callback(lib: ModuleType) -> object:
    """Return the callback, cached: the native side does not keep it alive."""
    current = threading.local()

    def receive(level: int, text: bytes, _: object) -> None:
        if level != CONTINUES:
            current.level = level
        line = text.decode("utf-8", "replace").rstrip()
        known = getattr(current, "level", 0)
        if line.strip("."):  # skips progress dots
            logger.log(LEVELS.get(known, logging.DEBUG), "%s", line)
            if known == ERROR:
                last_errors.append(line)

    return lib.llama_log_callback(receive)
