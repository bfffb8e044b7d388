"""Makes a smaller copy of a model by llama.cpp's quantiser, in a worker."""

from pathlib import Path

from orca_desk.errors import UserError
from orca_desk.inventory.convert import require_replaceable
from orca_desk.library.database import Library
from orca_desk.models.hashes import HashCache, OnBytes, ignore
from orca_desk.models.model_file import ModelFile
from orca_desk.models.quantisations import UNQUANTISED, quantised_size
from orca_desk.models.space import require_space
from orca_desk.processes.host import run_worker
from orca_desk.processes.progress import JobControl, Meter, Progress, silent
from orca_desk.processes.protocol import Message

STAGE = "quantising"


def smaller_copy(library: Library, model: ModelFile, kind: str, *, on_bytes: OnBytes = ignore) -> Path:
    """Return where the copy of a model in another quantisation goes: into the library's folder.

    Names the folder by the model's content, as many models have the same name: reads all of a model that was
    never hashed, and tells `on_bytes`.
    """
    content = HashCache(library.folder).sha256_of(model.files, on_bytes=on_bytes)
    return library.folder / "models" / content[:12] / f"{model.path.stem}-{kind.upper()}.gguf"


def quantise(
    model: ModelFile,
    out: Path,
    kind: str,
    *,
    progress: Progress = silent,
    control: JobControl | None = None,
    log: Path | None = None,
) -> bool:
    """Write the GGUF file `model` to `out` as `kind` (see `models.quantisations`); return False after a stop.

    Raises UserError for a model that is already quantised, for `out` that is the model itself, and when the
    disk has no room.
    """
    _require_another(model, out)
    size = quantised_size(model.parameters, kind)
    meter = Meter(progress, stage=STAGE, total=size, unit="bytes")

    def receive(events: list[Message]) -> None:
        for event in events:
            if event["event"] == "written":
                meter.advance(min(size, event["bytes"]) - meter.done)

    require_space(out.parent, size, "The copy")
    out.parent.mkdir(parents=True, exist_ok=True)
    job = {"model": str(model.path), "out": str(out), "kind": kind}
    return run_worker("quantise", job, on_events=receive, control=control, log=log)


def _require_another(model: ModelFile, out: Path) -> None:
    """Raise UserError where the copy would be worthless, or would replace the model."""
    if model.quantisation not in UNQUANTISED:
        raise UserError(
            f"{model.path} is already quantised ({model.quantisation}); a second time would lose too much.",
            "Choose the model's F32, F16 or BF16 file.",
        )
    require_replaceable(out)
    if out.exists() and any(out.samefile(file) for file in model.files):
        raise UserError(f"{out} is the model itself.", "Choose another name for the copy.")
