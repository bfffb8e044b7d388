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
from orca_desk.student.base import COMPUTED, require_sound
from orca_desk.student.families import EMBEDDING, HEAD, Family, family_of_config
from orca_desk.student.families.rope import DEFAULT_THETA, TABLES
from orca_desk.student.gguf_file import FLOATS
from orca_desk.student.gguf_reading import damaged, field, open_gguf
from orca_desk.student.gguf_tokenizer import read_gguf_tokenizer, read_tokenizer
from orca_desk.student.safetensors_files import Floats, SafetensorsFiles
from orca_desk.student.sentencepiece import same_order

ROUNDING = 2**-7  # of a value: twice what bfloat16 loses
SUBNORMAL = 6e-8  # what float16 loses of the smallest values
SINGLE = 2**-22  # what float32 loses of a sum that is below 4
QUANTISED = 0.5  # relative error of a matrix: 2-bit files reach 0.3, other weights 1.4
# Settings that decide the logits; the others describe the file, or limit what it is used for.
_DECISIVE = (
    *("rope.freq_base", "rope.dim", "attention.", "block_count", "embedding_", "feed_forward"),
    *("logit_scale", "residual_scale", "attn_logit", "final_logit"),
)
# How positions are scaled, and what llama.cpp takes where a file does not say.
_SCALING = {
    gguf.Keys.Rope.SCALING_FACTOR: 1.0,
    gguf.Keys.Rope.SCALING_TYPE: "linear",
    gguf.Keys.Rope.SCALING_ATTN_FACTOR: 1.0,
}
_ADDED = (
    gguf.TokenType.CONTROL,
    gguf.TokenType.UNKNOWN,
    gguf.TokenType.USER_DEFINED,
)  # tokens that are found before any merge


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
    Raises UserError for a damaged file, and for a folder whose weights and config.json disagree.
    """
    reader = open_gguf(file)
    if (template_of_folder(folder) or "") != field(reader, gguf.Keys.Tokenizer.CHAT_TEMPLATE, ""):
        return FoundDifference(kind=Difference.TEMPLATE)
    config, weights = read_json(folder / "config.json"), SafetensorsFiles(folder)
    require_sound(folder, config, weights)
    try:
        family = family_of_config(config)
        different = next(_different_tokens(folder, family, file), None)
        with damaged(folder / "config.json"):
            different = different or next(_different_settings(family, reader), None)
    except UserError:
        return _by_sketch(folder, file)
    return different or next(_different_weights(family, weights, reader), None)


def _by_sketch(folder: Path, file: Path) -> FoundDifference | None:
    match = compare_base(identify_base(folder, ""), file)
    return None if match is BaseMatch.SAME else FoundDifference(kind=Difference.WEIGHTS)


def _different_tokens(folder: Path, family: Family, file: Path) -> Iterator[FoundDifference]:
    """Yield a difference where a text would become other ids, or where an answer would end elsewhere.

    A file may lack the unused rows, and may name fewer of the tokens that end an answer.
    """
    ours, theirs = read_tokenizer(folder, family.vocabulary), read_gguf_tokenizer((file,))
    keys = gguf.Keys.Tokenizer
    used = [place for place, kind in enumerate(ours.types) if kind != gguf.TokenType.UNUSED]
    count = len(theirs.tokens)
    if count <= used[-1] or any(theirs.tokens[place] != ours.tokens[place] for place in used):
        yield FoundDifference(kind=Difference.TOKENIZER)
    added = [place for place in used if ours.types[place] in _ADDED and place < count]
    if any(theirs.types[place] not in _ADDED for place in added):
        yield FoundDifference(kind=Difference.TOKENIZER, detail=keys.TOKEN_TYPE)
    settings = {
        keys.MODEL: ours.model != theirs.model,
        keys.MERGES: ours.merges != theirs.merges,
        keys.SCORES: not same_order(ours.scores, theirs.scores),
        keys.PRE: ours.pre != theirs.pre,
        keys.ADD_PREFIX: ours.space_prefix != theirs.space_prefix,
        gguf.Keys.General.NAME: ours.strips != theirs.strips,
        keys.ADD_BOS: ours.add_bos != theirs.add_bos,
        keys.EOS_ID: theirs.special["eos"] not in {ours.special.get(name) for name in ("eos", "eot", "eom")},
    }
    for key, differs in settings.items():
        if differs:
            yield FoundDifference(kind=Difference.TOKENIZER, detail=key)


def _different_settings(family: Family, reader: gguf.GGUFReader) -> Iterator[FoundDifference]:
    architecture = str(field(reader, gguf.Keys.General.ARCHITECTURE))
    if architecture != gguf.MODEL_ARCH_NAMES[family.architecture]:
        yield FoundDifference(kind=Difference.SETTINGS, detail=gguf.Keys.General.ARCHITECTURE)
    writer = gguf.GGUFWriter(None, architecture)
    family.describe(writer)
    values = {key: stored.value for key, stored in writer.kv_data[0].items()}
    yield from _different_rotation(family, values, architecture, reader)
    for key, ours in values.items():
        theirs = field(reader, key, DEFAULT_THETA if key.endswith("rope.freq_base") else ours)
        if key.partition(".")[2].startswith(_DECISIVE) and not _is_near(ours, theirs):
            yield FoundDifference(kind=Difference.SETTINGS, detail=key)


def _different_rotation(
    family: Family, values: dict[str, Any], architecture: str, reader: gguf.GGUFReader
) -> Iterator[FoundDifference]:
    """Yield a difference in how positions are scaled: by keys, or by tables of factors."""
    keys = {key.format(arch=architecture): usual for key, usual in _SCALING.items()}
    ours = {key: values.get(key, usual) for key, usual in keys.items()}
    theirs = {key: field(reader, key, usual) for key, usual in keys.items()}
    factor, kind, _ = keys
    for side in (ours, theirs):  # both say the same of a model that does not scale
        if side[kind] == "none":
            side |= {kind: "linear", factor: 1.0}
        if family.rope.scaling == "longrope":
            side |= {kind: "longrope"}  # most files leave this out; the tables decide
    for key in keys:
        if not _is_near(ours[key], theirs[key]):
            yield FoundDifference(kind=Difference.SETTINGS, detail=key)
    tables = family.tables()
    stored = {tensor.name: tensor for tensor in reader.tensors if tensor.name in TABLES}
    for name in tables.keys() | stored.keys():
        if name not in tables or name not in stored or not _is_same(tables[name], stored[name], family, name):
            yield FoundDifference(kind=Difference.SETTINGS, detail=name)


def _is_near(ours: Any, theirs: Any) -> bool:
    numbers = isinstance(ours, int | float) and isinstance(theirs, int | float)
    return bool(abs(ours - theirs) <= 1e-6 * abs(ours) if numbers else ours == theirs)


def _different_weights(
    family: Family, weights: SafetensorsFiles, reader: gguf.GGUFReader
) -> Iterator[FoundDifference]:
    """Yield each tensor that differs, or that only one of the two has: llama.cpp uses whatever is there.

    A tied head is stored twice in some folders and files, and once in others.
    """
    theirs = {tensor.name: tensor for tensor in reader.tensors}
    ours = {family.gguf_name(name): name for name in weights if not name.endswith(COMPUTED)}
    if EMBEDDING in weights:
        embedding, head = family.gguf_name(EMBEDDING), family.gguf_name(HEAD)
        if embedding in theirs:
            theirs.setdefault(head, theirs[embedding])
        ours.setdefault(head, EMBEDDING)
    for tensor, name in ours.items():
        stored = theirs.get(tensor)
        if stored is None or not _is_same(weights[name].load(), stored, family, name):
            yield FoundDifference(kind=Difference.WEIGHTS, detail=tensor)
    for tensor in theirs.keys() - ours.keys() - set(TABLES):
        yield FoundDifference(kind=Difference.WEIGHTS, detail=tensor)


def _is_same(ours: Floats, theirs: gguf.ReaderTensor, family: Family, name: str) -> bool:
    """Return whether a stored tensor is `ours`, but for the rounding of its type."""
    values = gguf.dequantize(theirs.data, theirs.tensor_type)
    if values.shape != ours.shape:
        return False
    # Compared without the offset of a norm, which would hide a difference of a small weight.
    values, offset = family.restore(name, values), abs(family.norm_offset)
    if theirs.tensor_type in FLOATS:
        slack = SUBNORMAL + offset * SINGLE
        return bool((np.abs(values - ours) <= ROUNDING * np.abs(ours) + slack).all())
    size = float(np.linalg.norm(ours))
    return float(np.linalg.norm(values - ours)) <= QUANTISED * size
