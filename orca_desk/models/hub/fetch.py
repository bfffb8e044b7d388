"""Downloads files of a hub. huggingface_hub transports the bytes; when a file is whole is decided here.

Version 2 of huggingface_hub starts an interrupted file over and checks only sizes: here a download resumes
where it stopped, in the same process or a later one, and a file gets its name only once its hash matches the
hub's.
"""

import contextlib
import hashlib
import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from io import FileIO
from pathlib import Path, PurePosixPath
from typing import Literal

from filelock import FileLock, Timeout

from orca_desk.errors import TOO_LARGE, UserError, cannot_write
from orca_desk.files import sync_folder
from orca_desk.models.hub.connection import UNCOMPRESSED, ConnectionLostError, Hub, explained
from orca_desk.models.hub.listing import HubFile, HubRepo
from orca_desk.models.space import require_space
from orca_desk.paths import user_settings

SECONDS_TO_UNLOCK = 5.0  # for another download whose host was killed a moment ago, to end
MOST_FRUITLESS, PAUSE = 3, 1.0  # lost connections in a row that brought nothing; s between two attempts
_CHUNK = 2**20
Stage = Literal["downloading", "checking"]
Progress = Callable[[Stage, int, int], None]


class Interruption(Exception):  # noqa: N818 - no error
    """Raised by a progress callback to leave the connection, keeping what has arrived."""


def silent(stage: Stage, done: int, total: int) -> None:
    """Ignore the progress."""


def download_files(
    hub: Hub,
    repo: HubRepo,
    files: Sequence[HubFile],
    folder: Path,
    *,
    replace: bool = False,
    progress: Progress = silent,
) -> None:
    """Download `files` of `repo` into `folder`, inside `connected`.

    Keeps complete files and resumes incomplete ones; files with the same names and other content are replaced
    only if told to, as they may be the user's. Calls `progress(stage, done, total)` in bytes; an exception
    from it stops the download, which can be resumed. Raises UserError as `list_repo` does, for a full disk,
    and for content that differs from what the hub announced.
    """
    total, done = sum(file.size for file in files), 0
    require_space(folder, missing_bytes(folder, files), "The download")
    with _locked(folder):
        missing = _missing(folder, files, progress, replace=replace)
        for wanted in files:
            if wanted in missing:
                target = folder / wanted.name
                part = _fetch(hub, repo, wanted, target, _offset(progress, "downloading", done, total))
                _accept(part, target, wanted, _offset(progress, "checking", done, total))
            done += wanted.size
            progress("downloading", done, total)


def _missing(
    folder: Path, files: Iterable[HubFile], progress: Progress, *, replace: bool
) -> frozenset[HubFile]:
    """Return the files that are not whole in `folder`. Raises UserError for another file in their place."""
    total, done, missing = sum(file.size for file in files), 0, set()
    for wanted in files:
        target = folder / wanted.name
        if not is_whole(target, wanted, _offset(progress, "checking", done, total)):
            if target.exists() and not replace:
                raise UserError(
                    f"{target} is not the hub's {PurePosixPath(wanted.name).name}, and would be replaced.",
                    "Nothing was changed. Move it elsewhere, or download into another folder.",
                )
            missing.add(wanted)
        done += wanted.size
    return frozenset(missing)


def is_whole(path: Path, file: HubFile, read: Callable[[int], None] = lambda count: None) -> bool:
    """Return whether `path` has the content the hub announced. Calls `read` with the bytes read so far."""
    if not path.is_file() or path.stat().st_size != file.size:
        return False
    digest = (
        hashlib.sha256()
        if file.sha256
        else hashlib.sha1(f"blob {file.size}\0".encode(), usedforsecurity=False)  # git's hash of a file
    )
    count = 0
    with path.open("rb") as content:
        while chunk := content.read(_CHUNK):
            digest.update(chunk)
            count += len(chunk)
            read(count)
    return digest.hexdigest() == (file.sha256 or file.git_sha1)


def missing_bytes(folder: Path, files: Iterable[HubFile]) -> int:
    """Return how many bytes of `files` are not in `folder` yet."""
    return sum(
        file.size - _size(part_of(folder / file.name, file))
        for file in files
        if _size(folder / file.name) != file.size
    )


def part_of(target: Path, file: HubFile) -> Path:
    """Return the part file, named by content, so that another version never continues this one."""
    return target.with_name(f".{target.name}.{(file.sha256 or file.git_sha1)[:16]}.part")


def _offset(progress: Progress, stage: Stage, before: int, total: int) -> Callable[[int], None]:
    """Turn a file's progress into the download's, of which `before` bytes are done."""
    return lambda size: progress(stage, before + size, total)


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Let no other download write into `folder` inside the block."""
    key = hashlib.sha256(os.fsencode(os.path.realpath(folder))).hexdigest()[:16]
    lock = user_settings() / "locks" / f"download-{key}"  # not among the model's files
    lock.parent.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(lock, timeout=SECONDS_TO_UNLOCK):
            yield
    except Timeout:
        raise UserError(
            f"Another download into {folder} is running.", "Wait until it ends, or stop it."
        ) from None


def _fetch(hub: Hub, repo: HubRepo, file: HubFile, target: Path, progress: Callable[[int], None]) -> Path:
    """Fetch a file, or what is missing of it, into its part file; return the part file.

    Takes up a lost connection again as long as that gets further than before.
    """
    part = part_of(target, file)
    fruitless = 0
    with _naming(target, part, file), _opened(part) as out:
        furthest = out.seek(0, os.SEEK_END)
        while out.tell() < file.size:
            try:
                _transport(hub, repo, file, target, out, progress)
            except ConnectionLostError:
                fruitless = 0 if out.tell() > furthest else fruitless + 1
                furthest = max(furthest, out.tell())
                if fruitless > MOST_FRUITLESS:
                    raise
                time.sleep(PAUSE)
            else:
                if out.tell() < file.size:
                    raise _stopped_early(file, out.tell())
        os.fsync(out.fileno())
    return part


def _opened(part: Path) -> FileIO:
    """Open a part file to resume it, or make it, with its folders."""
    part.parent.mkdir(parents=True, exist_ok=True)
    return part.open("r+b" if part.exists() else "wb", buffering=0)


def _transport(
    hub: Hub, repo: HubRepo, file: HubFile, target: Path, out: FileIO, progress: Callable[[int], None]
) -> None:
    """Receive a file from byte `out.tell()` on; from the first byte where the server knows no ranges."""
    from huggingface_hub import hf_hub_url
    from huggingface_hub.utils import (  # type: ignore[attr-defined]
        build_hf_headers,
        hf_raise_for_status,
        http_stream_backoff,
    )

    have = out.tell()
    url = hf_hub_url(repo.name, file.name, revision=repo.commit, endpoint=hub.endpoint)
    headers = build_hf_headers(token=hub.sent_token) | UNCOMPRESSED
    if have:
        headers["Range"] = f"bytes={have}-"
    with (
        explained(hub, repo.name),
        http_stream_backoff("GET", url, headers=headers, retry_on_exceptions=()) as response,
    ):
        hf_raise_for_status(response)
        first = (response.history or [response])[0]  # of the hub itself, before it leads to its storage
        if _is_another(first.headers.get("X-Linked-Etag") or first.headers.get("ETag") or "", file):
            raise UserError(
                f"{file.name} has changed on {hub.host} since it was listed.",
                "Open the model again and download the newest; what has arrived of the old one is kept.",
            )
        if have and response.status_code != 206:
            out.truncate(0)
            out.seek(0)
        for chunk in response.iter_bytes():
            _write(chunk, out, target, file)
            progress(out.tell())


def _is_another(etag: str, file: HubFile) -> bool:
    """Return whether a tag is the hash of other content. A server in between may have tags of its own."""
    tag, wanted = etag.removeprefix("W/").strip('"').casefold(), file.sha256 or file.git_sha1
    is_hash = len(tag) == len(wanted) and all(sign in "0123456789abcdef" for sign in tag)
    return is_hash and tag != wanted


@contextlib.contextmanager
def _naming(target: Path, part: Path, file: HubFile) -> Iterator[None]:
    """Say which file the disk refuses, and leave no empty part behind."""
    try:
        yield
    except OSError as error:
        error.filename = str(target)
        raise cannot_write(target, error) from error
    finally:
        if file.size and part.is_file() and _size(part) == 0:
            part.unlink(missing_ok=True)


def _write(chunk: bytes, out: FileIO, target: Path, file: HubFile) -> None:
    """Write what arrived; raises UserError for more than announced, which must not fill the disk."""
    if out.tell() + len(chunk) > file.size:
        out.truncate(0)
        raise _differs(file)
    left = memoryview(chunk)
    try:
        while left:
            left = left[out.write(left) or 0 :]
    except OSError as error:
        if error.errno == TOO_LARGE:
            out.truncate(0)
        error.filename = str(target)
        raise cannot_write(target, error) from error


def _accept(part: Path, target: Path, file: HubFile, read: Callable[[int], None]) -> None:
    """Rename a fetched file to its name if it is what the hub announced; otherwise remove it."""
    if not is_whole(part, file, read):
        part.unlink(missing_ok=True)
        raise _differs(file)
    try:
        part.replace(target)
    except OSError as error:  # a folder with that name
        raise cannot_write(target, error) from error
    sync_folder(target.parent)
    for older in target.parent.glob(f".{_literal(target.name)}.*.part"):
        older.unlink(missing_ok=True)  # of another version, which this one replaces


def _literal(name: str) -> str:
    """Return a pattern that matches a name alone."""
    return "".join(f"[{sign}]" if sign in "*?[" else sign for sign in name)


def _stopped_early(file: HubFile, size: int) -> UserError:
    return UserError(
        f"{file.name} stopped after {size:,} of {file.size:,} bytes.",
        "Start the download again to resume it.",
    )


def _differs(file: HubFile) -> UserError:
    return UserError(
        f"{file.name} differs from what the hub announced (its hash is different), so it was removed.",
        "Download it again. If this repeats, the connection or the server changes files.",
    )


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 0
