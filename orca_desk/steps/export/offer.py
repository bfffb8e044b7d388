"""What the form of an export begins with: a name, the size of each format, the choices of last time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from orca_desk.errors import UserError
from orca_desk.library.database import Library
from orca_desk.library.runs import newest_request
from orca_desk.library.tasks import count_tasks
from orca_desk.library.trainings import list_trainings
from orca_desk.models.fits import Fit, export_fit
from orca_desk.models.identify import identify
from orca_desk.models.model_file import ModelFile
from orca_desk.models.pace import TimeRange, export_time
from orca_desk.models.quantisations import quantised_size
from orca_desk.steps.export.formats import ADAPTERS, DEFAULT_PACKED, MERGED, QUANTISED, Format
from orca_desk.steps.export.request import ExportRequest, default_name, request_from_json
from orca_desk.steps.export.scores import scored_tasks
from orca_desk.steps.export.sources import WEIGHTS, exportable

KIND = "export"
LARGE = 1_000_000_000  # parameters from which 4 bits lose little
ASKED_TOKENS = 300  # of a held-out task: its question and its answer


@dataclass(frozen=True, kw_only=True)
class ExportOffer:
    """A training to export: `sizes` are about the bytes that each format takes alone.

    `rounded_from` is the type of the base's weights where they were quantised, `licence` what the base
    states; both may be "". `fit` is the memory that an export takes, `model` its base. `heldout` counts the
    held-out tasks with answers. `last` is the last request.
    """

    training: str
    base: str
    name: str
    sizes: Mapping[Format, int]
    suggested: tuple[Format, ...]
    rounded_from: str
    licence: str
    fit: Fit
    model: ModelFile
    heldout: int
    last: ExportRequest | None

    def bytes_of(self, formats: Sequence[Format]) -> int:
        """Return about how many bytes an export of `formats` writes, with what it needs to make them."""
        needed = set(formats)
        if needed & {*QUANTISED, Format.SAFETENSORS, Format.OLLAMA, Format.LM_STUDIO}:
            needed.add(Format.F16)
        return sum(self.sizes[one] for one in needed)


def export_offer(library: Library, training_id: str) -> ExportOffer:
    """Return what can be exported of a training. Raises UserError as `exportable` does."""
    training = exportable(library, training_id)
    assert training.adapter and training.adapter_gguf
    base = identify(training.base)
    sizes = {kind: _merged_bytes(base, kind) for kind in MERGED}
    sizes |= {
        Format.SAFETENSORS: base.size_bytes if base.kind == "safetensors" else sizes[Format.F16],
        Format.ADAPTER: (training.adapter / WEIGHTS).stat().st_size,
        Format.ADAPTER_GGUF: training.adapter_gguf.stat().st_size,
        Format.OLLAMA: sizes[DEFAULT_PACKED],
        Format.LM_STUDIO: sizes[DEFAULT_PACKED],
    }
    return ExportOffer(
        training=training_id,
        base=base.name,
        name=default_name(training.base, training_id),
        sizes=sizes,
        suggested=(Format.Q4_K_M,) if base.parameters >= LARGE else (Format.Q8_0,),
        rounded_from=base.rounded_from,
        licence=base.licence,
        fit=export_fit(base),
        model=base,
        heldout=count_tasks(library, scored_tasks(library)),
        last=_last(library),
    )


def time_for(base: ModelFile, request: ExportRequest) -> TimeRange:
    """Estimate how long an export of a student tuned from `base` takes.

    Measures this machine once, in about 0.1 s.
    """
    files = len(request.judged) + bool(set(request.formats) & set(ADAPTERS))
    answering = len(request.scored) + 1 if request.scored else 0
    return export_time(base, files=files, asked_tokens=answering * request.heldout * ASKED_TOKENS)


def exportable_trainings(library: Library, model: Path) -> list[str]:
    """Return the trainings of the student `model`, or with the adapter `model`, that can be exported.

    The newest comes first, those of experiments last.
    """
    return [
        one.id
        for one in sorted(list_trainings(library), key=lambda one: one.derived)
        if one.adapter is not None and one.adapter_gguf is not None and model in (one.base, one.adapter_gguf)
    ]


def _merged_bytes(base: ModelFile, kind: Format) -> int:
    return quantised_size(base.parameters, kind, base.width)


def _last(library: Library) -> ExportRequest | None:
    stored = newest_request(library, KIND)
    try:
        return request_from_json(stored) if stored else None
    except UserError:
        return None
