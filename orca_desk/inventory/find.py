"""Models that are already on this machine, where other tools keep them; they are used there, never copied."""

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from orca_desk.errors import UserError
from orca_desk.models.config import read_json
from orca_desk.models.identify import SPLIT_NAME, identify
from orca_desk.models.model_file import ModelFile, NotAModel

MAX_DEPTH = 8
_OLLAMA_WEIGHTS = "application/vnd.ollama.image.model"


def known_places(
    bundled: Path, *, home: Path | None = None, env: Mapping[str, str] | None = None
) -> dict[str, Path]:
    """Return the folders, by tool, where models may be: bundled, Hugging Face, LM Studio, Ollama.

    The tools' own environment variables are heeded. The folders need not exist.
    """
    house = home or Path.home()
    variables = os.environ if env is None else env
    cache = Path(variables.get("XDG_CACHE_HOME") or house / ".cache")
    hub = Path(variables.get("HF_HOME") or cache / "huggingface") / "hub"
    return {
        "bundled": bundled,
        "Hugging Face": Path(variables.get("HF_HUB_CACHE") or hub),
        "LM Studio": house / ".lmstudio" / "models",
        "LM Studio (old)": cache / "lm-studio" / "models",
        "Ollama": Path(variables.get("OLLAMA_MODELS") or house / ".ollama" / "models"),
        "Ollama (service)": Path("/usr/share/ollama/.ollama/models"),
    }


def find_models(folders: Iterable[Path]) -> Iterator[ModelFile | NotAModel]:
    """Yield each model in `folders` and below once, and why what only looks like one is not usable.

    Folders that do not exist are passed over. Nothing is hashed: ask `identify` with a HashCache for that.
    """
    seen: set[Path] = set()
    for folder in folders:
        for path, name in _candidates(folder):
            real = Path(os.path.realpath(path))  # Path.resolve raises for a link that leads to itself
            if real not in seen:
                seen.add(real)
                yield _identified(path, name)


def _identified(path: Path, name: str) -> ModelFile | NotAModel:
    try:
        model = identify(path)
    except UserError as error:
        return NotAModel(path=path, reason=str(error))
    return replace(model, name=name) if name else model


def _candidates(root: Path) -> Iterator[tuple[Path, str]]:
    """Paths that may be models, in a stable order, with a name where the place knows a better one."""
    if (root / "manifests").is_dir() and (root / "blobs").is_dir():
        yield from _ollama(root)
        return
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
    """Ollama keeps weights as blobs; a manifest at registry/owner/NAME/TAG says which blob is which model."""
    for manifest in sorted(path for path in (root / "manifests").rglob("*") if path.is_file()):
        try:
            layers = read_json(manifest).get("layers")
        except UserError:
            continue  # whatever else lies there (.DS_Store, a half-written manifest) is no model
        for layer in layers if isinstance(layers, list) else []:
            match layer:
                case {"mediaType": str(kind), "digest": str(digest)} if kind == _OLLAMA_WEIGHTS:
                    blob = root / "blobs" / digest.replace(":", "-")
                    if blob.parent == root / "blobs":
                        yield blob, f"{manifest.parent.name}:{manifest.name}"
