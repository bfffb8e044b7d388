"""What a bundle says about itself: its files with their sizes and hashes, its models, and what it lacks.

A bundle is a ZIP file without a password that any archiver opens. Files that shrink are compressed by
deflate, weights are stored as they are. The manifest is its last entry, since the hashes are known only then.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, Self

from orca_desk.errors import UserError

MANIFEST = "orca-desk-bundle.json"
SUFFIX = ".orcalib"
FORMAT, VERSION = "orca-desk-bundle", 1
LARGEST_MANIFEST = 2**26  # bytes
MOST_FILES = 500_000
ContentKind = Literal["database", "trained", "checkpoints", "logs", "models", "others"]


@dataclass(frozen=True, kw_only=True)
class BundledFile:
    """A file of a bundle: its path below the library's folder, its size in bytes, and its SHA-256 in hex."""

    name: str
    size: int
    sha256: str


@dataclass(frozen=True, kw_only=True)
class CarriedModel:
    """A model that the library uses: `sha256` is None where it was never read, `size` 0 where it is missing.

    `path` is where it was when the bundle was made; `inside` where it lies in the bundle, below the library's
    folder, or "" if it is not in it.
    """

    name: str
    sha256: str | None
    size: int
    path: str
    inside: str = ""


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """A bundle's description. `left_out` are the bytes by kind of what the library has beside it."""

    name: str
    made_at: str
    made_with: str
    files: tuple[BundledFile, ...]
    models: tuple[CarriedModel, ...] = ()
    left_out: Mapping[ContentKind, int]

    @property
    def size(self) -> int:
        """The bytes of all files, unpacked."""
        return sum(file.size for file in self.files)

    @property
    def missing_models(self) -> tuple[CarriedModel, ...]:
        """The models that the library uses and the bundle does not have."""
        return tuple(one for one in self.models if not one.inside)

    def to_json(self) -> bytes:
        """Return the manifest as it stands in the bundle."""
        stored = {"format": FORMAT, "version": VERSION, **asdict(self)}
        return json.dumps(stored, ensure_ascii=False, indent=1).encode()

    @classmethod
    def from_json(cls, text: bytes, path: Path) -> Self:
        """Read what `to_json` wrote. Raises UserError for a newer version, and for anything else."""
        try:
            stored: Any = json.loads(text)
            if stored["format"] != FORMAT or not isinstance(stored["version"], int):
                raise no_bundle(path)
            if stored["version"] > VERSION:
                raise UserError(
                    f"{path} was made by a newer Orca Desk ({str(stored.get('made_with'))[:40]}).",
                    "Update Orca Desk, and open it again.",
                )
            if len(stored["files"]) > MOST_FILES:
                raise damaged(path, "it names too many files")
            return cls(
                name=str(stored["name"])[:200],
                made_at=str(stored["made_at"])[:40],
                made_with=str(stored["made_with"])[:80],
                files=tuple(_file(one) for one in stored["files"]),
                models=tuple(_model(one) for one in stored["models"]),
                left_out={kind: int(size) for kind, size in stored["left_out"].items()},
            )
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise damaged(path, "its list of files cannot be read") from error


def no_bundle(path: Path) -> UserError:
    """Return the error for a file that is not a bundle."""
    return UserError(
        f"{path} is not a bundle of an Orca Desk library.",
        "Choose a file that File › Save as bundle made. A backup is restored in Settings › Backups.",
    )


def damaged(path: Path, what: str) -> UserError:
    """Return the error for a bundle that was cut off or changed; `what` says what is wrong with it."""
    return UserError(
        f"The bundle {path} is damaged: {what}.", "Copy it again from where it was made. Nothing was opened."
    )


def _file(stored: Mapping[str, Any]) -> BundledFile:
    name, size, sha256 = stored["name"], stored["size"], stored["sha256"]
    if not isinstance(name, str) or type(size) is not int or size < 0 or not isinstance(sha256, str):
        raise ValueError(name)
    return BundledFile(name=name, size=size, sha256=sha256)


def _model(stored: Mapping[str, Any]) -> CarriedModel:
    sha256 = stored["sha256"]
    return CarriedModel(
        name=str(stored["name"])[:200],
        sha256=None if sha256 is None else str(sha256)[:64],
        size=max(0, int(stored["size"])),
        path=str(stored["path"])[:1000],
        inside=str(stored["inside"])[:1000],
    )
