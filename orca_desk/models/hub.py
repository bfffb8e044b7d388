"""Downloads models from a Hugging Face hub, only on request; importing this module connects to nothing.

huggingface_hub lists and addresses the files. This module fetches the bytes, because version 2 starts
an interrupted file over and checks only sizes: here a download resumes where it stopped, and a file gets its
name only once its hash matches the hub's.
"""

import contextlib
import fnmatch
import hashlib
import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from orca_desk.errors import TOO_LARGE, UserError, explain_os_error
from orca_desk.files import sync_folder
from orca_desk.models.fits import human_bytes

if TYPE_CHECKING:
    from huggingface_hub.hf_api import RepoSibling

ALLOWED = ("*.safetensors", "*.json", "*.gguf", "*.jinja", "tokenizer.model", "vocab.txt", "merges.txt")
_MARGIN = 256 * 2**20  # left free: a full disk stops everything else too
_CHUNK = 2**20

Progress = Callable[[int, int], None]


@dataclass(frozen=True, kw_only=True)
class HubFile:
    """A file on the hub. `sha256` for large files; `git_sha1`, git's own hash, for small ones."""

    name: str
    size: int
    sha256: str
    git_sha1: str


@dataclass(frozen=True, kw_only=True)
class HubRepo:
    """A repository at one commit, with the files that Orca Desk can download."""

    name: str
    commit: str
    files: tuple[HubFile, ...]


def list_repo(repo: str, *, revision: str = "main", endpoint: str | None = None) -> HubRepo:
    """List the files of `repo`. Raises UserError when the hub is off, unreachable, or denies or lacks it."""
    from huggingface_hub import HfApi

    with _UserErrors(repo):
        info = HfApi(endpoint=endpoint).model_info(repo, revision=revision, files_metadata=True)
    files = (_hub_file(sibling) for sibling in info.siblings or ())
    return HubRepo(
        name=repo,
        commit=info.sha or revision,
        files=tuple(file for file in files if _is_allowed(file.name)),
    )


def download(
    repo: str,
    *,
    folder: Path,
    file: str | None = None,
    revision: str = "main",
    endpoint: str | None = None,
    progress: Progress = lambda done, total: None,
) -> Path:
    """Download one file of `repo`, or its model folder, into `folder`; return the file or the folder.

    The model folder is the safetensors, JSON and tokenizer files; name a GGUF file as `file`. Keeps complete
    files and resumes incomplete ones. Calls `progress(done, total)` in bytes; an exception from it stops the
    download, which can be resumed. Raises UserError as `list_repo` does, for a full disk, and for content
    that differs from what the hub announced.
    """
    listing = list_repo(repo, revision=revision, endpoint=endpoint)
    files = _chosen(listing, file)
    total, done = sum(f.size for f in files), 0
    _check_space(folder, files)
    for wanted in files:
        target = folder / wanted.name
        if not _is_whole(target, wanted):
            part = _fetch(listing, wanted, target, endpoint, _offset(progress, done, total))
            _accept(part, target, wanted)
        done += wanted.size
        progress(done, total)
    return folder / file if file else folder


def _offset(progress: Progress, before: int, total: int) -> Callable[[int], None]:
    """Turn a file's progress into the download's, of which `before` bytes are done."""
    return lambda size: progress(before + size, total)


def _chosen(listing: HubRepo, file: str | None) -> list[HubFile]:
    if file is not None:
        if found := [f for f in listing.files if f.name == file]:
            return found
        raise UserError(
            f"{listing.name} has no file {file} that Orca Desk downloads.",
            f"It has: {', '.join(f.name for f in listing.files[:20]) or 'no model files'}.",
        )
    files = [f for f in listing.files if not f.name.endswith(".gguf")]
    if any(f.name.endswith(".safetensors") for f in files):
        return files
    ggufs = [f.name for f in listing.files if f.name.endswith(".gguf")]
    hint = f"Choose one of its GGUF files: {', '.join(ggufs[:20])}." if ggufs else "Choose another model."
    raise UserError(f"{listing.name} has no safetensors files.", hint)


def _hub_file(sibling: "RepoSibling") -> HubFile:
    return HubFile(
        name=sibling.rfilename,
        size=sibling.size or 0,
        sha256=sibling.lfs.sha256 if sibling.lfs else "",
        git_sha1=sibling.blob_id or "",
    )


def _is_allowed(name: str) -> bool:
    """Return whether a file has a safe type and a path inside the folder."""
    path = PurePosixPath(name)
    inside = not path.is_absolute() and ".." not in path.parts and "\\" not in name and ":" not in name
    return inside and any(fnmatch.fnmatchcase(path.name, pattern) for pattern in ALLOWED)


def _check_space(folder: Path, files: Iterable[HubFile]) -> None:
    there = next(parent for parent in (folder, *folder.absolute().parents) if parent.is_dir())
    missing = sum(f.size - _size(_part(folder / f.name, f)) for f in files if not (folder / f.name).exists())
    free = shutil.disk_usage(there).free
    if missing + _MARGIN > free:
        raise UserError(
            f"The download takes {human_bytes(missing)}, and {there} has {human_bytes(free)} free.",
            "Free some space, or choose a folder on another disk.",
        )


def _fetch(
    listing: HubRepo, file: HubFile, target: Path, endpoint: str | None, progress: Callable[[int], None]
) -> Path:
    """Fetch a file, or what is missing of it, into its part file; return the part file."""
    from huggingface_hub import get_session, hf_hub_url
    from huggingface_hub.utils import build_hf_headers, hf_raise_for_status  # type: ignore[attr-defined]

    part = _part(target, file)
    part.parent.mkdir(parents=True, exist_ok=True)
    have = _size(part)
    if have and have >= file.size:
        return part
    url = hf_hub_url(listing.name, file.name, revision=listing.commit, endpoint=endpoint)
    # Uncompressed: a compressed response could not be resumed in the middle.
    headers = (
        build_hf_headers() | {"Accept-Encoding": "identity"} | ({"Range": f"bytes={have}-"} if have else {})
    )
    with (
        _UserErrors(listing.name),
        get_session().stream("GET", url, headers=headers, follow_redirects=True) as response,
    ):
        hf_raise_for_status(response)
        resumed = have if response.status_code == 206 else 0
        with _naming(target, part), part.open("r+b" if part.exists() else "wb") as out:
            out.truncate(resumed)
            out.seek(resumed)
            for chunk in response.iter_bytes(_CHUNK):
                out.write(chunk)
                progress(out.tell())
                if out.tell() > file.size:
                    break  # `_accept` refuses it: a server must not fill the disk
            out.flush()
            os.fsync(out.fileno())
    return part


@contextlib.contextmanager
def _naming(target: Path, part: Path) -> Iterator[None]:
    """Name `target` in what the file system refuses, and remove what it will never take whole."""
    try:
        yield
    except OSError as error:
        if error.errno == TOO_LARGE:
            part.unlink(missing_ok=True)
        if error.errno is not None:
            error.filename = str(target)
        raise


def _accept(part: Path, target: Path, file: HubFile) -> None:
    """Rename a fetched file to its name if it is what the hub announced; otherwise remove it."""
    if not _is_whole(part, file):
        size = _size(part)
        if size < file.size:
            raise UserError(
                f"{file.name} stopped after {size:,} of {file.size:,} bytes.",
                "Start the download again to resume it.",
            )
        part.unlink()
        raise UserError(
            f"{file.name} differs from what the hub announced (its hash is another), so it was removed.",
            "Download it again. If this repeats, the connection or the server changes files.",
        )
    part.replace(target)
    sync_folder(target.parent)


def _is_whole(path: Path, file: HubFile) -> bool:
    if not path.is_file() or path.stat().st_size != file.size:
        return False
    with path.open("rb") as content:
        if file.sha256:
            return hashlib.file_digest(content, "sha256").hexdigest() == file.sha256
        git = hashlib.sha1(f"blob {file.size}\0".encode(), usedforsecurity=False)
        while chunk := content.read(_CHUNK):
            git.update(chunk)
        return git.hexdigest() == file.git_sha1


def _part(target: Path, file: HubFile) -> Path:
    """Return the part file, named by content, so that another version never continues this one."""
    return target.with_name(f".{target.name}.{(file.sha256 or file.git_sha1)[:16]}.part")


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 0


class _UserErrors:
    """Turns exceptions of the hub and the network into UserErrors."""

    def __init__(self, repo: str) -> None:
        self._repo = repo

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        from huggingface_hub import errors

        match error:
            case errors.OfflineModeIsEnabled():
                hint = "Unset HF_HUB_OFFLINE to allow this download."
                raise UserError(
                    f"{self._repo} was not downloaded: access to the hub is switched off.", hint
                ) from error
            case errors.GatedRepoError():
                hint = "Accept them on its page, then log in with `hf auth login`."
                raise UserError(f"{self._repo} requires you to accept its conditions first.", hint) from error
            case errors.RevisionNotFoundError():
                raise UserError(f"{self._repo} has no such revision.", "Omit it for the newest.") from error
            case errors.RepositoryNotFoundError() | errors.HFValidationError():
                hint = "Check the name (owner/name). For a private one, log in with `hf auth login`."
                raise UserError(f"The hub has no model {self._repo!r}.", hint) from error
        if isinstance(error, OSError) and error.filename and (refusal := explain_os_error(error)):
            raise refusal from error
        # HfHubHTTPError's bases are the HTTP library's own error, whichever library it is, and OSError.
        if isinstance(error, errors.HfHubHTTPError.__bases__):
            hint = "Check the connection and the disk, then start again: it resumes where it stopped."
            raise UserError(f"{self._repo} could not be downloaded: {error}.", hint) from error
