"""A library with a training whose adapter is random but strong: what an export needs, without training."""

from pathlib import Path

from doubles import small_snapshot
from tiny_adapters import make_adapter

from orca_desk.files import file_sha256
from orca_desk.library.database import Library
from orca_desk.library.runs import end_run
from orca_desk.library.trainings import Training, create_training, set_adapter
from orca_desk.student.export import export_adapter
from orca_desk.student.settings import TrainSettings


def add_tuned(
    library: Library, base: Path, *, folder: Path | None = None, strength: float = 0.5, seed: int = 0
) -> Training:
    """Add a finished training of the student `base`; `folder` is its folder where `base` is a GGUF file."""
    training = create_training(
        library, base=base, snapshot=small_snapshot(library), settings=TrainSettings().to_dict()
    )
    adapter = make_adapter(training.folder / "adapter", folder or base, strength=strength, seed=seed)
    gguf = training.folder / "adapter.gguf"
    export_adapter(adapter, folder or base, gguf)
    end_run(library, training.id, "done", "")
    return set_adapter(
        library,
        training.id,
        adapter=adapter,
        gguf=gguf,
        sha256=file_sha256(adapter / "adapter_model.safetensors"),
        best_step=3,
        best_eval=1.25,
    )
