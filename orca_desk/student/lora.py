"""Reads a PEFT LoRA folder without torch: which layers it changes, and how."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from orca_desk.errors import UserError
from orca_desk.models.base_identity import BaseIdentity, BaseMatch, base_of_adapter, compare_base
from orca_desk.models.config import read_json
from orca_desk.student.safetensors_files import SafetensorsFiles, StoredTensor

CONFIG = "adapter_config.json"  # of an adapter in PEFT's form
WEIGHTS = "adapter_model.safetensors"

_KEY = re.compile(r"base_model\.model\.(?P<module>.+)\.lora_(?P<side>[AB])\.weight")
_OWN_BASE = "Choose the model that the adapter was trained on."
_VOCABULARY = ("embed_tokens", "lm_head")
# Initialisations that move the base's own weights: the adapter alone is then not the difference.
_MOVES_THE_BASE = ("pissa", "olora", "corda", "loftq", "lora_ga")


@dataclass(frozen=True, kw_only=True)
class LowRank:
    """The change of one layer: `scale` * b @ a, added to its weight; a is [rank, in], b [out, rank]."""

    module: str  # the layer's name in the base model: "model.layers.0.mlp.up_proj"
    a: StoredTensor
    b: StoredTensor
    scale: float

    @property
    def weight(self) -> str:
        """The name of the changed weight."""
        return f"{self.module}.weight"

    @property
    def rank(self) -> int:
        """The inner dimension."""
        return self.a.shape[0]

    @property
    def shape(self) -> tuple[int, int]:
        """The shape of the weight: [out, in]."""
        return self.b.shape[0], self.a.shape[1]


def read_lora(folder: Path) -> tuple[LowRank, ...]:
    """Read adapter_config.json and adapter_model.safetensors, in the order of the layers' names.

    Raises UserError for a folder that is not a LoRA adapter, or that changes more than one scaled product of
    two matrices per layer expresses (DoRA, trained biases, whole layers saved beside it).
    """
    config = _read_config(folder / CONFIG)
    _require_plain(config)
    sides: dict[str, dict[str, StoredTensor]] = {}
    for key, tensor in SafetensorsFiles(_weights_file(folder)).items():
        match = _KEY.fullmatch(key)
        if match is None or match["module"].rpartition(".")[2] in _VOCABULARY:
            raise _beyond(f"changes {key.removeprefix('base_model.model.')}")
        sides.setdefault(match["module"], {})[match["side"]] = tensor
    if not sides:
        raise UserError(f"The adapter in {folder} is empty.", "Train it again.")
    return tuple(_low_rank(folder, config, module, pair) for module, pair in sorted(sides.items()))


def require_own_base(adapter: Path, base: Path) -> BaseIdentity | None:
    """Return the base that the adapter says it was trained on. Raises UserError if `base` is another."""
    trained_on = base_of_adapter(adapter)
    if trained_on is not None and compare_base(trained_on, base) is BaseMatch.OTHER:
        raise UserError(
            f"The adapter in {adapter} was trained on {trained_on.name}; {base} holds another model.",
            _OWN_BASE,
        )
    return trained_on


def require_fit(change: LowRank, shape: tuple[int, ...] | None) -> None:
    """Raise UserError when a base's weight of `shape` (None: it is missing) cannot take the change."""
    if shape != change.shape:
        raise UserError(
            f"The adapter does not fit this base model: it changes {change.module} of shape "
            f"{list(change.shape)}, the model has {list(shape or ()) or 'no such layer'}.",
            _OWN_BASE,
        )


def _low_rank(folder: Path, config: dict[str, Any], module: str, pair: dict[str, StoredTensor]) -> LowRank:
    if set(pair) != {"A", "B"} or pair["A"].shape[0] != pair["B"].shape[1]:
        raise UserError(f"The adapter in {folder} is damaged at {module}.", "Export or train it again.")
    rank = pair["A"].shape[0]
    alpha = _by_pattern(config.get("alpha_pattern") or {}, module, config["lora_alpha"])
    scale = alpha / rank**0.5 if config.get("use_rslora") else alpha / rank
    return LowRank(module=module, a=pair["A"], b=pair["B"], scale=scale)


def _by_pattern(patterns: dict[str, float], module: str, default: float) -> float:
    """Return the value of the first pattern that matches the end of the module's name, as in PEFT."""
    for pattern, value in patterns.items():
        if re.fullmatch(rf"(.*\.)?({pattern})", module):
            return value
    return default


def _require_plain(config: dict[str, Any]) -> None:
    start = config.get("init_lora_weights")
    beyond = {
        f"is of the type {config.get('peft_type')}, not LoRA": config.get("peft_type") != "LORA",
        "uses DoRA": config.get("use_dora"),
        "has trained biases": config.get("bias", "none") != "none" or config.get("lora_bias"),
        "holds whole layers (modules_to_save)": config.get("modules_to_save"),
        "holds trained tokens": config.get("trainable_token_indices"),
        "stores its matrices transposed (fan_in_fan_out)": config.get("fan_in_fan_out"),
        "repeats layers (layer_replication)": config.get("layer_replication"),
        "applies only after certain tokens (aLoRA)": config.get("alora_invocation_tokens"),
        f"was initialised by {start}, which moves the base's weights": isinstance(start, str)
        and start.lower().startswith(_MOVES_THE_BASE),
    }
    for what, present in beyond.items():
        if present:
            raise _beyond(what)


def _beyond(what: str) -> UserError:
    return UserError(
        f"The adapter {what}, which cannot be written as a LoRA for llama.cpp.",
        "Train a plain LoRA on the attention and feed-forward layers.",
    )


def _read_config(path: Path) -> dict[str, Any]:
    config = read_json(path)
    try:
        float(config["lora_alpha"])
    except (ValueError, KeyError, TypeError) as error:
        raise UserError(f"{path} is not a LoRA adapter's configuration.", "Choose another folder.") from error
    return config


def _weights_file(folder: Path) -> Path:
    path = folder / WEIGHTS
    if not path.is_file():
        raise UserError(f"{folder} lacks {path.name}.", "Save the adapter as safetensors.")
    return path
