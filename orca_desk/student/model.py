"""The student model for training: the frozen base from a safetensors folder, and a fresh adapter on it."""

import json
import os
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import torch
from peft import LoraConfig, PeftModel, get_peft_model
from transformers import AutoModelForCausalLM, PreTrainedModel
from transformers.utils import logging as transformers_logging

from orca_desk.errors import UserError
from orca_desk.student.product import Library, fastest, product, shortest
from orca_desk.student.safetensors_files import SafetensorsFiles
from orca_desk.student.settings import TrainSettings

DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16}
# Below this many parameters matmuls are so small that bfloat16 gains little, and float32 fits anywhere.
WORTH_HALVING = 50_000_000
WORTHWHILE = 1.3  # how much faster bfloat16 has to be to give up float32's digits
PROBE_ROWS = 2048  # of the matrices that are timed
HEADROOM = 0.8  # share of the free memory that a run plans to use


@dataclass(frozen=True, kw_only=True)
class Shape:
    """What a model folder says of its model: sizes, and parameters in all."""

    width: int
    layers: int
    ffn: int
    vocabulary: int
    context: int
    parameters: int


def read_shape(folder: Path) -> Shape:
    """Read config.json and the weights' headers.

    Raises UserError when the folder holds no model in safetensors, or one that is quantised.
    """
    path = folder / "config.json"
    try:
        config: dict[str, Any] = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise UserError(f"{folder} has no config.json.", "Choose a model's own folder.") from None
    except ValueError as error:
        raise UserError(f"{path} is damaged: {error}.", "Download the model again.") from None
    _refuse_unsuitable(folder, config)
    tensors = SafetensorsFiles(folder)
    try:
        return Shape(
            width=int(config["hidden_size"]),
            layers=int(config["num_hidden_layers"]),
            ffn=int(config["intermediate_size"]),
            vocabulary=int(config["vocab_size"]),
            context=int(config["max_position_embeddings"]),
            parameters=sum(int(np.prod(tensor.shape)) for tensor in tensors.values()),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise UserError(
            f"{path} does not describe a text model that Orca Desk can train ({error}).",
            "Choose a model of the llama, qwen or a similar family.",
        ) from None


def load_base(folder: Path, dtype: str) -> PreTrainedModel:
    """Load the base in "float32" or "bfloat16" from local safetensors alone, without code of its own.

    Raises UserError when transformers cannot load it, or weights are missing.
    """
    transformers_logging.disable_progress_bar()  # The host shows progress; this one would end up in its log.
    try:
        model, info = AutoModelForCausalLM.from_pretrained(
            folder,
            dtype=DTYPES[dtype],
            local_files_only=True,
            use_safetensors=True,
            trust_remote_code=False,
            attn_implementation="sdpa",
            output_loading_info=True,
        )
    except (OSError, ValueError, KeyError) as error:
        raise UserError(
            f"The model in {folder} cannot be loaded: {error}.", "Choose another, or fetch it again."
        ) from error
    if info["missing_keys"]:
        missing = sorted(info["missing_keys"])[0]
        raise UserError(f"The weights in {folder} lack {missing}.", "Download the model again.")
    model.config.use_cache = False
    return model


def add_adapter(base: PreTrainedModel, settings: TrainSettings) -> PeftModel:
    """Freeze `base` and put a fresh float32 adapter on it; the seed alone decides its first weights.

    Raises UserError when the settings name layers that the model does not have or that stay frozen.
    """
    torch.manual_seed(settings.seed)
    config = LoraConfig(
        r=settings.rank,
        lora_alpha=settings.alpha,
        use_rslora=settings.rslora,
        lora_dropout=settings.dropout,
        target_modules=_targets(base, settings),
        task_type="CAUSAL_LM",
    )
    with warnings.catch_warnings():
        # peft 0.21 asks transformers 5.23 for an attribute that it has deprecated.
        warnings.filterwarnings("ignore", message=".*is_gradient_checkpointing", category=FutureWarning)
        return get_peft_model(base, config)


def adapter_parameters(model: PeftModel) -> dict[str, torch.nn.Parameter]:
    """Return the trained parameters by name, in a fixed order."""
    return dict(sorted((name, p) for name, p in model.named_parameters() if p.requires_grad))


def choose_library(shape: Shape, settings: TrainSettings) -> Library:
    """Return the library that multiplies this model's float32 matrices faster on this machine."""
    rows = min(settings.batch_tokens, PROBE_ROWS)
    return fastest(rows=rows, width=shape.width, out=shape.ffn, rank=settings.rank)


def choose_dtype(shape: Shape, settings: TrainSettings) -> str:
    """Return "float32" or "bfloat16": as set, or whichever this machine multiplies clearly faster.

    Float32 products are timed with the library in use; see `choose_library`.

    On processors without bfloat16 instructions it is many times slower, so a matmul of the model's own
    size is timed in both.
    """
    if settings.dtype != "auto":
        return settings.dtype
    if shape.parameters < WORTH_HALVING:
        return "float32"
    rows = min(settings.batch_tokens, PROBE_ROWS)
    seconds = {name: _product_seconds(rows, shape, dtype) for name, dtype in DTYPES.items()}
    return "bfloat16" if seconds["float32"] > WORTHWHILE * seconds["bfloat16"] else "float32"


def choose_threads(settings: TrainSettings) -> int:
    """Return the CPU threads to use: as set, as OMP_NUM_THREADS says, or one a core this process may use."""
    asked = settings.threads or int(os.environ.get("OMP_NUM_THREADS", "0").split(",")[0] or 0)
    affinity = getattr(os, "sched_getaffinity", None)  # Linux: fewer than all cores in a container
    cores = len(affinity(0)) if affinity else os.cpu_count() or 1
    return min(asked, cores) if asked else cores


def choose_checkpointing(shape: Shape, settings: TrainSettings, dtype: str) -> bool:
    """Return whether activations are to be computed twice because they would not fit.

    Raises UserError when even that does not fit into this machine's free memory.
    """
    free = HEADROOM * psutil.virtual_memory().available
    size = DTYPES[dtype].itemsize
    fixed = shape.parameters * size
    # A layer keeps about 8 states and 4 feed-forward states a token; checkpointed, one state.
    layer = (8 * shape.width + 4 * shape.ffn) * size * settings.batch_tokens
    states = shape.width * size * settings.batch_tokens * shape.layers
    if fixed + layer + states > free:
        need, have = (fixed + layer + states) / 2**30, free / 2**30
        raise UserError(
            f"Training this model needs about {need:.1f} GiB of memory; {have:.1f} GiB can be used.",
            "Close other programs, lower batch_tokens, or choose a smaller model.",
        )
    if settings.gradient_checkpointing != "auto":
        return settings.gradient_checkpointing == "on"
    return bool(fixed + layer * shape.layers > free)


def _product_seconds(rows: int, shape: Shape, dtype: torch.dtype) -> float:
    """Return the shortest time of multiplying [rows, width] by [width, ffn]."""
    left = torch.ones(rows, shape.width, dtype=dtype)
    right = torch.ones(shape.ffn, shape.width, dtype=dtype)
    return shortest(lambda: product(left, right))


def _refuse_unsuitable(folder: Path, config: dict[str, Any]) -> None:
    if "quantization_config" in config:
        raise UserError(
            f"The model in {folder} is quantised, so it cannot be trained.",
            "Choose the original weights (float32, float16 or bfloat16).",
        )
    if not list(folder.glob("*.safetensors")) and list(folder.glob("*.bin")):
        raise UserError(
            f"The weights in {folder} are in an old format (.bin) that can run code when it is read.",
            "Fetch the model in the safetensors format.",
        )


def _targets(base: PreTrainedModel, settings: TrainSettings) -> str | list[str]:
    """Return the layers for peft, after checking that each name is a linear layer within the body."""
    names = settings.target_names
    if names == ("all-linear",):
        return "all-linear"
    head = base.get_output_embeddings()
    linear = {
        name.rpartition(".")[2]
        for name, module in base.named_modules()
        if isinstance(module, torch.nn.Linear) and module is not head
    }
    for name in names:
        if name not in linear:
            raise UserError(
                f"The model has no linear layer named {name!r} to adapt.",
                f"Set targets to all-linear, or choose from {', '.join(sorted(linear))}.",
            )
    return sorted(names)
