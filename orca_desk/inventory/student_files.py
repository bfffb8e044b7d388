"""A student's two forms: the folder that is trained, and the GGUF file that is served.

The user chooses one, a folder or a GGUF file. The folder of a file is unpacked once; the file of a folder is
given by the user, found beside its safetensors, or converted once. Both lie in the library's cache, by the
hash of what they were made of: without it, they are made again.

A GGUF file counts only if it is the student: a copy of other weights, or one with another chat template,
would answer otherwise than what is trained. Each is compared once; the verdict is stored with both hashes.
"""

import contextlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from orca_desk.errors import UserError
from orca_desk.files import atomic_write, file_sha256
from orca_desk.inventory.convert import convert, unpack
from orca_desk.inventory.templates import folder_with_template, override_of
from orca_desk.inventory.trainable import require_model
from orca_desk.library.database import Library
from orca_desk.library.trainings import list_trainings
from orca_desk.models.hashes import HashCache, OnBytes, hash_together, ignore
from orca_desk.models.identify import identify
from orca_desk.models.model_file import ModelFile
from orca_desk.models.quantisations import UNQUANTISED
from orca_desk.processes.host import run_worker
from orca_desk.processes.progress import JobControl, Meter, Progress, StoppedError, Update, silent

DTYPE = "f16"  # of a converted file
# What a GGUF file is made of, beside the weights
COMPANIONS = (
    "config.json",
    "generation_config.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "chat_template.jinja",
    "chat_template.json",
)
FOLDER_FORMAT = 1  # of unpacked folders; a higher number has them rewritten
COMPARED = "compared.json"  # in a student's part of the cache: hash of a GGUF file -> its difference


def student_folder(
    library: Library,
    base: Path,
    *,
    progress: Progress,
    control: JobControl,
    log: Path | None = None,
) -> Path | None:
    """Return the folder of the student `base`; None when the job was stopped.

    That is `base` itself, or the folder that is written from the GGUF file once. Raises UserError when `base`
    is missing or damaged, or cannot be trained.
    """
    require_model(identify(base))
    folder = base if base.is_dir() else _read_and_find(library, base, progress, control)
    if folder is None:
        return None
    if not folder.is_dir() and not unpack(base, folder, progress=progress, control=control, log=log):
        return None
    return folder_with_template(library, base, folder)


def known_student_folder(library: Library, base: Path) -> Path | None:
    """Return the folder of a student if it is there; None for a GGUF file that was not unpacked yet.

    Raises UserError when the file cannot be read.
    """
    folder = base if base.is_dir() else _unpacked(library, base)
    return folder_with_template(library, base, folder) if folder.is_dir() else None


def student_gguf(
    library: Library,
    base: Path,
    *,
    given: Path | None = None,
    progress: Progress,
    control: JobControl,
    log: Path | None = None,
    warn: Callable[[str], None] = lambda sentence: None,
) -> Path | None:
    """Return the GGUF file that serves the student `base`; None when the job was stopped.

    That is `given`; or, if it is the same model, the unquantised GGUF file `base` itself, or one inside the
    folder `base` (unquantised ones first); or else a file that is converted once and stored in the library's
    cache. `warn` gets a sentence for each one inside that is another model. Raises UserError when the folder
    or the file is missing, when `given` is another model, and when the conversion is impossible.
    """
    folder = student_folder(library, base, progress=progress, control=control, log=log)
    if folder is None:
        return None
    cache = _Cache(library, folder)
    if given is not None:
        if not given.is_file():
            raise UserError(f"{given} is not a file.", "Choose the GGUF file of the student's weights.")
        identify(given)
        found = cache.difference(given, progress, control, log)
        if found:
            raise UserError(
                f"{given} is not the model in {base}: it has {_in_words(found, library, base)}.",
                "Choose a file that was made from this folder, or none: Orca Desk then makes one.",
            )
        return None if found is None else given
    for model in _candidates(base):
        found = cache.difference(model.path, progress, control, log)
        if not found:
            return None if found is None else model.path
        if base.is_dir():
            warn(
                f"{model.path.name} in {base} is not used: it has {_in_words(found, library, base)}. "
                "One that was made of the folder is used instead."
            )
    return cache.converted(progress, control, log)


def served_file(
    library: Library,
    model: Path,
    *,
    adapter: Path | None = None,
    progress: Progress = silent,
    control: JobControl | None = None,
    log: Path | None = None,
) -> Path | None:
    """Return the GGUF file that answers for `model` with `adapter`; None when the job was stopped.

    That is the file that serves a student, where `model` is a folder, or the base on which a training made
    the adapter. A missing file of the cache is made again; any other file is returned as it is.
    Raises UserError as `student_gguf` does.
    """
    control = control or JobControl()
    trainings = list_trainings(library)
    trained = any(one.base == model and adapter and one.adapter_gguf == adapter for one in trainings)
    if model.is_dir() or (trained and model.exists()):
        return student_gguf(library, model, progress=progress, control=control, log=log)
    for base in _makers(library, model):
        made = student_gguf(library, base, progress=progress, control=control, log=log)
        if made is None or made == model:
            return made
    return model


def can_be_made(library: Library, model: Path) -> bool:
    """Return whether a file of the cache is missing that `served_file` can make again."""
    return bool(_makers(library, model))


def _makers(library: Library, file: Path) -> list[Path]:
    """Return the bases of trainings from which a missing file of the cache may have been made."""
    if file.exists() or not file.is_relative_to(library.folder / "cache"):
        return []
    bases = dict.fromkeys(one.base for one in list_trainings(library))
    return [
        base
        for base in bases
        if base.exists() and file.name in (_file_name(base.name), _file_name(base.stem))
    ]


def known_student_gguf(library: Library, base: Path) -> Path | None:
    """Return the file, `base` or one inside, that `student_gguf` takes, as far as is known without comparing.

    None where it takes none of them. Raises UserError when the model cannot be identified.
    """
    folder = known_student_folder(library, base)
    if folder is None:
        return next((one.path for one in _candidates(base)), None)
    verdicts = _Cache(library, folder)
    return next((one.path for one in _candidates(base) if not verdicts.known(one.path)), None)


def is_converted(library: Library, base: Path) -> bool:
    """Return whether `student_gguf` has already converted the student. Raises UserError as it does."""
    folder = known_student_folder(library, base)
    return folder is not None and _Cache(library, folder).file.exists()


def converted_gguf(library: Library, base: Path) -> Path | None:
    """Return the file that `student_gguf` has converted, or None. Raises UserError as it does."""
    folder = known_student_folder(library, base)
    file = _Cache(library, folder).file if folder else None
    return file if file and file.exists() else None


def _unpacked(library: Library, gguf: Path, *, on_bytes: OnBytes = ignore) -> Path:
    """Return where the folder of a GGUF file is, or would be. Raises UserError if it is not a model."""
    known = identify(gguf)
    if known.kind != "gguf":
        raise UserError(f"{gguf} is not a GGUF model.", "Choose a GGUF file, or a folder with safetensors.")
    sha256 = HashCache(library.folder).sha256_of(known.files, on_bytes=on_bytes)
    return library.folder / "cache" / f"unpacked-{FOLDER_FORMAT}-{sha256}" / known.name


def _read_and_find(library: Library, gguf: Path, progress: Progress, control: JobControl) -> Path | None:
    """Return `_unpacked`, and report how far the file is hashed; None when stopped.

    Raises UserError, before the file is read, where its header says that it cannot be trained.
    """
    from orca_desk.student.from_gguf import read_student  # brings numpy and gguf

    read_student(gguf)
    total = sum(file.stat().st_size for file in identify(gguf).files) / 1e6
    meters: list[Meter] = []  # none where the hash is known

    def on_bytes(count: int) -> None:
        if control.stopped:
            raise StoppedError
        meters[:] = meters or [Meter(progress, stage="reading the GGUF file", total=total, unit="MB")]
        meters[0].advance(count / 1e6)

    try:
        return _unpacked(library, gguf, on_bytes=on_bytes)
    except StoppedError:
        return None


def _candidates(base: Path) -> list[ModelFile]:
    """Return the GGUF models that may serve a student: those in its folder, or its own unquantised file.

    Unquantised ones come first; other files in the folder are skipped.
    """
    if not base.is_dir():
        own = identify(base)
        return [own] if own.quantisation in UNQUANTISED and len(own.files) == 1 else []
    models = []
    for path in sorted(base.glob("*.gguf")):
        with contextlib.suppress(UserError):  # a part of a split model, a projector, a damaged file
            if (model := identify(path)).kind == "gguf":
                models.append(model)
    return sorted(models, key=lambda model: model.quantisation not in UNQUANTISED)


def _file_name(student: str) -> str:
    return f"{student}-{DTYPE}.gguf"


def _in_words(difference: str, library: Library, base: Path) -> str:
    """Return a verdict in words: "other weights (blk.0.ffn_up.weight) than the folder"."""
    kind, _, detail = difference.partition(":")
    if kind == "chat template" and override_of(library, base) is not None:
        return "a chat template other than the one that you gave the folder"
    one = kind if kind in ("weights", "settings") else ""
    words = f"other {one}" if one else f"another {kind}"
    return f"{words}{f' ({detail})' if detail else ''} than the folder"


class _Cache:
    """What was made of one student as it is now: its GGUF file, and the verdicts on other files."""

    def __init__(self, library: Library, base: Path) -> None:
        self._base, self._hashes = base, HashCache(library.folder)
        present = [base / name for name in COMPANIONS if (base / name).is_file()]
        parts = {path.name: file_sha256(path) for path in present}
        identity = hash_together(parts | {"weights": self._hashes.sha256_of(identify(base).files)})
        self._folder = library.folder / "cache" / identity

    def difference(self, file: Path, progress: Progress, control: JobControl, log: Path | None) -> str | None:
        """Return in what `file` differs, as "kind:detail", or "" for nothing; None when stopped."""
        if (known := self.known(file)) is not None:
            return known
        progress(Update(stage="comparing the GGUF file"))
        found: list[str] = []

        def receive(events: list[dict[str, Any]]) -> None:
            for event in events:
                if event["event"] == "compared":
                    found.append(f"{event['difference']}:{event['detail']}" if event["difference"] else "")

        job = {"folder": str(self._base), "file": str(file)}
        if not run_worker("export", job, on_events=receive, control=control, log=log):
            return None
        verdicts = self._verdicts() | {self._hashes.sha256(file): found[0]}
        atomic_write(self._folder / COMPARED, json.dumps(verdicts, indent=1))
        return found[0]

    def known(self, file: Path) -> str | None:
        """Return the stored verdict on `file`, or None where it was not compared yet."""
        return self._verdicts().get(self._hashes.sha256(file))

    @property
    def file(self) -> Path:
        """The path of the file that is made of the student."""
        return self._folder / _file_name(self._base.name)

    def converted(self, progress: Progress, control: JobControl, log: Path | None) -> Path | None:
        """Return the file made of the student, which is made now if there is none; None when stopped."""
        out = self.file
        if out.exists():
            return out
        for abandoned in self._folder.glob(f".{out.name}.*.part"):  # left by a worker that was killed
            abandoned.unlink()
        finished = convert(self._base, out, dtype=DTYPE, progress=progress, control=control, log=log)
        return out if finished else None

    def _verdicts(self) -> dict[str, str]:
        try:
            stored = json.loads((self._folder / COMPARED).read_text("utf-8"))
        except (OSError, ValueError):
            return {}
        return stored if isinstance(stored, dict) else {}
