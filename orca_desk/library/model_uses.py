"""Which model files the trainings, evaluations, chats and records of a library used."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from orca_desk.library.database import Library
from orca_desk.library.locations import resolve_path

ModelUser = Literal["training", "evaluation", "chat"]
# The table of each, and its columns that hold a model or an adapter
USERS: dict[ModelUser, tuple[str, tuple[str, ...]]] = {
    "training": ("trainings", ("base",)),
    "evaluation": ("evaluations", ("model", "adapter")),
    "chat": ("chats", ("model", "adapter")),
}


@dataclass(frozen=True, kw_only=True)
class ModelUse:
    """The training, evaluation or chat `id`, which used the model or adapter at `path`."""

    user: ModelUser
    id: str
    path: Path


def model_uses(library: Library) -> list[ModelUse]:
    """Return every use of a model file or adapter: trainings first, then evaluations, then chats."""
    return [
        ModelUse(user=user, id=row["id"], path=resolve_path(library, row[column]))
        for user, (table, columns) in USERS.items()
        for row in library.rows(f"SELECT id, {', '.join(columns)} FROM {table}")
        for column in columns
        if row[column]
    ]


def trained_adapters(library: Library) -> dict[str, Path]:
    """Return the adapter file (GGUF) of each training that made one, by the training's id."""
    rows = library.rows("SELECT id, adapter_gguf FROM trainings WHERE adapter_gguf IS NOT NULL ORDER BY id")
    return {row["id"]: resolve_path(library, row["adapter_gguf"]) for row in rows}


def records_by_model(library: Library) -> dict[str, int]:
    """Return the number of teacher records per SHA-256 of the model that answered."""
    rows = library.rows(
        "SELECT model_sha256, count(*) FROM records WHERE model_sha256 <> '' GROUP BY model_sha256"
    )
    return {row[0]: row[1] for row in rows}


def teacher_of(library: Library, snapshot_id: str) -> str | None:
    """Return the SHA-256 of the model that made most records of a snapshot; None if none is known.

    Imported records, of which only a model's name may be known, do not count.
    If several models made equally many, the one whose first record comes earliest in the snapshot counts.
    """
    row = library.row(
        "SELECT r.model_sha256 FROM snapshot_records AS s JOIN records AS r ON r.id = s.teacher_record_id"
        " WHERE s.snapshot = ? AND r.model_sha256 <> '' GROUP BY r.model_sha256"
        " ORDER BY count(*) DESC, min(s.position) LIMIT 1",
        (snapshot_id,),
    )
    return None if row is None else str(row[0])
