"""What of a library's folder goes into a bundle, and which models it uses."""

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from orca_desk.errors import UserError
from orca_desk.inventory.bundled import bundled_folders
from orca_desk.library.database import DATABASE_NAME, Library
from orca_desk.library.locations import CHECKPOINT_FOLDERS
from orca_desk.library.model_uses import model_uses, records_by_model
from orca_desk.models.hashes import HashCache
from orca_desk.models.identify import identify
from orca_desk.steps.carry.manifest import CarriedModel, ContentKind
from orca_desk.steps.carry.names import NEVER, unfit_names

ALWAYS: frozenset[ContentKind] = frozenset({"database", "trained", "others"})


@dataclass(frozen=True, kw_only=True)
class PackedFile:
    """A file to pack: where it lies, its path below the library's folder, its kind, and its size."""

    path: Path
    name: str
    kind: ContentKind
    size: int


@dataclass(frozen=True, kw_only=True)
class UsedModel:
    """A model that the library uses, and its files on this computer; none where they are missing.

    One below the library's `models` is among the library's files: `within` is its path there.
    """

    model: CarriedModel
    files: tuple[Path, ...] = ()
    within: str = ""

    @property
    def can_come(self) -> bool:
        """Whether a bundle with models has it."""
        return bool(self.files or self.within)


@dataclass(frozen=True, kw_only=True)
class Contents:
    """All that a bundle of a library can hold. Links are not followed; `links` counts them.

    `unfit` are files that stay out since not every system has such names.
    """

    files: tuple[PackedFile, ...]
    models: tuple[UsedModel, ...]
    links: int = 0
    unfit: tuple[str, ...] = ()
    sizes: dict[ContentKind, int] = field(default_factory=dict)


def contents_of(library: Library) -> Contents:
    """Look at a library's folder and at the models that it uses. Reads no weights."""
    files: list[PackedFile] = []
    links = 0
    for path, found in _walk(library.folder):
        if stat.S_ISLNK(found.st_mode):
            links += 1
        elif stat.S_ISREG(found.st_mode):
            name = path.relative_to(library.folder).as_posix()
            files.append(PackedFile(path=path, name=name, kind=_kind(name), size=found.st_size))
    unfit = unfit_names(file.name for file in files)
    files = [file for file in files if file.name not in unfit]
    models = tuple(used_models(library))
    sizes: dict[ContentKind, int] = {}
    for file in files:
        sizes[file.kind] = sizes.get(file.kind, 0) + file.size
    outside = sum(one.model.size for one in models if one.files)
    if outside:
        sizes["models"] = sizes.get("models", 0) + outside
    return Contents(files=tuple(files), models=models, links=links, unfit=tuple(sorted(unfit)), sizes=sizes)


def used_models(library: Library) -> Iterator[UsedModel]:
    """Yield the models that trainings, evaluations, chats and records used, each once, by name.

    Adapters in the library's folder are among its files, and the models of the app on every computer.
    """
    known = HashCache(library.folder).known()
    paths = {use.path for use in model_uses(library)}
    by_hash = records_by_model(library)
    named = {sha256: path for sha256, path in known.paths.items() if sha256 in by_hash}
    found: dict[str, UsedModel] = {}
    for path in sorted({*paths, *named.values()}, key=str):
        is_within = path.is_relative_to(library.folder / "models")
        if path.is_relative_to(library.folder) and not is_within:
            continue
        if any(path.is_relative_to(at) for at in bundled_folders()):
            continue
        real = os.path.realpath(path)
        try:
            model = identify(path)
            files = _files_of(path, model.files)
            size, sha256 = sum(file.stat().st_size for file in files), known.sha256_of(model.files)
        except (UserError, OSError):  # missing: named, so that whoever opens the bundle knows what to get
            files, size = (), 0
            sha256 = next((one for one, at in known.paths.items() if at == path), None)
        named_model = CarriedModel(name=path.name, sha256=sha256, size=size, path=str(path))
        if is_within and files:
            within = path.relative_to(library.folder).as_posix()
            found[real] = UsedModel(model=named_model, within=within)
        else:
            found[real] = UsedModel(model=named_model, files=files)
    known_hashes = {one.model.sha256 for one in found.values()}
    for sha256 in by_hash:
        if sha256 not in named and sha256 not in known_hashes and not _is_bundled(sha256, library):
            found[sha256] = UsedModel(model=CarriedModel(name="", sha256=sha256, size=0, path=""))
    yield from sorted(found.values(), key=lambda one: (one.model.name, one.model.path))


def _files_of(path: Path, weights: tuple[Path, ...]) -> tuple[Path, ...]:
    """Return all files of a model: those of its folder with its configuration and tokenizer, or its parts."""
    if not path.is_dir():
        return weights
    wanted = [file for file in sorted(path.iterdir()) if file.is_file() and not file.name.startswith(".")]
    beside = [file for file in wanted if file.suffix in (".json", ".txt", ".model", ".jinja", ".md")]
    return tuple(dict.fromkeys([*weights, *beside]))


def _is_bundled(sha256: str, library: Library) -> bool:
    cache = HashCache(library.folder)
    for folder in bundled_folders():
        for file in folder.rglob("*.gguf"):
            if cache.sha256(file) == sha256:
                return True
    return False


def _walk(folder: Path) -> Iterator[tuple[Path, os.stat_result]]:
    """Yield the files and links below a folder that a bundle may have, in the order of their names."""
    for current, folders, names in os.walk(folder):
        at_top = Path(current) == folder
        links = [name for name in folders if (Path(current) / name).is_symlink()]
        folders[:] = sorted(
            name for name in folders if not name.startswith(".") and not (at_top and name in NEVER)
        )
        for name in sorted([*names, *links]):
            if name.startswith(".") or (at_top and (name in NEVER or name.startswith(f"{DATABASE_NAME}-"))):
                continue
            path = Path(current) / name
            try:
                yield path, path.lstat()
            except OSError:
                continue  # a training prunes its older checkpoints


def _kind(name: str) -> ContentKind:
    top, *rest = name.split("/")
    if name == DATABASE_NAME:
        return "database"
    if top == "trainings":
        return "checkpoints" if len(rest) > 2 and rest[1] in CHECKPOINT_FOLDERS else "trained"
    if top == "logs":
        return "logs"
    return "models" if top == "models" else "others"
