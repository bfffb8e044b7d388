"""Whether a GGUF file is the model in a folder: its weights, its settings, its tokenizer, its template.

A folder can hold a file of other weights (of the model before it was trained further, say), or one that was
made before its chat template was edited. Served in place of the folder, it would answer otherwise than what
was trained.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import gguf
import numpy as np

from orca_desk.errors import UserError
from orca_desk.models.base_identity import BaseMatch, compare_base, identify_base
from orca_desk.models.chat_template import template_of_folder
from orca_desk.models.config import read_json
from orca_desk.student.base import HEAD
from orca_desk.student.gguf_file import FLOATS
from orca_desk.student.gguf_names import Names, damaged, field, open_gguf
from orca_desk.student.gguf_parameters import DEFAULT_THETA, describe_parameters, rope_factors
from orca_desk.student.gguf_tokenizer import read_tokenizer
from orca_desk.student.safetensors_files import Floats, SafetensorsFiles

ROPE_FACTORS = "rope_freqs.weight"  # made of the settings of Llama 3's rotary embedding
ROUNDING = 2**-7  # of a value: twice what bfloat16 loses
SUBNORMAL = 6e-8  # what float16 loses of the smallest values
QUANTISED = 0.5  # relative error of a matrix: 2-bit files reach 0.3, other weights 1.4
# Settings that decide the logits; the others describe the file, or limit what it is used for.
_DECISIVE = ("rope.", "attention.", "block_count", "embedding_length", "feed_forward_length")


class Difference(StrEnum):
    """In what a GGUF file differs from the folder."""

    WEIGHTS = "weights"
    SETTINGS = "settings"
    TOKENIZER = "tokenizer"
    TEMPLATE = "chat template"


@dataclass(frozen=True, kw_only=True)
class FoundDifference:
    """The first difference that was found; `detail` names the tensor or the setting, where there is one."""

    kind: Difference
    detail: str = ""


def find_difference(folder: Path, file: Path) -> FoundDifference | None:
    """Return in what the GGUF `file` differs from the model in `folder`, or None where it is that model.

    Compares every value of an unquantised file; of a quantised one, whether each matrix is as near as
    rounding allows. Of a model that cannot be converted, compares a sketch of the weights and the template.
    Raises UserError for a damaged file.
    """
    reader = open_gguf(file)
    if (template_of_folder(folder) or "") != field(reader, gguf.Keys.Tokenizer.CHAT_TEMPLATE, ""):
        return FoundDifference(kind=Difference.TEMPLATE)
    config = read_json(folder / "config.json")
    try:
        names, weights = Names.of_config(config), SafetensorsFiles(folder)
        different = next(_different_tokens(folder, config, reader), None)
        with damaged(folder / "config.json"):
            different = different or next(_different_settings(config, reader), None)
    except UserError:
        return _by_sketch(folder, file)
    return different or next(_different_weights(names, weights, reader), None)


def _by_sketch(folder: Path, file: Path) -> FoundDifference | None:
    match = compare_base(identify_base(folder, ""), file)
    return None if match is BaseMatch.SAME else FoundDifference(kind=Difference.WEIGHTS)


def _different_tokens(
    folder: Path, config: dict[str, Any], reader: gguf.GGUFReader
) -> Iterator[FoundDifference]:
    """Yield a difference where a text would become other ids; a file may lack the unused rows."""
    ours, keys = read_tokenizer(folder, int(config["vocab_size"])), gguf.Keys.Tokenizer
    used = [place for place, kind in enumerate(ours.types) if kind != gguf.TokenType.UNUSED]
    tokens = field(reader, keys.LIST, [])
    if len(tokens) <= used[-1] or any(tokens[place] != ours.tokens[place] for place in used):
        yield FoundDifference(kind=Difference.TOKENIZER)
    if tuple(field(reader, keys.MERGES, [])) != ours.merges:
        yield FoundDifference(kind=Difference.TOKENIZER, detail="merges")


def _different_settings(config: dict[str, Any], reader: gguf.GGUFReader) -> Iterator[FoundDifference]:
    writer = gguf.GGUFWriter(None, str(field(reader, gguf.Keys.General.ARCHITECTURE)))
    describe_parameters(config, writer)
    has_factors = any(tensor.name == ROPE_FACTORS for tensor in reader.tensors)
    if (rope_factors(config) is not None) != has_factors:
        yield FoundDifference(kind=Difference.SETTINGS, detail=ROPE_FACTORS)
    for key, ours in writer.kv_data[0].items():
        theirs = field(reader, key, DEFAULT_THETA if key.endswith("rope.freq_base") else ours.value)
        if key.partition(".")[2].startswith(_DECISIVE) and not _is_near(ours.value, theirs):
            yield FoundDifference(kind=Difference.SETTINGS, detail=key)


def _is_near(ours: Any, theirs: Any) -> bool:
    numbers = isinstance(ours, int | float) and isinstance(theirs, int | float)
    return bool(abs(ours - theirs) <= 1e-6 * abs(ours) if numbers else ours == theirs)


def _different_weights(
    names: Names, weights: SafetensorsFiles, reader: gguf.GGUFReader
) -> Iterator[FoundDifference]:
    """Yield each tensor that differs. A tied head is stored twice in some files and once in others."""
    stored = {tensor.name: tensor for tensor in reader.tensors}
    for name, tensor in weights.items():
        if name.endswith("rotary_emb.inv_freq"):
            continue
        theirs = stored.get(names.gguf_name(name))
        if theirs is None and name == HEAD:
            theirs = stored.get("token_embd.weight")
        if theirs is None or not _is_same(names.reorder(name, tensor.load()), theirs):
            yield FoundDifference(kind=Difference.WEIGHTS, detail=names.gguf_name(name))


def _is_same(ours: Floats, theirs: gguf.ReaderTensor) -> bool:
    """Return whether a stored tensor is `ours`, but for the rounding of its type."""
    values = gguf.dequantize(theirs.data, theirs.tensor_type).reshape(-1)
    flat = ours.reshape(-1)
    if values.shape != flat.shape:
        return False
    if theirs.tensor_type in FLOATS:
        return bool((np.abs(values - flat) <= ROUNDING * np.abs(flat) + SUBNORMAL).all())
    size = float(np.linalg.norm(flat))
    return float(np.linalg.norm(values - flat)) <= QUANTISED * size
