"""What a training decides about a device when it begins: which, its number format, kernels and memory."""

from collections.abc import Sequence
from typing import Any

import torch

from orca_desk.models.config import read_json
from orca_desk.models.model_file import ModelFile
from orca_desk.student.accelerator.choice import (
    CPU,
    ChosenDevice,
    choose_device,
    choose_device_dtype,
    device_that_works,
    enter,
    free_bytes,
)
from orca_desk.student.accelerator.memory import plan_memory
from orca_desk.student.accelerator.race import AttentionShape, race_kernels
from orca_desk.student.accelerator.variants import race_variants
from orca_desk.student.families import family_of_config, is_supported
from orca_desk.student.settings import TrainSettings

LONG = 3e16  # operations: some minutes of a GPU, beside which compiling a kernel takes little
RACED_TOKENS = 4096  # of the row on which attention is timed


def decide_on_device(base: ModelFile, settings: TrainSettings, lengths: Sequence[int]) -> dict[str, Any]:
    """Return the choices of a run as JSON values; on the CPU, only that it is the CPU.

    Raises UserError for a device that is missing or too small.
    """
    chosen = choose_device()
    if chosen.name == CPU:
        return _where(chosen)
    decided = _decide(chosen, base, settings, lengths)
    # A kernel that crashes ends all use of a GPU by this process, not only its own.
    chosen = device_that_works(chosen, "while its kernels are compared")
    return _where(chosen) | (decided if chosen.name != CPU else {})


def _where(chosen: ChosenDevice) -> dict[str, Any]:
    return {"device": chosen.name, "device_name": chosen.title, "device_note": chosen.note}


def _decide(
    chosen: ChosenDevice, base: ModelFile, settings: TrainSettings, lengths: Sequence[int]
) -> dict[str, Any]:
    device = chosen.torch
    enter(device)
    dtype = choose_device_dtype(base, settings, device)
    memory = plan_memory(
        base, settings, dtype, free=free_bytes(device), title=chosen.title, is_apart=device.type == "cuda"
    )
    attention = race_kernels(
        attention_shape(base),
        _usual_row(lengths, min(settings.batch_tokens, RACED_TOKENS)),
        device=device,
        dtype=getattr(torch, dtype),
        is_long=4 * base.parameters * settings.epochs * sum(lengths) > LONG,
    )
    variants = race_variants(
        base,
        settings,
        lengths,
        device=device,
        dtype=dtype,
        attention=attention.fastest,
        checkpoints=memory.stored != "all",
    )
    batches = settings.epochs * sum(lengths) / settings.batch_tokens
    forced = settings.compile == "on" and "compiled" in variants.seconds
    return {
        "dtype": dtype,
        "gradient_checkpointing": memory.stored != "all",
        "offload": memory.stored == "offloaded",
        "attention": attention.fastest,
        "variant": "compiled" if forced else variants.fastest(batches, base.layers),
        "raced": {
            "attention": {**attention.seconds, **attention.failures},
            "variants": {**variants.seconds, **variants.failures},
        },
    }


def attention_shape(base: ModelFile) -> AttentionShape:
    """Read what a model's attention looks like from its configuration."""
    config = read_json(base.path / "config.json")
    cap = config.get("attn_logit_softcapping") or 0.0
    window = config.get("sliding_window") if config.get("use_sliding_window", True) else None
    windows = (0, int(window)) if window else (0,)
    if not is_supported(config):
        heads = int(config["num_attention_heads"])
        size = int(config.get("head_dim") or base.width // heads)
        return AttentionShape(
            heads=heads,
            kv_heads=int(config.get("num_key_value_heads") or heads),
            size=size,
            windows=windows,
            cap=cap,
        )
    family = family_of_config(config)
    return AttentionShape(
        heads=family.heads, kv_heads=family.kv_heads, size=family.head_width, windows=windows, cap=cap
    )


def _usual_row(lengths: Sequence[int], tokens: int) -> list[int]:
    """Return the lengths of some records that fill a row: those of the middle one."""
    middle = sorted(lengths)[len(lengths) // 2]
    return [min(middle, tokens)] * max(1, tokens // middle)
