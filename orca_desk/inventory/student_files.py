"""The GGUF file that serves a student: given by the user, found beside its safetensors, or converted once.

A file counts only if it is the student: a copy of other weights, or one with another chat template, would
answer otherwise than what is trained. Each is compared once; the verdict is stored with the hashes of both.
"""

import contextlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from orca_desk.errors import UserError
from orca_desk.files import atomic_write, file_sha256
from orca_desk.inventory.convert import convert
from orca_desk.library.database import Library
from orca_desk.models.hashes import HashCache, hash_together
from orca_desk.models.identify import identify
from orca_desk.models.model_file import ModelFile
from orca_desk.processes.host import run_worker
from orca_desk.processes.progress import JobControl, Progress, Update

UNQUANTISED = ("F32", "F16", "BF16")
DTYPE = "f16"  # of a converted file
# What a GGUF file is made of, beside the weights
COMPANIONS = (
    "config.json",
    "generation_config.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "chat_template.jinja",
)
COMPARED = "compared.json"  # in a student's part of the cache: hash of a GGUF file -> its difference


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
    """Return the GGUF file of the student in the folder `base`; None when the job was stopped.

    That is `given`, or the one inside `base` (unquantised ones first) that is the same model, or else a file
    that is converted once and stored in the library's cache. `warn` gets a sentence for each one inside that
    is another model. Raises UserError when the folder or the file is missing, when `given` is another model,
    and when the conversion is impossible.
    """
    if not base.is_dir():
        raise UserError(f"{base} is not a folder.", "A student is a folder with safetensors and a tokenizer.")
    cache = _Cache(library, base)
    if given is not None:
        if not given.is_file():
            raise UserError(f"{given} is not a file.", "Give the GGUF file of the student's weights.")
        identify(given)
        found = cache.difference(given, progress, control, log)
        if found:
            raise UserError(
                f"{given} is not the model in {base}: it has {_in_words(found)}.",
                "Give a file that was made of this folder, or none: Orca Desk then makes one.",
            )
        return None if found is None else given
    for model in _models_inside(base):
        found = cache.difference(model.path, progress, control, log)
        if not found:
            return None if found is None else model.path
        warn(
            f"{model.path.name} in {base} is not used: it has {_in_words(found)}. "
            "One that was made of the folder is used instead."
        )
    return cache.converted(progress, control, log)


def known_student_gguf(library: Library, base: Path) -> Path | None:
    """Return the file inside `base` that `student_gguf` takes, as far as is known without comparing.

    None where it takes none of them. Raises UserError when the folder's model cannot be identified.
    """
    verdicts = _Cache(library, base)
    return next((one.path for one in _models_inside(base) if not verdicts.known(one.path)), None)


def is_converted(library: Library, base: Path) -> bool:
    """Tell whether `student_gguf` has converted the student already. Raises UserError as it does."""
    return _Cache(library, base).file.exists()


def _models_inside(base: Path) -> list[ModelFile]:
    """Return the GGUF models in a student's folder, unquantised ones first; other files are passed over."""
    models = []
    for path in sorted(base.glob("*.gguf")):
        with contextlib.suppress(UserError):  # a part of a split model, a projector, a damaged file
            if (model := identify(path)).kind == "gguf":
                models.append(model)
    return sorted(models, key=lambda model: model.quantisation not in UNQUANTISED)


def _in_words(difference: str) -> str:
    """Return a verdict in words: "other weights (blk.0.ffn_up.weight) than the folder"."""
    kind, _, detail = difference.partition(":")
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
        return self._folder / f"{self._base.name}-{DTYPE}.gguf"

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
