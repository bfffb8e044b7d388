"""Which base model an adapter belongs to, so that it is not served on another one unnoticed.

An adapter of the right shape loads on any weights and answers nonsense. So a training stores with its adapter
what its base is: the name, the SHA-256 of its safetensors, and a sketch, which is some values of a few of its
matrices. The sketch recognises the base in every form: as a folder, as anybody's GGUF file, also quantised.
"""

import hashlib
import json
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from orca_desk.errors import UserError
from orca_desk.models import gguf_header
from orca_desk.models.hf_folder import identify_folder
from orca_desk.models.identify import identify
from orca_desk.models.safetensors_header import TensorEntry, read_header, read_metadata

KEY = "orca_desk.base"  # in the adapter's safetensors metadata and in its GGUF file
COLUMNS = 32  # values of a sketched row, evenly spread
# Matrices whose rows keep their order in a GGUF file: their names there and in a Hugging Face folder.
_EMBEDDING = ("token_embd.weight", "model.embed_tokens.weight")
_OF_A_BLOCK = {
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
}
_DTYPES = {"F64": "<f8", "F32": "<f4", "F16": "<f2", "BF16": "<u2"}
_ROUNDED = {"F32", "F16", "BF16"}
ROUNDING = 2**-7  # of a value, twice what bfloat16 loses
NEAR = 0.5  # relative error of a row: quantisation to 2 bits reaches 0.3, other weights 1.4

FoundRow = tuple[str, tuple[float, ...]] | None  # a row's type and values; None where there is no such row


class BaseMatch(StrEnum):
    """How a model compares with the one that an adapter was trained on."""

    SAME = "same"
    RELATED = (
        "related"  # trained further, with another adapter merged into it, or of a type that cannot be read
    )
    OTHER = "other"


@dataclass(frozen=True, kw_only=True)
class SketchedRow:
    """COLUMNS values of the row `row` of a tensor, by its GGUF name; `width` is the length of the row."""

    tensor: str
    row: int
    width: int
    values: tuple[float, ...]


@dataclass(frozen=True, kw_only=True)
class BaseIdentity:
    """A base model: its name, the hash of its weights as `HashCache.sha256_of` gives it, and its sketch.

    `template` is the hash of its chat template; empty in adapters of earlier builds.
    """

    name: str
    sha256: str
    sketch: tuple[SketchedRow, ...]
    template: str = ""

    @property
    def layers(self) -> int:
        """The number of the base's layers: the sketch has rows of its last one."""
        names = [row.tensor.split(".") for row in self.sketch]
        return max((int(name[1]) + 1 for name in names if name[0] == "blk"), default=0)

    def to_json(self) -> str:
        """Return the identity as JSON; see `identity_from_json`."""
        return json.dumps(asdict(self), sort_keys=True)


def identity_from_json(text: str) -> BaseIdentity | None:
    """Return what `to_json` wrote, or None for any other text."""
    try:
        stored = json.loads(text)
        rows = tuple(
            SketchedRow(
                tensor=str(row["tensor"]),
                row=int(row["row"]),
                width=int(row["width"]),
                values=tuple(map(float, row["values"])),
            )
            for row in stored["sketch"]
        )
        return BaseIdentity(
            name=str(stored["name"]),
            sha256=str(stored["sha256"]),
            sketch=rows,
            template=str(stored.get("template", "")),
        )
    except (ValueError, KeyError, TypeError):
        return None


def identify_base(folder: Path, sha256: str) -> BaseIdentity:
    """Return the identity of the model in `folder`, whose weights' hash is known. Raises UserError."""
    model = identify_folder(folder)
    return BaseIdentity(
        name=model.name,
        sha256=sha256,
        sketch=tuple(_sketch(folder, model.layers)),
        template=template_hash(model.chat_template),
    )


def template_hash(template: str | None) -> str:
    """Return the hash by which chat templates are compared; empty for none."""
    return hashlib.sha256(template.strip().encode()).hexdigest() if template else ""


def base_of_adapter(adapter: Path) -> BaseIdentity | None:
    """Return the base that an adapter, a GGUF file or a PEFT folder, was trained on.

    None for an adapter that does not name its base: one from another program or an earlier Orca Desk. Raises
    UserError for a damaged file, and for one that is not an adapter.
    """
    if adapter.is_dir():
        return identity_from_json(read_metadata(adapter / "adapter_model.safetensors").get(KEY, ""))
    header = gguf_header.read_header(adapter)
    if header.text("general.type") != "adapter":
        raise UserError(
            f"{adapter} holds a model, not an adapter.", "Choose an adapter: a training writes adapter.gguf."
        )
    return identity_from_json(header.text(KEY))


def compare_base(identity: BaseIdentity, model: Path) -> BaseMatch:
    """Compare the model at `model`, a folder or a GGUF file, with the base of an adapter.

    A quantised file of a model that was trained further cannot be told from one of the base, and counts as
    the same. Raises UserError for a damaged file.
    """
    if identify(model).layers != identity.layers:
        return BaseMatch.OTHER
    read = _folder_rows(model) if model.is_dir() else _gguf_rows(model)
    match = BaseMatch.SAME
    for stored in identity.sketch:
        found = read(stored)
        if found is None:
            return BaseMatch.OTHER
        kind, values = found
        if not values:  # of a type that cannot be read: nothing speaks against it, and nothing for it
            match = BaseMatch.RELATED
            continue
        if _relative_error(stored.values, values) > NEAR:
            return BaseMatch.OTHER
        if kind in _ROUNDED and not _is_rounded(stored.values, values):
            match = BaseMatch.RELATED
    return match


def _sketch(folder: Path, layers: int) -> Iterator[SketchedRow]:
    entries = _entries(folder)
    for name, stored in _names(layers):
        if stored in entries and len(entries[stored][1].shape) == 2:
            path, entry = entries[stored]
            row = entry.shape[0] // 2
            values = _spread(_read_row(path, entry, row))
            yield SketchedRow(tensor=name, row=row, width=entry.shape[1], values=values)


def _names(layers: int) -> Iterator[tuple[str, str]]:
    """Yield the sketched tensors' names in GGUF files and in folders: the embedding and three blocks'."""
    yield _EMBEDDING
    for block in sorted({0, layers // 2, max(0, layers - 1)}):
        for name, stored in _OF_A_BLOCK.items():
            yield f"blk.{block}.{name}.weight", f"model.layers.{block}.{stored}.weight"


def _entries(folder: Path) -> Mapping[str, tuple[Path, TensorEntry]]:
    files = identify_folder(folder).files
    return {name: (path, entry) for path in files for name, entry in read_header(path).items()}


def _folder_rows(folder: Path) -> Callable[[SketchedRow], FoundRow]:
    """Return what reads rows of the model in a folder."""
    entries = _entries(folder)
    return lambda stored: _folder_row(entries, stored)


def _folder_row(entries: Mapping[str, tuple[Path, TensorEntry]], stored: SketchedRow) -> FoundRow:
    names = dict(_names_of(stored.tensor))
    found = entries.get(names[stored.tensor]) if stored.tensor in names else None
    if found is None or found[1].shape[1:] != (stored.width,) or stored.row >= found[1].shape[0]:
        return None
    return "F32", _spread(_read_row(*found, stored.row))


def _names_of(tensor: str) -> Iterator[tuple[str, str]]:
    yield _EMBEDDING
    match tensor.split("."):
        case ["blk", block, name, "weight"] if name in _OF_A_BLOCK:
            yield tensor, f"model.layers.{block}.{_OF_A_BLOCK[name]}.weight"


def _gguf_rows(path: Path) -> Callable[[SketchedRow], FoundRow]:
    """Return what reads rows of a GGUF model, of one file or of several."""
    tensors = {
        name: (file, tensor)
        for file in identify(path).files
        for name, tensor in gguf_header.read_header(file).tensors.items()
    }
    return lambda stored: _gguf_row(tensors.get(stored.tensor), stored)


def _gguf_row(found: tuple[Path, gguf_header.GgufTensor] | None, stored: SketchedRow) -> FoundRow:
    import gguf  # 0.15 s, numpy included: so only when a model is compared
    import numpy as np

    if found is None or found[1].shape[1:] != (stored.width,) or stored.row >= found[1].shape[0]:
        return None
    file, tensor = found
    with file.open("rb") as content:
        content.seek(tensor.offset + stored.row * tensor.row_bytes)
        row = np.frombuffer(content.read(tensor.row_bytes), np.uint8)
    try:
        return tensor.kind, _spread(gguf.dequantize(row, gguf.GGMLQuantizationType[tensor.kind]))
    except NotImplementedError:
        return tensor.kind, ()


def _read_row(path: Path, entry: TensorEntry, row: int) -> Any:
    """Return a row of a stored matrix as float32. Raises UserError for a format that is not a float."""
    import numpy as np

    if entry.dtype not in _DTYPES:
        raise UserError(
            f"{path.name} holds {entry.dtype} tensors, which Orca Desk cannot read.",
            "Use the model's original weights (float32, float16 or bfloat16).",
        )
    dtype, width = np.dtype(_DTYPES[entry.dtype]), math.prod(entry.shape[1:])
    with path.open("rb") as file:
        file.seek(entry.offset + row * width * dtype.itemsize)
        stored = np.frombuffer(file.read(width * dtype.itemsize), dtype)
    if entry.dtype == "BF16":  # the upper half of a float32
        return (stored.astype(np.uint32) << 16).view(np.float32)
    return stored.astype(np.float32)


def _spread(row: Any) -> tuple[float, ...]:
    """Return COLUMNS values of a row, evenly spread, to six digits."""
    step = max(1, len(row) // COLUMNS)
    return tuple(float(f"{value:.6g}") for value in row[::step][:COLUMNS])


def _relative_error(stored: tuple[float, ...], found: tuple[float, ...]) -> float:
    """Return the length of the difference as a share of the stored values' own; infinite for NaN."""
    if len(stored) != len(found):
        return math.inf
    size = math.hypot(*stored)
    difference = math.dist(stored, found)
    if difference == 0:
        return 0.0
    return difference / size if size and math.isfinite(difference) else math.inf


def _is_rounded(stored: tuple[float, ...], found: tuple[float, ...]) -> bool:
    """Return whether rounding to 16 bits explains all differences."""
    smallest = 1e-6 * max(map(abs, stored), default=0.0)  # half precision rounds tiny values to nothing
    return all(abs(a - b) <= ROUNDING * abs(a) + smallest for a, b in zip(stored, found, strict=True))
