"""What has changed in a student since a training on it began."""

import json
from collections.abc import Sequence

from orca_desk.errors import UserError
from orca_desk.files import file_sha256
from orca_desk.inventory.student_files import COMPANIONS, known_student_folder
from orca_desk.inventory.templates import OWN
from orca_desk.library.database import Library
from orca_desk.library.trainings import Training
from orca_desk.models.hashes import HashCache
from orca_desk.models.identify import identify


def changed_files(library: Library, training: Training) -> tuple[str, ...]:
    """Return the names of the base's files that differ from those at the start of a training.

    Its adapter belongs to the files as they were: other weights make it another model, and with another
    template the student is asked in a way that it was not trained for. A base that is gone has changed in
    nothing that could be used.
    """
    try:
        plan = json.loads((training.folder / "run.json").read_text("utf-8"))
        before: dict[str, str] = plan["inputs"]["model"]
        folder = known_student_folder(library, training.base)
        weights = [file for file in identify(folder).files if file.name in before] if folder else []
    except (OSError, ValueError, KeyError, TypeError, UserError):
        return ()
    if folder is None:  # a GGUF file that has to be unpacked again: the trainer compares it then
        return ()
    hashes = HashCache(library.folder)
    now = {file.name: hashes.sha256(file) for file in weights}
    now |= {name: file_sha256(folder / name) for name in COMPANIONS if (folder / name).is_file()}
    names = {name for name in before if name in COMPANIONS or name.endswith(".safetensors")} | now.keys()
    return tuple(sorted(name for name in names if before.get(name) != now.get(name)))


def require_same_base(library: Library, training: Training) -> None:
    """Raise UserError if a training's base has other files by now, or another chat template."""
    changed = changed_files(library, training)
    if not changed:
        return
    if is_template_alone(changed):
        raise UserError(
            f"The chat template was changed after {training.id} began, so its adapter was trained on other"
            " prompts.",
            "Restore the template that it had (Models, Chat template), or start a new training.",
        )
    raise UserError(
        f"The base model was changed after {training.id} began ({', '.join(changed)}), so the adapter "
        "belongs to another one.",
        "Restore the earlier files, or start a new training.",
    )


def is_template_alone(files: Sequence[str]) -> bool:
    """Return whether nothing but the chat template has changed, which the user may have replaced."""
    return tuple(files) == (OWN,)
