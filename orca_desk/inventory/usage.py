"""The inventory: each model with its origin, what has used it here, and whether it fits in memory."""

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from orca_desk.errors import UserError
from orca_desk.inventory.bundled import bundled_folders, is_mini
from orca_desk.inventory.catalogue import added_paths, fit_of
from orca_desk.inventory.places import model_folders, tool_of
from orca_desk.library.database import Library
from orca_desk.library.model_uses import model_uses, records_by_model, teacher_of, trained_adapters
from orca_desk.library.notes import model_notes
from orca_desk.models.fits import Fit
from orca_desk.models.hashes import HashCache
from orca_desk.models.identify import identify
from orca_desk.models.model_file import ModelFile, NotAModel

UseKind = Literal["training", "evaluation", "chat", "records"]


@dataclass(frozen=True, kw_only=True)
class Use:
    """What has used a model: a training, an evaluation or a chat by its id, or `count` teacher records."""

    kind: UseKind
    id: str = ""
    count: int = 1


@dataclass(frozen=True, kw_only=True)
class InventoryItem:
    """A model, or an unusable lookalike, as this library sees it.

    `origin` is the tool whose folder holds it, "bundled", "added", "trained here" or "elsewhere".
    `added_path` is the path that the user added and can remove again. `fit` is None for an adapter and for a
    lookalike. `note` is the user's.
    """

    model: ModelFile | NotAModel
    origin: str
    added_path: Path | None = None
    uses: tuple[Use, ...] = ()
    fit: Fit | None = None
    note: str = ""


def take_inventory(library: Library, found: Iterable[ModelFile | NotAModel]) -> list[InventoryItem]:
    """Describe each model in `found`, and each adapter that was trained in this library."""
    by_file, by_hash = _uses_by_file(library), records_by_model(library)
    hashes, notes = HashCache(library.folder).known(), model_notes(library)
    roots = _roots(library)
    items: list[InventoryItem] = []
    for model in [*found, *_trained(library)]:
        origin, added_path = _origin(library, model.path, roots)
        if isinstance(model, NotAModel):
            items.append(InventoryItem(model=model, origin=origin, added_path=added_path))
            continue
        sha256 = hashes.sha256_of(model.files)
        uses = [use for file in {model.path, *model.files} for use in by_file.get(os.path.realpath(file), ())]
        if sha256 in by_hash:
            uses.append(Use(kind="records", count=by_hash[sha256]))
        known = replace(model, sha256=sha256)
        items.append(
            InventoryItem(
                model=known,
                origin=origin,
                added_path=added_path,
                uses=tuple(uses),
                fit=fit_of(model),
                note=notes.get(Path(os.path.realpath(model.path)), ""),
            )
        )
    return items


def model_with_hash(library: Library, models: Iterable[ModelFile], sha256: str | None) -> ModelFile | None:
    """Return the first of `models` whose hash is `sha256`, without reading any but the small bundled ones.

    A restored library knows no hashes yet, and the mini models are on every machine.
    """
    cache = HashCache(library.folder)
    known = cache.known()
    for model in models if sha256 else ():
        if (known.sha256_of(model.files) or _bundled_hash(cache, model)) == sha256:
            return model
    return None


def teacher_file(library: Library, snapshot_id: str, models: Iterable[ModelFile]) -> Path | None:
    """Return the path of the teacher that made a snapshot, if it is among `models` and its hash is known."""
    found = model_with_hash(library, models, teacher_of(library, snapshot_id))
    return found.path if found else None


def _bundled_hash(cache: HashCache, model: ModelFile) -> str | None:
    return cache.sha256_of(model.files) if is_mini(model.path) else None


def _trained(library: Library) -> list[ModelFile | NotAModel]:
    """Return the adapters that trainings made, as the GGUF files that chat and evaluation use."""
    found: list[ModelFile | NotAModel] = []
    for training_id, path in trained_adapters(library).items():
        try:
            found.append(replace(identify(path), name=f"Adapter of {training_id}"))
        except UserError as error:
            found.append(NotAModel(path=path, reason=str(error)))
    return found


def _uses_by_file(library: Library) -> Mapping[str, Sequence[Use]]:
    """Return trainings, evaluations and chats by the real path of the model or adapter that they used."""
    uses: dict[str, list[Use]] = {}
    for use in model_uses(library):
        uses.setdefault(os.path.realpath(use.path), []).append(Use(kind=use.user, id=use.id))
    return uses


def _roots(library: Library) -> list[tuple[Path, str]]:
    """Return the paths that can hold models with their origins, the user's own first."""
    added = ((path, "added") for path in added_paths(library))
    bundled = ((path, "bundled") for path in bundled_folders())
    known = ((path, tool_of(place)) for place, path in model_folders().items())
    return [*added, *bundled, *known]


def _origin(library: Library, path: Path, roots: Sequence[tuple[Path, str]]) -> tuple[str, Path | None]:
    """Return a model's origin, and the path that the user added if that is why it is listed."""
    if path.is_relative_to(library.folder):
        return "trained here", None
    known = next((origin for root, origin in roots if origin != "added" and path.is_relative_to(root)), "")
    if known:
        return known, None
    added = next((root for root, _ in roots if path.is_relative_to(root)), None)
    return "added" if added else "elsewhere", added
