"""Writes the folder of a student that is a GGUF file: the job is {"model", "out"}.

`unpacked` counts the tensors that are done.
"""

import contextlib
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING

from orca_desk.processes.progress import StoppedError
from orca_desk.workers.runtime import Channel, serve

if TYPE_CHECKING:
    from orca_desk.student.gguf_weights import GgufWeights

_SPARE = 4 * 2**30  # bytes of addresses: libraries, stacks of threads, the vocabulary
_COPIES = 4  # of the largest tensor as float32: as read, in another order, as written, and one to spare


def main() -> None:
    """Serve one job."""
    serve(unpack)


def unpack(channel: Channel) -> None:
    """Write the folder that the job describes; nothing after a stop. Raises UserError for a bad file."""
    from orca_desk.student.from_gguf import write_folder
    from orca_desk.student.gguf_weights import GgufWeights

    model, out = Path(channel.job["model"]), Path(channel.job["out"])
    _limit_memory(GgufWeights.of(model))

    def on_tensor(done: int, total: int) -> None:
        if not channel.control.proceed():
            raise StoppedError
        channel.emit({"event": "unpacked", "done": done, "total": total})

    with contextlib.suppress(StoppedError):
        write_folder(model, out, on_tensor=on_tensor)


def _limit_memory(weights: "GgufWeights") -> None:
    """Limit what a damaged file can make this process take, on systems that know such a limit."""
    try:
        import resource
    except ImportError:  # Windows
        return
    largest = max((prod(tensor.shape) for tensor in weights.header.tensors.values()), default=0)
    limit = sum(file.stat().st_size for file in weights.files) + 4 * _COPIES * largest + _SPARE
    with contextlib.suppress(ValueError, OSError):  # a lower limit is in force already
        resource.setrlimit(resource.RLIMIT_AS, (limit, resource.getrlimit(resource.RLIMIT_AS)[1]))
