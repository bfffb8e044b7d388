"""What can be downloaded from a repository: its model folder, or one of its GGUF files with all its parts."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath

from orca_desk.errors import UserError
from orca_desk.models.hub.listing import HubFile, HubRepo, Kind
from orca_desk.models.identify import SPLIT_NAME

FOLDER = "model folder"
# Of a GGUF file's name: Q4_K_M, IQ2_XXS, UD-Q4_K_XL, BF16, q4_0
_QUANTISATION = re.compile(
    r"(?:^|[-_.])((?:UD-)?(?:IQ|TQ|Q)\d(?:_[0-9KSMLXN]+)*|BF16|FP?16|FP?32|MXFP4(?:_MOE)?)(?=$|[-_.])",
    re.IGNORECASE,
)
_NO_MODEL = re.compile(r"(?:^|[-_.])(?:mmproj|imatrix)(?:$|[-_.])", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Variant:
    """Files that make one model: `name` is its GGUF file (the first, of several) or FOLDER."""

    name: str
    kind: Kind
    quantisation: str
    files: tuple[HubFile, ...]

    @property
    def size(self) -> int:
        """Bytes to download."""
        return sum(file.size for file in self.files)

    @property
    def weights(self) -> int:
        """Bytes of the weights alone."""
        return sum(file.size for file in self.files if file.name.endswith((".gguf", ".safetensors")))


def variants_of(repo: HubRepo) -> tuple[Variant, ...]:
    """Return what can be downloaded: the model folder first, then the GGUF files, the smallest first."""
    folder = _folder_files(repo.files)
    found = [Variant(name=FOLDER, kind="safetensors", quantisation="", files=folder)] if folder else []
    return (*found, *sorted(_ggufs(repo.files), key=lambda one: (one.size, one.name)))


def choose(repo: HubRepo, file: str | None) -> Variant:
    """Return the variant that `file` belongs to, or the model folder for None. Raises UserError without."""
    variants = variants_of(repo)
    for one in variants:
        if (one.kind == "safetensors") if file is None else any(part.name == file for part in one.files):
            return one if file is None or one.kind == "gguf" else _alone(one, file)
    if file is not None:
        names = ", ".join(one.name for one in repo.files[:20]) or "no model files"
        raise UserError(f"{repo.name} has no file {file} that Orca Desk downloads.", f"It has: {names}.")
    ggufs = [one.name for one in variants if one.kind == "gguf"]
    if ggufs:
        hint = f"Choose one of its GGUF files: {', '.join(ggufs[:20])}."
    elif repo.pickles:
        hint = "Its weights are pickles, which can run programs when opened. Choose a copy in safetensors."
    else:
        hint = "Choose another model."
    raise UserError(f"{repo.name} has no safetensors files.", hint)


def quantisation_of(name: str) -> str:
    """Return the number format that a GGUF file's name states, "" where it states none."""
    found = _QUANTISATION.findall(_stem(name))
    return re.sub("^FP", "F", found[-1].upper()) if found else ""


def model_of_file(name: str) -> str:
    """Return a GGUF file's name without its number format: the same for all files of one model."""
    return _QUANTISATION.sub("", _stem(name)).casefold()


def _stem(name: str) -> str:
    stem = PurePosixPath(name).name
    split = SPLIT_NAME.fullmatch(stem)
    return split["stem"] if split else stem.removesuffix(".gguf")


def _alone(variant: Variant, file: str) -> Variant:
    """Return one file of the model folder."""
    files = tuple(one for one in variant.files if one.name == file)
    return Variant(name=file, kind=variant.kind, quantisation="", files=files)


def _folder_files(files: Iterable[HubFile]) -> tuple[HubFile, ...]:
    """Return the files of the model folder; none without weights in its first level.

    Weights in folders below are other copies of them, and so are `consolidated` ones beside `model` ones.
    """
    others = [file for file in files if not file.name.endswith(".gguf")]
    weights = [file for file in others if file.name.endswith(".safetensors") and "/" not in file.name]
    usual = [file for file in weights if file.name.startswith("model")]
    used = usual or weights
    if not used:
        return ()
    return tuple(file for file in others if file in used or not file.name.endswith(".safetensors"))


def _ggufs(files: Iterable[HubFile]) -> list[Variant]:
    """Return one variant for each GGUF model: a split one has all its parts."""
    groups: dict[tuple[str, str], list[HubFile]] = {}
    for file in files:
        path = PurePosixPath(file.name)
        if path.suffix == ".gguf" and not _NO_MODEL.search(path.stem):
            split = SPLIT_NAME.fullmatch(path.name)
            stem, parts = (split["stem"], split["parts"]) if split else (path.name, "")
            groups.setdefault((f"{path.parent}/{stem}", parts), []).append(file)
    return [
        _gguf(sorted(group, key=lambda file: file.name))
        for (_, parts), group in groups.items()
        if not parts or len(group) == int(parts)  # a part is missing: it could never be opened
    ]


def _gguf(files: list[HubFile]) -> Variant:
    first = files[0].name
    return Variant(name=first, kind="gguf", quantisation=quantisation_of(first), files=tuple(files))
