"""A model on the hub described as one on this machine is, by what its first bytes say: for "does it fit?"."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from orca_desk.errors import UserError
from orca_desk.models.gguf_header import peek_metadata
from orca_desk.models.hf_folder import shape_of_config, text_config
from orca_desk.models.hub.choice import Variant
from orca_desk.models.hub.connection import Hub
from orca_desk.models.hub.listing import START_BYTES, HubRepo, read_start
from orca_desk.models.identify import shape_of_metadata
from orca_desk.models.model_file import ModelFile, ModelShape

_BYTES_OF_WEIGHT = 2  # of the half-precision numbers that most folders have


def read_shape(hub: Hub, repo: HubRepo, variant: Variant) -> tuple[ModelFile, Mapping[str, Any]]:
    """Describe a variant by the start of its first file; return it, and config.json's content of a folder.

    What its start does not say is 0. Raises UserError as `list_repo` does.
    """
    if variant.kind == "gguf":
        metadata = peek_metadata(read_start(hub, repo, variant.name, limit=START_BYTES))
        architecture = str(metadata.get("general.architecture", ""))
        return _described(repo, variant, architecture, shape_of_metadata(metadata)), {}
    config: Any = {}
    if any(file.name == "config.json" for file in variant.files):
        text = read_start(hub, repo, "config.json", limit=START_BYTES)
        try:
            config = json.loads(text)
        except (ValueError, RecursionError):
            config = None
    if not isinstance(config, dict):
        raise UserError(f"The config.json of {repo.name} is not a JSON object.", "Choose another model.")
    architecture = str(text_config(config).get("model_type") or config.get("model_type") or "")
    return _described(repo, variant, architecture, shape_of_config(config)), config


def _described(repo: HubRepo, variant: Variant, architecture: str, shape: ModelShape) -> ModelFile:
    return ModelFile(
        path=Path(repo.name),
        kind="gguf" if variant.kind == "gguf" else "safetensors",
        name=repo.name,
        architecture=architecture[:100],
        quantisation=variant.quantisation,
        parameters=repo.model.parameters or variant.weights // _BYTES_OF_WEIGHT,
        size_bytes=variant.weights,
        files=(),
        licence=repo.model.licence,
        **shape,
    )
