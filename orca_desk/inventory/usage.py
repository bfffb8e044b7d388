"""The models of the Models page: each with where it comes from, what used it here, and whether it fits."""

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from orca_desk.errors import UserError
from orca_desk.inventory.catalogue import added_places, fit_of
from orca_desk.inventory.find import known_places
from orca_desk.library.database import Library
from orca_desk.library.places import to_path
from orca_desk.models.fits import Fit
from orca_desk.models.hashes import HashCache
from orca_desk.models.identify import identify
from orca_desk.models.model_file import ModelFile, NotAModel
from orca_desk.paths import bundled_models

UseKind = Literal["training", "evaluation", "chat", "records"]


@dataclass(frozen=True, kw_only=True)
class Use:
    """What used a model: a training, an evaluation or a chat by its id, or `count` teacher records."""

    kind: UseKind
    id: str = ""
    count: int = 1


@dataclass(frozen=True, kw_only=True)
class Shelved:
    """A model, or what is none, as this library sees it.

    `origin` is the tool whose folder it lies in, "bundled", "added" or "trained here"; `place` is what the
    user added and may remove again. `fit` is None for an adapter and for what is no model.
    """

    model: ModelFile | NotAModel
    origin: str
    place: Path | None = None
    uses: tuple[Use, ...] = ()
    fit: Fit | None = None


def shelve(library: Library, found: Iterable[ModelFile | NotAModel]) -> list[Shelved]:
    """Return what is known of each model found, and of the adapters that were trained in this library."""
    by_file, by_hash = _uses_by_file(library), _records_by_hash(library)
    hashes = HashCache(library.folder).known()
    places = _places(library)
    shelved: list[Shelved] = []
    for model in [*found, *_trained(library)]:
        origin, place = _origin(library, model.path, places)
        if isinstance(model, NotAModel):
            shelved.append(Shelved(model=model, origin=origin, place=place))
            continue
        sha256 = hashes.sha256_of(model.files)
        uses = [use for file in {model.path, *model.files} for use in by_file.get(os.path.realpath(file), ())]
        if sha256 in by_hash:
            uses.append(Use(kind="records", count=by_hash[sha256]))
        known = replace(model, sha256=sha256)
        shelved.append(Shelved(model=known, origin=origin, place=place, uses=tuple(uses), fit=fit_of(model)))
    return shelved


def _trained(library: Library) -> list[ModelFile | NotAModel]:
    """The adapters that trainings made, as the GGUF files that chat and evaluation use."""
    rows = library.rows("SELECT id, adapter_gguf FROM trainings WHERE adapter_gguf IS NOT NULL ORDER BY id")
    found: list[ModelFile | NotAModel] = []
    for row in rows:
        path = to_path(library, row["adapter_gguf"])
        try:
            found.append(replace(identify(path), name=f"Adapter of {row['id']}"))
        except UserError as error:
            found.append(NotAModel(path=path, reason=str(error)))
    return found


def _uses_by_file(library: Library) -> Mapping[str, Sequence[Use]]:
    """Trainings, evaluations and chats by the real path of the model or adapter they name."""
    kinds: tuple[tuple[UseKind, str], ...] = (
        ("training", "SELECT id, base AS file, NULL AS other FROM trainings"),
        ("evaluation", "SELECT id, model AS file, adapter AS other FROM evaluations"),
        ("chat", "SELECT id, model AS file, adapter AS other FROM chats"),
    )
    uses: dict[str, list[Use]] = {}
    for kind, sql in kinds:
        for row in library.rows(sql):
            for text in filter(None, (row["file"], row["other"])):
                file = os.path.realpath(to_path(library, text))
                uses.setdefault(file, []).append(Use(kind=kind, id=row["id"]))
    return uses


def _records_by_hash(library: Library) -> dict[str, int]:
    rows = library.rows("SELECT model_sha256, count(*) FROM records GROUP BY model_sha256")
    return {row[0]: row[1] for row in rows}


def _places(library: Library) -> list[tuple[Path, str]]:
    """The places where models are found, the user's own first."""
    known = [(path, origin.split(" (")[0]) for origin, path in known_places(bundled_models()).items()]
    return [*((place, "added") for place in added_places(library)), *known]


def _origin(library: Library, path: Path, places: Sequence[tuple[Path, str]]) -> tuple[str, Path | None]:
    """Return where a model comes from, and the place that the user added, if that is why it is listed."""
    if path.is_relative_to(library.folder):
        return "trained here", None
    known = next((origin for place, origin in places if origin != "added" and path.is_relative_to(place)), "")
    if known:
        return known, None
    return "added", next((place for place, _ in places if path.is_relative_to(place)), None)
