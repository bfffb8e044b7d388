"""Where an exported model goes in other applications, and putting it there."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from orca_desk.errors import UserError
from orca_desk.inventory.places import model_folders
from orca_desk.models.space import require_space
from orca_desk.steps.export.formats import APPLICATIONS, MERGED, Format
from orca_desk.steps.export.outcome import ExportedFile, ExportOutcome
from orca_desk.steps.export.part_folder import can_link, link_or_copy
from orca_desk.steps.export.request import PUBLISHER


class Application(StrEnum):
    """An application that runs GGUF files; the value is its name on the command line."""

    LM_STUDIO = "lm-studio"
    OLLAMA = "ollama"
    LLAMA_CPP = "llama.cpp"
    JAN = "jan"
    GPT4ALL = "gpt4all"


LONGEST_NAME = 80  # of a model in Ollama
# By the names of `inventory.places`; the others take a model by a command or in their window.
_FOLDERS = {Application.LM_STUDIO: "LM Studio", Application.GPT4ALL: "GPT4All"}


@dataclass(frozen=True, kw_only=True)
class Target:
    """How an export gets into one application.

    `source` is the exported file, or Ollama's folder, to take. `folder` is where a copy belongs, on this
    machine, for an application that was found and takes files in a folder; else None. `is_there`: it has been
    put there. `name` is one that Ollama takes, by which it lists the model; `guesses_template` as in
    ExportOutcome.
    """

    application: Application
    source: Path
    name: str
    folder: Path | None = None
    is_there: bool = False
    guesses_template: bool = False


def targets(outcome: ExportOutcome, places: Mapping[str, Path] | None = None) -> list[Target]:
    """Return how to use an export in each application; none for one without a merged file.

    `places` are the folders of the applications (None: those of this machine).
    """
    file = smallest_file(outcome.files)
    if file is None:
        return []
    known = model_folders() if places is None else places
    weights = outcome.out / file.place
    found = []
    for application in Application:
        source = weights
        if application is Application.OLLAMA:
            folders = [outcome.out / one.place for one in outcome.files if one.format is Format.OLLAMA]
            source = folders[0].parent if folders else weights
        folder = _folder_in(application, outcome, weights, known)
        found.append(
            Target(
                application=application,
                source=source,
                name=_ollama_name(weights),
                folder=folder,
                is_there=folder is not None and _is_same(folder / weights.name, weights),
                guesses_template=application is Application.OLLAMA and outcome.guesses_template,
            )
        )
    return found


def put(target: Target) -> Path:
    """Put the file into the application's folder, as a second name where the disk allows; return its path.

    Raises UserError where a file of that name is another one, and where the disk has no room.
    """
    if target.folder is None:
        raise UserError(
            f"No folder of {target.application.value} that takes model files was found here.",
            "Follow the export's note about this application.",
        )
    placed = target.folder / target.source.name
    if _is_same(placed, target.source):
        return placed
    if placed.exists() or placed.is_symlink():
        raise UserError(f"{placed} already exists and is a different file.", "Export under another name.")
    target.folder.mkdir(parents=True, exist_ok=True)
    if not can_link(target.folder) or target.folder.stat().st_dev != target.source.stat().st_dev:
        require_space(target.folder, target.source.stat().st_size, "The copy")
    link_or_copy(target.source, placed)
    return placed


def smallest_file(files: Sequence[ExportedFile]) -> ExportedFile | None:
    """Return the smallest merged GGUF file, in whatever folder it lies; None without one."""
    wanted = (*MERGED, *APPLICATIONS)
    merged = [one for one in files if one.format in wanted and one.place.endswith(".gguf")]
    return min(merged, key=lambda one: (one.bytes, one.place.count("/"), one.place), default=None)


def _folder_in(
    application: Application, outcome: ExportOutcome, weights: Path, places: Mapping[str, Path]
) -> Path | None:
    """Return where the file belongs in an application's folder; None where there is no such folder."""
    if application not in _FOLDERS:
        return None
    root = places.get(_FOLDERS[application])
    if root is None or not root.is_dir():
        return None
    if application is Application.GPT4ALL:
        return root
    for one in outcome.files:
        if one.format is Format.LM_STUDIO:  # its folders are those of LM Studio
            return root.joinpath(*Path(one.place).parent.parts[1:])
    return root / PUBLISHER / weights.stem  # LM Studio sees no file that lies directly in its folder


def _ollama_name(weights: Path) -> str:
    """Return the file's name in lower case: its letters are among those that Ollama takes."""
    return weights.stem.lower()[:LONGEST_NAME]


def _is_same(one: Path, other: Path) -> bool:
    if not one.is_file() or not other.is_file():
        return False
    if one.samefile(other):
        return True
    return one.stat().st_size == other.stat().st_size and _content_is_same(one, other)


def _content_is_same(one: Path, other: Path) -> bool:
    with one.open("rb") as first, other.open("rb") as second:
        while block := first.read(2**20):
            if block != second.read(2**20):
                return False
    return True
