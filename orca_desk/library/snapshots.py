"""Snapshots: training records chosen by rules, erased, frozen and identified by their content."""

import hashlib
import json
import sqlite3
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

from orca_desk.errors import UserError
from orca_desk.files import atomic_writer
from orca_desk.library.clock import now
from orca_desk.library.conditions import PAGE
from orca_desk.library.database import Library
from orca_desk.library.records import SELECT, StoredRecord, stored_record
from orca_desk.library.rows import table
from orca_desk.method.erasure import CAUTIOUS, erase
from orca_desk.method.records import TrainingRecord
from orca_desk.yielding import courteous

FIELDS = ("id", "teacher_record_id", "task_id", "family", "strategy", "system", "user", "assistant")
CANDIDATES = f"""
    SELECT c.*, t.split, coalesce(t.strategy, p.strategy) AS paired
    FROM ({SELECT}) AS c
    LEFT JOIN tasks AS t ON t.id = c.task_id
    LEFT JOIN pairings AS p ON p.n = (SELECT max(n) FROM pairings WHERE family = c.family)
    ORDER BY c.id
"""


@dataclass(frozen=True, kw_only=True)
class Rules:
    """Which records a snapshot takes. A record that the user marked "keep" is taken whatever its verdict.

    Held-out tasks and records marked "drop" are never taken. `only_paired` leaves out answers under another
    strategy than the one that the task, or else its family, is paired with now (a probe makes such).
    `cap` is the most records a family. `families` and `runs` None: all.
    """

    only_correct: bool = True
    only_paired: bool = True
    allow_leaks: bool = False
    cap: int | None = None
    families: tuple[str, ...] | None = None
    runs: tuple[str, ...] | None = None


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """What a training is trained on. `families` and `left_out` count records, by family and by reason."""

    id: str
    name: str
    records: int
    families: dict[str, int]
    left_out: dict[str, int]
    instruction: str
    rules: Rules
    created_at: str


@dataclass
class _Selection:
    """One pass over all records in the order of their ids: what is taken, and why the rest is not."""

    rules: Rules
    instruction: str
    left_out: Counter[str] = field(default_factory=Counter)
    families: Counter[str] = field(default_factory=Counter)

    def records(self, db: sqlite3.Connection) -> Iterator[TrainingRecord]:
        """Yield the training records of the snapshot, in its order."""
        seen: set[bytes] = set()
        for row in db.execute(CANDIDATES):
            stored = stored_record(row)
            record = stored.record
            if not _asked_for(stored, self.rules):
                continue
            reason = _reason(stored, self.rules, split=row["split"], paired=row["paired"])
            training = erase(stored.current, self.instruction)
            content = hashlib.sha256(json.dumps([training.user, training.assistant]).encode()).digest()[:16]
            if not reason and content in seen:
                reason = "the same answer again"
            if not reason and self.rules.cap is not None and self.families[record.family] >= self.rules.cap:
                reason = "more than asked for in its family"
            if reason:
                self.left_out[reason] += 1
                continue
            seen.add(content)
            self.families[record.family] += 1
            yield training


@dataclass(frozen=True, kw_only=True)
class Candidates:
    """What rules can choose from: how many records there are by family, and by run, the newest first."""

    families: dict[str, int]
    runs: dict[str, int]


def candidates(library: Library) -> Candidates:
    """Count all records by family and by the run that made them."""
    families = library.rows("SELECT family, count(*) FROM records GROUP BY family ORDER BY family")
    runs = library.rows(
        "SELECT run, count(*) FROM records WHERE run IS NOT NULL GROUP BY run ORDER BY max(n) DESC"
    )
    return Candidates(families=dict(map(tuple, families)), runs=dict(map(tuple, runs)))


@dataclass(frozen=True, kw_only=True)
class Preview:
    """What `freeze` would take and leave out: counts of records, by family and by reason."""

    families: dict[str, int]
    left_out: dict[str, int]

    @property
    def records(self) -> int:
        """How many records would be taken."""
        return sum(self.families.values())


def preview(library: Library, *, instruction: str = CAUTIOUS, rules: Rules = Rules()) -> Preview:
    """Count what `freeze` would take under `rules`, and freeze nothing."""
    selection = _Selection(rules, instruction)
    with library.read() as db:
        for _ in selection.records(db):
            pass
    return Preview(
        families=dict(sorted(selection.families.items())), left_out=dict(selection.left_out.most_common())
    )


def freeze(library: Library, *, name: str, instruction: str = CAUTIOUS, rules: Rules = Rules()) -> Snapshot:
    """Erase and freeze the records that `rules` take, under one student `instruction`.

    The order is that of the records' ids, which are hashes: it does not depend on when the teacher finished
    which answer, so the same records always make the same snapshot, and a cap takes a fair sample. A
    snapshot with the same content is returned as it is. Raises UserError when no record is taken,
    and for a blank name.
    """
    if not name.strip():
        raise UserError("The snapshot has no name.", "Name it by what is in it, such as first-try.")
    identity = library.write(lambda db: _freeze(db, name, instruction, rules))
    return get_snapshot(library, identity)


def get_snapshot(library: Library, snapshot_id: str) -> Snapshot:
    """Return one snapshot. Raises UserError when there is none with this id."""
    row = library.row("SELECT * FROM snapshots WHERE id = ?", (snapshot_id,))
    if row is None:
        raise UserError(f"There is no snapshot {snapshot_id}.", "List the snapshots to see their ids.")
    return _snapshot(library, row)


def list_snapshots(library: Library) -> list[Snapshot]:
    """Return all snapshots, the newest first."""
    rows = library.rows("SELECT * FROM snapshots ORDER BY created_at DESC, id")
    return [_snapshot(library, row) for row in rows]


def snapshot_records(library: Library, snapshot_id: str) -> Iterator[TrainingRecord]:
    """Yield a snapshot's training records in their order, read a page at a time."""
    position = 0
    while rows := library.rows(
        "SELECT * FROM snapshot_records WHERE snapshot = ? AND position >= ? ORDER BY position LIMIT ?",
        (snapshot_id, position, PAGE),
    ):
        yield from map(_training_record, courteous(rows))
        position = rows[-1]["position"] + 1


def write_snapshot(library: Library, snapshot_id: str, path: Path) -> int:
    """Write a snapshot as JSONL, one training record a line in order; return how many.

    Each line is {"id", "system", "user", "assistant", "family", "strategy", "task_id"}. Raises UserError
    when there is no such snapshot, OSError when the file cannot be written.
    """
    expected = get_snapshot(library, snapshot_id).records
    with atomic_writer(path) as file:
        for record in snapshot_records(library, snapshot_id):
            file.write(training_line(record))
    return expected


def training_line(record: TrainingRecord) -> bytes:
    """Return a training record as the line of JSONL that the trainer reads."""
    line = {
        "id": record.id,
        "system": record.system,
        "user": record.user,
        "assistant": record.assistant,
        "family": record.family,
        "strategy": record.strategy,
        "task_id": record.task_id,
    }
    return json.dumps(line, ensure_ascii=False).encode() + b"\n"


def content_identity(db: sqlite3.Connection, snapshot_id: str) -> str:
    """Return the identity of a snapshot's stored training records; it should be the snapshot's id."""
    rows = db.execute("SELECT * FROM snapshot_records WHERE snapshot = ? ORDER BY position", (snapshot_id,))
    return _identity(map(_training_record, rows))


def _freeze(db: sqlite3.Connection, name: str, instruction: str, rules: Rules) -> str:
    """Two passes, so that no more than one record is in memory: one for the identity, one to store."""
    selection = _Selection(rules, instruction)
    identity = _identity(selection.records(db))
    count = selection.families.total()
    if not count:
        reasons = ", ".join(f"{reason}: {n}" for reason, n in selection.left_out.most_common())
        raise UserError(
            f"No record can be taken into the snapshot ({reasons or 'there are none'}).",
            "Generate more records, or relax the snapshot's rules.",
        )
    if db.execute("SELECT 1 FROM snapshots WHERE id = ?", (identity,)).fetchone():
        return identity
    row = {
        "id": identity,
        "name": name,
        "records": count,
        "instruction": instruction,
        "rules": json.dumps(asdict(rules)),
        "left_out": json.dumps(dict(selection.left_out.most_common())),
        "created_at": now(),
    }
    table(db, "snapshots").insert(row)
    table(db, "snapshot_records").insert_all(
        {"snapshot": identity, "position": position, **asdict(record)}
        for position, record in enumerate(courteous(_Selection(rules, instruction).records(db)))
    )
    return identity


def _asked_for(stored: StoredRecord, rules: Rules) -> bool:
    """Whether a record is one that the rules speak of at all; others are not counted as left out."""
    return (rules.families is None or stored.record.family in rules.families) and (
        rules.runs is None or stored.run in rules.runs
    )


def _reason(stored: StoredRecord, rules: Rules, *, split: str | None, paired: str | None) -> str:
    """Return why a record is left out, or ""."""
    record = stored.record
    if split == "heldout":
        return "held out for evaluation"
    if stored.decision == "drop":
        return "dropped in review"
    if rules.only_paired and paired is not None and record.strategy != paired:
        return "another strategy than the paired one"
    if stored.decision == "keep":
        return ""
    if record.provenance.finish_reason != "stop" and stored.edited is None:
        return "cut off by the length limit"
    if rules.only_correct and stored.verdict is not None and not stored.verdict.correct:
        return "wrong answer"
    return "speaks of its instruction" if stored.leaks and not rules.allow_leaks else ""


def _identity(records: Iterator[TrainingRecord]) -> str:
    """Return the first 32 hex digits of the SHA-256 over the records as canonical JSON lines."""
    hasher = hashlib.sha256()
    for record in courteous(records):
        line = json.dumps(asdict(record), sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        hasher.update(line.encode() + b"\n")
    return hasher.hexdigest()[:32]


def _training_record(row: sqlite3.Row) -> TrainingRecord:
    return TrainingRecord(**{name: row[name] for name in FIELDS})


def _snapshot(library: Library, row: sqlite3.Row) -> Snapshot:
    counts = library.rows(
        "SELECT family, count(*) FROM snapshot_records WHERE snapshot = ? GROUP BY family ORDER BY family",
        (row["id"],),
    )
    rules = json.loads(row["rules"])
    for name in ("families", "runs"):
        rules[name] = None if rules[name] is None else tuple(rules[name])
    return Snapshot(
        id=row["id"],
        name=row["name"],
        records=row["records"],
        families={count[0]: count[1] for count in counts},
        left_out=json.loads(row["left_out"]),
        instruction=row["instruction"],
        rules=Rules(**rules),
        created_at=row["created_at"],
    )
