"""A library that an older Orca Desk wrote opens, is migrated after a backup, and has lost nothing.

`older/version-N.db.gz` are real files: 0.1.0 wrote version 1 before it had a desktop, version 2 with one. In
version 3 a family was renamed, an answer edited, a held-out task deleted, and a seed used at temperature 0.
"""

import gzip
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from library_doubles import all_settings, own_verdicts

from orca_desk.library import chats
from orca_desk.library.answers import questions
from orca_desk.library.care.integrity import check
from orca_desk.library.database import DATABASE_NAME, Library
from orca_desk.library.evaluations import answers, list_evaluations
from orca_desk.library.new_records import known_records
from orca_desk.library.pairings import current_pairings
from orca_desk.library.records import RecordFilter, iterate_records, stored_id
from orca_desk.library.runs import get_run, list_runs
from orca_desk.library.schema import MIGRATIONS
from orca_desk.library.settings import PLACE
from orca_desk.library.snapshots import list_snapshots
from orca_desk.library.tasks import iterate_tasks
from orca_desk.method.records import Sampling, record_identity
from orca_desk.steps.evaluate.plan import last_plan, queued_behind
from orca_desk.steps.instruct.request import GenerateRequest
from orca_desk.steps.pair.request import ProbeRequest

MOVED_SETTINGS = {
    "desktop.start.generate",
    "desktop.start.probe",
    "desktop.start.evaluate",
    "evaluations.names",
}
FOLLOWING = ("records", "questions")  # they have the family of their task
OLDER = sorted((Path(__file__).parent / "older").glob("version-*.db.gz"))


@pytest.fixture(params=OLDER, ids=lambda path: path.name.split(".")[0])
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A folder with an older library."""
    (tmp_path / DATABASE_NAME).write_bytes(gzip.decompress(request.param.read_bytes()))
    return tmp_path


Rows = list[dict[str, Any]]


def content(path: Path) -> dict[str, Rows]:
    """Every row of every table that holds what the user made, by table; a family by its name."""
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as db:
        db.row_factory = sqlite3.Row
        names = [row[0] for row in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        kept = [name for name in names if not name.startswith(("sqlite_", "tasks_text", "turns_text"))]
        found = {name: [dict(row) for row in db.execute(f"SELECT * FROM {name}")] for name in kept}
    families = {row["id"]: row["name"] for row in found.get("families", [])}
    for rows in found.values():
        for row in rows:
            if "family_id" in row:
                row["family"] = families[row["family_id"]]
        rows.sort(key=lambda row: repr(sorted(item for item in row.items() if item[0] != "family_id")))
    return found


def followed(before: dict[str, Rows]) -> dict[str, Rows]:
    """What a migration makes of older rows: what a renamed task brought along has the task's family."""
    family = {row["id"]: row["family"] for row in before["tasks"]}
    edited = {row["record"] for row in before["revisions"]}
    moved = {
        name: [
            {**row, "family": family.get(row["task_id"], row["family"])} if name in FOLLOWING else row
            for row in rows
        ]
        for name, rows in before.items()
        if name != "checkpoints"  # nothing read this list: the folders say what is there
    }
    moved["settings"] = [row for row in before["settings"] if row["key"] not in MOVED_SETTINGS]
    # The verdict on an edited answer is with the edit now
    moved["verdicts"] = [
        {"record": row["record"]} if row["record"] in edited else row for row in before["verdicts"]
    ]
    return moved


def test_nothing_is_lost_and_a_backup_is_left(folder: Path) -> None:
    before = content(folder / DATABASE_NAME)
    with Library.open(folder) as library:
        assert library.problem is None
        assert check(library, thorough=True) == []
        row = library.row("PRAGMA user_version")
        assert row and row[0] == len(MIGRATIONS)
    after = content(folder / DATABASE_NAME)
    after["settings"] = [row for row in after["settings"] if row["key"] != PLACE]
    for table, rows in followed(before).items():
        assert len(after[table]) == len(rows), table
        for old in rows:  # a migration may add columns
            assert any(old.items() <= new.items() for new in after[table]), (table, old)
    backups = list((folder / "backups").iterdir())
    assert [content(path) for path in backups] == [before]


def test_an_edit_has_its_own_verdict_and_the_teacher_gets_hers_back(tmp_path: Path) -> None:
    (tmp_path / DATABASE_NAME).write_bytes(gzip.decompress(OLDER[2].read_bytes()))
    with Library.open(tmp_path) as library:
        edited = next(one for one in iterate_records(library) if one.edited == "Emma: the bag.")
        assert edited.verdict and edited.verdict.correct is False
        assert own_verdicts(library)[edited.record.task_id] is True


def test_records_follow_a_family_that_was_renamed_before(tmp_path: Path) -> None:
    (tmp_path / DATABASE_NAME).write_bytes(gzip.decompress(OLDER[2].read_bytes()))
    with Library.open(tmp_path) as library:
        assert {one.record.family for one in iterate_records(library)} == {"beliefs", "gone", "own"}
        assert list_snapshots(library)[0].families.keys() == {"beliefs"}
        assert [question.family for question in questions(library, "evaluate-1")] == ["beliefs"] * 4
        evidence = current_pairings(library)["beliefs"].pairing.evidence
        assert [(one.family, one.correct, one.n) for one in evidence] == [("beliefs", 4, 6)]


def test_a_record_of_a_deleted_held_out_task_is_held_out(tmp_path: Path) -> None:
    (tmp_path / DATABASE_NAME).write_bytes(gzip.decompress(OLDER[2].read_bytes()))
    with Library.open(tmp_path) as library:
        held = {one.record.family: one.held_out for one in iterate_records(library)}
        assert held == {"beliefs": False, "gone": True, "own": False}


def test_an_answer_at_temperature_0_is_known_under_any_seed(tmp_path: Path) -> None:
    (tmp_path / DATABASE_NAME).write_bytes(gzip.decompress(OLDER[2].read_bytes()))
    with Library.open(tmp_path) as library:
        old = list(iterate_records(library))[-1].record
        assert old.provenance.sampling.seed == 7
        identity = record_identity(
            system=old.system,
            user=old.user,
            sample=0,
            sampling=Sampling(seed=99, min_p=0.5, max_tokens=200),
            model_sha256=old.provenance.model_sha256,
            template_sha256=old.provenance.template_sha256,
        )
        assert identity != old.id
        assert known_records(library, [identity]) == {identity}
        assert stored_id(library, identity) == old.id
        assert [one.record.id for one in iterate_records(library, RecordFilter(ids=(identity,)))] == [old.id]


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
