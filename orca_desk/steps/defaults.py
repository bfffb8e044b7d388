"""What the user chose once for all pages: how models are run, how they answer, what the student is told.

The Settings page writes these; the pages that start something take them as the first values of their forms.
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
LARGEST_BATCH = 255  # sequences that the engine can hold


@dataclass(frozen=True, kw_only=True)
class StudentMessage:
    """What the student is told in place of a strategy; `text` is for the kind "own" alone.

    Constructing one checks it: a blank own text raises UserError.
    """

    kind: InstructionKind = "cautious"
    text: str = ""

    def __post_init__(self) -> None:
        student_instruction(self.kind, self.text)

    @property
    def message(self) -> str:
        """The system message itself."""
        return student_instruction(self.kind, self.text)


def default_runner(library: Library, model: Path, adapter: Path | None = None) -> Runner:
    """Return how to run `model`, with the threads and answers at once that the user chose, if any."""
    return Runner(model=model, adapter=adapter, threads=chosen_threads(library), batch=chosen_batch(library))


def chosen_threads(library: Library) -> int | None:
    """Return the CPU threads to run models with; None: all cores."""
    return _whole(get_setting(library, THREADS), 1024)


def chosen_batch(library: Library) -> int | None:
    """Return how many answers to write at once; None: what suits the model."""
    return _whole(get_setting(library, BATCH), LARGEST_BATCH)


def choose_runner(library: Library, *, threads: int | None, batch: int | None) -> None:
    """Keep how models are run from now on."""
    set_setting(library, THREADS, threads)
    set_setting(library, BATCH, batch)


def default_sampling(library: Library) -> Sampling:
    """Return how models answer, as the user chose it or as it is without a choice."""
    kept = get_setting(library, SAMPLING)
    names = {field.name for field in dataclasses.fields(Sampling)}
    if not isinstance(kept, Mapping) or not names.issuperset(kept):
        return Sampling()
    values: dict[str, Any] = dict(kept)
    try:
        return Sampling(**values | {"stop": tuple(values.get("stop", ()))})
    except (UserError, TypeError, ValueError):
        return Sampling()  # kept by another version of Orca Desk


def choose_sampling(library: Library, sampling: Sampling) -> None:
    """Keep how models answer from now on."""
    set_setting(library, SAMPLING, asdict(sampling))


def default_message(library: Library) -> StudentMessage:
    """Return what the student is told, as the user chose it; the cautious message without a choice."""
    kept = get_setting(library, MESSAGE)
    try:
        return StudentMessage(**kept) if isinstance(kept, dict) else StudentMessage()
    except (UserError, TypeError):
        return StudentMessage()


def choose_message(library: Library, message: StudentMessage) -> None:
    """Keep what the student is told from now on."""
    set_setting(library, MESSAGE, asdict(message))


def _whole(value: object, highest: int) -> int | None:
    """Return a number that was kept, or None where it is none or cannot be used."""
    return value if type(value) is int and 1 <= value <= highest else None
