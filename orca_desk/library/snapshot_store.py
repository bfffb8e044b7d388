"""How a snapshot's records are stored: as rows, as lines of JSON, and identified by their content's hash."""

import hashlib
import json
import sqlite3
from collections.abc import Iterable, Iterator
from typing import Any

from orca_desk.library.clock import now
from orca_desk.library.rows import table
from orca_desk.method.records import TrainingRecord
from orca_desk.method.turns import turns_from_json, turns_of, turns_to_json
from orca_desk.yielding import yielding

FIELDS = ("id", "teacher_record_id", "task_id", "family", "strategy", "system", "user", "assistant")
INSERT = f"""INSERT INTO snapshot_records (snapshot, position, {", ".join(FIELDS)}, turns)
    VALUES (:snapshot, :position, :{", :".join(FIELDS)}, :turns)"""
AS = "frozen_as"  # in an account: the name and the rules of that time
# Frozen by the user, and not only derived from another one
LISTED = "EXISTS (SELECT 1 FROM manifests WHERE snapshot = snapshots.id AND source IS NULL)"


class ContentHasher:
    """The first 32 hex digits of the SHA-256 over records as canonical JSON lines."""

    def __init__(self) -> None:
        self._hash = hashlib.sha256()
        self.records = 0

    def lines(self, records: Iterable[TrainingRecord]) -> Iterator[bytes]:
        """Yield the records as lines, and hash each."""
        for record in yielding(records):
            values = vars(record) if record.turns else {name: getattr(record, name) for name in FIELDS}
            text = json.dumps(values, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
            line = text.encode() + b"\n"
            self._hash.update(line)
            self.records += 1
            yield line

    @property
    def identity(self) -> str:
        """The identity of the records so far."""
        return self._hash.hexdigest()[:32]


def content_identity(db: sqlite3.Connection, snapshot_id: str) -> str:
    """Return the identity of a snapshot's stored records, which should be the snapshot's id."""
    rows = db.execute("SELECT * FROM snapshot_records WHERE snapshot = ? ORDER BY position", (snapshot_id,))
    hasher = ContentHasher()
    for _ in hasher.lines(map(training_record, rows)):
        pass
    return hasher.identity


def training_record(row: sqlite3.Row) -> TrainingRecord:
    """Return the training record of a row of the table, which in an old backup knows no turns."""
    turns = turns_from_json(row["turns"]) if "turns" in row.keys() else ()  # noqa: SIM118 (a row's own keys)
    return TrainingRecord(**{name: row[name] for name in FIELDS}, turns=turns)


def training_line(record: TrainingRecord) -> bytes:
    """Return a training record as the line of JSONL that the trainer reads; most have no earlier turns."""
    line: dict[str, Any] = {
        "id": record.id,
        "system": record.system,
        "user": record.user,
        "assistant": record.assistant,
        "family": record.family,
        "strategy": record.strategy,
        "task_id": record.task_id,
    }
    if record.turns:
        line["turns"] = record.turns
    return json.dumps(line, ensure_ascii=False).encode() + b"\n"


def insert_snapshot(db: sqlite3.Connection, row: dict[str, Any], lines: Iterable[bytes]) -> bool:
    """Insert a snapshot with its records, as the hasher's lines; return False if it is stored already.

    Call inside a write.
    """
    if db.execute("SELECT 1 FROM snapshots WHERE id = ?", (row["id"],)).fetchone():
        return False
    table(db, "snapshots").insert(row)
    db.executemany(
        INSERT,
        (_stored(row["id"], position, json.loads(line)) for position, line in enumerate(yielding(lines))),
    )
    return True


def _stored(snapshot_id: str, position: int, values: dict[str, Any]) -> dict[str, Any]:
    turns = turns_to_json(turns_of(values.get("turns", ())))
    return {**values, "snapshot": snapshot_id, "position": position, "turns": turns}


def insert_manifest(
    db: sqlite3.Connection, snapshot_id: str, account: dict[str, Any], source: str | None = None
) -> None:
    """Insert how a snapshot came about; `source` is the snapshot that it was derived from, if any.

    A snapshot made twice has an account of each time. Call inside a write.
    """
    table(db, "manifests").insert({
        "snapshot": snapshot_id,
        "source": source,
        "content": json.dumps(account, ensure_ascii=False),
        "created_at": now(),
    })  # fmt: skip
