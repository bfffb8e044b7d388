"""A snapshot's manifest: its whole account as data, for commands, exports and whoever asks later."""

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from statistics import fmean, median, quantiles
from typing import Any

from orca_desk.files import atomic_write
from orca_desk.library.database import Library
from orca_desk.library.records import FAMILY
from orca_desk.library.snapshot_store import AS
from orca_desk.library.snapshots import get_snapshot
from orca_desk.method.erasure import CAUTIOUS
from orca_desk.yielding import yielding

FORMAT = 1
OF_SNAPSHOT = (
    "FROM snapshot_records AS s JOIN records AS r ON r.id = s.teacher_record_id WHERE s.snapshot = ?"
)


def manifest(library: Library, snapshot_id: str) -> dict[str, Any]:
    """Return the manifest of a snapshot. Raises UserError if it does not exist.

    "account" is None for a snapshot of an earlier version, which has no more than rules and what they left
    out. "frozen_again" has the name, the rules and the account of each later time that the same records were
    chosen. A derived one has "derived_from" and the "note" of the experiment that made it.
    """
    snapshot = get_snapshot(library, snapshot_id)
    with library.read() as db:
        times = db.execute(
            "SELECT content, source FROM manifests WHERE snapshot = ? ORDER BY n", (snapshot_id,)
        ).fetchall()
        found = {
            "format": FORMAT,
            "snapshot": snapshot.id,
            "name": snapshot.name,
            "created_at": snapshot.created_at,
            "records": snapshot.records,
            "identity": "the first 32 hex digits of the SHA-256 of the records as lines of canonical JSON",
            "order": "by the ids of the teacher records, which are hashes; nothing is drawn at random",
            "instruction": {"kind": _kind(snapshot.instruction), "text": snapshot.instruction},
            "rules": asdict(snapshot.rules),
            "left_out": dict(snapshot.left_out),
            "families": snapshot.families,
            "contents": _contents(db, snapshot_id),
            "strategies": _strategies(db, snapshot_id),
            "teachers": _teachers(db, snapshot_id),
            "answers": _answers(db, snapshot_id),
        }
    frozen = [_frozen(row["content"]) for row in times if row["source"] is None]
    if times and not frozen:
        return {**found, **json.loads(times[-1]["content"]), "account": None}
    # Other rules may have led to the same records later: an account stands beside the rules that it is of
    first, *again = frozen or [_frozen("{}")]
    return {**found, **first, "name": snapshot.name, "frozen_again": again}


def newest_account(library: Library, snapshot_id: str) -> dict[str, Any]:
    """Return the account of the last time that a snapshot was frozen, by whatever rules."""
    found = manifest(library, snapshot_id)
    account: dict[str, Any] = (found["frozen_again"] or [found])[-1]["account"]
    return account


def write_manifest(path: Path, found: Mapping[str, Any]) -> None:
    """Write a manifest to a file, all or nothing. Raises OSError."""
    atomic_write(path, json.dumps(found, ensure_ascii=False, indent=1) + "\n")


def _frozen(stored: str) -> dict[str, Any]:
    """Return the account of one time, beside the name and the rules of that time where they were noted."""
    account = json.loads(stored)
    return {**account.pop(AS, {}), "account": account or None}


def _kind(instruction: str) -> str:
    return {CAUTIOUS: "cautious", "": "empty"}.get(instruction, "own")


def _contents(db: sqlite3.Connection, snapshot_id: str) -> list[dict[str, Any]]:
    """Count the records by family, as it is called now, and strategy."""
    rows = db.execute(
        f"SELECT {FAMILY} AS family, s.strategy, count(*) AS records {OF_SNAPSHOT}"
        " GROUP BY r.family_id, s.strategy ORDER BY family, s.strategy",
        (snapshot_id,),
    )
    return [dict(row) for row in rows]


def _strategies(db: sqlite3.Connection, snapshot_id: str) -> list[dict[str, Any]]:
    """The strategies with the instruction that was erased."""
    rows = db.execute(
        "SELECT r.strategy AS name, r.strategy_version AS version, r.system AS instruction,"
        f" count(*) AS records {OF_SNAPSHOT} GROUP BY r.strategy, r.strategy_version, r.system"
        " ORDER BY 1, 2, 4 DESC",
        (snapshot_id,),
    )
    return [dict(row) for row in rows]


def _teachers(db: sqlite3.Connection, snapshot_id: str) -> list[dict[str, Any]]:
    """The models that answered, with their settings; what an import did not tell is empty.

    An imported record's settings are its file, and who answered: the line in it is left out here.
    """
    rows = db.execute(
        "SELECT r.model_sha256, r.quantisation, r.template_sha256, r.engine,"
        " json_remove(r.sampling, '$.imported.line') AS sampling, count(*) AS records"
        f" {OF_SNAPSHOT} GROUP BY 1, 2, 3, 4, 5 ORDER BY records DESC, 1, 5",
        (snapshot_id,),
    )
    return [{**dict(row), "sampling": json.loads(row["sampling"])} for row in rows]


def _answers(db: sqlite3.Connection, snapshot_id: str) -> dict[str, Any]:
    """The lengths of the answers: in characters of all, in tokens of those that were counted."""
    characters, tokens = [], []
    for row in yielding(
        db.execute(
            "SELECT length(s.assistant) AS characters, r.completion_tokens AS tokens,"
            f" s.assistant = r.response AS same {OF_SNAPSHOT}",
            (snapshot_id,),
        )
    ):
        characters.append(row["characters"])
        if row["same"] and row["tokens"]:
            tokens.append(row["tokens"])
    return {
        "characters": _spread(characters),
        "tokens": _spread(tokens),
        "tokens_not_counted": len(characters) - len(tokens),
    }


def spread_of_characters(db: sqlite3.Connection, snapshot_id: str) -> dict[str, float] | None:
    """Return the spread of the lengths of a snapshot's answers in characters; None without any."""
    rows = db.execute("SELECT length(assistant) FROM snapshot_records WHERE snapshot = ?", (snapshot_id,))
    return _spread([row[0] for row in yielding(rows)])


def _spread(values: list[int]) -> dict[str, float] | None:
    if not values:
        return None
    tenths = quantiles(values, n=10, method="inclusive") if len(values) > 1 else values * 9
    return {
        "mean": round(fmean(values), 1),
        "median": median(values),
        "shortest_tenth": tenths[0],
        "longest_tenth": tenths[-1],
        "longest": max(values),
        "total": sum(values),
    }
