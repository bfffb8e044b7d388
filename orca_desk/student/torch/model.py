"""The student to train: the frozen base from a safetensors folder with a new adapter; how to run it."""

import os
import warnings
from dataclasses import replace
from pathlib import Path

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from transformers import AutoModelForCausalLM, PreTrainedModel
from transformers.utils import logging as transformers_logging

from orca_desk.errors import UserError
from orca_desk.machine import usable_cores
from orca_desk.models.config import read_json
from orca_desk.models.fits import human_bytes, training_fit
from orca_desk.models.model_file import ModelFile
from orca_desk.student.accelerator.four_bits import pack_linears
from orca_desk.student.families import family_of_config, is_supported
from orca_desk.student.settings import Dtype, TrainSettings
from orca_desk.student.torch.matmul import MatmulLibrary, faster_library, matmul, shortest_time

DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}
ON_CPU: tuple[Dtype, ...] = ("float32", "bfloat16")  # float16 is slow on every processor
# With fewer parameters, products are so small that bfloat16 gains little, and float32 fits anywhere.
WORTH_HALVING = 50_000_000
WORTHWHILE = 1.3  # how much faster bfloat16 must be to justify its lower precision
PROBE_ROWS = 2048  # of the timed matrices


def load_base(
    folder: Path, dtype: str, *, device: torch.device | None = None, bits: str = "16"
) -> PreTrainedModel:
    """Load the base in a number format from local safetensors only, without running its own code.

    `device` None is the CPU. With `bits` "4" the linear layers of its body are packed.

    Raises UserError when transformers cannot load it, and for weights that are missing or not numbers.
    """
    transformers_logging.disable_progress_bar()  # The host shows progress; this bar would fill its log.
    try:
        model, info = AutoModelForCausalLM.from_pretrained(
            folder,
            dtype=DTYPES[dtype],
            local_files_only=True,
            use_safetensors=True,
            trust_remote_code=False,
            attn_implementation=_attention(folder),
            output_loading_info=True,
        )
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        raise UserError(
            f"The model in {folder} cannot be loaded: {error}.", "Choose another, or download it again."
        ) from error
    if info["missing_keys"]:
        missing = sorted(info["missing_keys"])[0]
        raise UserError(f"The weights in {folder} lack {missing}.", "Download the model again.")
    _require_finite(model, folder)
    if bits == "4":
        pack_linears(model.base_model, device or torch.device("cpu"))
    if device is not None:
        model.to(device)
    model.config.use_cache = False
    return model


def _attention(folder: Path) -> str:
    """Return the implementation of attention that computes all of it; another may leave a part out."""
    config = read_json(folder / "config.json")
    return family_of_config(config).attention if is_supported(config) else "sdpa"


def _require_finite(model: PreTrainedModel, folder: Path) -> None:
    """Raise UserError, naming the tensor, for weights that are infinite or not numbers."""
    for name, tensor in model.state_dict().items():
        if tensor.is_floating_point() and not bool(tensor.isfinite().all()):
            raise UserError(
                f"{name} in {folder} holds values that are infinite or not numbers.",
                "The weights are damaged, or were saved from a training that diverged: download the model "
                "again, or choose another one.",
            )


def add_adapter(base: PreTrainedModel, settings: TrainSettings) -> PeftModel:
    """Freeze `base` and add a new float32 adapter to it; the seed alone decides its first weights.

    Raises UserError for target layers that the model does not have or that stay frozen.
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


def choose_library(base: ModelFile, settings: TrainSettings) -> MatmulLibrary:
    """Return the library that multiplies this model's float32 matrices faster on this machine."""
    rows = min(settings.batch_tokens, PROBE_ROWS)
    return faster_library(rows=rows, width=base.width, out=base.ffn, rank=settings.rank)


def choose_dtype(base: ModelFile, settings: TrainSettings) -> Dtype:
    """Return "float32" or "bfloat16": as set, or the one that this machine multiplies clearly faster.

    Times a product of the model's own size in both: without bfloat16 instructions a processor is many times
    slower in it. Float32 uses the library chosen by `choose_library`.
    """
    if settings.dtype != "auto":
        return settings.dtype
    if base.parameters < WORTH_HALVING:
        return "float32"
    rows = min(settings.batch_tokens, PROBE_ROWS)
    seconds = {name: _product_seconds(rows, base, DTYPES[name]) for name in ON_CPU}
    return "bfloat16" if seconds["float32"] > WORTHWHILE * seconds["bfloat16"] else "float32"


def choose_threads(settings: TrainSettings) -> int:
    """Return the CPU threads to use: as set, as OMP_NUM_THREADS says, or one per usable core."""
    asked = settings.threads or int(os.environ.get("OMP_NUM_THREADS", "0").split(",")[0] or 0)
    cores = usable_cores()
    return min(asked, cores) if asked else cores


def choose_checkpointing(base: ModelFile, settings: TrainSettings, dtype: Dtype) -> bool:
    """Return whether to compute activations twice because storing them would not fit in memory.

    `dtype` is the one chosen for the run. Raises UserError when the training does not fit.
    """
    fit = training_fit(base, replace(settings, dtype=dtype), torch_is_loaded=True)
    if not fit.fits:
        raise UserError(
            f"Training this model needs about {human_bytes(fit.needed)} of memory; "
            f"{human_bytes(fit.available)} is available.",
            "Close other programs, lower batch_tokens, or choose a smaller model."
            if fit.checkpointing
            else "Close other programs, lower batch_tokens, or turn gradient_checkpointing on.",
        )
    return fit.checkpointing


def _product_seconds(rows: int, base: ModelFile, dtype: torch.dtype) -> float:
    """Return the shortest time of multiplying [rows, width] by [width, ffn]."""
    left = torch.ones(rows, base.width, dtype=dtype)
    right = torch.ones(base.ffn, base.width, dtype=dtype)
    return shortest_time(lambda: matmul(left, right))


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
