"""What keeps the event loop responsive while threads of the same process compute.

Python runs one thread at a time, and painting one table enters Python hundreds of times. Without help, each
entry waits for a busy thread. There are four measures, each compared by
`python -m benchmarks.desktop --only stalls --without MEASURE`:

- `quick_switches`: a busy thread gives up the interpreter after 0.1 ms instead of Python's 5 ms.
- `calm_garbage`: a full collection would walk over every object that the start has made, again and again
  while rows arrive by the thousand. Those objects are frozen, and young generations stay small.
- `import_the_rest`: the code of a page is imported before the user first opens it.
- `orca_desk.yielding`: long loops in the library pause while the event loop paints.

`collect_in_this_thread` is here beside them, but for another reason: without it the window could hang.

Heavy work itself belongs in a worker process.
"""

import gc
import importlib
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from PySide6.QtCore import QTimer

SWITCH_SECONDS = 0.0001
COLLECT_MS = 100


@contextmanager
def quick_switches() -> Iterator[None]:
    """Switch between threads every 0.1 ms inside the block."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(SWITCH_SECONDS)
    try:
        yield
    finally:
        sys.setswitchinterval(before)


@contextmanager
def collect_in_this_thread() -> Iterator[None]:
    """Collect cyclic garbage only in the thread of the event loop inside the block.

    By default Python collects in whichever thread allocates. A collection that frees the receiver of a signal
    makes PySide take a lock of Qt and then wait for the interpreter; meanwhile the event loop can hold the
    interpreter and wait for that lock, and the window hangs for good.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    timer = QTimer()
    timer.setInterval(COLLECT_MS)
    timer.timeout.connect(collect_due)
    timer.start()
    try:
        yield
    finally:
        timer.stop()
        if was_enabled:
            gc.enable()


def collect_due() -> None:
    """Collect the oldest generation that has reached its threshold, as Python itself would."""
    due = [
        n
        for n, (count, most) in enumerate(zip(gc.get_count(), gc.get_threshold(), strict=True))
        if count > most
    ]
    if due:
        gc.collect(due[-1])


def settle() -> None:
    """Take the measures that would delay the start, once the first window is painted."""
    import_in_thread()
    calm_garbage()


def import_in_thread() -> None:
    """Run `import_the_rest` in a thread."""
    threading.Thread(target=import_the_rest, name="imports", daemon=True).start()


def calm_garbage() -> None:
    """Keep later garbage collections short."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(5_000, 10, 1_000)


def import_the_rest() -> None:
    """Import what the first write, and the first opening of each page and of the palette, need."""
    importlib.import_module("sqlite_utils")
    importlib.import_module("orca_desk.prompts.hf")  # the tokenizer, first needed beside a running training
    importlib.import_module("orca_desk.ui.palette")
    importlib.import_module("orca_desk.ui.palette_entries").load_pages()
