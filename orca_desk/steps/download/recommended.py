"""Teachers and students that are worth trying first, by the memory of the machine; without a connection."""

import functools
import json
from dataclasses import dataclass
from typing import Literal

from orca_desk.machine import total_memory
from orca_desk.paths import resources

ListedRole = Literal["teacher", "student"]
GB = 10**9


@dataclass(frozen=True, kw_only=True)
class Licence:
    """A licence in short: what it allows, also of students that a model has taught. No legal advice."""

    title: str
    url: str
    terms: str


@dataclass(frozen=True, kw_only=True)
class Recommended:
    """A model on the hub: `file` is the GGUF to take, "" for the model folder; `size` in bytes, about.

    `memory` is the least memory of a machine, in GB, on which it runs (a teacher) or trains (a student).
    """

    role: ListedRole
    name: str
    repo: str
    file: str
    family: str
    parameters: int
    size: int
    memory: int
    licence: str
    gated: bool
    note: str


@functools.cache
def recommended() -> tuple[Recommended, ...]:
    """Return the bundled list, by role and then by memory."""
    stored = json.loads((resources() / "recommended.json").read_text(encoding="utf-8"))
    models = [Recommended(**one) for one in stored["models"]]
    return tuple(sorted(models, key=lambda one: (one.role != "teacher", one.memory)))


@functools.cache
def licences() -> dict[str, Licence]:
    """Return the licences that the list knows, by the hub's name for them."""
    stored = json.loads((resources() / "recommended.json").read_text(encoding="utf-8"))
    return {name: Licence(**one) for name, one in stored["licences"].items()}


def for_this_machine(memory: int | None = None) -> tuple[Recommended, ...]:
    """Return what runs with so many bytes of memory (None: this machine's), the best fitting first."""
    # Systems keep a part for themselves: 15.5 GB is a machine of 16 GB
    have = (total_memory() if memory is None else memory) * 1.1 / GB
    fitting = [one for one in recommended() if one.memory <= have]
    return tuple(sorted(fitting, key=lambda one: (one.role != "teacher", -one.memory)))
