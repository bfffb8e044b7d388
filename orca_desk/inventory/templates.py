"""The chat template that a model is used with: its own, or the one that the user gave it instead.

An override belongs to the weights, wherever their files are. A GGUF file that is served as it is gets it
beside its path, in the worker's job. A student gets it in its folder: a copy of the small files, with links
to the weights. So training, export and everything else read one template from one place, and the files made
of the student carry it.
"""

import contextlib
import hashlib
import os
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import mkdtemp
from typing import Any, Self

from orca_desk.errors import UserError
from orca_desk.files import file_sha256
from orca_desk.library.database import Library
from orca_desk.library.settings import change_setting, get_setting, peek_setting
from orca_desk.models.chat_template import read_chat_template
from orca_desk.models.hashes import HashCache, hash_together
from orca_desk.models.identify import identify
from orca_desk.models.model_file import ModelFile
from orca_desk.processes.asking import Runner

OVERRIDES = "templates"  # a setting: the SHA-256 of a model's weights -> {"template", "bytes"}
LONGEST = 200_000  # characters; the longest template of a publisher has about 20,000
OWN = "chat_template.jinja"  # in a student's folder; it goes before the one in tokenizer_config.json
COPIED = (".json", ".jinja", ".model", ".txt", ".md")
LARGEST_COPY = 64 * 2**20  # bytes; a tokenizer.json has up to 34 million


@dataclass(frozen=True)
class Overrides:
    """The templates that the user gave to models: by the weights' SHA-256, with the size of their files."""

    folder: Path  # the library's, which caches the hashes
    entries: Mapping[str, Mapping[str, Any]]

    @classmethod
    def of(cls, library: Library) -> Self:
        """Read those of an open library."""
        return cls(library.folder, _readable(get_setting(library, OVERRIDES)))

    @classmethod
    def in_folder(cls, folder: Path) -> Self:
        """Read those of the library in `folder` without opening it, as another process may have it open."""
        return cls(folder, _readable(peek_setting(folder, OVERRIDES)))

    def find(self, model: Path) -> str | None:
        """Return the user's template for `model`, a GGUF file or a folder; None where its own is used.

        A GGUF file in a student's folder is served in the student's place, and has its template. Reads a file
        that was never hashed only if it is as large as one with an override. Raises UserError as `identify`
        does, but only where there are overrides.
        """
        if not self.entries:
            return None
        found = self._entry(identify(model))
        if found is None and model.is_file() and (model.parent / "config.json").is_file():
            with contextlib.suppress(UserError):  # a folder of GGUF files may have such a file, too
                found = self._entry(identify(model.parent))
        return found["template"] if found else None

    def _entry(self, file: ModelFile) -> Mapping[str, Any] | None:
        if file.size_bytes not in {one["bytes"] for one in self.entries.values()}:
            return None
        return self.entries.get(HashCache(self.folder).sha256_of(file.files))


def override_of(library: Library, model: Path) -> str | None:
    """Return the user's template for `model`; see `Overrides.find`."""
    return Overrides.of(library).find(model)


def read_template(file: Path) -> str:
    """Return the text of a template's file, with its line ends but without a byte order mark.

    The mark, which some editors write, would begin every prompt. Raises UserError for another kind of
    file.
    """
    try:
        with file.open(encoding="utf-8", newline="") as opened:
            text = opened.read(LONGEST + 2).removeprefix("\ufeff")
    except OSError as error:
        raise UserError(f"{file} cannot be read: {error.strerror}.", "Choose another file.") from error
    except UnicodeDecodeError:
        raise UserError(f"{file} is not UTF-8 text.", "Choose a file with a Jinja template.") from None
    _require_text(text)
    return text


def set_override(library: Library, model: Path, template: str | None) -> str | None:
    """Use `template` for `model` from now on, or its own again (None); return the earlier override.

    Only stores it: `template_check` says whether it works. Raises UserError for what is not a template,
    and for a model that cannot be read.
    """
    if template is not None:
        _require_text(template)
    file = identify(model)
    if file.kind == "adapter":
        raise UserError(
            f"{model.name} is an adapter, which has no chat template of its own.",
            "Change the template of the model that it belongs to.",
        )
    identity, override = _identity(library, file), template
    if template == read_chat_template(model):
        override = None

    def change(before: Any) -> dict[str, Any]:
        kept = {key: value for key, value in _readable(before).items() if key != identity}
        added = {identity: {"template": override, "bytes": file.size_bytes}}
        return kept if override is None else kept | added

    earlier = _readable(change_setting(library, OVERRIDES, change)).get(identity)
    return earlier["template"] if earlier else None


def with_template(library: Library, runner: Runner) -> Runner:
    """Return `runner` with the user's template for its model, if there is one. Raises UserError."""
    return replace(runner, template=override_of(library, runner.model))


def folder_with_template(library: Library, base: Path, folder: Path) -> Path:
    """Return the folder to train `base` from: `folder`, or a view of it with the user's template.

    The view is in the library's cache: links to the weights in `folder`, and copies of its small files. It is
    made again when any of them changes. Raises UserError where it cannot be made.
    """
    template = override_of(library, base)
    if template is None:
        return folder
    model = identify(folder)
    small = list(_small_files(folder))
    parts = {path.name: file_sha256(path) for path in small}
    parts |= {"weights": _identity(library, model), OWN: hashlib.sha256(template.encode()).hexdigest()}
    view = library.folder / "cache" / hash_together(parts) / folder.name
    if not all((view / path.name).exists() for path in model.files):
        _make_view(view, model.files, small, template)
    return view


def _make_view(view: Path, weights: tuple[Path, ...], small: list[Path], template: str) -> None:
    """Write the view as a whole, or nothing."""
    view.parent.mkdir(parents=True, exist_ok=True)
    part = Path(mkdtemp(prefix=".view.", dir=view.parent))
    try:
        for path in small:
            shutil.copyfile(path, part / path.name)
        (part / OWN).write_text(template, encoding="utf-8", newline="")
        for path in weights:
            _link(path.resolve(), part / path.name)
        if view.exists():  # its links lead nowhere
            shutil.rmtree(view)
        part.replace(view)
    except OSError as error:
        shutil.rmtree(part, ignore_errors=True)
        if view.exists():  # another job was faster
            return
        raise UserError(
            f"The student's files cannot be prepared in {view}: {error.strerror}.",
            "Free some space on that disk.",
        ) from error


def _link(source: Path, target: Path) -> None:
    """Link to the weights, which can be large; copy them only where the system allows no link."""
    for link in (os.symlink, os.link):
        with contextlib.suppress(OSError, NotImplementedError):
            link(source, target)
            return
    shutil.copyfile(source, target)


def _small_files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        if path.is_file() and path.suffix in COPIED and path.stat().st_size <= LARGEST_COPY:
            yield path


def _identity(library: Library, file: ModelFile) -> str:
    return HashCache(library.folder).sha256_of(file.files)


def _readable(stored: Any) -> dict[str, dict[str, Any]]:
    """Return the stored overrides that this version can read."""
    entries = stored.items() if isinstance(stored, dict) else ()
    return {
        identity: one
        for identity, one in entries
        if isinstance(one, dict) and isinstance(one.get("template"), str) and type(one.get("bytes")) is int
    }


def _require_text(template: str) -> None:
    if not template.strip():
        raise UserError("The chat template is empty.", "Write one, or go back to the model's own.")
    if len(template) > LONGEST:
        raise UserError(
            f"The chat template has more than {LONGEST:,} characters.",
            "Choose the file of a chat template, in Jinja.",
        )
    try:
        template.encode()
    except UnicodeEncodeError:
        raise UserError("The chat template is not valid text.", "Save it as UTF-8.") from None
