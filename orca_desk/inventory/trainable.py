"""Whether a model, a folder or a GGUF file, can be trained, before anything is trained or unpacked."""

from pathlib import Path
from typing import TYPE_CHECKING

from orca_desk.errors import UserError
from orca_desk.models.model_file import ModelFile

if TYPE_CHECKING:
    from orca_desk.prompts.renderer import Renderer

PLAIN = frozenset({"F64", "F32", "F16", "BF16", ""})  # of a folder; "" where it isn't known
SYSTEM_MESSAGES = ("", "Answer the question.")  # a snapshot has one or none


def why_untrainable(base: Path, *, template: str | None = None) -> str:
    """Return why every training of a model, a folder or a GGUF file, would be refused, or nothing.

    Its weights must fit its configuration, and its chat template must make training examples; `template` is
    the user's, if it has another one. Takes about a second, and reads no weights.
    """
    from orca_desk.prompts.renderer import Renderer  # these bring tokenizers, numpy and gguf
    from orca_desk.student.folder_tokenizer import base_tokenizer

    try:
        trainable_layers(base)
        renderer = Renderer(base_tokenizer(base, template))
    except UserError as error:
        return str(error)
    reasons = [_why_refused(renderer, system) for system in SYSTEM_MESSAGES]
    return reasons[0] if all(reasons) else ""


def why_unsupported(model: ModelFile) -> str:
    """Return why no model of this kind can be trained, in a few words; or nothing. Opens no file."""
    from orca_desk.student.families import is_supported, supports_gguf

    if model.kind == "safetensors":
        if model.quantisation.upper() not in PLAIN:
            return f"quantised weights ({model.quantisation}) can't be trained"
        known = is_supported({"model_type": model.architecture})
    else:
        known = supports_gguf(model.architecture)
    return "" if known else f"{model.architecture or 'an unknown architecture'} can't be trained"


def require_model(model: ModelFile) -> None:
    """Raise UserError where a student is not a whole model: an error about the missing part would mislead."""
    if model.kind == "adapter":
        raise UserError(
            f"{model.path} is an adapter; a training starts from a whole model.",
            "Choose the adapter's base model.",
        )


def trainable_layers(base: Path) -> frozenset[str]:
    """Return the names of the layers of a student, a folder or a GGUF file, that an adapter can change.

    Raises UserError where the student cannot be trained.
    """
    from orca_desk.student.base import linear_layers, read_base
    from orca_desk.student.from_gguf import read_student

    if not base.is_dir():
        family = read_student(base).family
        return frozenset(name.rpartition(".")[2] for name in family.matrices())
    read_base(base)
    return linear_layers(base)


def _why_refused(renderer: "Renderer", system: str) -> str:
    try:
        renderer.example(system, "A question?", "An answer.")
    except UserError as error:
        return str(error)
    return ""
