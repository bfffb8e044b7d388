"""Writes the folder of a student that is a GGUF file: the job is {"model", "out"}.

`unpacked` counts the tensors that are done.
"""

import contextlib
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING

from orca_desk.errors import UserError
from orca_desk.machine import free_memory
from orca_desk.models.fits import human_bytes
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
    """Limit what a damaged file can make this process take, on systems that know such a limit.

    Raises UserError where an honest one of its size takes more than is free.
    """
    needed = 4 * _COPIES * max((prod(tensor.shape) for tensor in weights.header.tensors.values()), default=0)
    if needed > (free := free_memory()):
        raise UserError(
            f"Unpacking {weights.files[0]} takes {human_bytes(needed)} of memory at once; "
            f"{human_bytes(free)} is free.",
            "Close other programs, or choose a smaller model.",
        )
    try:
        import resource
    except ImportError:  # Windows
        return
    limit = sum(file.stat().st_size for file in weights.files) + needed + _SPARE
    with contextlib.suppress(ValueError, OSError):  # a lower limit is in force already
        resource.setrlimit(resource.RLIMIT_AS, (limit, resource.getrlimit(resource.RLIMIT_AS)[1]))
