"""Whether a model folder can be trained or converted: its configuration and its weights must agree.

Where they do not, torch and llama.cpp each make something else of the folder: one ignores a head that the
other uses, one skips a bias, a third refuses a file that was written without complaint. Free of torch, so
that the host can check before a training starts.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from orca_desk.errors import UserError
from orca_desk.models.config import read_json
from orca_desk.models.hf_folder import identify_folder
from orca_desk.models.model_file import ModelFile
from orca_desk.student.families import EMBEDDING, HEAD, Family, family_of_config, is_supported, supported
from orca_desk.student.gguf_reading import damaged
from orca_desk.student.safetensors_files import SafetensorsFiles, StoredTensor

# What config.json must say of a model that can be trained.
SIZES = ("hidden_size", "num_hidden_layers", "intermediate_size", "vocab_size", "max_position_embeddings")
AGAIN = "The weights and config.json do not belong together: download the model again."
_LAYER = re.compile(r"model\.layers\.(\d{1,6})\.")
_CHUNK = 2**24  # values compared at once
COMPUTED = "rotary_emb.inv_freq"  # tables in old files, which both torch and llama.cpp compute
# Parts of a block that one variant of an architecture has and another lacks.
_VARIABLE = re.compile(r"model\.layers\.\d+\.(self_attn|mlp)\.\w+\.bias|.+\.self_attn\.[qk]_norm\.weight")


def read_base(folder: Path) -> ModelFile:
    """Describe the model in `folder` by its configuration and its weights' headers.

    Its context ends where torch and llama.cpp would begin to differ. Raises UserError when the folder is
    not a safetensors model that can be trained.
    """
    config = read_json(folder / "config.json")
    if config.get("quantization_config") is not None or config.get("quantization"):  # the latter is MLX's
        raise _quantised(folder)
    base = identify_folder(folder)
    family = family_of_config(config)
    if missing := [key for key in SIZES if type(config.get(key)) is not int or config[key] < 1]:
        raise UserError(
            f"{folder / 'config.json'} does not describe a text model that Orca Desk can train: "
            f"{', '.join(missing)} is missing or not a size.",
            f"Choose another model of one of the families {supported()}.",
        )
    with damaged(folder / "config.json"):
        family.require_plain()
        weights = SafetensorsFiles(folder)
        if packed := sorted({one.dtype for one in weights.values() if not one.is_readable}):
            raise _quantised(folder, packed)  # where config.json leaves it out
        require_sound(folder, config, weights)
        return replace(base, context=family.context)


def require_sound(folder: Path, config: dict[str, Any], weights: SafetensorsFiles) -> None:
    """Raise UserError, naming the tensor, where the weights are not those that config.json describes.

    Checks the rows of the vocabulary of every model, and of the families also the number of layers, all
    shapes, the head, and the parts that only some variants have: torch ignores a tensor that config.json does
    not announce, and llama.cpp uses whatever is there.
    """
    _require_rows(folder, config, weights)
    if not is_supported(config):
        return
    family = family_of_config(config)
    _require_layers(folder, family, weights)
    shapes = family.shapes
    for name, tensor in weights.items():
        if name in shapes and tensor.shape != shapes[name]:
            raise UserError(
                f"{name} in {folder} has the shape {list(tensor.shape)}; by config.json it is "
                f"{list(shapes[name])}.",
                AGAIN,
            )
        if name not in shapes and not name.endswith(COMPUTED):
            raise UserError(
                f"The weights in {folder} hold {name}, which config.json does not declare.", AGAIN
            )
    if lacking := [name for name in shapes if _VARIABLE.fullmatch(name) and name not in weights]:
        raise UserError(f"The weights in {folder} lack {lacking[0]}, which config.json declares.", AGAIN)
    _require_head(folder, family, weights)


def linear_layers(folder: Path) -> frozenset[str]:
    """Return the names of the layers that an adapter can change: "q_proj", "down_proj" and so on."""
    names = {
        name.split(".")[-2]
        for name, tensor in SafetensorsFiles(folder).items()
        if name.endswith(".weight") and len(tensor.shape) == 2 and name.count(".") > 1
    }
    return frozenset(names - {"embed_tokens", "lm_head"})


def _quantised(folder: Path, types: Sequence[str] = ()) -> UserError:
    held = f" (it holds {', '.join(types)} weights)" if types else ""
    return UserError(
        f"The model in {folder} is quantised{held}, so it cannot be trained.",
        "Choose the original weights (float32, float16 or bfloat16), or a GGUF file of the model.",
    )


def _require_rows(folder: Path, config: dict[str, Any], weights: SafetensorsFiles) -> None:
    vocabulary = config.get("vocab_size")
    for name in (EMBEDDING, HEAD):
        rows = weights[name].shape[0] if name in weights and weights[name].shape else vocabulary
        if type(vocabulary) is int and rows != vocabulary:
            raise UserError(
                f"{name} in {folder} has rows for {rows:,} tokens; config.json says {vocabulary:,} "
                "(vocab_size).",
                f"Set vocab_size to {rows} if the model was made so, or download the model again.",
            )


def _require_layers(folder: Path, family: Family, weights: SafetensorsFiles) -> None:
    """Refuse weights of more layers than config.json says, of which torch uses the first, or of fewer."""
    present = {int(found[1]) for name in weights if (found := _LAYER.match(name))}
    layers = max(present, default=-1) + 1
    if layers != family.blocks:
        raise UserError(
            f"The weights in {folder} have {layers:,} layers; config.json says "
            f"{family.blocks:,} (num_hidden_layers).",
            AGAIN,
        )


def _require_head(folder: Path, family: Family, weights: SafetensorsFiles) -> None:
    """Refuse a head about which torch and llama.cpp would disagree."""
    tied = family.is_tied
    if not tied and HEAD not in weights:
        raise UserError(
            f"The weights in {folder} lack {HEAD}, and config.json does not tie it to the embedding.",
            "Download the model again; or set tie_word_embeddings to true in config.json if the model was "
            "made without a head of its own.",
        )
    if tied and HEAD in weights and EMBEDDING in weights and not _equal(weights[HEAD], weights[EMBEDDING]):
        raise UserError(
            f"config.json ties the head to the embedding (tie_word_embeddings), but {HEAD} in {folder} holds "
            "other values.",
            "Set tie_word_embeddings to false in config.json if the model was trained or merged with a head "
            "of its own; else remove that tensor, or download the model again.",
        )


def _equal(one: StoredTensor, other: StoredTensor) -> bool:
    """Return whether two stored tensors hold the same values."""
    if one.shape != other.shape:
        return False
    if one.dtype != other.dtype:
        return bool(np.array_equal(one.load(), other.load()))
    first, second = one.map(), other.map()
    starts = range(0, len(first), _CHUNK)
    return all(np.array_equal(first[at : at + _CHUNK], second[at : at + _CHUNK]) for at in starts)
