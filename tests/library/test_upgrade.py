"""A library that an older Orca Desk wrote opens, is migrated after a backup, and has lost nothing.

`older/version-N.db.gz` are real files: 0.1.0 wrote version 1 before it had a desktop, version 2 with one.
"""

import gzip
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from library_doubles import all_settings

from orca_desk.library import chats
from orca_desk.library.database import DATABASE_NAME, Library
from orca_desk.library.evaluations import answers, list_evaluations
from orca_desk.library.integrity import check
from orca_desk.library.migrations import MIGRATIONS
from orca_desk.library.records import iterate_records
from orca_desk.library.runs import get_run, list_runs
from orca_desk.library.snapshots import list_snapshots
from orca_desk.library.tasks import iterate_tasks
from orca_desk.steps.evaluate.plan import last_plan, queued_behind
from orca_desk.steps.instruct.request import GenerateRequest
from orca_desk.steps.pair.request import ProbeRequest

MOVED_SETTINGS = {
    "desktop.start.generate",
    "desktop.start.probe",
    "desktop.start.evaluate",
    "evaluations.names",
}
OLDER = sorted((Path(__file__).parent / "older").glob("version-*.db.gz"))


@pytest.fixture(params=OLDER, ids=lambda path: path.name.split(".")[0])
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A folder with an older library."""
    (tmp_path / DATABASE_NAME).write_bytes(gzip.decompress(request.param.read_bytes()))
    return tmp_path


def content(path: Path) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table that holds what the user made, by table."""
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as db:
        names = [row[0] for row in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        kept = [name for name in names if not name.startswith(("sqlite_", "tasks_text"))]
        return {name: sorted(db.execute(f"SELECT * FROM {name}").fetchall(), key=repr) for name in kept}


def test_nothing_is_lost_and_a_backup_is_left(folder: Path) -> None:
    before = content(folder / DATABASE_NAME)
    with Library.open(folder) as library:
        assert library.problem is None
        assert check(library, thorough=True) == []
        row = library.row("PRAGMA user_version")
        assert row and row[0] == len(MIGRATIONS)
    after = content(folder / DATABASE_NAME)
    for table, rows in before.items():
        if table == "settings":  # some became columns
            rows = [row for row in rows if row[0] not in MOVED_SETTINGS]
        assert len(after[table]) == len(rows), table
        for old, new in zip(rows, after[table], strict=True):
            assert new[: len(old)] == old, table  # a migration may add columns behind
    backups = list((folder / "backups").iterdir())
    assert [content(path) for path in backups] == [before]


def test_what_was_made_can_be_used(folder: Path) -> None:
    with Library.open(folder) as library:
        assert len(list(iterate_tasks(library))) == 11
        records = list(iterate_records(library))
        assert [one.decision for one in records[:3]] == ["keep", "drop", None]
        assert records[2].current.response == "My own answer."
        assert records[2].record.response != "My own answer."
        assert [snapshot.name for snapshot in list_snapshots(library)] == ["old"]
        (evaluation,) = list_evaluations(library)
        assert len(answers(library, evaluation.id)) == 4
        (chat,) = chats.list_chats(library)
        assert chat.title == "An old chat"
        assert [turn.content for turn in chats.messages(library, chat.id)] == ["Hello?", "Hello."]


def test_a_second_opening_migrates_nothing(folder: Path) -> None:
    for _ in range(2):
        Library.open(folder).close()
    assert len(list((folder / "backups").iterdir())) == 1


def test_what_a_run_was_asked_for_is_stored_with_the_run(tmp_path: Path) -> None:
    (tmp_path / DATABASE_NAME).write_bytes(gzip.decompress(OLDER[1].read_bytes()))
    with Library.open(tmp_path) as library:
        asked = GenerateRequest.from_json(get_run(library, "generate-1").request or {})
        assert (asked.model, asked.family, asked.limit) == ("/models/teacher.gguf", "sums", 5)
        probed = ProbeRequest.from_json(get_run(library, "probe-1").request or {})
        assert (probed.families, probed.strategies, probed.per_family) == (["sums"], None, 7)
        plan = last_plan(library)
        assert plan and [candidate.name for candidate in plan.candidates] == ["my base", "rival"]
        (evaluation,) = list_evaluations(library)
        assert evaluation.name == "my base"
        assert [one.name for one in queued_behind(evaluation.run.request or {})] == ["rival"]
        assert not MOVED_SETTINGS & all_settings(library).keys()


@pytest.mark.parametrize("damaged", ["{", "null", "[1]"])
def test_a_damaged_request_is_left_out_and_the_library_opens(tmp_path: Path, damaged: str) -> None:
    (tmp_path / DATABASE_NAME).write_bytes(gzip.decompress(OLDER[1].read_bytes()))
    with closing(sqlite3.connect(tmp_path / DATABASE_NAME)) as db, db:
        db.execute("UPDATE settings SET value = ? WHERE key LIKE 'desktop.start.%'", (damaged,))
        db.execute("UPDATE settings SET value = ? WHERE key = 'evaluations.names'", (damaged,))
    with Library.open(tmp_path) as library:
        assert [run.request for run in list_runs(library)] == [None] * len(list_runs(library))
        assert last_plan(library) is None
        assert not MOVED_SETTINGS & all_settings(library).keys()


def test_a_request_that_names_no_run_belongs_to_the_newest_of_its_type(tmp_path: Path) -> None:
    (tmp_path / DATABASE_NAME).write_bytes(gzip.decompress(OLDER[1].read_bytes()))
    with closing(sqlite3.connect(tmp_path / DATABASE_NAME)) as db, db:
        db.execute("UPDATE settings SET value = json_remove(value, '$.run') WHERE key LIKE 'desktop.start.%'")
    with Library.open(tmp_path) as library:
        asked = {run.kind: run.request for run in reversed(list_runs(library))}
        assert (asked["generate"] or {})["limit"] == 5
        assert (asked["probe"] or {})["per_family"] == 7
