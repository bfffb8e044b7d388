"""Rotary position embeddings, as config.json and as GGUF keys write them."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import gguf
import numpy as np
import numpy.typing as npt

from orca_desk.errors import UserError
from orca_desk.student.families.keys import GgufKeys, shortest
from orca_desk.student.safetensors_files import Floats

Doubles = npt.NDArray[np.float64]
DEFAULT_THETA = 10000.0
LLAMA3 = "rope_freqs.weight"  # the tensors in which a GGUF file holds divisors of the frequencies
LONG, SHORT = "rope_factors_long.weight", "rope_factors_short.weight"
TABLES = (LLAMA3, LONG, SHORT)
_OLD_FACTOR = "{arch}.rope.scale_linear"  # in files of 2023
_OLD_NAMES = {"su": "longrope"}
_YARN_BETAS = {"beta_fast": 32.0, "beta_slow": 1.0, "truncate": True}  # what llama.cpp computes with
_NEAR = 1e-4  # relative: two tables of the same settings, one of them rounded to float32


@dataclass(frozen=True, kw_only=True)
class RotaryEmbedding:
    """The base of the rotation, the part of a head that is rotated, and how positions are scaled.

    `scaling` is "default" (not at all), "linear", "llama3", "yarn", "longrope" or another kind; `settings`
    are those of config.json, `context` is the model's and `original` the one before scaling.
    """

    theta: float
    scaling: str = "default"
    settings: dict[str, Any] = field(default_factory=dict)
    partial: float = 1.0
    original: int = 0
    context: int = 0

    @property
    def factor(self) -> float:
        """By how much positions are stretched."""
        stated = self.settings.get("factor")
        return float(self.context / self.original if stated is None else stated)

    @property
    def attention_factor(self) -> float:
        """The factor on rotated values, by which yarn and longrope sharpen or soften the attention."""
        stated, factor = self.settings.get("attention_factor"), self.factor
        if stated is not None:
            return float(stated)
        if self.scaling == "longrope":
            return math.sqrt(1 + math.log(factor) / math.log(self.original)) if factor > 1 else 1.0
        own, all_ = (self.settings.get(name) for name in ("mscale", "mscale_all_dim"))
        return _stretch(factor, own) / _stretch(factor, all_) if own and all_ else _stretch(factor, 1.0)

    @property
    def is_beyond_llama_cpp(self) -> bool:
        """Whether a kind of scaling that llama.cpp has is set in a way that it has not."""
        return self.scaling == "yarn" and any(
            float(self.settings.get(name) or usual) != usual
            for name, usual in _YARN_BETAS.items()
            if self.settings.get(name) is not None
        )


def rope_of(config: dict[str, Any], default: float = DEFAULT_THETA, layers: str = "") -> RotaryEmbedding:
    """Read the rotary embedding from its newer form (rope_parameters) or its older keys.

    `layers` names the layers where some rotate otherwise ("full_attention"); `default` is the base of a model
    that names none.
    """
    settings = config.get("rope_scaling") or config.get("rope_parameters") or {}
    if layers and layers in settings:
        settings = settings[layers]
    context = int(config.get("max_position_embeddings") or 0)
    original = (
        config.get("original_max_position_embeddings")
        or settings.get("original_max_position_embeddings")
        or context
    )
    partial = settings.get("partial_rotary_factor") or config.get("partial_rotary_factor") or 1.0
    scaling = str(settings.get("rope_type") or settings.get("type") or "default")
    return RotaryEmbedding(
        theta=float(settings.get("rope_theta") or config.get("rope_theta") or default),
        scaling=_OLD_NAMES.get(scaling, scaling),
        settings=settings,
        partial=float(partial),
        original=int(original),
        context=context,
    )


def rope_tables(rope: RotaryEmbedding, width: int) -> dict[str, Floats]:
    """Return the divisors of the frequencies, [width / 2], by the GGUF tensor that holds them."""
    if rope.scaling == "llama3":
        return {LLAMA3: _llama3_table(rope, width)}
    if rope.scaling == "longrope":
        parts = {LONG: rope.settings["long_factor"], SHORT: rope.settings["short_factor"]}
        return {name: _of_width(values, width) for name, values in parts.items()}
    return {}


def describe_rope(rope: RotaryEmbedding, writer: gguf.GGUFWriter) -> None:
    """Add the keys of a rotary embedding to a GGUF file; `rope_tables` are beside the weights."""
    writer.add_rope_freq_base(rope.theta)
    if rope.scaling == "linear":
        writer.add_rope_scaling_type(gguf.RopeScalingType.LINEAR)
        writer.add_rope_scaling_factor(float(rope.settings["factor"]))
    elif rope.scaling == "yarn":
        writer.add_rope_scaling_type(gguf.RopeScalingType.YARN)
        writer.add_rope_scaling_factor(rope.factor)
        writer.add_rope_scaling_orig_ctx_len(rope.original)
        if (extra := rope.attention_factor / _stretch(rope.factor, 1.0)) != 1.0:
            writer.add_rope_scaling_attn_factors(extra)
    elif rope.scaling == "longrope":
        writer.add_rope_scaling_type(gguf.RopeScalingType.LONGROPE)
        writer.add_rope_scaling_orig_ctx_len(rope.original)
        writer.add_rope_scaling_attn_factors(rope.attention_factor)


def rope_settings(keys: GgufKeys, width: int) -> dict[str, Any]:
    """Return config.json's settings of the rotary embedding of a GGUF file: type, base, scaling.

    `width` is the rotated part of a head. Raises UserError for a scaling that config.json cannot express.
    """
    rope = gguf.Keys.Rope
    theta = shortest(keys.number(rope.FREQ_BASE, DEFAULT_THETA))
    if theta <= 0.0:
        raise ValueError(f"a rotary base of {theta}")
    older = keys.number(_OLD_FACTOR, 1.0)
    factor, kind = shortest(keys.number(rope.SCALING_FACTOR, older)), keys.text(rope.SCALING_TYPE, "linear")
    attention = keys.number(rope.SCALING_ATTN_FACTOR, 1.0)
    original = keys.whole(rope.SCALING_ORIG_CTX_LEN, keys.whole(gguf.Keys.LLM.CONTEXT_LENGTH))
    own: dict[str, Any] = {"rope_type": "default"}
    if (table := keys.table(LLAMA3)) is not None and not bool((table == 1).all()):
        own = _llama3_settings(table, theta, width)
    elif (short := keys.table(SHORT)) is not None:
        own = {
            "rope_type": "longrope",
            "long_factor": [shortest(value) for value in keys.required_table(LONG)],
            "short_factor": [shortest(value) for value in short],
            "original_max_position_embeddings": original,
        }
        context = keys.whole(gguf.Keys.LLM.CONTEXT_LENGTH)
        usual = RotaryEmbedding(theta=theta, scaling="longrope", original=original, context=context)
        if abs(usual.attention_factor - attention) > _NEAR:
            own["attention_factor"] = shortest(attention)
    elif kind == "yarn":
        own = {"rope_type": "yarn", "factor": factor, "original_max_position_embeddings": original}
        if abs(attention - 1.0) > _NEAR:
            own["attention_factor"] = shortest(attention * _stretch(factor, 1.0))
    elif kind == "linear" and factor not in (0.0, 1.0):
        own = {"rope_type": "linear", "factor": factor}
    return own | {"rope_theta": theta}


def older_settings(settings: dict[str, Any]) -> dict[str, Any]:
    """Return the key by which programs older than rope_parameters read a scaling, if there is one."""
    kind = settings["rope_type"]
    return {} if kind == "default" else {"rope_scaling": settings | {"type": kind}}


def _llama3_table(rope: RotaryEmbedding, width: int) -> Floats:
    """Slows long waves by `factor`, leaves short ones, and blends between, as Llama 3.1's code does."""
    factor, low, high = (
        float(rope.settings[key]) for key in ("factor", "low_freq_factor", "high_freq_factor")
    )
    waves = _waves(rope.theta, width)
    blend = np.clip((rope.original / waves - low) / (high - low), 0.0, 1.0)
    factors: Floats = (1.0 / ((1.0 - blend) / factor + blend)).astype(np.float32)
    return factors


def _llama3_settings(table: Floats, theta: float, width: int) -> dict[str, Any]:
    """Find the settings of which a table was made: many give the same one, so with the usual low factor of 1.

    Raises UserError for a table that no settings make.
    """
    if table.shape == (width // 2,) and bool((table > 0).all()) and float(table.max()) > 1.0:
        factor, waves = float(table.max()), _waves(theta, width)
        blend = (1 / table.astype(np.float64) - 1 / factor) / (1 - 1 / factor)
        between = (blend > _NEAR) & (blend < 1 - _NEAR)
        for low, high, original in _llama3_guesses(waves[between], blend[between]):
            settings = {
                "rope_type": "llama3",
                "factor": shortest(factor),
                "low_freq_factor": low,
                "high_freq_factor": high,
                "original_max_position_embeddings": original,
            }
            rope = RotaryEmbedding(theta=theta, scaling="llama3", settings=settings, original=original)
            if np.allclose(_llama3_table(rope, width), table, rtol=_NEAR):
                return settings
    raise UserError(
        f"The GGUF file scales its positions by a table ({LLAMA3}) that no setting of config.json makes.",
        "Use the model's original folder instead.",
    )


def _llama3_guesses(waves: Doubles, blend: Doubles) -> Iterator[tuple[float, float, int]]:
    """Yield low and high factors and the original context: the published ones, then those of the blends.

    A blend is (original / wave - 1) / (high - 1): two of them give both unknowns, one gives the original for
    each high factor that is likely.
    """
    yield from ((1.0, 4.0, 2**power) for power in range(13, 4, -1))
    if len(waves) > 1:
        slope, offset = np.polyfit(1 / waves, blend, 1)
        high = round(1.0 - 1.0 / float(offset), 3)
        yield 1.0, high, round(float(slope) * (high - 1.0))
    elif len(waves):
        for high in (2.0, 3.0, 4.0, 8.0):
            yield 1.0, high, round(float(waves[0] * (1.0 + blend[0] * (high - 1.0))))


def _waves(theta: float, width: int) -> Doubles:
    waves: Doubles = 2 * math.pi * theta ** (np.arange(0, width, 2, dtype=np.float64) / width)
    return waves


def _of_width(values: Any, width: int) -> Floats:
    with np.errstate(over="ignore"):  # what is too large for float32 is no factor either
        table = np.asarray(values, np.float32)
    if not np.isfinite(table).all():
        raise ValueError("rotary factors that are not numbers")
    if table.shape != (width // 2,):
        raise ValueError(f"{len(values)} rotary factors for {width // 2} frequencies")
    return table


def _stretch(factor: float, scale: float) -> float:
    return 0.1 * scale * math.log(factor) + 1.0 if factor > 1 else 1.0
