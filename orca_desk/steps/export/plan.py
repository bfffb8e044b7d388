"""Which files an export makes, in which order, and how large they become."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from orca_desk.models.gguf_header import read_header
from orca_desk.models.quantisations import bits_per_weight
from orca_desk.steps.export.formats import APPLICATIONS, MERGED, QUANTISED, Format, label_of
from orca_desk.steps.export.part_folder import SCRATCH
from orca_desk.steps.export.request import ExportRequest
from orca_desk.steps.export.sources import Sources


@dataclass(frozen=True, kw_only=True)
class PlannedFile:
    """A file or folder to write at `place` in the hidden folder, and about how many bytes it takes."""

    format: Format
    place: str
    bytes: int


@dataclass(frozen=True, kw_only=True)
class ExportPlan:
    """The merged files by type, then the other formats, in the order in which they are written."""

    merged: tuple[PlannedFile, ...]
    others: tuple[PlannedFile, ...]

    @property
    def files(self) -> tuple[PlannedFile, ...]:
        """All of them."""
        return (*self.merged, *self.others)

    @property
    def bytes(self) -> int:
        """About how many bytes are written."""
        return sum(file.bytes for file in self.files)

    def place_of(self, kind: Format) -> str:
        """Return the place of the merged file of a type."""
        return next(file.place for file in self.merged if file.format is kind)


def plan_export(request: ExportRequest, sources: Sources, *, links: bool) -> ExportPlan:
    """Return what the export has to write. `links`: a second name for a file takes no space."""
    return ExportPlan(merged=tuple(_merged(request, sources)), others=tuple(_others(request, sources, links)))


def merged_name(request: ExportRequest, kind: Format) -> str:
    """Return the name of a merged file."""
    return f"{request.name}-{label_of(kind)}.gguf"


def _merged(request: ExportRequest, sources: Sources) -> Iterator[PlannedFile]:
    """Yield the merged files: F16 first, of which the quantised ones are made."""
    needed = {*request.merged}
    if needed & set(QUANTISED) or Format.SAFETENSORS in request.formats:
        needed.add(Format.F16)  # to quantise, and to compare the folder with
    for kind in MERGED:
        if kind in needed:
            name = merged_name(request, kind)
            place = name if kind in request.formats else f"{SCRATCH}/{name}"
            yield PlannedFile(format=kind, place=place, bytes=_size_as(kind, sources.base_gguf))


def _others(request: ExportRequest, sources: Sources, links: bool) -> Iterator[PlannedFile]:
    sizes: dict[Format, Callable[[], int]] = {
        Format.SAFETENSORS: lambda: sources.folder_bytes,
        Format.ADAPTER: lambda: sources.adapter_bytes,
        Format.ADAPTER_GGUF: lambda: sources.adapter_gguf.stat().st_size,
    }
    for kind, size in sizes.items():
        if kind in request.formats:
            yield PlannedFile(format=kind, place=_place(kind, request), bytes=size())
    packed = request.packed
    for kind in APPLICATIONS:
        if kind in request.formats and packed:
            size_of_copy = 0 if links else _size_as(packed, sources.base_gguf)
            yield PlannedFile(format=kind, place=_place(kind, request), bytes=size_of_copy)


def _place(kind: Format, request: ExportRequest) -> str:
    places = {
        Format.SAFETENSORS: "safetensors",
        Format.ADAPTER: "adapter",
        Format.ADAPTER_GGUF: f"{request.name}-adapter.gguf",
        Format.OLLAMA: "ollama",
        Format.LM_STUDIO: f"lm-studio/{request.publisher}/{request.name}",
    }
    return places[kind]


def _size_as(kind: Format, gguf: Path) -> int:
    """Return about how many bytes the model in `gguf` takes as `kind`, rather too many than too few."""
    header = read_header(gguf)
    total = min((tensor.offset for tensor in header.tensors.values()), default=0)  # keys and tokenizer
    for tensor in header.tensors.values():
        bits = 32.0 if len(tensor.shape) == 1 else bits_per_weight(kind, tensor.shape[-1])
        total += math.ceil(math.prod(tensor.shape) * bits / 8)
    return total
