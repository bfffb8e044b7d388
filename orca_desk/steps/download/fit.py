"""Whether a model on the hub would fit and could be trained here, told before it is downloaded."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from orca_desk.errors import UserError
from orca_desk.inventory.catalogue import fit_of
from orca_desk.models.fits import Fit
from orca_desk.models.hub.choice import Variant, model_of_file
from orca_desk.models.hub.listing import HubRepo
from orca_desk.models.model_file import ModelFile
from orca_desk.steps.download.session import HubSession


@dataclass(frozen=True, kw_only=True)
class VariantFit:
    """The memory that a variant takes, None where it is unknown; `refusal` is why it can't be trained."""

    fit: Fit | None
    refusal: str = ""


def fits_of_variants(hub: HubSession, repo: HubRepo, variants: tuple[Variant, ...]) -> dict[str, VariantFit]:
    """Return how each variant fits, by its name; asks the hub for the start of one file per model.

    GGUF files whose names differ in the number format alone are the same model. Raises UserError as `shape`.
    """
    found: dict[str, VariantFit] = {}
    shapes: dict[str, tuple[ModelFile, Mapping[str, Any]]] = {}
    for variant in variants:
        same = model_of_file(variant.name)
        if same not in shapes:
            shapes[same] = hub.shape(repo, variant)
        model, config = shapes[same]
        described = replace(model, quantisation=variant.quantisation, size_bytes=variant.weights)
        refusal = _why_untrainable(config) if variant.kind == "safetensors" else ""
        fit = None if refusal or not described.layers else fit_of(described)
        found[variant.name] = VariantFit(fit=fit, refusal=refusal)
    return found


def _why_untrainable(config: Mapping[str, Any]) -> str:
    """Return why a configuration refuses training; the weights are checked once they are here."""
    from orca_desk.student.families import family_of_config  # brings numpy and gguf

    try:
        family_of_config(dict(config))
    except UserError as error:
        return str(error)
    return ""
