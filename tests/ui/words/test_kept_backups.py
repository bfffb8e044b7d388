"""Kept backups in words."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from orca_desk.library.backups.backup import Backup
from orca_desk.library.backups.difference import KINDS, BackupDifference, Differing
from orca_desk.library.backups.keeping import Verified
from orca_desk.library.backups.kept import KeptBackup
from orca_desk.ui.words.kept_backups import (
    NOUNS,
    ago,
    difference_lines,
    kept_content,
    local_time,
    reason_text,
    state_text,
    verified_lines,
)

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
KEPT = KeptBackup(
    path=Path("2026-11-28T120000-000Z.backup.json"),
    made_at=NOW,
    why="automatic",
    library="",
    version=21,
    counts={"tasks": 1, "records": 0, "trainings": 2},
    files=(),
    added=0,
    left_out={"checkpoints": 2**20},
)


def test_every_kind_that_differs_has_a_noun() -> None:
    assert NOUNS.keys() >= KINDS.keys()


def test_why_a_backup_is_kept() -> None:
    assert reason_text(KEPT, {KEPT.name: "newest"}) == "One of the newest 3"
    assert reason_text(KEPT, {}) == "Goes with the next backup"
    assert reason_text(replace(KEPT, why="asked"), {}) == "Made by you"
    assert reason_text(replace(KEPT, pinned=True), {}) == "Kept by you"


def test_content_and_state() -> None:
    assert kept_content(KEPT) == "1 task, 2 trainings; without checkpoints (1 MiB)"
    assert state_text(KEPT) == "Not verified yet"
    assert state_text(replace(KEPT, lost=("library.db",))) == "Damaged: 1 file cannot be read"
    assert (
        ago(NOW - timedelta(days=1), NOW) == "yesterday" and ago(NOW - timedelta(days=9), NOW) == "9 days ago"
    )
    assert " 2019, " in local_time(datetime(2019, 5, 5, tzinfo=UTC))


def test_what_differs() -> None:
    whole = Backup(path=KEPT.path, version=21, tasks=1, records=0, snapshots=0, left_out={})
    kinds = {
        "tasks": Differing(lost=12, back=3, changed=1),
        "trainings": Differing(lost=6, back=0, changed=0, lost_names=("train-4", "train-5")),
    }
    found = BackupDifference(backup=whole, kinds=kinds)
    assert difference_lines(found) == (
        ["12 tasks", "6 trainings: train-4, train-5, …"],
        ["3 tasks"],
        ["1 task"],
    )
    assert not found.is_none and BackupDifference(backup=whole, kinds={}).is_none


def test_what_verifying_came_to() -> None:
    damaged = replace(KEPT, lost=("library.db",))
    lines = verified_lines(Verified(backups=2, size=2**20, damaged=(damaged,), unreadable=(Path("x"),)))
    assert (
        lines[0].startswith("1 backup whole; 1 MiB read") and "1 file cannot be read (library.db)" in lines[1]
    )
    assert lines[2].startswith("The list of files of x") and "next backup stores them again" in lines[3]
    assert verified_lines(Verified(backups=0, size=0, damaged=(), unreadable=())) == [
        "There are no backups yet."
    ]
