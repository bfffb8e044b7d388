"""Finds models where other tools store them. They are used in place, never copied."""

import os
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from orca_desk.errors import UserError
from orca_desk.inventory.places import jan_models
from orca_desk.models.config import read_json
from orca_desk.models.identify import SPLIT_NAME, identify
from orca_desk.models.model_file import ModelFile, NotAModel

MAX_DEPTH = 8
JAN = ("llamacpp", "models")  # the end of the path of its folder
_OLLAMA_WEIGHTS = "application/vnd.ollama.image.model"


def find_models(folders: Iterable[Path]) -> Iterator[ModelFile | NotAModel]:
    """Yield each model in `folders` and below once, and the reason for each unusable lookalike.

    Skips folders that do not exist. Hashes nothing; `identify` with a HashCache does.
    """
    seen: set[Path] = set()
    for folder in folders:
        for path, name in _candidates(folder):
            real = Path(os.path.realpath(path))  # Path.resolve raises for a link that leads to itself
            if real not in seen:
                seen.add(real)
                model = identify_or_explain(path)
                yield replace(model, name=name) if name and isinstance(model, ModelFile) else model


def identify_or_explain(path: Path) -> ModelFile | NotAModel:
    """Return the model at `path`, or the reason why there is none."""
    try:
        return identify(path)
    except UserError as error:
        return NotAModel(path=path, reason=str(error))
    except OSError as error:  # a name that no disk can have, a folder without permission, a lost drive
        return NotAModel(path=path, reason=f"{path} cannot be read ({error.strerror}).")


def _candidates(root: Path) -> Iterator[tuple[Path, str]]:
    """Yield paths that can be models, in a stable order, with a better name where the folder has one."""
    if (root / "manifests").is_dir() and (root / "blobs").is_dir():
        yield from _ollama(root)
        return
    if root.parts[-2:] == JAN:
        yield from jan_models(root)
    for current, folders, files in os.walk(root):
        folder = Path(current)
        if len(folder.parts) - len(root.parts) >= MAX_DEPTH:
            folders.clear()
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        if _looks_like_model_folder(files):
            yield folder, ""
        for name in sorted(files):
            if name.casefold().endswith(".gguf") and not _is_later_part(name):
                yield folder / name, ""


def _looks_like_model_folder(files: list[str]) -> bool:
    weights = any(name.endswith((".safetensors", ".bin", ".pt", ".pth")) for name in files)
    return weights and ("config.json" in files or "adapter_config.json" in files)


def _is_later_part(name: str) -> bool:
    split = SPLIT_NAME.fullmatch(name)
    return split is not None and int(split["part"]) != 1


def _ollama(root: Path) -> Iterator[tuple[Path, str]]:
    """Yield Ollama's weights. It stores them as blobs; a manifest at registry/owner/NAME/TAG names them."""
    for manifest in sorted(path for path in (root / "manifests").rglob("*") if path.is_file()):
        try:
            layers = read_json(manifest).get("layers")
        except UserError:
            continue  # not a manifest: .DS_Store, or one that is still being written
        for layer in layers if isinstance(layers, list) else []:
            match layer:
                case {"mediaType": str(kind), "digest": str(digest)} if kind == _OLLAMA_WEIGHTS:
                    blob = root / "blobs" / digest.replace(":", "-")
                    if blob.parent == root / "blobs":
                        yield blob, f"{manifest.parent.name}:{manifest.name}"
