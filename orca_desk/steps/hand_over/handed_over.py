"""What became of an export of data, as data."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from orca_desk.steps.hand_over.request import DataTable


@dataclass(frozen=True, kw_only=True)
class DataFile:
    """A file of rows: its name in the export, its rows, its size in bytes and its SHA-256."""

    name: str
    rows: int
    size: int
    sha256: str


@dataclass(frozen=True, kw_only=True)
class HandedOver:
    """An export: `written` rows in `files`, `left_out` by reason, and `losses` of rows that were written.

    `splits` and `families` count the written rows. `notes` are codes of what a reader should know. `run` is
    the run's id. A preview has no files.
    """

    run: str
    table: DataTable
    format: str
    path: Path
    written: int
    files: tuple[DataFile, ...] = ()
    left_out: Mapping[str, int] = field(default_factory=dict)
    losses: Mapping[str, int] = field(default_factory=dict)
    splits: Mapping[str, int] = field(default_factory=dict)
    families: Mapping[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def outcome(self) -> str:
        """Return what the run keeps of it as JSON; see `handed_over_from_json`."""
        plain: dict[str, Any] = asdict(self) | {"path": str(self.path)}
        del plain["families"]
        return json.dumps({"handed_over": plain}, ensure_ascii=False)


def handed_over_from_json(text: str) -> HandedOver | None:
    """Return the export that `outcome` wrote; None for any other text."""
    try:
        values = json.loads(text)["handed_over"]
    except (ValueError, KeyError, TypeError):
        return None
    files = tuple(DataFile(**one) for one in values.pop("files"))
    notes = tuple(values.pop("notes"))
    return HandedOver(**{**values, "path": Path(values["path"]), "files": files, "notes": notes})
