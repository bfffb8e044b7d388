"""Converts a Hugging Face model folder to one GGUF file, with which llama.cpp computes the same logits."""

from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path

import gguf
import numpy as np
from gguf import GGMLQuantizationType as Quantisation

from orca_desk.errors import UserError
from orca_desk.models.config import read_json
from orca_desk.models.rounding import CONFIG_KEY, KEY, stated
from orca_desk.student import gguf_file
from orca_desk.student.base import COMPUTED, require_sound
from orca_desk.student.families import HEAD, Family, family_of_config
from orca_desk.student.gguf_file import Dtype, Planned, quantisation_for
from orca_desk.student.gguf_reading import damaged
from orca_desk.student.gguf_tokenizer import read_tokenizer
from orca_desk.student.merged_folder import MergedFiles
from orca_desk.student.safetensors_files import Floats, SafetensorsFiles, StoredTensor

LARGEST_HALF = float(np.finfo(np.float16).max)


def write_gguf(
    folder: Path,
    out: Path,
    *,
    dtype: Dtype = "f16",
    adapter: Path | None = None,
    keys: Mapping[str, str] = {},
) -> None:
    """Convert the model in `folder`, of one of the families, to the GGUF file `out`.

    The folder holds config.json, tokenizer.json and safetensors, single or sharded. `dtype`
    is the type of matrices (vectors stay float32). The PEFT LoRA in `adapter` is added to the weights, and
    `keys` are texts to write beside the model's own. Holds one tensor in memory at a time, and writes `out`
    whole or not at all. Raises UserError for a model that llama.cpp would run differently, and for an adapter
    of another model.
    """
    config = read_json(folder / "config.json")
    family = family_of_config(config)
    weights = SafetensorsFiles(folder) if adapter is None else MergedFiles(folder, adapter)
    with damaged(folder / "config.json"):
        require_sound(folder, config, weights)
        family.require_plain()
        tensors = list(_plan(family, weights, dtype))
    _require_complete(family, weights, folder)
    tokenizer = read_tokenizer(folder, family.vocabulary)

    def describe(writer: gguf.GGUFWriter) -> None:
        writer.add_type(gguf.GGUFType.MODEL)
        texts = {gguf.Keys.General.NAME: folder.resolve().name} | dict(keys)
        texts[gguf.Keys.General.NAME] = tokenizer.model_name(texts[gguf.Keys.General.NAME])
        for key, text in texts.items():
            writer.add_string(key, text)
        if rounded := stated(config.get(CONFIG_KEY)):
            writer.add_string(KEY, rounded)
        writer.add_file_type(gguf_file.FILE_TYPES[dtype])
        writer.add_quantization_version(gguf.GGML_QUANT_VERSION)
        with damaged(folder / "config.json"):
            family.describe(writer)
        tokenizer.describe(writer)

    gguf_file.write(out, gguf.MODEL_ARCH_NAMES[family.architecture], describe, tensors)


def _plan(family: Family, weights: SafetensorsFiles, dtype: Dtype) -> Iterator[Planned]:
    for name, table in family.tables().items():
        yield Planned(name=name, shape=table.shape, quantisation=Quantisation.F32, load=table.copy)
    for name, stored in weights.items():
        # A tied head equals the embedding; old files also hold rotary tables, which llama.cpp computes.
        if (family.is_tied and name == HEAD) or name.endswith(COMPUTED):
            continue
        yield Planned(
            name=family.gguf_name(name),
            shape=stored.shape,
            quantisation=_precision(stored, quantisation_for(stored.shape, dtype)),
            load=partial(_load, family, name, stored),
        )


def _precision(stored: StoredTensor, wanted: Quantisation) -> Quantisation:
    """Return the type to store a tensor as: float32 where half precision cannot hold its largest value."""
    if wanted != Quantisation.F16 or stored.fits_half:
        return wanted
    return wanted if float(np.abs(stored.load()).max(initial=0.0)) <= LARGEST_HALF else Quantisation.F32


def _load(family: Family, name: str, stored: StoredTensor) -> Floats:
    """Load a tensor in llama.cpp's order. Raises UserError for values that are infinite or not numbers."""
    values = stored.load()
    if not bool(np.isfinite(values).all()):
        raise UserError(
            f"{name} in {stored.path} holds values that are infinite or not numbers.",
            "The weights are damaged, or were saved from a training that diverged: download the model again, "
            "or choose another one.",
        )
    return family.reorder(name, values)


def _require_complete(family: Family, weights: SafetensorsFiles, folder: Path) -> None:
    """Raise UserError, with a count, where tensors are missing; llama.cpp names one."""
    missing = sorted(family.shapes.keys() - weights.keys() - {HEAD})
    if missing:
        raise UserError(
            f"{folder} lacks {len(missing)} of the model's tensors, {missing[0]} first.",
            "Download the missing .safetensors files.",
        )
