"""Which files would go with a model, and which models are not Orca Desk's to delete."""

from pathlib import Path

from orca_desk.inventory.usage import InventoryItem
from orca_desk.models.model_file import ModelFile

# Why a model stays, by its origin
KEPT = {
    "bundled": "It is part of Orca Desk.",
    "trained here": "A training made it and it is deleted with that training: delete the training.",
    "Hugging Face": "Models in this cache share files. Delete it with Hugging Face's own command, hf cache.",
    "Ollama": "Ollama's models share files. Delete it with Ollama's own command, ollama rm.",
}


def paths_of(model: ModelFile) -> tuple[Path, ...]:
    """Return the files of a model, or its folder."""
    return (model.path,) if model.path.is_dir() else tuple(dict.fromkeys((model.path, *model.files)))


def why_kept(item: InventoryItem, library: Path) -> str:
    """Return why the files of a model can't be deleted here, in a sentence; "" if they can.

    `library` is the folder of the open library.
    """
    model = item.model
    if not isinstance(model, ModelFile):
        return "It is not a model."
    if reason := KEPT.get(item.origin):
        return reason
    for path in paths_of(model):
        if path.is_symlink():
            return f"{path.name} is only a link. Delete the file that it points to."
        holds = (Path.home(), library)
        if any(one.is_relative_to(path) for one in holds):
            return f"{path} contains more than the model."
    return ""
