"""Tells the host how much of a large file is written, where a library writes it in one call."""

import contextlib
import threading
from collections.abc import Iterator
from pathlib import Path

from orca_desk.workers.runtime import Channel

EVERY = 0.5  # s


@contextlib.contextmanager
def telling_size(channel: Channel, out: Path) -> Iterator[None]:
    """Emit `written` with the bytes of `out` so far, again and again while the block writes it.

    `out` is a folder, or a file that is written beside itself under a temporary name (`files.atomic_path`).
    """
    done = threading.Event()

    def tell() -> None:
        while not done.wait(EVERY):
            channel.emit({"event": "written", "bytes": size_so_far(out)})

    thread = threading.Thread(target=tell, name="size", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def size_so_far(out: Path) -> int:
    """Return the bytes in the folder `out`, or in the file and in the temporary one that becomes it."""
    parts = out.rglob("*") if out.is_dir() else (out, *out.parent.glob(f".{out.name}.*.part"))
    total = 0
    for part in parts:
        with contextlib.suppress(OSError):  # it was renamed in this moment
            total += part.stat().st_size if part.is_file() else 0
    return total
