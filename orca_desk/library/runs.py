"""Runs: every job that was started, with its request, its progress and its outcome."""

import json
import sqlite3
from collections.abc import Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from orca_desk.errors import FinalError, UserError
from orca_desk.library.clock import now
from orca_desk.library.conditions import Conditions, json_list
from orca_desk.library.connections import connect
from orca_desk.library.database import DATABASE_NAME, Library
from orca_desk.library.ids import next_id
from orca_desk.method.records import digest
from orca_desk.paths import expanded

Status = Literal["running", "done", "failed", "cancelled", "interrupted"]
EndStatus = Literal["done", "failed", "cancelled"]
NOTE = "coalesce((SELECT note FROM notes WHERE kind = 'run' AND item = runs.id), '')"
SELECT = f"SELECT runs.*, {NOTE} AS note FROM runs"


@dataclass(frozen=True, kw_only=True)
class Run:
    """One job. `done` of `total` is in `unit`; `outcome` is one sentence for the user; times are UTC.

    `settings` identify the run: the same job started again finds it by them. `request` is what the user asked
    for, from which the desktop starts the job again; None for the stages of a larger job, such as the demo.

    A run that is resumed is one run with several parts: `created_at` is when the first of them began,
    `started_at` and `ended_at` belong to the last, and `earlier_seconds` is the time of those before it, less
    the time in which the computer slept.
    `seen_at` is when the progress was last stored. `label` is what the user called the run, and `note`
    what they noted about it, or "".
    """

    id: str
    kind: str
    settings: dict[str, Any]
    request: dict[str, Any] | None
    status: Status
    done: float
    total: float | None
    unit: str
    outcome: str
    created_at: str
    started_at: str | None
    ended_at: str | None
    earlier_seconds: float
    seen_at: str | None
    label: str = ""
    note: str = ""

    @property
    def is_final(self) -> bool:
        """Whether the run failed in a way that resuming it would only repeat."""
        return self.status == "failed" and final_failure(self.outcome) is not None

    @property
    def seconds(self) -> float | None:
        """The seconds of all parts, up to now while the run is running; None if that was never noted."""
        end = now() if self.status == "running" else self.ended_at or self.seen_at
        if self.started_at is None or end is None:
            return self.earlier_seconds or None
        span = datetime.fromisoformat(end) - datetime.fromisoformat(self.started_at)
        return max(0.0, self.earlier_seconds + max(0.0, span.total_seconds()))


def create_run(
    library: Library, kind: str, settings: Mapping[str, Any], request: Mapping[str, Any] | None = None
) -> Run:
    """Store a new run of a kind such as "generate" and return it, with an id such as generate-3.

    JSON must be able to hold `settings` and `request`.
    """
    return _run(library.write(lambda db: insert_run(db, kind, settings, request)))


def insert_run(
    db: sqlite3.Connection,
    kind: str,
    settings: Mapping[str, Any],
    request: Mapping[str, Any] | None = None,
) -> sqlite3.Row:
    """Do what `create_run` does, inside a write; return the run's row."""
    time = now()
    row: sqlite3.Row = db.execute(
        "INSERT INTO runs (id, kind, settings, fingerprint, request, status, created_at, started_at)"
        " VALUES (?, ?, ?, ?, ?, 'running', ?, ?) RETURNING *",
        (
            next_id(db, kind),
            kind,
            json.dumps(settings, ensure_ascii=False),
            digest(settings),
            _to_json(request),
            time,
            time,
        ),
    ).fetchone()
    return row


def failure_outcome(error: Exception) -> str:
    """Return the outcome of a run that `error` ended; `final_failure` recognises a final one."""
    text = str(error) or type(error).__name__
    return json.dumps({"final": text}, ensure_ascii=False) if isinstance(error, FinalError) else text


def final_failure(outcome: str) -> str | None:
    """Return the sentences of a final failure; None for any other outcome."""
    return str(json.loads(outcome)["final"]) if outcome.startswith('{"final"') else None


def find_unfinished(library: Library, kind: str, settings: Mapping[str, Any]) -> Run | None:
    """Return the run to resume: the newest of this kind with these settings, unless it is done or final."""
    row = library.row(
        f"{SELECT} WHERE kind = ? AND fingerprint = ? ORDER BY n DESC LIMIT 1",
        (kind, digest(settings)),
    )
    found = None if row is None else _run(row)
    return None if found is None or found.status == "done" or found.is_final else found


def find_done(library: Library, kind: str, settings: Mapping[str, Any]) -> Run | None:
    """Return the newest finished run of this kind with these settings, to use its results again."""
    row = library.row(
        f"{SELECT} WHERE kind = ? AND fingerprint = ? AND status = 'done' ORDER BY n DESC LIMIT 1",
        (kind, digest(settings)),
    )
    return None if row is None else _run(row)


def start_run(library: Library, run_id: str) -> Run:
    """Set a run to "running", whether it is new or resumed; return it. The time of its last part is kept."""
    return _update(
        library,
        run_id,
        "status = 'running', outcome = '', ended_at = NULL, seen_at = NULL, earlier_seconds = earlier_seconds"
        " + max(0, coalesce(86400 * (julianday(coalesce(ended_at, seen_at)) - julianday(started_at)), 0)),"
        " started_at = ?",
        now(),
    )


def set_request(library: Library, run_id: str, request: Mapping[str, Any]) -> Run:
    """Replace what a run was asked for, when it is resumed by another request; return the run."""
    return _update(library, run_id, "request = ?", _to_json(request))


def peek_at_running(folder: Path, kind: str) -> tuple[str, dict[str, Any]] | None:
    """Return the id and the request of the run of a kind that is running, without opening the library.

    Another process may have it open. None without such a run, or a library that can be read.
    """
    if not (path := expanded(folder) / DATABASE_NAME).is_file():
        return None
    try:
        with closing(connect(path, "ro")) as db:
            row = db.execute(
                "SELECT id, request FROM runs WHERE kind = ? AND status = 'running'"
                " AND request IS NOT NULL ORDER BY n DESC LIMIT 1",
                (kind,),
            ).fetchone()
        return (row["id"], json.loads(row["request"])) if row else None
    except (sqlite3.Error, ValueError):
        return None


def newest_request(library: Library, kind: str) -> dict[str, Any] | None:
    """Return the request of the newest run of a kind that has one, to start from next time."""
    row = library.row(
        "SELECT request FROM runs WHERE kind = ? AND request IS NOT NULL"
        " ORDER BY coalesce(started_at, created_at) DESC, n DESC LIMIT 1",
        (kind,),
    )
    return json.loads(row["request"]) if row else None


def has_requests(library: Library) -> bool:
    """Return whether the user ever started a job other than the demo."""
    return library.row("SELECT 1 FROM runs WHERE request IS NOT NULL LIMIT 1") is not None


def store_progress(library: Library, run_id: str, *, done: float, total: float | None, unit: str = "") -> Run:
    """Store the progress of a run; return it."""
    return _update(library, run_id, "done = ?, total = ?, unit = ?, seen_at = ?", done, total, unit, now())


def end_run(library: Library, run_id: str, status: EndStatus, outcome: str, *, asleep: float = 0.0) -> Run:
    """Store how a run ended, in one sentence; return it.

    `asleep` are the seconds of its last part in which the computer slept, which its time leaves out.
    """
    return _update(
        library,
        run_id,
        "status = ?, outcome = ?, ended_at = ?, earlier_seconds = earlier_seconds - ?",
        status,
        outcome,
        now(),
        asleep,
    )


def get_run(library: Library, run_id: str) -> Run:
    """Return one run. Raises UserError if it does not exist."""
    row = library.row(f"{SELECT} WHERE id = ?", (run_id,))
    if row is None:
        raise _unknown(run_id)
    return _run(row)


def list_runs(
    library: Library, *, kind: str | None = None, status: Status | None = None, limit: int = 200
) -> list[Run]:
    """Return runs, the newest first."""
    conditions = Conditions()
    conditions.equal("kind", kind)
    conditions.equal("status", status)
    rows = library.rows(
        f"{SELECT} {conditions.where} ORDER BY n DESC LIMIT ?", [*conditions.parameters, limit]
    )
    return list(map(_run, rows))


def runs_of(library: Library, ids: Iterable[str]) -> dict[str, Run]:
    """Return the runs with these ids, by id, in one query."""
    rows = library.rows(f"{SELECT} WHERE id IN (SELECT value FROM json_each(?))", (json_list(ids),))
    return {row["id"]: _run(row) for row in rows}


def _update(library: Library, run_id: str, assignments: str, *values: Any) -> Run:
    def store(db: sqlite3.Connection) -> sqlite3.Row | None:
        row: sqlite3.Row | None = db.execute(
            f"UPDATE runs SET {assignments} WHERE id = ? RETURNING *", (*values, run_id)
        ).fetchone()
        return row

    row = library.write(store)
    if row is None:
        raise _unknown(run_id)
    return _run(row)


def _unknown(run_id: str) -> UserError:
    return UserError(f"There is no run {run_id}.", "List the runs to see their ids.")


def _run(row: sqlite3.Row) -> Run:
    known = row.keys()
    fields = {name: row[name] for name in Run.__dataclass_fields__ if name in known}
    request = json.loads(row["request"]) if row["request"] is not None else None
    return Run(**{**fields, "settings": json.loads(row["settings"]), "request": request})


def _to_json(request: Mapping[str, Any] | None) -> str | None:
    return None if request is None else json.dumps(request, ensure_ascii=False)
