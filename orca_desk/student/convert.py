"""Converts a Hugging Face model folder to one GGUF file, with which llama.cpp computes the same logits."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import gguf
import numpy as np
from gguf import GGMLQuantizationType as Quantisation

from orca_desk.errors import UserError
from orca_desk.models.config import read_json
from orca_desk.student import gguf_file
from orca_desk.student.base import require_sound
from orca_desk.student.gguf_file import Dtype, Planned, quantisation_for
from orca_desk.student.gguf_names import Names, damaged, require
from orca_desk.student.gguf_parameters import describe_parameters, rope_factors
from orca_desk.student.gguf_tokenizer import read_tokenizer
from orca_desk.student.safetensors_files import Floats, SafetensorsFiles, StoredTensor

LARGEST_HALF = float(np.finfo(np.float16).max)


def write_gguf(folder: Path, out: Path, *, dtype: Dtype = "f16") -> None:
    """Convert the llama-, mistral-, qwen2- or qwen3-type model in `folder` to the GGUF file `out`.

    The folder holds config.json, tokenizer.json (byte-level BPE) and safetensors, single or sharded. `dtype`
    is the type of matrices (vectors stay float32). Holds one tensor in memory at a time, and writes `out`
    whole or not at all. Raises UserError for a model that llama.cpp would run differently.
    """
    config = read_json(folder / "config.json")
    names = Names.of_config(config)
    weights = SafetensorsFiles(folder)
    with damaged(folder / "config.json"):
        require_sound(folder, config, weights)
        tensors = list(_plan(config, names, weights, dtype))
    _require_complete(names, tensors, folder)
    tokenizer = read_tokenizer(folder, require(config, "vocab_size"))

    def describe(writer: gguf.GGUFWriter) -> None:
        writer.add_type(gguf.GGUFType.MODEL)
        writer.add_name(folder.resolve().name)
        writer.add_file_type(gguf_file.FILE_TYPES[dtype])
        writer.add_quantization_version(gguf.GGML_QUANT_VERSION)
        with damaged(folder / "config.json"):
            describe_parameters(config, writer)
        tokenizer.describe(writer)

    gguf_file.write(out, gguf.MODEL_ARCH_NAMES[names.architecture], describe, tensors)


def _plan(config: dict[str, Any], names: Names, weights: SafetensorsFiles, dtype: Dtype) -> Iterator[Planned]:
    tied = config.get("tie_word_embeddings")
    factors = rope_factors(config)
    if factors is not None:
        yield Planned(
            name="rope_freqs.weight",
            shape=factors.shape,
            quantisation=Quantisation.F32,
            load=lambda: factors,
        )
    for name, stored in weights.items():
        # A tied head equals the embedding; old files also hold rotary tables, which llama.cpp computes.
        if (tied and name == "lm_head.weight") or name.endswith("rotary_emb.inv_freq"):
            continue
        yield Planned(
            name=names.gguf_name(name),
            shape=stored.shape,
            quantisation=_precision(stored, quantisation_for(stored.shape, dtype)),
            load=partial(_load, names, name, stored),
        )


def _precision(stored: StoredTensor, wanted: Quantisation) -> Quantisation:
    """Return the type to store a tensor as: float32 where half precision cannot hold its largest value."""
    if wanted != Quantisation.F16 or stored.dtype == "F16":
        return wanted
    return wanted if float(np.abs(stored.load()).max(initial=0.0)) <= LARGEST_HALF else Quantisation.F32


def _load(names: Names, name: str, stored: StoredTensor) -> Floats:
    """Load a tensor in llama.cpp's order. Raises UserError for values that are infinite or not numbers."""
    values = stored.load()
    if not bool(np.isfinite(values).all()):
        raise UserError(
            f"{name} in {stored.path} holds values that are infinite or not numbers.",
            "The weights are damaged, or were saved from a training that diverged: download the model again, "
            "or choose another one.",
        )
    return names.reorder(name, values)


def _require_complete(names: Names, tensors: list[Planned], folder: Path) -> None:
    """Raise UserError, with a count, where tensors of a block are missing; llama.cpp names one."""
    needed = {
        gguf.TENSOR_NAMES[kind] for kind in (gguf.MODEL_TENSOR.TOKEN_EMBD, gguf.MODEL_TENSOR.OUTPUT_NORM)
    }
    kinds = (
        "attn_norm",
        "attn_q",
        "attn_k",
        "attn_v",
        "attn_output",
        "ffn_norm",
        "ffn_gate",
        "ffn_up",
        "ffn_down",
    )
    needed |= {f"blk.{block}.{kind}" for block in range(names.blocks) for kind in kinds}
    missing = sorted({f"{name}.weight" for name in needed} - {tensor.name for tensor in tensors})
    if missing:
        raise UserError(
            f"{folder} lacks {len(missing)} of the model's tensors, {missing[0]} first.",
            "Download the missing .safetensors files.",
        )
