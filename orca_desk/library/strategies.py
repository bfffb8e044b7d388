"""Strategies with all their versions: each change is a new version, so that old records stay valid."""

import json
import sqlite3
from collections.abc import Iterable
from dataclasses import replace

from orca_desk.errors import UserError
from orca_desk.library.clock import now
from orca_desk.library.database import Library
from orca_desk.method.strategies import Strategy

CURRENT = """
    SELECT * FROM strategies AS s
    WHERE version = (SELECT max(version) FROM strategies WHERE name = s.name)
"""


def current_strategies(library: Library) -> dict[str, Strategy]:
    """Return the newest version of every strategy, by name."""
    return {row["name"]: _strategy(row) for row in library.rows(f"{CURRENT} ORDER BY name")}


def get_strategy(library: Library, name: str, version: int | None = None) -> Strategy:
    """Return a strategy in its newest or a given version. Raises UserError if it does not exist."""
    if version is None:
        row = library.row("SELECT * FROM strategies WHERE name = ? ORDER BY version DESC LIMIT 1", (name,))
    else:
        row = library.row("SELECT * FROM strategies WHERE name = ? AND version = ?", (name, version))
    if row is None:
        known = ", ".join(current_strategies(library))
        what = name if version is None else f"{name}, version {version}"
        raise UserError(f"There is no strategy {what}.", f"Choose one of: {known}.")
    return _strategy(row)


def strategy_versions(library: Library, name: str) -> list[Strategy]:
    """Return all versions of a strategy, the oldest first; none for an unknown name."""
    return [
        _strategy(row)
        for row in library.rows("SELECT * FROM strategies WHERE name = ? ORDER BY version", (name,))
    ]


def strategies_by_instruction(library: Library, *, but: str = "") -> dict[str, Strategy]:
    """Return every instruction that the library has, with the newest version of a strategy that gives it.

    `but` is a strategy to leave out.
    """
    rows = library.rows("SELECT * FROM strategies WHERE name <> ? ORDER BY version, name DESC", (but,))
    return {row["instruction"]: _strategy(row) for row in rows}


def version_times(library: Library, name: str) -> dict[int, str]:
    """Return when each version of a strategy was stored (UTC), by version."""
    rows = library.rows("SELECT version, created_at FROM strategies WHERE name = ? ORDER BY version", (name,))
    return {row["version"]: row["created_at"] for row in rows}


def add_strategy(library: Library, strategy: Strategy) -> Strategy:
    """Store a new strategy. Raises UserError if the name is taken, since `save_strategy` would revise it."""

    def add(db: sqlite3.Connection) -> Strategy:
        if db.execute("SELECT 1 FROM strategies WHERE name = ?", (strategy.name,)).fetchone():
            raise UserError(f"There is already a strategy {strategy.name}.", "Choose another name.")
        return _insert(db, strategy)

    return library.write(add)


def save_strategy(library: Library, strategy: Strategy) -> Strategy:
    """Store `strategy` as the next version under its name, whatever its own version; return the newest.

    Stores nothing if only the version differs from the newest one.
    """
    return library.write(lambda db: insert_strategies(db, [strategy])[0])


def save_strategies(library: Library, strategies: Iterable[Strategy]) -> list[Strategy]:
    """Do what `save_strategy` does for several strategies, in one transaction."""
    return library.write(lambda db: insert_strategies(db, strategies))


def insert_strategies(db: sqlite3.Connection, strategies: Iterable[Strategy]) -> list[Strategy]:
    """Do what `save_strategies` does, inside a write."""
    return [_insert(db, strategy) for strategy in strategies]


def _insert(db: sqlite3.Connection, strategy: Strategy) -> Strategy:
    row = db.execute(
        "SELECT * FROM strategies WHERE name = ? ORDER BY version DESC LIMIT 1", (strategy.name,)
    ).fetchone()
    newest = _strategy(row) if row else None
    if newest and replace(strategy, version=newest.version) == newest:
        return newest
    stored = replace(strategy, version=newest.version + 1 if newest else strategy.version)
    db.execute(
        "INSERT INTO strategies (name, version, title, description, markers, instruction, created_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            stored.name,
            stored.version,
            stored.title,
            stored.description,
            json.dumps(stored.markers, ensure_ascii=False),
            stored.instruction,
            now(),
        ),
    )
    return stored


def _strategy(row: sqlite3.Row) -> Strategy:
    return Strategy(
        name=row["name"],
        title=row["title"],
        version=row["version"],
        description=row["description"],
        markers=tuple(json.loads(row["markers"])),
        instruction=row["instruction"],
    )
