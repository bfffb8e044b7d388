"""Writes a config.json's hyperparameters as GGUF keys; refuses what llama.cpp would compute differently."""

import math
from dataclasses import dataclass
from typing import Any

import gguf
import numpy as np

from orca_desk.errors import UserError
from orca_desk.student.gguf_names import architecture_of, kv_heads_of, require
from orca_desk.student.safetensors_files import Floats

DEFAULT_THETA = 10000.0


@dataclass(frozen=True, kw_only=True)
class RotaryEmbedding:
    """Rotary position embedding: its base and, for long contexts, its scaling ("none", "linear", ...)."""

    theta: float
    scaling: str
    settings: dict[str, Any]


def describe_parameters(config: dict[str, Any], writer: gguf.GGUFWriter) -> None:
    """Add the hyperparameters of a llama-, mistral-, qwen2- or qwen3-type config to a GGUF file.

    Raises UserError for a setting that llama.cpp's graph of that architecture does not have.
    """
    _require_plain(config)
    writer.add_vocab_size(require(config, "vocab_size"))
    writer.add_context_length(require(config, "max_position_embeddings"))
    writer.add_embedding_length(require(config, "hidden_size"))
    writer.add_block_count(require(config, "num_hidden_layers"))
    writer.add_feed_forward_length(require(config, "intermediate_size"))
    writer.add_head_count(require(config, "num_attention_heads"))
    writer.add_head_count_kv(kv_heads_of(config))
    writer.add_key_length(head_width(config))
    writer.add_value_length(head_width(config))
    writer.add_rope_dimension_count(head_width(config))
    writer.add_layer_norm_rms_eps(float(config.get("rms_norm_eps", 1e-6)))
    _describe_rope(rope_of(config), writer)


def head_width(config: dict[str, Any]) -> int:
    """Return the width of one attention head."""
    if config.get("head_dim") is not None:
        return require(config, "head_dim")
    return require(config, "hidden_size") // require(config, "num_attention_heads")


def rope_of(config: dict[str, Any]) -> RotaryEmbedding:
    """Read the rotary embedding from its newer form (rope_parameters) or the older two keys."""
    settings = config.get("rope_parameters") or config.get("rope_scaling") or {}
    theta = settings.get("rope_theta") or config.get("rope_theta") or DEFAULT_THETA
    scaling = settings.get("rope_type") or settings.get("type") or "default"
    return RotaryEmbedding(theta=float(theta), scaling=scaling, settings=settings)


def rope_factors(config: dict[str, Any]) -> Floats | None:
    """Return Llama 3's divisors of the rotary frequencies, [head width / 2], or None without such scaling.

    Slows long waves by `factor`, leaves short ones, and blends between, as Llama 3.1's reference code does.
    """
    rope = rope_of(config)
    if rope.scaling != "llama3":
        return None
    factor, low, high = (rope.settings[key] for key in ("factor", "low_freq_factor", "high_freq_factor"))
    original = rope.settings["original_max_position_embeddings"]
    width = head_width(config)
    waves = 2 * math.pi * rope.theta ** (np.arange(0, width, 2, dtype=np.float64) / width)
    blend = np.clip((original / waves - low) / (high - low), 0.0, 1.0)
    factors: Floats = (1.0 / ((1.0 - blend) / factor + blend)).astype(np.float32)
    return factors


def _describe_rope(rope: RotaryEmbedding, writer: gguf.GGUFWriter) -> None:
    writer.add_rope_freq_base(rope.theta)
    if rope.scaling == "linear":
        writer.add_rope_scaling_type(gguf.RopeScalingType.LINEAR)
        writer.add_rope_scaling_factor(float(rope.settings["factor"]))


def _require_plain(config: dict[str, Any]) -> None:
    """Raise UserError for a model that would convert without an error and then answer differently."""
    llama = architecture_of(config) == gguf.MODEL_ARCH.LLAMA
    scalings = {"default", "linear"} | ({"llama3"} if llama else set())
    rope = rope_of(config)
    window = config.get("sliding_window") if llama or config.get("use_sliding_window") else None
    problems = {
        "is quantised": config.get("quantization_config") is not None,
        f"scales its positions by {rope.scaling!r}": rope.scaling not in scalings,
        "attends in a sliding window": window is not None and window < config["max_position_embeddings"],
        f"uses the activation {config.get('hidden_act')!r}": config.get("hidden_act", "silu") != "silu",
        "rotates only a part of each head": config.get("partial_rotary_factor", 1.0) != 1.0,
    }
    for problem, present in problems.items():
        if present:
            raise UserError(
                f"The model {problem}, which Orca Desk cannot write into a GGUF file.",
                "Use a GGUF file made by the model's publisher.",
            )
