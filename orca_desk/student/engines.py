"""The engines of training by name: which one a run uses, what it decides first, and how it is opened."""

import platform
import sys
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal, Protocol, cast

from orca_desk.errors import UserError
from orca_desk.machine.choice import chosen_device
from orca_desk.machine.devices import AUTO, CPU
from orca_desk.models.model_file import ModelFile
from orca_desk.student.data import ExampleSets
from orca_desk.student.engine import TrainingEngine, UnsuitedError
from orca_desk.student.settings import TrainSettings

EngineName = Literal["torch", "mlx"]
Opened = tuple[dict[str, Any], TrainingEngine]  # what a run decided when it began, and its engine
MODULES: Mapping[str, str] = {
    "torch": "orca_desk.student.torch.engine",
    "mlx": "orca_desk.student.mlx.engine",
}
INSTALL_MLX = (
    'Or run `pip install "mlx-lm[cpu]"` in Orca Desk\'s environment (on a Mac: `pip install mlx-lm`).'
)
USE_TORCH = "Set engine to torch (on the Training page: Computed with)."


class _EngineModule(Protocol):
    """What the module of an engine provides."""

    PLAN: frozenset[str]

    def decide(self, base: ModelFile, settings: TrainSettings, lengths: Sequence[int]) -> dict[str, Any]:
        """Return what a new run keeps to when it is resumed: JSON values, with the keys of PLAN.

        `lengths` are the training records' numbers of tokens.
        """

    def resume(self, plan: Mapping[str, Any]) -> None:
        """Set up this process as the run began. Raises UserError where this machine cannot."""

    def open_engine(
        self, base: Path, settings: TrainSettings, plan: Mapping[str, Any], examples: ExampleSets
    ) -> TrainingEngine:
        """Load the base with a new adapter, and check that it computes the model's own logits."""


def choose_engine(settings: TrainSettings) -> EngineName:
    """Return the engine for a new run: as set, or MLX on Apple's GPUs and torch everywhere else."""
    if settings.engine != "auto":
        return settings.engine
    return "mlx" if _is_apples() and chosen_device() != CPU and why_not_mlx(settings) is None else "torch"


def why_not_mlx(settings: TrainSettings) -> UserError | None:
    """Return why MLX cannot compute a training with these settings here, as far as is known without it."""
    device = chosen_device()
    if not all(map(find_spec, ("mlx", "mlx_lm"))):
        return _not_installed()
    if settings.base_bits != "16":
        return UserError("MLX trains on an unquantised base only.", f"{USE_TORCH} Or set base_bits to 16.")
    if settings.dtype == "float16":
        return UserError("MLX does not train in float16.", f"{USE_TORCH} Or set dtype to auto.")
    if device not in (AUTO, CPU) and not _is_apples():
        return UserError(f"MLX computes on the CPU here, not on {device}.", f"{USE_TORCH} Or choose the CPU.")
    return None


def keys_of_plan(name: str) -> frozenset[str]:
    """Return the keys that the plan of a run with this engine has."""
    return _module(name).PLAN


def begin(
    base: ModelFile, settings: TrainSettings, examples: ExampleSets, warn: Callable[[str], None]
) -> Opened:
    """Decide what a new run keeps to when it is resumed (dtype, threads and the like), and open its engine.

    Where the engine was chosen here and proves unsuited, torch takes its place, with a sentence to `warn`.
    Raises UserError for a training that does not fit in memory, or that the engine cannot do.
    """
    name = choose_engine(settings)
    if settings.engine == "mlx" and (refusal := why_not_mlx(settings)):
        raise refusal
    try:
        return _begin(name, base, settings, examples)
    except UnsuitedError as error:
        if settings.engine != "auto":
            raise
        warn(f"{error.message} It is trained with torch instead.")
        return _begin("torch", base, settings, examples)


def resume(
    base: Path, settings: TrainSettings, plan: Mapping[str, Any], examples: ExampleSets
) -> TrainingEngine:
    """Open the engine of a run that began with `plan`. Raises UserError where this machine cannot."""
    module = _module(plan["engine"])
    module.resume(plan)
    return module.open_engine(base, settings, plan, examples)


def _begin(name: EngineName, base: ModelFile, settings: TrainSettings, examples: ExampleSets) -> Opened:
    module = _module(name)
    lengths = [len(example.ids) for example in examples.training]
    plan = {"engine": name, **module.decide(base, settings, lengths)}
    return plan, module.open_engine(base.path, settings, plan, examples)


def _module(name: str) -> _EngineModule:
    """Import the engine's module, and its library with it."""
    if name not in MODULES:
        raise UserError(
            f"The training began with the engine {name!r}, which Orca Desk does not have.",
            "Start a new training: another seed makes one.",
        )
    try:
        return cast(_EngineModule, import_module(MODULES[name]))
    except ImportError as error:
        if name != "mlx":
            raise
        if isinstance(error, ModuleNotFoundError) and (error.name or "").split(".")[0] in ("mlx", "mlx_lm"):
            raise _not_installed() from error
        raise UnsuitedError(f"MLX is installed, but cannot be loaded: {error}.", USE_TORCH) from error


def _is_apples() -> bool:
    """Return whether this is a Mac with Apple's own processor, and so with a GPU that MLX computes on."""
    return sys.platform == "darwin" and platform.machine() == "arm64"


def _not_installed() -> UserError:
    install = "" if getattr(sys, "frozen", False) else f" {INSTALL_MLX}"
    return UnsuitedError("MLX is not installed, but this training is set to use it.", f"{USE_TORCH}{install}")
