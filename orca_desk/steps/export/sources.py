"""What an export is made of: a training's adapter, and its base as a folder and as a GGUF file."""

import contextlib
from dataclasses import dataclass
from pathlib import Path

from orca_desk.errors import UserError
from orca_desk.files import file_sha256
from orca_desk.inventory.moved_bases import training_with_base
from orca_desk.inventory.student_files import COMPANIONS, student_folder, student_gguf
from orca_desk.library.database import Library
from orca_desk.library.snapshots import Snapshot, get_snapshot
from orca_desk.library.trainings import Training
from orca_desk.models.config import read_text
from orca_desk.models.hashes import HashCache
from orca_desk.models.identify import identify
from orca_desk.models.model_file import ModelFile
from orca_desk.processes.progress import JobControl, Progress
from orca_desk.steps.train.base_changes import require_same_base

WEIGHTS = "adapter_model.safetensors"


@dataclass(frozen=True, kw_only=True)
class Sources:
    """A tuned student's parts.

    `base` is what the user chose as the student, `folder` its trainable folder, `base_gguf` an unquantised
    GGUF file of it, which may be converted first.
    """

    training: Training
    snapshot: Snapshot
    base: ModelFile
    folder: Path
    base_gguf: Path
    adapter: Path
    adapter_gguf: Path

    @property
    def folder_bytes(self) -> int:
        """The bytes of the base's weights and of the other files that the merged folder has."""
        files = [*identify(self.folder).files, *(self.folder / name for name in COMPANIONS)]
        return sum(path.stat().st_size for path in files if path.is_file())

    @property
    def adapter_bytes(self) -> int:
        """The bytes of the adapter's folder."""
        return sum(path.stat().st_size for path in self.adapter.iterdir() if path.is_file())

    @property
    def rounded_from(self) -> str:
        """The type of the weights that the training started from, where they were quantised; or ""."""
        return self.base.rounded_from

    @property
    def licence(self) -> str:
        """The licence that the base states, or ""."""
        return self.base.licence or identify(self.folder).licence

    @property
    def licence_text(self) -> str:
        """The text of the licence that lies beside the base, or ""."""
        for folder in dict.fromkeys(
            (self.base.path.parent if self.base.kind == "gguf" else self.base.path, self.folder)
        ):
            for path in sorted(folder.glob("LICEN[CS]E*")):
                with contextlib.suppress(UserError):
                    return read_text(path)
        return ""

    def hashes(self, library: Library) -> dict[str, str]:
        """Return what identifies the student: the hashes of its base and of its adapter."""
        known = HashCache(library.folder)
        return {
            "base": known.sha256(self.base_gguf),
            "folder": known.sha256_of(identify(self.folder).files),
            "adapter": file_sha256(self.adapter / WEIGHTS),
            "adapter_gguf": file_sha256(self.adapter_gguf),
        }


def exportable(library: Library, training_id: str) -> Training:
    """Return a training that can be exported.

    Raises UserError for an unknown one, one without an adapter in use, and one whose base has changed.
    """
    training = training_with_base(library, training_id)
    if training.adapter is None or training.adapter_gguf is None:
        raise UserError(
            f"{training_id} has no adapter in use yet.",
            "Resume it to its end, or use the adapter of a stopped training as it is.",
        )
    for path in (training.adapter / WEIGHTS, training.adapter_gguf):
        if not path.is_file():
            raise UserError(
                f"The adapter of {training_id} is missing: {path} does not exist.", "Train it again."
            )
    if not training.base.exists():
        raise UserError(
            f"The base of {training_id} is missing: {training.base} does not exist.",
            "Restore it, or add its new folder on the Models page: it is recognised by its content.",
        )
    require_same_base(library, training)
    return training


def find_sources(
    library: Library, training_id: str, *, progress: Progress, control: JobControl, log: Path
) -> Sources | None:
    """Return a training's parts; what is missing of its base is made now. None when stopped.

    Raises UserError as `exportable` does, and where the base cannot be converted.
    """
    training = exportable(library, training_id)
    assert training.adapter and training.adapter_gguf
    folder = student_folder(library, training.base, progress=progress, control=control, log=log)
    if folder is None:
        return None
    gguf = student_gguf(library, training.base, progress=progress, control=control, log=log)
    if gguf is None:
        return None
    return Sources(
        training=training,
        snapshot=get_snapshot(library, training.snapshot),
        base=identify(training.base),
        folder=folder,
        base_gguf=gguf,
        adapter=training.adapter,
        adapter_gguf=training.adapter_gguf,
    )
