"""The user's defaults: how to run models, how they answer, and the student's system message.

The Settings page writes them; the forms that start jobs begin with them.
"""

import dataclasses
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from orca_desk.errors import UserError
from orca_desk.library.database import Library
from orca_desk.library.settings import get_setting, set_setting
from orca_desk.method.erasure import InstructionKind, student_instruction
from orca_desk.method.records import Sampling
from orca_desk.processes.asking import Runner

THREADS, BATCH, SAMPLING, MESSAGE = "runner.threads", "runner.batch", "runner.sampling", "student.message"
TEACHER = "teacher.model"
LARGEST_BATCH = 255  # sequences in the engine


@dataclass(frozen=True, kw_only=True)
class StudentMessage:
    """The system message that the student gets instead of a strategy; `text` is for the kind "own" only.

    Raises UserError for a blank text of the kind "own".
    """

    kind: InstructionKind = "cautious"
    text: str = ""

    def __post_init__(self) -> None:
        student_instruction(self.kind, self.text)

    @property
    def message(self) -> str:
        """The text of the system message."""
        return student_instruction(self.kind, self.text)


def default_runner(library: Library, model: Path, adapter: Path | None = None) -> Runner:
    """Return how to run `model`, with the number of threads and parallel answers that the user chose."""
    return Runner(model=model, adapter=adapter, threads=chosen_threads(library), batch=chosen_batch(library))


def chosen_teacher(library: Library) -> Path | None:
    """Return the teacher that the user chose last on any page, which may be missing; None without one."""
    stored = get_setting(library, TEACHER)
    return Path(stored) if isinstance(stored, str) and stored else None


def choose_teacher(library: Library, model: Path) -> None:
    """Store the teacher for every page."""
    set_setting(library, TEACHER, str(model))


def chosen_threads(library: Library) -> int | None:
    """Return the number of CPU threads for models; None means all cores."""
    return _whole(get_setting(library, THREADS), 1024)


def chosen_batch(library: Library) -> int | None:
    """Return the number of parallel answers; None means automatic."""
    return _whole(get_setting(library, BATCH), LARGEST_BATCH)


def choose_runner(library: Library, *, threads: int | None, batch: int | None) -> None:
    """Store how to run models."""
    set_setting(library, THREADS, threads)
    set_setting(library, BATCH, batch)


def default_sampling(library: Library) -> Sampling:
    """Return the sampling that the user chose, or the built-in default."""
    stored = get_setting(library, SAMPLING)
    names = {field.name for field in dataclasses.fields(Sampling)}
    if not isinstance(stored, Mapping) or not names.issuperset(stored):
        return Sampling()
    values: dict[str, Any] = dict(stored)
    try:
        return Sampling(**values | {"stop": tuple(values.get("stop", ()))})
    except (UserError, TypeError, ValueError):
        return Sampling()  # stored by another version of Orca Desk


def choose_sampling(library: Library, sampling: Sampling) -> None:
    """Store the sampling for new forms."""
    set_setting(library, SAMPLING, asdict(sampling))


def default_message(library: Library) -> StudentMessage:
    """Return the student's system message that the user chose; by default, the cautious one."""
    stored = get_setting(library, MESSAGE)
    try:
        return StudentMessage(**stored) if isinstance(stored, dict) else StudentMessage()
    except (UserError, TypeError):
        return StudentMessage()


def choose_message(library: Library, message: StudentMessage) -> None:
    """Store the student's system message for new forms."""
    set_setting(library, MESSAGE, asdict(message))


def _whole(value: object, highest: int) -> int | None:
    """Return a stored whole number from 1 to `highest`, or None for anything else."""
    return value if type(value) is int and 1 <= value <= highest else None
