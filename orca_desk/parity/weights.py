"""Compares the weights of whole files with what was trained, tensor by tensor.

Logits tell whether llama.cpp computes the same, but what rounding to few bits does to them depends on the
model: a weak adapter drowns in it. In the weights themselves rounding is small, and points in no direction:
so rows in a wrong order stand out in every format, and so does how much of the adapter a file holds.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import gguf
import numpy as np
import numpy.typing as npt

from orca_desk.models.config import read_json
from orca_desk.models.gguf_header import read_header
from orca_desk.parity.limits import rounding_limit
from orca_desk.parity.table import WeightCheck
from orca_desk.student.families import HEAD, Family, family_of_config
from orca_desk.student.lora import LowRank, read_lora
from orca_desk.student.merged_folder import MergedFiles
from orca_desk.student.safetensors_files import Floats

ROWS = 512  # compared of each tensor at most, evenly spaced over all of it
# By how many of its standard errors a layer's strength may be off, beyond what the limits allow.
ERRORS = 6.0
BLOCK = 16  # values that share a step in every quantised format
GRIDS = 4096  # blocks looked at
Exact = npt.NDArray[np.float64]


def check_weights(
    files: Sequence[Path],
    base: Path,
    adapter: Path,
    *,
    proceed: Callable[[], bool],
) -> list[WeightCheck] | None:
    """Compare whole files with the folder `base` and its PEFT `adapter`.

    Returns None once `proceed`, called before each tensor, returns False. Holds one tensor in memory at a
    time. Raises UserError for an adapter that does not fit.
    """
    family = family_of_config(read_json(base / "config.json"))
    tuned = MergedFiles(base, adapter)
    changes = {change.weight: change for change in read_lora(adapter)}
    sums = [_Sums(file) for file in files]
    gridded: list[bool] = []
    for name, tensor in tuned.items():
        if name.endswith("rotary_emb.inv_freq") or (family.is_tied and name == HEAD):
            continue
        if not proceed():
            return None
        values = _matrix(family.reorder(name, tensor.load()))
        rows = np.unique(np.linspace(0, len(values) - 1, ROWS).astype(np.int64))
        change = None
        if name in changes:
            change = _change(family, changes[name], rows)
            base_rows = values[rows] - change
            gridded.append(_on_grid(base_rows))
        for one in sums:
            one.add(family.gguf_name(name), values[rows].astype(np.float64), rows, change)
    rounded = sum(gridded) > len(gridded) / 2
    return [one.found(rounded) for one in sums]


def _on_grid(rows: Exact) -> bool:
    """Return whether weights are those of a quantised file: in most of their blocks multiples of one step."""
    width = rows.shape[1] // BLOCK * BLOCK
    blocks = np.sort(rows[:, :width].reshape(-1, BLOCK), axis=1)[:GRIDS]
    if not len(blocks):
        return False
    apart = np.diff(blocks, axis=1)
    fine = (
        np.abs(blocks).max(1, keepdims=True) * 4e-3
    )  # closer than this, values differ by their storing alone
    step = np.where(apart > fine, apart, np.inf).min(1, keepdims=True)
    known = np.isfinite(step)
    height = (blocks - blocks[:, :1]) / np.where(known, step, 1.0)
    off = np.stack([np.abs(parts * height - np.rint(parts * height)).max(1) for parts in (1, 2, 3)]).min(0)
    return bool((~known[:, 0] | (off < 0.15)).mean() > 0.5)


def _matrix(values: Floats) -> Floats:
    return values.reshape(-1, values.shape[-1])


def _change(family: Family, change: LowRank, rows: npt.NDArray[np.int64]) -> Exact:
    b = family.reorder(change.weight, change.b.load())[rows].astype(np.float64)
    return np.asarray(change.scale * (b @ change.a.load()))


@dataclass
class _Sums:
    """What is known of one file so far."""

    file: Path
    worst: tuple[float, str, float, float] = (0.0, "", 0.0, 1.0)  # rounding / limit, tensor, both of them
    shown: float = 0.0  # of the adapter, in the direction of its change
    whole: float = 0.0
    off: tuple[float, str, float] = (0.0, "", 1.0)  # beyond its error, tensor, strength
    tensors: dict[str, gguf.ReaderTensor] = field(init=False)

    def __post_init__(self) -> None:
        read_header(self.file)  # GGUFReader trusts every size that a file claims; this checks them first
        self.tensors = {tensor.name: tensor for tensor in gguf.GGUFReader(self.file).tensors}

    def add(self, name: str, expected: Exact, rows: npt.NDArray[np.int64], change: Exact | None) -> None:
        """Compare the chosen rows of one tensor."""
        apart = self._apart(name, expected, rows)
        kind = self.tensors[name].tensor_type.name if name in self.tensors else "F32"
        size = float(np.sqrt((expected * expected).mean())) or 1.0
        energy = 0.0 if change is None else float((change * change).sum())
        more = 0.0
        if apart is not None and change is not None and energy > 0:
            # What differs in the adapter's own direction is its strength, the rest is rounding.
            more = float((apart * change).sum()) / energy
            apart = apart - more * change
        rounding = math.inf if apart is None else float(np.sqrt((apart * apart).mean())) / size
        limit = rounding_limit(kind)
        if rounding / limit > self.worst[0]:
            self.worst = (rounding / limit, name, rounding, limit)
        if energy == 0 or math.isinf(rounding):
            return
        self.whole += energy
        self.shown += energy * (1 + more)
        beyond = abs(more) - ERRORS * rounding * size / math.sqrt(energy)
        if beyond > self.off[0]:
            self.off = (beyond, name, 1 + more)

    def found(self, rounded_base: bool) -> WeightCheck:
        """Return what was found of all tensors."""
        _, tensor, rounding, limit = self.worst
        beyond, layer, strength = self.off
        return WeightCheck(
            tensor=tensor,
            rounding=rounding if math.isfinite(rounding) else None,
            limit=limit,
            strength=self.shown / self.whole if self.whole else None,
            layer=layer,
            layer_strength=strength,
            layer_beyond=beyond,
            rounded_base=rounded_base,
        )

    def _apart(self, name: str, expected: Exact, rows: npt.NDArray[np.int64]) -> Exact | None:
        """Return how far a tensor's rows are off; None if it is missing, of another shape or no numbers."""
        tensor = self.tensors.get(name)
        if tensor is None or math.prod(tensor.shape[1:]) <= rows[-1] or tensor.shape[0] != expected.shape[1]:
            return None
        stored = tensor.data.reshape(-1, tensor.data.shape[-1])[rows]
        with np.errstate(all="ignore"):  # a damaged scale overflows
            values: Floats = gguf.dequantize(np.ascontiguousarray(stored), tensor.tensor_type)
        return values.astype(np.float64) - expected if bool(np.isfinite(values).all()) else None
