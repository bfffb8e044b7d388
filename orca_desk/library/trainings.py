"""Trainings: runs of kind "train" with their snapshot, curves, checkpoints and adapter."""

import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from orca_desk.errors import UserError
from orca_desk.library.clock import now
from orca_desk.library.database import Library
from orca_desk.library.locations import resolve_path, stored_path, training_folder
from orca_desk.library.rows import table
from orca_desk.library.runs import Run, find_unfinished, get_run, insert_run, runs_of
from orca_desk.library.snapshot_store import LISTED

KIND = "train"
COLUMNS = f"t.*, NOT EXISTS (SELECT 1 FROM snapshots WHERE id = t.snapshot AND {LISTED}) AS derived"


@dataclass(frozen=True, kw_only=True)
class Training:
    """One LoRA training. `run` has its status; its id is the run's, e.g. train-3.

    `derived`: its snapshot was only derived from another one, by an experiment. `settings` are the
    training's own; `folder` contains its records, checkpoints and adapter. The adapter's fields are None
    until it exists; `best_eval` is the validation loss at `best_step`.
    """

    id: str
    run: Run
    base: Path
    snapshot: str
    settings: dict[str, Any]
    folder: Path
    adapter: Path | None
    adapter_gguf: Path | None
    adapter_sha256: str | None
    best_step: int | None
    best_eval: float | None
    derived: bool = False


def create_training(
    library: Library,
    *,
    base: Path,
    snapshot: str,
    settings: Mapping[str, Any],
    request: Mapping[str, Any] | None = None,
) -> Training:
    """Store a new, running training of the student in `base` on a snapshot; return it."""

    def store(db: sqlite3.Connection) -> str:
        run = insert_run(db, KIND, _identity(library, base, snapshot, settings), request)
        row = {"id": run["id"], "base": stored_path(library, base), "snapshot": snapshot}
        table(db, "trainings").insert(row)
        return str(run["id"])

    return get_training(library, library.write(store))


def find_unfinished_training(
    library: Library, *, base: Path, snapshot: str, settings: Mapping[str, Any]
) -> Training | None:
    """Return the training to resume: the newest with these arguments, unless it is done."""
    run = find_unfinished(library, KIND, _identity(library, base, snapshot, settings))
    return get_training(library, run.id) if run else None


def get_training(library: Library, training_id: str) -> Training:
    """Return one training. Raises UserError if it does not exist."""
    row = library.row(f"SELECT {COLUMNS} FROM trainings AS t WHERE id = ?", (training_id,))
    if row is None:
        raise UserError(f"There is no training {training_id}.", "List the trainings to see their ids.")
    return _training(library, row, get_run(library, row["id"]))


def list_trainings(library: Library) -> list[Training]:
    """Return all trainings, the newest first."""
    rows = library.rows(f"SELECT {COLUMNS} FROM trainings AS t JOIN runs AS r USING (id) ORDER BY r.n DESC")
    runs = runs_of(library, [row["id"] for row in rows])
    return [_training(library, row, runs[row["id"]]) for row in rows]


def training_ids(library: Library) -> list[str]:
    """Return the ids of all trainings, the newest first."""
    return [row["id"] for row in library.rows("SELECT id FROM runs WHERE kind = ? ORDER BY n DESC", (KIND,))]


def add_events(library: Library, training_id: str, events: Sequence[Mapping[str, Any]]) -> int:
    """Store events of the trainer ("metrics", "eval" and so on) in one transaction.

    Each start begins with a "report": events after its "resumed_step" are no longer part of the weights, and
    are deleted. An event of the same kind and step replaces the earlier one. Returns the number stored.
    """

    def store(db: sqlite3.Connection) -> int:
        for event in events:
            if event["event"] == "report" and "resumed_step" in event:
                _forget_after(db, training_id, event["resumed_step"])
        table(db, "metrics").insert_all((_event_row(training_id, event) for event in events), replace=True)
        return len(events)

    return library.write(store)


def training_events(
    library: Library, training_id: str, kind: str, *, after_step: int = -1
) -> list[dict[str, Any]]:
    """Return a training's events of one kind ("metrics", "eval", "report") by step."""
    rows = library.rows(
        "SELECT content FROM metrics WHERE training = ? AND kind = ? AND step > ? ORDER BY step",
        (training_id, kind, after_step),
    )
    return [json.loads(row["content"]) for row in rows]


def loss_outline(library: Library, training_id: str, *, points: int = 64) -> list[float]:
    """Return a training's loss as at most `points` means over equal intervals of steps, for a small plot."""
    rows = library.rows(
        "SELECT avg(json_extract(content, '$.loss')) AS loss FROM metrics"
        " WHERE training = :training AND kind = 'metrics'"
        " GROUP BY step * :points / (SELECT max(step) + 1 FROM metrics"
        "   WHERE training = :training AND kind = 'metrics') ORDER BY min(step)",
        {"training": training_id, "points": points},
    )
    return [row["loss"] for row in rows]


def newest_checkpoint(library: Library, training_id: str) -> int | None:
    """Return the step of the newest checkpoint on the disk, from which a training resumes, or None."""
    folders = (training_folder(library, training_id) / "checkpoints").glob("step-*")
    steps = [path.name.removeprefix("step-") for path in folders]
    return max((int(step) for step in steps if step.isdecimal()), default=None)


def set_adapter(
    library: Library,
    training_id: str,
    *,
    adapter: Path,
    gguf: Path | None,
    sha256: str,
    best_step: int | None = None,
    best_eval: float | None = None,
) -> Training:
    """Store a training's adapter: its folder, its GGUF, and the hash of its weights; return the training."""
    paths = (stored_path(library, adapter), gguf and stored_path(library, gguf))
    library.write(
        lambda db: (
            db.execute(
                "UPDATE trainings"
                " SET adapter = ?, adapter_gguf = ?, adapter_sha256 = ?, best_step = ?, best_eval = ?"
                " WHERE id = ?",
                (*paths, sha256, best_step, best_eval, training_id),
            ).rowcount
        )
    )
    return get_training(library, training_id)


def forget_adapter(library: Library, training_id: str) -> None:
    """Forget a training's adapter: its files are about to be replaced by others, not checked yet."""
    library.write(
        lambda db: (
            db.execute(
                "UPDATE trainings SET adapter = NULL, adapter_gguf = NULL, adapter_sha256 = NULL,"
                " best_step = NULL, best_eval = NULL WHERE id = ?",
                (training_id,),
            ).rowcount
        )
    )


def _forget_after(db: sqlite3.Connection, training_id: str, step: int) -> None:
    db.execute("DELETE FROM metrics WHERE training = ? AND step > ?", (training_id, step))


def _event_row(training_id: str, event: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "training": training_id,
        "kind": event["event"],
        "step": event.get("step", 0),
        "content": json.dumps({key: value for key, value in event.items() if key != "event"}),
        "created_at": now(),
    }


def _identity(library: Library, base: Path, snapshot: str, settings: Mapping[str, Any]) -> dict[str, Any]:
    return {"base": stored_path(library, base), "snapshot": snapshot, "settings": dict(settings)}


def _training(library: Library, row: sqlite3.Row, run: Run) -> Training:
    paths = {
        name: None if row[name] is None else resolve_path(library, row[name])
        for name in ("adapter", "adapter_gguf")
    }
    return Training(
        id=run.id,
        run=run,
        base=resolve_path(library, row["base"]),
        snapshot=row["snapshot"],
        settings=run.settings["settings"],
        folder=training_folder(library, run.id),
        adapter=paths["adapter"],
        adapter_gguf=paths["adapter_gguf"],
        adapter_sha256=row["adapter_sha256"],
        best_step=row["best_step"],
        best_eval=row["best_eval"],
        derived=bool(row["derived"]),
    )
