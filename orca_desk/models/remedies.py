"""What to change when a job does not fit in memory: the settings that cost least, tried until it fits."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from orca_desk.models.fits import USUAL_BATCH, Fit, TrainingChoices, teaching_fit, training_fit
from orca_desk.models.model_file import ModelFile
from orca_desk.models.quantisations import QUANTISED, UNQUANTISED, quantised_size

LEAST_BATCH = 512  # tokens: below, products are so small that a training takes far longer
LEAST_RANK = 8
LEAST_CONTEXT = 1024  # tokens: below, a question and a reasoned answer hardly fit


@dataclass(frozen=True, kw_only=True)
class Remedy:
    """Settings by name, with the values at which a job fits, and its estimate with them."""

    changes: Mapping[str, Any]
    fit: Fit


@dataclass(frozen=True, kw_only=True)
class _Choices:
    batch_tokens: int
    rank: int
    dtype: str
    gradient_checkpointing: str
    base_bits: str


def training_remedy(model: ModelFile, choices: TrainingChoices, *, free: int | None = None) -> Remedy | None:
    """Return the fewest changes with which a training fits; None if it fits as it is, or with no settings.

    The first costs only time (checkpointing, then smaller batches), the next precision, the last what the
    adapter can learn. `free` is in bytes (None: the free memory).
    """
    before = _Choices(
        batch_tokens=choices.batch_tokens,
        rank=choices.rank,
        dtype=choices.dtype,
        gradient_checkpointing=choices.gradient_checkpointing,
        base_bits=choices.base_bits,
    )
    if training_fit(model, before, free=free).fits:
        return None
    for changes in _training_steps(before):
        fit = training_fit(model, _Choices(**{**vars(before), **changes}), free=free)
        if fit.fits:
            return Remedy(changes=changes, fit=fit)
    return None


def teaching_remedy(
    model: ModelFile, *, batch: int | None = None, context: int | None = None, available: int | None = None
) -> Remedy | None:
    """Return the most answers at once, then the longest context, with which a teacher fits.

    None if it fits as it is, or not at all: the weights are too large.
    """
    if teaching_fit(model, batch=batch, context=context, available=available).fits:
        return None
    changes: dict[str, Any] = {
        "batch": batch or USUAL_BATCH,
        "context": min(context or model.context, model.context),
    }
    before = dict(changes)
    for name, least in (("batch", 1), ("context", LEAST_CONTEXT)):
        while changes[name] > least:
            changes[name] = max(least, changes[name] // 2)
            fit = teaching_fit(model, **changes, available=available)
            if fit.fits:
                return Remedy(
                    changes={key: value for key, value in changes.items() if value != before[key]}, fit=fit
                )
    return None


def quantising_remedy(
    model: ModelFile, *, batch: int | None = None, context: int | None = None, available: int | None = None
) -> Remedy | None:
    """Return the finest quantisation in which a teacher that does not fit would; None where there is none.

    Only an unquantised model can be quantised well.
    """
    settings = {"batch": batch, "context": context, "available": available}
    if model.quantisation not in UNQUANTISED or teaching_fit(model, **settings).fits:
        return None
    for kind in QUANTISED:
        smaller = replace(model, size_bytes=quantised_size(model.parameters, kind))
        fit = teaching_fit(smaller, **settings)
        if fit.fits:
            return Remedy(changes={"quantisation": kind}, fit=fit)
    return None


def _training_steps(before: _Choices) -> Iterator[dict[str, Any]]:
    """Yield changes, each with those before it."""
    changes: dict[str, Any] = {}
    if before.gradient_checkpointing == "off":
        changes["gradient_checkpointing"] = "on"
        yield dict(changes)
    batch = before.batch_tokens
    while batch > LEAST_BATCH:
        batch = changes["batch_tokens"] = max(LEAST_BATCH, batch // 2)
        yield dict(changes)
    if before.dtype not in ("bfloat16", "float16"):
        changes["dtype"] = "bfloat16"
        yield dict(changes)
    rank = before.rank
    while rank > LEAST_RANK:
        rank = changes["rank"] = max(LEAST_RANK, rank // 2)
        yield dict(changes)
