"""The engines of training by name: which one a run uses, what it decides first, and how it is opened."""

from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any, Literal, Protocol, cast

from orca_desk.errors import UserError
from orca_desk.models.model_file import ModelFile
from orca_desk.student.data import ExampleSets
from orca_desk.student.engine import TrainingEngine
from orca_desk.student.settings import TrainSettings

EngineName = Literal["torch"]
MODULES: Mapping[EngineName, str] = {"torch": "orca_desk.student.torch.engine"}


class _EngineModule(Protocol):
    """What the module of an engine provides."""

    PLAN: frozenset[str]

    def decide(self, base: ModelFile, settings: TrainSettings) -> dict[str, Any]:
        """Return what a new run keeps to when it is resumed: JSON values, with the keys of PLAN."""

    def resume(self, plan: Mapping[str, Any]) -> None:
        """Set up this process as the run began. Raises UserError where this machine cannot."""

    def open_engine(
        self, base: Path, settings: TrainSettings, plan: Mapping[str, Any], examples: ExampleSets
    ) -> TrainingEngine:
        """Load the base with a new adapter, and check that it computes the model's own logits."""


def choose_engine(settings: TrainSettings) -> EngineName:
    """Return the engine for a new run."""
    return "torch"


def keys_of_plan(name: str) -> frozenset[str]:
    """Return the keys that the plan of a run with this engine has."""
    return _module(name).PLAN


def decide(name: EngineName, base: ModelFile, settings: TrainSettings) -> dict[str, Any]:
    """Return what a new run keeps to when it is resumed: dtype, threads and the like, and the engine.

    Raises UserError for a training that does not fit in memory, or that this engine cannot do.
    """
    return {"engine": name, **_module(name).decide(base, settings)}


def resume(plan: Mapping[str, Any]) -> None:
    """Set up this process for a run that began with `plan`. Raises UserError where this machine cannot."""
    _module(plan["engine"]).resume(plan)


def open_engine(
    base: Path, settings: TrainSettings, plan: Mapping[str, Any], examples: ExampleSets
) -> TrainingEngine:
    """Load the base with a new adapter. Raises UserError for a model that the engine cannot train."""
    return _module(plan["engine"]).open_engine(base, settings, plan, examples)


def _module(name: str) -> _EngineModule:
    """Import the engine's module, and its library with it."""
    if name not in MODULES:
        raise UserError(
            f"The training was begun with the engine {name!r}, which Orca Desk does not have.",
            "Start a new training: another seed makes one.",
        )
    return cast(_EngineModule, import_module(MODULES[name]))
