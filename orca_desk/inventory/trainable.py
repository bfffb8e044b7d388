"""Whether a model folder can be trained, before anything is trained."""

from pathlib import Path
from typing import TYPE_CHECKING

from orca_desk.errors import UserError

if TYPE_CHECKING:
    from orca_desk.prompts.renderer import Renderer

SYSTEM_MESSAGES = ("", "Answer the question.")  # a snapshot has one or none


def why_untrainable(folder: Path) -> str:
    """Return why every training of the model in `folder` would be refused, or nothing.

    Its weights must fit its configuration, and its chat template must make training examples. Takes about a
    second.
    """
    from orca_desk.prompts.hf import HFTokenizer  # these bring tokenizers, numpy and gguf
    from orca_desk.prompts.renderer import Renderer
    from orca_desk.student.base import read_base

    try:
        read_base(folder)
        renderer = Renderer(HFTokenizer.load(folder))
    except UserError as error:
        return str(error)
    reasons = [_why_refused(renderer, system) for system in SYSTEM_MESSAGES]
    return reasons[0] if all(reasons) else ""


def _why_refused(renderer: "Renderer", system: str) -> str:
    try:
        renderer.example(system, "A question?", "An answer.")
    except UserError as error:
        return str(error)
    return ""
