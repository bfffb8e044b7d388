"""The strategy of each family with the measurements behind it, and all earlier pairings."""

import json
import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from orca_desk.library.clock import now
from orca_desk.library.conditions import json_list
from orca_desk.library.database import Library
from orca_desk.library.families import ID_OF, NAME, PRESENT, family_ids
from orca_desk.library.rows import table
from orca_desk.library.tasks import TaskFilter, undecided_families
from orca_desk.method.pairing import Evidence, Pairing, choose

Source = Literal["measured", "chosen"]
SELECT = f"SELECT *, {NAME} AS family FROM pairings"
# Of the families that still exist; one that was merged into another keeps its pairings for an undo
CURRENT = f"""{SELECT} WHERE n IN (SELECT max(n) FROM pairings GROUP BY family_id)
    AND family_id IN {PRESENT} ORDER BY family"""


@dataclass(frozen=True, kw_only=True)
class StoredPairing:
    """A family's pairing, chosen by its evidence or by the user (`source`); `created_at` is UTC.

    `number` is its row.
    """

    pairing: Pairing
    source: Source
    created_at: str
    number: int = field(default=0, repr=False, compare=False)

    @property
    def strategy(self) -> str:
        """The name of the strategy that the family gets."""
        return self.pairing.strategy


def set_pairings(
    library: Library, pairings: Iterable[Pairing], *, source: Source, fruitless: Iterable[Evidence] = ()
) -> dict[str, StoredPairing]:
    """Pair families with strategies; return the pairings that these replace, by family.

    `fruitless` is what was measured in families in which no strategy got a task right: it is stored, and
    leaves their pairings as they are.
    """
    chosen, nothing = tuple(pairings), tuple(fruitless)

    def store(db: sqlite3.Connection) -> dict[str, StoredPairing]:
        before = _stored(db, CURRENT)
        names = [*(one.family for one in chosen), *(one.family for one in nothing)]
        families = family_ids(db, names)
        for pairing in chosen:
            row = {
                "family_id": families[pairing.family],
                "strategy": pairing.strategy,
                "source": source,
                "reason": pairing.reason,
                "created_at": now(),
            }
            rowid = table(db, "pairings").insert(row).last_rowid
            evidence = ({"pairing": rowid, **_evidence_row(one)} for one in pairing.evidence)
            table(db, "evidence").insert_all(evidence)
            for one in pairing.evidence:
                where = (families[one.family], one.strategy)
                db.execute("DELETE FROM fruitless WHERE family_id = ? AND strategy = ?", where)
        for one in nothing:
            row = {"family_id": families[one.family], "created_at": now(), **_evidence_row(one)}
            table(db, "fruitless").insert(row, replace=True)
        families_chosen = {pairing.family for pairing in chosen}
        return {one.pairing.family: one for one in before if one.pairing.family in families_chosen}

    return library.write(store)


def correct_evidence(
    db: sqlite3.Connection, answers: Mapping[tuple[str, str], Sequence[tuple[str, bool | None]]]
) -> None:
    """Replace outcomes whose verdicts have changed, inside a write; a measured pairing follows its evidence.

    `answers` has what was answered to a task under a strategy, the oldest first: when, and whether it is
    correct by now (None: its verdict has not changed). A measurement used the last answer before it.
    """
    stored = _stored(
        db,
        f"{SELECT} WHERE n IN (SELECT pairing FROM evidence, json_each(outcomes) AS one"
        " WHERE one.value ->> 0 IN (SELECT value FROM json_each(?)))",
        (json_list({task for task, _ in answers}),),
    )
    for one in stored:
        evidence = tuple(_corrected(each, answers, one.created_at) for each in one.pairing.evidence)
        if evidence != one.pairing.evidence:
            _replace_evidence(db, one, evidence)
    # A family in which nothing was right has no room for a right answer: it must be measured again
    for (task, strategy), given in answers.items():
        if any(correct for _, correct in given):
            db.execute(
                "DELETE FROM fruitless WHERE strategy = ? AND EXISTS ("
                " SELECT 1 FROM json_each(outcomes) AS one WHERE one.value ->> 0 = ?)",
                (strategy, task),
            )


def _corrected(
    evidence: Evidence, answers: Mapping[tuple[str, str], Sequence[tuple[str, bool | None]]], measured_at: str
) -> Evidence:
    """Return evidence with the verdicts that its answers have by now."""
    if not evidence.outcomes:  # old or imported: counts alone
        return evidence

    def outcome(task: str, right: bool) -> tuple[str, bool]:
        earlier = answers.get((task, evidence.strategy), ())
        given = [correct for answered_at, correct in earlier if answered_at <= measured_at]
        return task, right if not given or given[-1] is None else given[-1]

    outcomes = tuple(outcome(task, right) for task, right in evidence.outcomes)
    return replace(evidence, outcomes=outcomes, correct=sum(right for _, right in outcomes))


def _replace_evidence(db: sqlite3.Connection, stored: StoredPairing, evidence: tuple[Evidence, ...]) -> None:
    """Store other evidence for a pairing, and the strategy that it chooses if the earlier one chose this."""
    family, number = stored.pairing.family, stored.number
    db.executemany(
        "UPDATE evidence SET correct = :correct, outcomes = :outcomes"
        " WHERE pairing = :pairing AND strategy = :strategy",
        [{"pairing": number, **_evidence_row(one)} for one in evidence],
    )
    earlier, chosen = choose(stored.pairing.evidence).get(family), choose(evidence).get(family)
    if stored.source == "measured" and earlier and chosen and earlier.strategy == stored.strategy:
        db.execute(
            "UPDATE pairings SET strategy = ?, reason = ? WHERE n = ?",
            (chosen.strategy, chosen.reason, number),
        )


def withdraw_pairing(library: Library, pairing: Pairing) -> bool:
    """Delete a pairing chosen by hand; return False if it is no longer the newest."""
    newest = f"(SELECT max(n) FROM pairings WHERE family_id = {ID_OF})"
    sql = f"DELETE FROM pairings WHERE n = {newest} AND strategy = ? AND source = 'chosen'"
    return bool(library.write(lambda db: db.execute(sql, (pairing.family, pairing.strategy)).rowcount))


def latest_evidence(library: Library) -> dict[tuple[str, str], Evidence]:
    """Return the latest evidence by family and strategy, whatever the families are paired with now."""
    # Beside a max(), SQLite takes the other columns from the row that has it.
    rows = library.rows(
        f"SELECT {NAME} AS family, e.*, max(e.pairing)"
        " FROM evidence AS e JOIN pairings AS p ON p.n = e.pairing"
        f" WHERE family_id IN {PRESENT}"
        " GROUP BY p.family_id, e.strategy"
    )
    # What paired with nothing is newer than what was measured before: a later pairing removes it
    rows += library.rows(f"SELECT {NAME} AS family, f.* FROM fruitless AS f WHERE family_id IN {PRESENT}")
    return {(row["family"], row["strategy"]): _evidence(row["family"], row) for row in rows}


def earlier_evidence(library: Library) -> frozenset[tuple[str, str]]:
    """Return where the latest evidence is of an earlier instruction, by family and strategy.

    A measurement of a strategy used the version that was the newest at that time.
    """
    versions: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)
    for row in library.rows("SELECT name, instruction, created_at FROM strategies ORDER BY name, version"):
        versions[row["name"]].append((row["created_at"], row["instruction"]))
    rows = library.rows(
        f"SELECT {NAME} AS family, e.strategy, p.created_at, max(e.pairing)"
        " FROM evidence AS e JOIN pairings AS p ON p.n = e.pairing"
        f" WHERE family_id IN {PRESENT}"
        " GROUP BY p.family_id, e.strategy"
    )
    rows += library.rows(
        f"SELECT {NAME} AS family, strategy, created_at FROM fruitless WHERE family_id IN {PRESENT}"
    )
    measured = {(row["family"], row["strategy"]): row["created_at"] for row in rows}
    return frozenset(
        (family, strategy)
        for (family, strategy), measured_at in measured.items()
        if strategy in versions
        and _instruction_at(versions[strategy], measured_at) != versions[strategy][-1][1]
    )


def _instruction_at(versions: Sequence[tuple[str, str]], when: str) -> str:
    """Return the newest instruction at a time, of versions with their times, the oldest first."""
    known = [instruction for created_at, instruction in versions if created_at <= when]
    return known[-1] if known else versions[0][1]


def current_pairings(library: Library) -> dict[str, StoredPairing]:
    """Return the pairing of every family that has one, by family."""
    with library.read() as db:
        return {stored.pairing.family: stored for stored in _stored(db, CURRENT)}


def unpaired_families(library: Library, wanted: TaskFilter) -> tuple[str, ...]:
    """Return the families, among those of some tasks, that need a pairing and lack one, by name."""
    return tuple(sorted(undecided_families(library, wanted) - current_pairings(library).keys()))


def pairing_history(library: Library, family: str) -> list[StoredPairing]:
    """Return all pairings of a family, the newest first."""
    with library.read() as db:
        return _stored(db, f"{SELECT} WHERE family_id = {ID_OF} ORDER BY n DESC", (family,))


def _stored(db: sqlite3.Connection, sql: str, parameters: Sequence[Any] = ()) -> list[StoredPairing]:
    """Return the pairings that `sql` selects, with their evidence: two queries, however many there are."""
    rows = db.execute(sql, parameters).fetchall()
    evidence: defaultdict[int, list[Evidence]] = defaultdict(list)
    families = {row["n"]: row["family"] for row in rows}
    for one in db.execute(
        "SELECT * FROM evidence WHERE pairing IN (SELECT value FROM json_each(?)) ORDER BY pairing, strategy",
        (json_list(families),),
    ):
        evidence[one["pairing"]].append(_evidence(families[one["pairing"]], one))
    return [
        StoredPairing(
            pairing=Pairing(
                family=row["family"],
                strategy=row["strategy"],
                evidence=tuple(evidence[row["n"]]),
                reason=row["reason"],
            ),
            source=row["source"],
            created_at=row["created_at"],
            number=row["n"],
        )
        for row in rows
    ]


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
