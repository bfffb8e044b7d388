"""The strategy of each family with the measurements behind it, and all earlier pairings."""

import json
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

from orca_desk.library.clock import now
from orca_desk.library.database import Library
from orca_desk.library.rows import table
from orca_desk.method.pairing import Evidence, Pairing

Source = Literal["measured", "chosen"]


@dataclass(frozen=True, kw_only=True)
class StoredPairing:
    """A family's pairing, chosen by its evidence or by the user (`source`); `created_at` is UTC."""

    pairing: Pairing
    source: Source
    created_at: str

    @property
    def strategy(self) -> str:
        """The name of the strategy that the family gets."""
        return self.pairing.strategy


def set_pairings(
    library: Library, pairings: Iterable[Pairing], *, source: Source
) -> dict[str, StoredPairing]:
    """Pair families with strategies; return the pairings that these replace, by family."""
    chosen = tuple(pairings)
    before = current_pairings(library)

    def store(db: sqlite3.Connection) -> None:
        for pairing in chosen:
            row = {
                "family": pairing.family,
                "strategy": pairing.strategy,
                "source": source,
                "reason": pairing.reason,
                "created_at": now(),
            }
            rowid = table(db, "pairings").insert(row).last_rowid
            evidence = ({"pairing": rowid, **_evidence_row(one)} for one in pairing.evidence)
            table(db, "evidence").insert_all(evidence)

    library.write(store)
    return {pairing.family: before[pairing.family] for pairing in chosen if pairing.family in before}


def withdraw_pairing(library: Library, pairing: Pairing) -> bool:
    """Delete a pairing chosen by hand; return False if it is no longer the newest."""
    newest = "(SELECT max(n) FROM pairings WHERE family = ?)"
    sql = f"DELETE FROM pairings WHERE n = {newest} AND strategy = ? AND source = 'chosen'"
    return bool(library.write(lambda db: db.execute(sql, (pairing.family, pairing.strategy)).rowcount))


def latest_evidence(library: Library) -> dict[tuple[str, str], Evidence]:
    """Return the latest evidence by family and strategy, whatever the families are paired with now."""
    # Beside a max(), SQLite takes the other columns from the row that has it.
    rows = library.rows(
        "SELECT p.family, e.*, max(e.pairing) FROM evidence AS e JOIN pairings AS p ON p.n = e.pairing"
        " GROUP BY p.family, e.strategy"
    )
    return {(row["family"], row["strategy"]): _evidence(row["family"], row) for row in rows}


def current_pairings(library: Library) -> dict[str, StoredPairing]:
    """Return the pairing of every family that has one, by family."""
    rows = library.rows(
        "SELECT * FROM pairings WHERE n IN (SELECT max(n) FROM pairings GROUP BY family) ORDER BY family"
    )
    return {row["family"]: _pairing(library, row) for row in rows}


def pairing_history(library: Library, family: str) -> list[StoredPairing]:
    """Return all pairings of a family, the newest first."""
    rows = library.rows("SELECT * FROM pairings WHERE family = ? ORDER BY n DESC", (family,))
    return [_pairing(library, row) for row in rows]


def _pairing(library: Library, row: sqlite3.Row) -> StoredPairing:
    found = library.rows("SELECT * FROM evidence WHERE pairing = ? ORDER BY strategy", (row["n"],))
    pairing = Pairing(
        family=row["family"],
        strategy=row["strategy"],
        evidence=tuple(_evidence(row["family"], one) for one in found),
        reason=row["reason"],
    )
    return StoredPairing(pairing=pairing, source=row["source"], created_at=row["created_at"])


def _evidence_row(evidence: Evidence) -> dict[str, Any]:
    return {
        "strategy": evidence.strategy,
        "tasks": evidence.n,
        "correct": evidence.correct,
        "mean_tokens": evidence.mean_tokens,
        "outcomes": json.dumps(evidence.outcomes),
    }


def _evidence(family: str, row: sqlite3.Row) -> Evidence:
    return Evidence(
        family=family,
        strategy=row["strategy"],
        n=row["tasks"],
        correct=row["correct"],
        mean_tokens=row["mean_tokens"],
        outcomes=tuple((task, right) for task, right in json.loads(row["outcomes"])),
    )
