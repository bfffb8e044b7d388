"""Whether a training fits on a device, and what it gives up for that: time, by storing fewer activations."""

from dataclasses import dataclass, replace
from typing import Literal

from orca_desk.errors import UserError
from orca_desk.models.fits import human_bytes, training_fit
from orca_desk.models.model_file import ModelFile
from orca_desk.student.settings import Dtype, TrainSettings

Stored = Literal["all", "inputs", "offloaded"]


@dataclass(frozen=True, kw_only=True)
class MemoryPlan:
    """What a training stores of each layer for its backward pass, and the bytes that it is estimated to take.

    "all"; "inputs": the layer's input alone, the rest is computed again (gradient checkpointing);
    "offloaded": the inputs too are held in the computer's memory.
    """

    stored: Stored
    needed: int
    free: int


def plan_memory(
    base: ModelFile, settings: TrainSettings, dtype: Dtype, *, free: int, title: str, is_apart: bool = True
) -> MemoryPlan:
    """Return the fastest way that fits into `free` bytes of the device called `title`.

    `is_apart` says whether its memory is not the computer's: else nothing is gained by offloading.

    Raises UserError where none fits, with what would help.
    """
    known = replace(settings, dtype=dtype)
    fit = training_fit(base, known, free=free)
    if fit.fits:
        return MemoryPlan(stored="inputs" if fit.checkpointing else "all", needed=fit.needed, free=free)
    inputs = settings.batch_tokens * base.layers * base.width * (4 if dtype == "float32" else 2)
    offloaded = fit.needed - inputs
    if is_apart and settings.gradient_checkpointing != "off" and offloaded <= fit.available:
        return MemoryPlan(stored="offloaded", needed=offloaded, free=free)
    raise UserError(
        f"Training this model needs about {human_bytes(fit.needed)} of the memory of {title}; "
        f"{human_bytes(fit.available)} of it can be used.",
        _hint(settings, dtype),
    )


def _hint(settings: TrainSettings, dtype: Dtype) -> str:
    ways = ["close what else uses the device", "lower batch_tokens"]
    if settings.gradient_checkpointing == "off":
        ways.append("set gradient_checkpointing to auto")
    if dtype == "float32":
        ways.append("set dtype to bfloat16")
    if settings.base_bits != "4":
        ways.append("set base_bits to 4")
    ways.append("choose the CPU (--device cpu)")
    text = f"{', '.join(ways[:-1])} or {ways[-1]}."
    return text[0].upper() + text[1:]
