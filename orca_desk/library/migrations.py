"""Upgrading an older library: append-only scripts in one transaction, after a backup."""

import json
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from orca_desk.errors import UserError
from orca_desk.library.clock import now
from orca_desk.library.connections import copy_database, transact
from orca_desk.library.schema import MIGRATIONS
from orca_desk.method.records import Sampling, content_key, question_key, record_identity

APPLICATION_ID = 0x4F524341  # "ORCA", in the header of every library file


class NewerError(UserError):
    """The library is of a newer Orca Desk, which may keep things that this one does not know."""


def version_of(db: sqlite3.Connection) -> int:
    """Return the number of migrations that the database has had; 0 for an empty one. Raises sqlite3.Error."""
    return int(db.execute("PRAGMA user_version").fetchone()[0])


def check_version(db: sqlite3.Connection, path: Path, scripts: Sequence[str] = MIGRATIONS) -> None:
    """Raise UserError if the file belongs to another program, or to a newer Orca Desk."""
    version = version_of(db)
    tables = db.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]
    if tables and db.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
        raise UserError(f"{path} is not an Orca Desk library.", "Choose another library folder.")
    if version > len(scripts):
        raise NewerError(
            f"{path} was written by a newer Orca Desk (format {version}; this one knows {len(scripts)}).",
            "Update Orca Desk, or choose another library folder.",
        )


def migrate(
    db: sqlite3.Connection,
    path: Path,
    *,
    scripts: Sequence[str] = MIGRATIONS,
    fill: Callable[[sqlite3.Connection], object] | None = None,
) -> Path | None:
    """Bring the database up to date in one transaction; return the backup made first, if one was needed.

    `fill` puts the first content into a new database, in the same transaction. Raises UserError if the file
    is newer than `scripts`, and sqlite3.Error or OSError if it cannot be written; it then stays unchanged.
    """
    check_version(db, path, scripts)
    version = version_of(db)
    if version == len(scripts):
        return None
    backup = None
    if version:
        backup = path.parent / "backups" / f"library-format-{version}-{now()[:19].replace(':', '')}.db"
        copy_database(db, backup)
    for name, (arguments, function) in FUNCTIONS.items():
        db.create_function(name, arguments, function, deterministic=True)

    def upgrade(db: sqlite3.Connection) -> None:
        for script in scripts[version:]:
            for statement in statements(script):
                db.execute(statement)
        db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        db.execute(f"PRAGMA user_version = {len(scripts)}")
        if fill and not version:
            fill(db)

    transact(db, upgrade)
    return backup


def own_verdict(system: str, user: str, response: str, answer: str | None, kind: Any) -> str:
    """Return the verdict on the teacher's own answer and its leaks, as JSON; no verdict without a reference.

    Before version 4, a reviewer's edit replaced the verdict on the teacher's words.
    """
    from orca_desk.method.grading import grade  # only an older library needs these
    from orca_desk.method.leaks import find_leaks

    verdict = None if answer is None else grade(response, answer, kind, question=user)
    leaks = json.dumps([asdict(leak) for leak in find_leaks(system, response, question=user)])
    return json.dumps(
        {
            "correct": verdict and int(verdict.correct),
            "kind": verdict and verdict.kind,
            "answer": verdict and verdict.answer,
            "reason": verdict.reason if verdict else "",
            "leaks": leaks,
            "leaked": int(leaks != "[]"),
        },
        ensure_ascii=False,
    )


def greedy_identity(
    identity: str, system: str, user: str, sample: int, sampling: str, model: str, template: str
) -> str:
    """Return the identity that a record at temperature 0 would have if it were asked today.

    Before version 4, an identity held the seed and the filters also at temperature 0, which ignores them.
    Returns `identity` itself where today's differs for another reason.
    """
    values = {
        "system": system,
        "user": user,
        "sample": sample,
        "model_sha256": model,
        "template_sha256": template,
    }
    used = Sampling.from_json(json.loads(sampling))
    if record_identity(**values, sampling=used, exact=True) != identity:  # type: ignore[arg-type]
        return identity
    return record_identity(**values, sampling=used)  # type: ignore[arg-type]


def is_bundled(task: str) -> int:
    """Return whether a task has the id of a bundled one. Before version 22, nothing else was known of it."""
    from orca_desk.library.samples import sample_ids  # it imports what imports this module

    return int(task in sample_ids())


# The SQL functions of the scripts, beside those of every connection: their number of arguments, and what they
# call
FUNCTIONS: dict[str, tuple[int, Callable[..., Any]]] = {
    "question_key": (1, question_key),
    "content_key": (2, content_key),
    "own_verdict": (5, own_verdict),
    "greedy_identity": (7, greedy_identity),
    "is_bundled": (1, is_bundled),
}


def statements(script: str) -> Iterator[str]:
    """Yield the script's statements. (sqlite3's own executescript would commit before the first one.)"""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
    if statement.strip():
        yield statement
