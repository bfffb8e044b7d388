"""Snapshots: training records chosen by rules, erased, frozen and identified by their content."""

import contextlib
import json
import sqlite3
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import IO, Any

from orca_desk.errors import UserError
from orca_desk.files import atomic_writer
from orca_desk.library.clock import now
from orca_desk.library.conditions import PAGE, json_list
from orca_desk.library.database import Library
from orca_desk.library.families import NAME
from orca_desk.library.fitness import prepare_facts
from orca_desk.library.overlaps import LibraryOverlaps, library_overlaps
from orca_desk.library.records import SELECT, stored_record
from orca_desk.library.samples import own_record_families_in, sample_records_in
from orca_desk.library.selection import Selection, select
from orca_desk.library.snapshot_losses import require_whole
from orca_desk.library.snapshot_store import (
    AS,
    LISTED,
    ContentHasher,
    insert_manifest,
    insert_snapshot,
    training_line,
    training_record,
)
from orca_desk.library.votes import Vote
from orca_desk.method.agreement import agree
from orca_desk.method.erasure import CAUTIOUS, erase
from orca_desk.method.fitness import UNFIT, Unfit
from orca_desk.method.records import TrainingRecord
from orca_desk.method.snapshot_rules import SnapshotRules
from orca_desk.yielding import yielding

TAKEN = f"{SELECT} WHERE r.n IN (SELECT value FROM json_each(?)) ORDER BY r.id"
# The reasons as earlier versions of Orca Desk stored them
OLD_REASONS = {
    "held out for evaluation": Unfit.HELD_OUT,
    "dropped in review": Unfit.DROPPED,
    "another strategy than the paired one": Unfit.OTHER_STRATEGY,
    "cut off by the length limit": Unfit.CUT_OFF,
    "wrong answer": Unfit.INCORRECT,
    "speaks of its instruction": Unfit.LEAK,
    "the same answer again": Unfit.DUPLICATE,
    "more than asked for in its family": Unfit.OVER_CAP,
}


DEFAULT_RULES = SnapshotRules()


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """The fixed data set that a training run uses.

    `families` counts its records per family, `left_out` the other records per reason.
    """

    id: str
    name: str
    records: int
    families: dict[str, int]
    left_out: dict[Unfit, int]
    instruction: str
    rules: SnapshotRules
    created_at: str


@dataclass(frozen=True, kw_only=True)
class FreezeChoices:
    """What rules can choose from: the number of records per family, and per run with the newest first.

    `left_out` are the families of sample tasks that all families does not mean, as there are own ones.
    `samples` counts the records of sample tasks in own families, which are not meant either.
    """

    families: dict[str, int]
    runs: dict[str, int]
    left_out: frozenset[str] = frozenset()
    samples: dict[str, int] = field(default_factory=dict)


def freeze_choices(library: Library) -> FreezeChoices:
    """Count all records by family and by the run that made them."""
    families = library.rows(
        f"SELECT {NAME} AS family, count(*) FROM records GROUP BY family_id ORDER BY family"
    )
    runs = library.rows(
        "SELECT run, count(*) FROM records WHERE run IS NOT NULL GROUP BY run ORDER BY max(n) DESC"
    )
    counts = dict(map(tuple, families))
    with library.read() as db:
        own, samples = own_record_families_in(db), sample_records_in(db)
    left_out = frozenset(() if own is None else counts.keys() - set(own))
    return FreezeChoices(families=counts, runs=dict(map(tuple, runs)), left_out=left_out, samples=samples)


def find_overlaps(library: Library, *, near: float = DEFAULT_RULES.near) -> LibraryOverlaps:
    """Compare all training questions with all held-out ones, for previews under changing rules."""
    with library.read() as db:
        return library_overlaps(db, near=near)


def preview_freeze(
    library: Library,
    *,
    instruction: str = CAUTIOUS,
    rules: SnapshotRules = DEFAULT_RULES,
    overlaps: LibraryOverlaps | None = None,
    vote: Vote = agree,
) -> Selection:
    """Choose what `freeze` would take under `rules`, without freezing anything.

    `overlaps` are what `find_overlaps` returned; they are found again without it. Raises UserError for a
    family that is not there.
    """
    _check_families(library, rules)
    prepare_facts(library, rules, vote=vote)
    with library.read() as db:
        return select(db, rules, instruction=instruction, overlaps=overlaps)


def freeze(
    library: Library,
    *,
    name: str,
    instruction: str = CAUTIOUS,
    rules: SnapshotRules = DEFAULT_RULES,
    vote: Vote = agree,
) -> Snapshot:
    """Erase and freeze the records that `rules` take, under one student `instruction`.

    Records are ordered by their ids, which are hashes: the order does not depend on which answer the teacher
    finished first, so the same records always make the same snapshot, and a cap takes a fair sample. An edit
    or a decision that comes while the records are read is taken into account. If a snapshot with the same
    content exists, it is returned unchanged. Raises UserError when no record is taken, for a blank name, and
    for a family that is not there (it may have been renamed since the rules were made).
    """
    if not name.strip():
        raise UserError("The snapshot has no name.", "Name it after its content, e.g. first-try.")
    _check_families(library, rules)
    while True:
        prepare_facts(library, rules, vote=vote)
        with contextlib.suppress(_ReviewedError):
            return get_snapshot(library, _freeze(library, name, instruction, rules))


def _check_families(library: Library, rules: SnapshotRules) -> None:
    known = freeze_choices(library).families if rules.families is not None else {}
    if unknown := [family for family in rules.families or () if family not in known]:
        raise UserError(
            f"There are no records of a family named {unknown[0]}.", "See: orca-desk tasks families"
        )


def _freeze(library: Library, name: str, instruction: str, rules: SnapshotRules) -> str:
    """Read, erase and store; return the snapshot's id. Raises _ReviewedError if a review came in between."""
    with tempfile.TemporaryFile() as erased:  # so that the writer, for which others wait, only inserts
        with library.read() as db, _one_moment(db):
            reviewed = _review_state(db)
            selection = select(db, rules, instruction=instruction)
            identity = _erase(db, selection.rowids, instruction, erased)
        if not selection.rowids:
            raise _nothing_taken(selection.left_out)
        row = {
            "id": identity,
            "name": name,
            "records": len(selection.rowids),
            "instruction": instruction,
            "rules": json.dumps(asdict(rules)),
            "left_out": json.dumps(selection.left_out),
            "created_at": now(),
        }
        frozen_as = {"name": name, "rules": asdict(rules), "left_out": selection.left_out}
        account = {**selection.account, AS: frozen_as}
        erased.seek(0)
        library.write(partial(_store, row=row, erased=erased, account=account, reviewed=reviewed))
    return identity


def _store(
    db: sqlite3.Connection,
    *,
    row: dict[str, Any],
    erased: Iterable[bytes],
    account: dict[str, Any],
    reviewed: tuple[Any, ...],
) -> None:
    """Store a snapshot with its records, which are JSON lines, unless it is there, and its account."""
    if _review_state(db) != reviewed:
        raise _ReviewedError
    insert_snapshot(db, row, erased)
    insert_manifest(db, row["id"], account)


class _ReviewedError(Exception):
    """An answer was edited, kept or dropped between reading the records and storing them."""


def _review_state(db: sqlite3.Connection) -> tuple[Any, ...]:
    """Return values that every edit and every decision changes."""
    return tuple(
        db.execute(
            "SELECT (SELECT count(*) FROM revisions), (SELECT count(*) FROM decisions),"
            " (SELECT max(created_at) FROM decisions)"
        ).fetchone()
    )


@contextlib.contextmanager
def _one_moment(db: sqlite3.Connection) -> Iterator[None]:
    """Let all reads of the block see the same state of the library."""
    db.execute("BEGIN")
    try:
        yield
    finally:
        db.execute("ROLLBACK")


def _erase(db: sqlite3.Connection, rowids: Sequence[int], instruction: str, target: IO[bytes]) -> str:
    """Write the training records of some rows as JSON lines, one in memory at a time; identify them."""
    hasher = ContentHasher()
    rows = db.execute(TAKEN, (json_list(rowids),))
    for line in hasher.lines(erase(stored_record(row).current, instruction) for row in rows):
        target.write(line)
    return hasher.identity


def _nothing_taken(left_out: Mapping[Unfit, int]) -> UserError:
    reasons = ", ".join(f"{UNFIT[reason]}: {n:,}" for reason, n in left_out.items())
    return UserError(
        f"No record can be included in the snapshot ({reasons or 'there are none'}).",
        "Generate more records, or relax the rules of the snapshot.",
    )


def get_snapshot(library: Library, snapshot_id: str) -> Snapshot:
    """Return one snapshot. Raises UserError if it does not exist."""
    row = library.row("SELECT * FROM snapshots WHERE id = ?", (snapshot_id,))
    if row is None:
        raise UserError(f"There is no snapshot {snapshot_id}.", "List the snapshots to see their ids.")
    return _snapshots(library, [row])[0]


def list_snapshots(library: Library, *, derived: bool = False) -> list[Snapshot]:
    """Return the snapshots, newest first; with `derived` also those that were only derived from others."""
    where = "" if derived else f"WHERE {LISTED}"
    rows = library.rows(f"SELECT * FROM snapshots {where} ORDER BY created_at DESC, id")
    return _snapshots(library, rows)


def snapshot_names(library: Library) -> dict[str, str]:
    """Return the name of each snapshot by its id."""
    return {row["id"]: row["name"] for row in library.rows("SELECT id, name FROM snapshots")}


def snapshot_records(library: Library, snapshot_id: str) -> Iterator[TrainingRecord]:
    """Yield a snapshot's training records in order, reading a page at a time."""
    position = 0
    while rows := library.rows(
        "SELECT * FROM snapshot_records WHERE snapshot = ? AND position >= ? ORDER BY position LIMIT ?",
        (snapshot_id, position, PAGE),
    ):
        yield from map(training_record, yielding(rows))
        position = rows[-1]["position"] + 1


def snapshot_strategies(library: Library, snapshot_id: str) -> tuple[str, ...]:
    """Return the names of the strategies that a snapshot's records were made under."""
    rows = library.rows(
        "SELECT DISTINCT strategy FROM snapshot_records WHERE snapshot = ? ORDER BY strategy", (snapshot_id,)
    )
    return tuple(row["strategy"] for row in rows)


def snapshot_characters(library: Library, snapshot_id: str) -> int:
    """Return the number of characters that a snapshot's records have, system messages included."""
    row = library.row(
        "SELECT sum(length(system) + length(user) + length(assistant)) FROM snapshot_records"
        " WHERE snapshot = ?",
        (snapshot_id,),
    )
    return int(row[0] or 0) if row else 0


def taken_back(library: Library, snapshot_id: str) -> int:
    """Return how many of a snapshot's records were dropped or held out after it was frozen."""
    row = library.row(
        "SELECT count(*) FROM snapshot_records AS s JOIN records AS r ON r.id = s.teacher_record_id"
        " LEFT JOIN decisions AS d ON d.record = r.n"
        " WHERE s.snapshot = ? AND (r.held_out OR d.decision = 'drop')",
        (snapshot_id,),
    )
    return int(row[0]) if row else 0


def write_snapshot(library: Library, snapshot_id: str, path: Path) -> int:
    """Write a snapshot as JSONL, one training record per line; return their number.

    Each line is {"id", "system", "user", "assistant", "family", "strategy", "task_id"}. Raises UserError
    if the snapshot does not exist, OSError if the file cannot be written.
    """
    expected = get_snapshot(library, snapshot_id).records
    require_whole(library, snapshot_id)
    with atomic_writer(path) as file:
        for record in snapshot_records(library, snapshot_id):
            file.write(training_line(record))
    return expected


def _snapshots(library: Library, rows: Sequence[sqlite3.Row]) -> list[Snapshot]:
    """Read rows of the table, with the records per family: two queries, however many there are."""
    # The families as they are called now: a renamed one would look like another
    counts = library.rows(
        f"SELECT s.snapshot, {NAME} AS family, count(*) AS records"
        " FROM snapshot_records AS s INDEXED BY snapshot_records_taken"
        " JOIN records AS r ON r.id = s.teacher_record_id"
        " WHERE s.snapshot IN (SELECT value FROM json_each(?))"
        " GROUP BY s.snapshot, r.family_id ORDER BY family",
        (json_list([row["id"] for row in rows]),),
    )
    families: defaultdict[str, dict[str, int]] = defaultdict(dict)
    for row in counts:
        families[row["snapshot"]][row["family"]] = row["records"]
    return [_snapshot(row, families[row["id"]]) for row in rows]


def _snapshot(row: sqlite3.Row, families: dict[str, int]) -> Snapshot:
    left_out = json.loads(row["left_out"])
    return Snapshot(
        id=row["id"],
        name=row["name"],
        records=row["records"],
        families=families,
        left_out={OLD_REASONS.get(reason) or Unfit(reason): n for reason, n in left_out.items()},
        instruction=row["instruction"],
        rules=SnapshotRules.from_json(json.loads(row["rules"])),
        created_at=row["created_at"],
    )
