"""What to download, and from where: stored with the run, so that it resumes after any interruption."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from orca_desk.library.database import Library
from orca_desk.library.settings import get_setting, set_setting
from orca_desk.models.hub.address import checked_endpoint, usual_endpoint
from orca_desk.models.hub.choice import Variant
from orca_desk.models.hub.fetch import missing_bytes
from orca_desk.models.hub.listing import HubRepo
from orca_desk.paths import default_models, expanded

KIND = "download"
_ENDPOINT, _FOLDER = "hub.endpoint", "hub.folder"


@dataclass(frozen=True, kw_only=True)
class DownloadRequest:
    """Files of a model at one commit, and the folder that gets them.

    `repo` has those files alone, with their hashes: a later start needs no listing. `target` is what is there
    afterwards: the folder, or the first GGUF file in it.
    """

    endpoint: str
    repo: HubRepo
    folder: Path
    target: Path

    @property
    def size(self) -> int:
        """Bytes in all."""
        return sum(file.size for file in self.repo.files)

    @property
    def arrived(self) -> int:
        """Bytes that are on the disk already."""
        return self.size - missing_bytes(self.folder, self.repo.files)

    def settings(self) -> dict[str, Any]:
        """Return what identifies the download."""
        return {
            "repo": self.repo.name,
            "commit": self.repo.commit,
            "files": [file.name for file in self.repo.files],
            "folder": str(self.folder),
            "endpoint": self.endpoint,
        }

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON types."""
        return {
            "endpoint": self.endpoint,
            "repo": self.repo.to_json(),
            "folder": str(self.folder),
            "target": str(self.target),
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """Return what `to_json` made `stored` of."""
        return cls(
            endpoint=stored["endpoint"],
            repo=HubRepo.from_json(stored["repo"]),
            folder=Path(stored["folder"]),
            target=Path(stored["target"]),
        )


def request_for(endpoint: str, repo: HubRepo, variant: Variant, folder: Path) -> DownloadRequest:
    """Return the request for one variant of a model, into `folder` itself."""
    whole = expanded(folder).absolute()
    return DownloadRequest(
        endpoint=endpoint,
        repo=HubRepo(model=repo.model, commit=repo.commit, files=variant.files),
        folder=whole,
        target=whole if variant.name not in {file.name for file in variant.files} else whole / variant.name,
    )


def folder_for(root: Path, repo: str) -> Path:
    """Return a model's folder below the folder for downloads: ROOT/owner/name, as other tools have it."""
    owner, _, name = repo.partition("/")
    return root / owner / name


def chosen_endpoint(library: Library) -> str:
    """Return the hub's address: the user's, or else the usual one."""
    stored = get_setting(library, _ENDPOINT)
    return stored if isinstance(stored, str) and stored else usual_endpoint()


def choose_endpoint(library: Library, text: str) -> str:
    """Store the hub's address, "" for the usual one; return it. Raises UserError for one that is not safe."""
    found = checked_endpoint(text) if text.strip() else ""
    set_setting(library, _ENDPOINT, "" if found == usual_endpoint() else found)
    return found or usual_endpoint()


def chosen_folder(library: Library) -> Path:
    """Return the folder for downloads: the user's, or else the usual one."""
    stored = get_setting(library, _FOLDER)
    return Path(stored) if isinstance(stored, str) and stored else default_models()


def choose_folder(library: Library, folder: Path) -> Path:
    """Store the folder for downloads; return it."""
    found = expanded(folder).absolute()
    set_setting(library, _FOLDER, str(found))
    return found
