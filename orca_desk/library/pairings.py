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
from orca_desk.method.pairing import (
    Basis,
    ChoiceRule,
    Decision,
    Evidence,
    Pairing,
    PairingReason,
    choose,
)

Source = Literal["measured", "chosen"]
SELECT = f"SELECT *, {NAME} AS family FROM pairings"
# Of the families that still exist; one that was merged into another keeps its pairings for an undo
CURRENT = f"""{SELECT} WHERE n IN (SELECT max(n) FROM pairings GROUP BY family_id)
    AND family_id IN {PRESENT} ORDER BY family"""


@dataclass(frozen=True, kw_only=True)
class StoredPairing:
    """A family's pairing, chosen by its evidence or by the user (`source`); `created_at` is UTC.

    `details` is JSON: what was compared (`Decision.details`), or who overruled which measurement. `number` is
    its row.
    """

    pairing: Pairing
    source: Source
    created_at: str
    details: Mapping[str, Any] = field(default_factory=dict, compare=False)
    number: int = field(default=0, repr=False, compare=False)

    @property
    def strategy(self) -> str:
        """The name of the strategy that the family gets."""
        return self.pairing.strategy


@dataclass(frozen=True, kw_only=True)
class Undecided:
    """The newest measurement of a family, if it chose nothing; `reason` and `details` say why."""

    family: str
    basis: Basis
    reason: PairingReason
    evidence: tuple[Evidence, ...]
    details: Mapping[str, Any]
    created_at: str

    @property
    def more_tasks(self) -> int | None:
        """How many more tasks would probably settle the choice; None if that is not known."""
        more = self.details.get("more_tasks")
        return more if isinstance(more, int) else None

    @property
    def more_answers(self) -> Mapping[str, int]:
        """How many more tasks each strategy would have to answer; empty if that is not known."""
        if self.more_tasks is None:
            return {}
        every = {item.strategy: self.more_tasks for item in self.evidence}
        stored: Mapping[str, int] = self.details.get("more_answers", every)
        return stored


@dataclass(frozen=True, kw_only=True)
class ProbedAnswer:
    """The verdict that an answer to a task under a strategy has by now, and whether it has just changed."""

    answered_at: str
    sample: int
    correct: bool | None
    has_changed: bool


def set_pairings(
    library: Library,
    pairings: Iterable[Pairing],
    *,
    source: Source,
    undecided: Iterable[Decision] = (),
    details: Mapping[str, Mapping[str, Any]] | None = None,
) -> dict[str, StoredPairing]:
    """Pair families with strategies; return the pairings that these replace, by family.

    `undecided` are the families for which a measurement chose nothing: it is stored, and leaves their
    pairings as they are. `details`, by family, are stored with either.
    """
    chosen, nothing, more = tuple(pairings), tuple(undecided), details or {}

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
                "details": json.dumps(more.get(pairing.family, {}), ensure_ascii=False),
                "created_at": now(),
            }
            rowid = table(db, "pairings").insert(row).last_rowid
            evidence = ({"pairing": rowid, **_evidence_row(one)} for one in pairing.evidence)
            table(db, "evidence").insert_all(evidence)
            _forget_undecided(db, families[pairing.family], pairing.evidence)
        for decision in nothing:
            _forget_undecided(db, families[decision.family], decision.evidence)
            row = {
                "family_id": families[decision.family],
                "reason": decision.reason,
                "details": json.dumps(more.get(decision.family, decision.details), ensure_ascii=False),
                "created_at": now(),
            }
            table(db, "undecided").insert_all({**row, **_evidence_row(one)} for one in decision.evidence)
        families_chosen = {pairing.family for pairing in chosen}
        return {one.pairing.family: one for one in before if one.pairing.family in families_chosen}

    return library.write(store)


def _forget_undecided(db: sqlite3.Connection, family: int, evidence: Iterable[Evidence]) -> None:
    """Remove what a newer measurement of the same strategies replaces."""
    db.executemany(
        "DELETE FROM undecided WHERE family_id = ? AND strategy = ? AND basis = ?",
        [(family, one.strategy, one.basis) for one in evidence],
    )


def correct_evidence(
    db: sqlite3.Connection, answers: Mapping[tuple[str, str], Sequence[ProbedAnswer]]
) -> None:
    """Replace outcomes whose verdicts have changed, inside a write; a measured pairing follows its evidence.

    `answers` has all that was answered to a task under a strategy, the oldest first. A measurement used the
    last answers before it.
    """
    stored = _stored(
        db,
        f"{SELECT} WHERE n IN (SELECT pairing FROM evidence, json_each(outcomes) AS one"
        " WHERE basis = 'reference' AND one.value ->> 0 IN (SELECT value FROM json_each(?)))",
        (json_list({task for task, _ in answers}),),
    )
    for one in stored:
        evidence = tuple(_corrected(each, answers, one.created_at) for each in one.pairing.evidence)
        if evidence != one.pairing.evidence:
            _replace_evidence(db, one, evidence)
    # A family without a choice has no decision to follow other verdicts: it must be measured again
    for (task, strategy), given in answers.items():
        if any(answer.has_changed for answer in given):
            db.execute(
                "DELETE FROM undecided WHERE strategy = ? AND basis = 'reference' AND EXISTS ("
                " SELECT 1 FROM json_each(outcomes) AS one WHERE one.value ->> 0 = ?)",
                (strategy, task),
            )


def _corrected(
    evidence: Evidence, answers: Mapping[tuple[str, str], Sequence[ProbedAnswer]], measured_at: str
) -> Evidence:
    """Return evidence with the verdicts that its answers have by now."""
    if not evidence.outcomes or evidence.basis != Basis.REFERENCE:  # counts alone, or not by references
        return evidence
    samples = max(1, round(evidence.n / evidence.tasks))

    def outcome(task: str, share: float) -> float:
        earlier = [
            answer
            for answer in answers.get((task, evidence.strategy), ())
            if answer.answered_at <= measured_at and answer.sample < samples
        ]
        used = {answer.sample: answer for answer in earlier}.values()
        given = [answer.correct for answer in used if answer.correct is not None]
        return sum(given) / len(given) if given and any(answer.has_changed for answer in used) else share

    outcomes = tuple((task, outcome(task, share)) for task, share in evidence.outcomes)
    right = round(sum(share for _, share in outcomes) / len(outcomes) * evidence.n)
    return replace(evidence, outcomes=outcomes, correct=right)


def _replace_evidence(db: sqlite3.Connection, stored: StoredPairing, evidence: tuple[Evidence, ...]) -> None:
    """Store other evidence for a pairing, and the strategy that it chooses if the earlier one chose this."""
    family, number = stored.pairing.family, stored.number
    db.executemany(
        "UPDATE evidence SET correct = :correct, outcomes = :outcomes"
        " WHERE pairing = :pairing AND strategy = :strategy",
        [{"pairing": number, **_evidence_row(one)} for one in evidence],
    )
    rule = ChoiceRule.from_json(stored.details)
    earlier, chosen = choose(stored.pairing.evidence, rule).get(family), choose(evidence, rule).get(family)
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


def latest_evidence(library: Library, basis: Basis | None = None) -> dict[tuple[str, str], Evidence]:
    """Return the latest evidence by family and strategy, whatever the families are paired with now.

    `basis`: only that of this basis; None: the latest of any, and its `basis` says which.
    """
    rows = _latest(library, basis).items()
    return {(family, strategy): _evidence(family, row) for (family, strategy), row in rows}


def _latest(library: Library, basis: Basis | None) -> dict[tuple[str, str], sqlite3.Row]:
    """Return the rows of the latest evidence, with the time of their measurement as `measured_at`."""
    where = f"family_id IN {PRESENT}" + ("" if basis is None else " AND basis = :basis")
    rows = library.rows(
        # Beside a max(), SQLite takes the other columns from the row that has it.
        f"SELECT {NAME} AS family, e.*, p.created_at AS measured_at, max(e.pairing)"
        " FROM evidence AS e JOIN pairings AS p ON p.n = e.pairing"
        f" WHERE {where} GROUP BY p.family_id, e.strategy",
        {"basis": basis},
    )
    # What chose nothing is newer than what was measured before by the same basis
    rows += library.rows(
        f"SELECT {NAME} AS family, u.*, created_at AS measured_at FROM undecided AS u WHERE {where}"
        " ORDER BY created_at",
        {"basis": basis},
    )
    latest: dict[tuple[str, str], sqlite3.Row] = {}
    for row in rows:
        key = row["family"], row["strategy"]
        known = latest.get(key)
        if known is None or row["basis"] == known["basis"] or row["measured_at"] >= known["measured_at"]:
            latest[key] = row
    return latest


def undecided_families_of(library: Library, basis: Basis | None = None) -> dict[str, Undecided]:
    """Return the families whose newest measurement chose nothing, by name.

    `basis`: as measured by this one; None: by any. A family that a newer measurement paired is left out.
    """
    where = f"family_id IN {PRESENT}" + ("" if basis is None else " AND basis = :basis")
    rows = library.rows(
        f"SELECT {NAME} AS family, u.* FROM undecided AS u WHERE {where}"
        " ORDER BY created_at, basis, strategy",
        {"basis": basis},
    )
    groups: defaultdict[str, list[sqlite3.Row]] = defaultdict(list)
    for row in rows:
        groups[row["family"]].append(row)
    return {
        family: Undecided(
            family=family,
            basis=Basis(newest[-1]["basis"]),
            reason=PairingReason(newest[-1]["reason"]),
            evidence=tuple(
                _evidence(family, row)
                for row in newest
                if (row["created_at"], row["basis"]) == (newest[-1]["created_at"], newest[-1]["basis"])
            ),
            details=json.loads(newest[-1]["details"]),
            created_at=newest[-1]["created_at"],
        )
        for family, newest in sorted(groups.items())
    }


def earlier_evidence(library: Library, basis: Basis | None = None) -> frozenset[tuple[str, str]]:
    """Return where the latest evidence is of an earlier instruction, by family and strategy.

    A measurement of a strategy used the version that was the newest at that time.
    """
    versions: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)
    for row in library.rows("SELECT name, instruction, created_at FROM strategies ORDER BY name, version"):
        versions[row["name"]].append((row["created_at"], row["instruction"]))
    measured = {key: row["measured_at"] for key, row in _latest(library, basis).items()}
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
            details=json.loads(row["details"]),
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
        "basis": evidence.basis,
    }


def _evidence(family: str, row: sqlite3.Row) -> Evidence:
    return Evidence(
        family=family,
        strategy=row["strategy"],
        n=row["tasks"],
        correct=row["correct"],
        mean_tokens=row["mean_tokens"],
        outcomes=tuple((task, share) for task, share in json.loads(row["outcomes"])),
        basis=Basis(row["basis"]),
    )
