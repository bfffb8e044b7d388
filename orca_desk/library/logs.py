"""The log file of a run, read from its end."""

from dataclasses import dataclass
from pathlib import Path

from orca_desk.library.database import Library
from orca_desk.library.locations import log_folder

TAIL = 64 * 1024  # bytes


@dataclass(frozen=True, kw_only=True)
class LogTail:
    """The last lines of a log. `size` is that of the whole file in bytes, so a later one shows new lines.

    `cut` is True if earlier lines were left out.
    """

    path: Path
    text: str
    size: int
    cut: bool


def run_log(library: Library, run_id: str) -> Path:
    """Return the path of the log of a run's workers, which need not exist."""
    return log_folder(library) / f"{run_id}.log"


def read_tail(path: Path, *, limit: int = TAIL) -> LogTail | None:
    """Return the last lines of a log, at most `limit` bytes, or None without a log.

    Of a line that a progress bar rewrote repeatedly, only the last state is returned.
    """
    try:
        with path.open("rb") as file:
            size = file.seek(0, 2)
            file.seek(max(0, size - limit))
            data = file.read(limit)
    except OSError:
        return None
    cut = size > limit
    if cut:
        data = data.partition(b"\n")[2] or data
    lines = data.decode(errors="replace").replace("\r\n", "\n").split("\n")
    text = "\n".join(line.rstrip("\r").rpartition("\r")[2] for line in lines)
    return LogTail(path=path, text=text, size=size, cut=cut)
