"""The student in MLX: the frozen base by mlx-lm's code with a new adapter, and the device that computes."""

import math
from pathlib import Path
from typing import Any

import mlx.core as mx
import mlx.nn as nn
from mlx.utils import tree_flatten, tree_unflatten

from orca_desk.errors import UserError
from orca_desk.machine.choice import wanted_devices
from orca_desk.models.config import read_json
from orca_desk.student.engine import UnsuitedError
from orca_desk.student.engines import USE_TORCH
from orca_desk.student.families import portable_config
from orca_desk.student.families.rope import older_settings
from orca_desk.student.mlx.lm import LoRALinear, load_model, maybe_set_recommended_wired_limit
from orca_desk.student.settings import TrainSettings

DTYPES = {"float32": mx.float32, "bfloat16": mx.bfloat16}
KEPT = 2**30  # bytes of freed buffers that MLX may hold for the next batch, whose shape is another one


def use_device() -> str:
    """Compute on Apple's GPU, or where there is none or the user chose so on the CPU: "metal:0" or "cpu".

    Raises UserError for a chosen device that is not there.
    """
    if mx.metal.is_available() and wanted_devices("torch", ("mps",)):  # torch's name of the same device
        mx.set_default_device(mx.gpu)
        mx.set_cache_limit(KEPT)
        maybe_set_recommended_wired_limit()
        return "metal:0"
    mx.set_default_device(mx.cpu)
    mx.disable_compile()  # it would need a C++ compiler, and gains little on a CPU
    return "cpu"


def load_base(folder: Path, dtype: str) -> nn.Module:
    """Load the base in "float32" or "bfloat16" from local safetensors only, without running its own code.

    Raises UnsuitedError when mlx-lm cannot load it, and UserError for values that are not numbers.
    """
    try:
        model, _ = load_model(folder, lazy=True, model_config=_config(folder))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RuntimeError) as error:
        raise UnsuitedError(f"mlx-lm cannot load the model in {folder}: {error}.", USE_TORCH) from error
    model.set_dtype(DTYPES[dtype])
    for name, value in tree_flatten(model.parameters()):
        if not mx.isfinite(value).all().item():
            raise UserError(
                f"{name} in {folder} holds values that are infinite or not numbers.",
                "The weights are damaged, or were saved from a training that diverged: download the model "
                "again, or choose another one.",
            )
    model.freeze()
    return model


def add_adapter(base: nn.Module, settings: TrainSettings) -> dict[str, LoRALinear]:
    """Add a new float32 adapter to the frozen `base`; return its layers by name, in a fixed order.

    The seed alone decides its first weights. Raises UserError for target layers that the model lacks.
    """
    mx.random.seed(settings.seed)
    found = sorted((name, one) for name, one in _linears(base) if _is_target(name, settings))
    _require_targets({name for name, _ in found}, base, settings)
    scale = settings.alpha / (math.sqrt(settings.rank) if settings.rslora else settings.rank)
    adapted = {name: LoRALinear.from_base(linear, r=settings.rank, scale=scale) for name, linear in found}
    if settings.dropout:
        for layer in adapted.values():
            layer.dropout = KeyedDropout(settings.dropout)
    base.update_modules(tree_unflatten(list(adapted.items())))
    return adapted


class KeyedDropout(nn.Module):  # type: ignore[misc]
    """Dropout by a key that is set for each batch.

    MLX's own takes the next key of a global generator, another one when a checkpointed layer is computed
    again: the gradient would then belong to another mask than the loss.
    """

    def __init__(self, share: float) -> None:
        """Drop `share` of the values in training."""
        super().__init__()
        self._kept = 1.0 - share
        self._key = mx.random.key(0)

    def use(self, key: mx.array) -> None:
        """Drop by `key` from now on."""
        self._key = key

    def __call__(self, x: mx.array) -> mx.array:
        """Return x with some values dropped and the others scaled up."""
        if not self.training:
            return x
        return x * mx.random.bernoulli(self._kept, x.shape, key=self._key) / self._kept


def checkpoint_layers(model: nn.Module) -> None:
    """Let each block compute its activations twice rather than store them."""
    kinds: dict[type, type] = {}
    for layer in model.layers:
        kind = type(layer)
        layer.__class__ = kinds.setdefault(kind, kinds.get(kind) or _checkpointed(kind))


def _checkpointed(kind: Any) -> type:
    """Return a subclass of a block whose call is checkpointed: this model's, not the class itself."""

    def call(self: Any, *arguments: Any, **named: Any) -> Any:
        def compute(parameters: Any, *inner: Any, **inner_named: Any) -> Any:
            self.update(parameters)
            return kind.__call__(self, *inner, **inner_named)

        return mx.checkpoint(compute)(self.trainable_parameters(), *arguments, **named)

    return type(kind.__name__, (kind,), {"__call__": call})


def _linears(base: nn.Module) -> list[tuple[str, nn.Module]]:
    """Return the linear layers of the blocks: not the head."""
    return [
        (name, one) for name, one in base.named_modules() if isinstance(one, nn.Linear) and name != "lm_head"
    ]


def _is_target(name: str, settings: TrainSettings) -> bool:
    return settings.target_names == ("all-linear",) or name.rpartition(".")[2] in settings.target_names


def _require_targets(found: set[str], base: nn.Module, settings: TrainSettings) -> None:
    ends = {name.rpartition(".")[2] for name in found}
    for name in settings.target_names:
        if name != "all-linear" and name not in ends:
            known = sorted({one.rpartition(".")[2] for one, _ in _linears(base)})
            raise UserError(
                f"The model has no linear layer named {name!r} to adapt.",
                f"Set targets to all-linear, or choose from {', '.join(known)}.",
            )


def _config(folder: Path) -> dict[str, Any]:
    """Return config.json with the rotary embedding as programs older than rope_parameters read it."""
    config = portable_config(read_json(folder / "config.json"))
    rope = config.get("rope_parameters")
    if isinstance(rope, dict) and "rope_type" in rope and "rope_scaling" not in config:
        config |= older_settings(rope)
    return config
