"""Two snapshots side by side: what is in one and not in the other, how they are mixed, and their settings."""

import sqlite3
from dataclasses import asdict, dataclass
from typing import Any

from orca_desk.library.database import Library
from orca_desk.library.manifests import spread_of_characters
from orca_desk.library.records import FAMILY
from orca_desk.library.snapshots import Snapshot, get_snapshot

BEGINNING = 200  # characters of a question
EXAMPLES = 20
ABSENT = """FROM snapshot_records AS s WHERE s.snapshot = ?1 AND NOT EXISTS (
    SELECT 1 FROM snapshot_records WHERE snapshot = ?2 AND teacher_record_id = s.teacher_record_id)"""
OF_BOTH = """FROM snapshot_records AS s WHERE s.snapshot = ?1 AND EXISTS (
    SELECT 1 FROM snapshot_records WHERE snapshot = ?2 AND teacher_record_id = s.teacher_record_id{more})"""


@dataclass(frozen=True, kw_only=True)
class Counterparts:
    """How many records of a family or a strategy each of two snapshots has."""

    name: str
    first: int
    second: int


@dataclass(frozen=True, kw_only=True)
class SettingDifference:
    """A setting that two snapshots were frozen with differently, as stored."""

    name: str
    first: Any
    second: Any


@dataclass(frozen=True, kw_only=True)
class LoneRecord:
    """A record that only one of two snapshots has; `user` is the beginning of the question."""

    teacher_record_id: str
    family: str
    strategy: str
    user: str


@dataclass(frozen=True, kw_only=True)
class SnapshotComparison:
    """Two snapshots compared by their teacher records.

    `equal` records of the first are in the second as they are; `changed` ones with another system message or
    another answer. `only_first` and `only_second` count the rest, of which there are some examples. `lengths`
    are those of the answers in characters (see the manifest).
    """

    first: Snapshot
    second: Snapshot
    equal: int
    changed: int
    only_first: int
    only_second: int
    families: tuple[Counterparts, ...]
    strategies: tuple[Counterparts, ...]
    lengths: tuple[dict[str, float] | None, dict[str, float] | None]
    settings: tuple[SettingDifference, ...]
    examples_first: tuple[LoneRecord, ...]
    examples_second: tuple[LoneRecord, ...]


def compare_snapshots(
    library: Library, first_id: str, second_id: str, *, examples: int = EXAMPLES
) -> SnapshotComparison:
    """Compare two snapshots. Raises UserError if one does not exist."""
    first, second = get_snapshot(library, first_id), get_snapshot(library, second_id)
    pair = (first_id, second_id)
    with library.read() as db:
        shared = _count(db, OF_BOTH.format(more=""), *pair)
        equal = _count(db, OF_BOTH.format(more=" AND id = s.id"), *pair)
        return SnapshotComparison(
            first=first,
            second=second,
            equal=equal,
            changed=shared - equal,
            only_first=_count(db, ABSENT, *pair),
            only_second=_count(db, ABSENT, *reversed(pair)),
            families=_side_by_side(first.families, second.families),
            strategies=_side_by_side(_strategies(db, first_id), _strategies(db, second_id)),
            lengths=(spread_of_characters(db, first_id), spread_of_characters(db, second_id)),
            settings=_settings(first, second),
            examples_first=_examples(db, first_id, second_id, examples),
            examples_second=_examples(db, second_id, first_id, examples),
        )


def _count(db: sqlite3.Connection, tables: str, first: str, second: str) -> int:
    return int(db.execute(f"SELECT count(*) {tables}", (first, second)).fetchone()[0])


def _strategies(db: sqlite3.Connection, snapshot_id: str) -> dict[str, int]:
    rows = db.execute(
        "SELECT strategy, count(*) AS records FROM snapshot_records WHERE snapshot = ? GROUP BY strategy",
        (snapshot_id,),
    )
    return {row["strategy"]: row["records"] for row in rows}


def _side_by_side(first: dict[str, int], second: dict[str, int]) -> tuple[Counterparts, ...]:
    names = sorted(first.keys() | second.keys())
    return tuple(
        Counterparts(name=name, first=first.get(name, 0), second=second.get(name, 0)) for name in names
    )


def _settings(first: Snapshot, second: Snapshot) -> tuple[SettingDifference, ...]:
    ours, theirs = ({"instruction": one.instruction, **asdict(one.rules)} for one in (first, second))
    return tuple(
        SettingDifference(name=name, first=ours[name], second=theirs[name])
        for name in ours
        if ours[name] != theirs[name]
    )


def _examples(db: sqlite3.Connection, first: str, second: str, limit: int) -> tuple[LoneRecord, ...]:
    family = FAMILY.replace("r.family_id", "(SELECT family_id FROM records WHERE id = s.teacher_record_id)")
    rows = db.execute(
        f"SELECT s.teacher_record_id, {family} AS family, s.strategy, substr(s.user, 1, {BEGINNING}) AS user"
        f" {ABSENT} ORDER BY s.position LIMIT ?3",
        (first, second, limit),
    )
    return tuple(LoneRecord(**dict(row)) for row in rows)
