"""The mini models that come with Orca Desk."""

from pathlib import Path

from orca_desk.paths import bundled_models


def mini_teacher() -> Path:
    """Return the mini teacher's GGUF file."""
    return bundled_models() / "mini-teacher" / "mini-teacher.gguf"


def mini_student() -> Path:
    """Return the folder of the mini student, which is untrained."""
    return bundled_models() / "mini-student"


def mini_student_gguf() -> Path:
    """Return the GGUF file that serves the mini student."""
    return mini_student() / "mini-student.gguf"


def is_bundled(model: Path) -> bool:
    """Tell whether a file is one of the mini models."""
    return model.is_relative_to(bundled_models())
