"""Packs a library into one file: its database at one moment, what trainings made, and models if wanted."""

import contextlib
import hashlib
import itertools
import os
import shutil
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from orca_desk import __version__
from orca_desk.errors import UserError, cannot_write
from orca_desk.files import CHUNK, sync_folder
from orca_desk.library.copies import write_copy
from orca_desk.library.database import DATABASE_NAME, Library
from orca_desk.library.naming import get_name
from orca_desk.library.scratch import scratch_folder
from orca_desk.models.fits import human_bytes
from orca_desk.paths import expanded
from orca_desk.processes.progress import JobControl, Meter, Progress, StoppedError, Update, silent
from orca_desk.steps.carry.contents import ALWAYS, Contents, UsedModel, contents_of
from orca_desk.steps.carry.manifest import MANIFEST, BundledFile, CarriedModel, ContentKind, Manifest
from orca_desk.steps.carry.names import safe_name
from orca_desk.steps.carry.unpack import look_into

OnBytes = Callable[[int], None]
SHRINKING = frozenset({".db", ".json", ".jsonl", ".log", ".txt", ".csv", ".toml", ".md"})
QUICKLY = 1  # zlib's level: a database shrinks to a third, at the speed of a disk


@dataclass(frozen=True, kw_only=True)
class Packed:
    """A bundle that was written and read back, and what of the library's folder it left out.

    These are links, by their number, and files with names that not every system has.
    """

    path: Path
    manifest: Manifest
    size: int
    links: int = 0
    unfit: tuple[str, ...] = ()


def pack(
    library: Library,
    path: Path,
    *,
    kinds: frozenset[ContentKind] = frozenset({"checkpoints", "logs"}),
    replace_file: bool = False,
    progress: Progress = silent,
    control: JobControl | None = None,
) -> Packed | None:
    """Write a bundle of the library's database, adapters and `kinds`, and read it back; None if stopped.

    Jobs may run meanwhile: the database is that of one moment. All or nothing: a stop, a full disk or the
    end of the process leaves no part of a bundle. Raises UserError if it cannot be written, and for a file
    that is there unless it may be replaced.
    """
    control = control or JobControl()
    path = expanded(path).absolute()
    _require_place(library, path, replace_file=replace_file)
    found = contents_of(library)
    wanted = ALWAYS | kinds
    total = sum(size for kind, size in found.sizes.items() if kind in wanted)
    _require_room(path, total + found.sizes.get("database", 0))
    try:
        with scratch_folder(
            path.parent, ".backup-"
        ) as scratch:  # another start removes what a killed one left
            part = scratch / "bundle.zip"
            progress(Update(stage="copying the database"))
            database = scratch / DATABASE_NAME
            write_copy(library, database)
            found = contents_of(library)  # after the copy: every adapter that it names is there
            control.require_running()
            meter = Meter(progress, stage="packing", total=float(total), unit="bytes")
            manifest = _write(library, part, database, found, wanted, _counting(meter, control))
            meter = Meter(progress, stage="checking", total=float(manifest.size), unit="bytes")
            _check(part, manifest, _counting(meter, control))
            size = part.stat().st_size
            with part.open("rb+") as file:
                os.fsync(file.fileno())
            part.replace(path)
        sync_folder(path.parent)
    except StoppedError:
        return None
    except OSError as error:
        raise cannot_write(path, error) from error
    return Packed(path=path, manifest=manifest, size=size, links=found.links, unfit=found.unfit)


def _counting(meter: Meter, control: JobControl) -> OnBytes:
    def count(amount: int) -> None:
        control.require_running()
        meter.advance(amount)

    return count


def _require_place(library: Library, path: Path, *, replace_file: bool) -> None:
    if path.resolve().is_relative_to(library.folder):
        raise UserError(
            "The bundle would be inside the library that it contains.",
            "Choose a folder outside of the library.",
        )
    if path.exists() and not (replace_file and path.is_file()):
        raise UserError(f"{path} already exists.", "Name another file: nothing is replaced.")
    if not path.parent.is_dir():
        raise UserError(f"There is no folder {path.parent}.", "Choose a folder that exists.")


def _require_room(path: Path, needed: int) -> None:
    free = shutil.disk_usage(path.parent).free
    if free < needed:
        raise UserError(
            f"The bundle needs up to {human_bytes(needed)} on the disk of {path.parent};"
            f" {human_bytes(free)} are free.",
            "Free some space, choose another disk, or leave checkpoints or models out.",
        )


def _write(
    library: Library,
    part: Path,
    database: Path,
    found: Contents,
    wanted: frozenset[ContentKind],
    on_bytes: OnBytes,
) -> Manifest:
    files: list[BundledFile] = []
    with zipfile.ZipFile(part, "w", compresslevel=QUICKLY) as archive:
        files.append(_add(archive, database, DATABASE_NAME, on_bytes))
        for one in found.files:
            if one.kind in wanted and one.kind != "database":
                with contextlib.suppress(FileNotFoundError):  # a training prunes its older checkpoints
                    files.append(_add(archive, one.path, one.name, on_bytes))
        models: list[CarriedModel] = []
        taken = {file.name.split("/")[1] for file in found.files if file.kind == "models"}
        numbers = (number for number in itertools.count(1) if f"carried-{number}" not in taken)
        for used, number in zip(found.models, numbers, strict=False):
            inside = ""
            if "models" in wanted and used.within:
                inside = used.within
            elif "models" in wanted and used.files:
                for file, name in _placed(used, number):
                    files.append(_add(archive, file, name, on_bytes))
                inside = f"models/carried-{number}/{safe_name(used.model.name)}"
            models.append(replace(used.model, inside=inside))
        manifest = Manifest(
            name=get_name(library) or library.folder.name,
            made_at=datetime.now(UTC).isoformat(timespec="seconds"),
            made_with=f"Orca Desk {__version__}",
            files=tuple(files),
            models=tuple(models),
            left_out={kind: size for kind, size in found.sizes.items() if kind not in wanted},
        )
        archive.writestr(MANIFEST, manifest.to_json(), zipfile.ZIP_DEFLATED)
    return manifest


def _placed(used: UsedModel, number: int) -> Iterator[tuple[Path, str]]:
    """Yield the files of a model with the paths that they get below the library's folder."""
    inside = f"models/carried-{number}"
    if Path(used.model.path).is_dir():
        inside = f"{inside}/{safe_name(used.model.name)}"
    for file in used.files:
        yield file, f"{inside}/{safe_name(file.name)}"


def _add(archive: zipfile.ZipFile, path: Path, name: str, on_bytes: OnBytes) -> BundledFile:
    """Add a file as long as it is now, and return its entry of the manifest."""
    digest, size = hashlib.sha256(), 0
    with path.open("rb") as file:
        info = zipfile.ZipInfo.from_file(path, name, strict_timestamps=False)
        info.compress_type = zipfile.ZIP_DEFLATED if path.suffix in SHRINKING else zipfile.ZIP_STORED
        info._compresslevel = QUICKLY  # type: ignore[attr-defined] # Python takes it from nowhere else here
        with archive.open(info, "w", force_zip64=True) as entry:
            while block := file.read(CHUNK):
                entry.write(block)
                digest.update(block)
                size += len(block)
                on_bytes(len(block))
    return BundledFile(name=name, size=size, sha256=digest.hexdigest())


def _check(part: Path, manifest: Manifest, on_bytes: OnBytes) -> None:
    """Read every file back, as disks and sticks do not always keep what they took. Raises UserError."""
    expected = {file.name: file.sha256 for file in manifest.files}
    look_into(part)  # what was packed must be what is opened
    try:
        with zipfile.ZipFile(part) as archive:
            for name, sha256 in expected.items():
                digest = hashlib.sha256()
                with archive.open(name) as entry:
                    while block := entry.read(CHUNK):
                        digest.update(block)
                        on_bytes(len(block))
                if digest.hexdigest() != sha256:
                    raise zipfile.BadZipFile(name)
    except (zipfile.BadZipFile, EOFError) as error:
        raise UserError(
            f"What was written could not be read back ({error}).", "Check the disk, or choose another one."
        ) from error
