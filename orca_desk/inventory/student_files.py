"""The GGUF file that serves a student: given by the user, found beside its safetensors, or converted once."""

from pathlib import Path

from orca_desk.errors import UserError
from orca_desk.inventory.convert import convert
from orca_desk.library.database import Library
from orca_desk.models.hashes import HashCache
from orca_desk.models.identify import identify
from orca_desk.processes.progress import JobControl, Progress

UNQUANTISED = ("F32", "F16", "BF16")
DTYPE = "f16"  # of a converted file


def student_gguf(
    library: Library,
    base: Path,
    *,
    given: Path | None = None,
    progress: Progress,
    control: JobControl,
    log: Path | None = None,
) -> Path | None:
    """Return the GGUF file of the student in the folder `base`; None when the job was stopped.

    That is `given`, or the one inside `base` (unquantised ones first), or else a file that is converted once
    and stored in the library's cache. Raises UserError when the folder or the file is missing, or the
    conversion is impossible.
    """
    if not base.is_dir():
        raise UserError(f"{base} is not a folder.", "A student is a folder with safetensors and a tokenizer.")
    if given is not None:
        if not given.is_file():
            raise UserError(f"{given} is not a file.", "Give the GGUF file of the student's weights.")
        identify(given)
        return given
    if inside := sorted(base.glob("*.gguf")):
        return min(inside, key=lambda path: identify(path).quantisation not in UNQUANTISED)
    identity = HashCache(library.folder).sha256_of(identify(base).files)
    out = library.folder / "cache" / identity / f"{base.name}-{DTYPE}.gguf"
    if out.exists():
        return out
    for abandoned in out.parent.glob(f".{out.name}.*.part"):  # left by a worker that was killed
        abandoned.unlink()
    finished = convert(base, out, dtype=DTYPE, progress=progress, control=control, log=log)
    return out if finished else None
