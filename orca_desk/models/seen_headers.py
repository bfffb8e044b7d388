"""What GGUF headers said, by path, size and time: reading a large vocabulary takes a third of a second."""

import contextlib
import json
import threading
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from orca_desk.files import atomic_write
from orca_desk.models.model_file import ModelFile

FORMAT = 2  # raise it when the same header gives another description
FILE = "model-headers.json"
State = list[list[int]]  # size and modification time of each file of a model


class SeenHeaders:
    """Descriptions of GGUF files as they were when their headers were read; safe to share among threads."""

    def __init__(self) -> None:
        self._changing = threading.Lock()
        self._seen: dict[str, tuple[State, ModelFile]] = {}
        self._loaded: set[Path] = set()
        self._unsaved = False

    def get(self, path: Path, files: Sequence[Path]) -> ModelFile | None:
        """Return the description of the model at `path`; None where one of its `files` is new or changed."""
        state, model = self._seen.get(str(path), ([], None))
        return model if model is not None and state == state_of(files) else None

    def put(self, model: ModelFile, state: State) -> None:
        """Keep a description. `state` is that of the files before they were read."""
        with self._changing:
            self._seen[str(model.path)] = state, model
            self._unsaved = True

    def load(self, folder: Path) -> None:
        """Add what `save` stored in `folder`, once; nothing from a damaged file or one of another version."""
        if folder in self._loaded:
            return
        self._loaded.add(folder)
        with contextlib.suppress(OSError, ValueError, TypeError, KeyError, AttributeError):
            stored = json.loads((folder / FILE).read_text(encoding="utf-8"))
            if stored["format"] != _format():
                return
            read = {path: (entry["state"], _model(entry["model"])) for path, entry in stored["seen"].items()}
            with self._changing:
                self._seen = read | self._seen

    def save(self, folder: Path) -> None:
        """Store what is new in `folder`, without files that are gone; nothing on a full or read-only disk."""
        with self._changing:
            if not self._unsaved:
                return
            self._unsaved = False
            seen = dict(self._seen)
        there = {path: entry for path, entry in seen.items() if Path(path).exists()}
        stored = {path: {"state": state, "model": _plain(model)} for path, (state, model) in there.items()}
        with contextlib.suppress(OSError):
            atomic_write(folder / FILE, json.dumps({"format": _format(), "seen": stored}))


def state_of(files: Sequence[Path]) -> State:
    """Return size and modification time of each file. Raises OSError for one that is gone."""
    return [[stat.st_size, stat.st_mtime_ns] for stat in map(Path.stat, files)]


def _format() -> list[Any]:
    return [FORMAT, *(each.name for each in fields(ModelFile))]


def _plain(model: ModelFile) -> dict[str, Any]:
    return asdict(model) | {"path": str(model.path), "files": [str(file) for file in model.files]}


def _model(stored: Mapping[str, Any]) -> ModelFile:
    paths = {"path": Path(stored["path"]), "files": tuple(map(Path, stored["files"]))}
    return ModelFile(**{**stored, **paths})
