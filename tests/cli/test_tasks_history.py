"""`orca-desk tasks history` and `tasks forget`: shown first, deleted only when asked for."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from library_doubles import judged, make_record, make_task
from new_library import new_library

from orca_desk.cli import commands
from orca_desk.errors import UserError
from orca_desk.library.backups.keeping import keep, verify
from orca_desk.library.backups.keeping_settings import Keeping, set_keeping
from orca_desk.library.connections import copy_database
from orca_desk.library.database import Library
from orca_desk.library.new_records import add_records
from orca_desk.library.runs import create_run
from orca_desk.library.snapshots import freeze
from orca_desk.library.tasks import add_tasks, count_tasks
from orca_desk.library.trainings import create_training, get_training
from orca_desk.method.snapshot_rules import SnapshotRules
from orca_desk.steps.collect.forget import forget_tasks

QUERY = "Who is Hesperia Quillfeather in this story?"


def run(library: Path, *words: str) -> Result:
    return CliRunner().invoke(commands, ["tasks", *words, "--library", str(library)])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    with new_library(tmp_path / "library") as library:
        task = make_task(7, query=QUERY)
        add_tasks(library, [task, make_task(1)])
        records = [judged(make_record(1), 1), judged(make_record(7, task_id=task.id, user=QUERY), 7)]
        add_records(library, records)
        snapshot = freeze(library, name="first", rules=SnapshotRules(only_paired=False))
        training = create_training(library, base=Path("/base"), snapshot=snapshot.id, settings={})
        library.write(lambda db: db.execute("UPDATE runs SET status = 'done'"))
        (training.folder / "checkpoints").mkdir(parents=True)
        (training.folder / "records.jsonl").write_text(json.dumps({"user": QUERY}))
        (library.folder / "backups").mkdir()
        with library.read() as db:
            copy_database(db, library.folder / "backups" / "monday.db")
    return tmp_path / "library"


def test_the_history_is_shown(folder: Path) -> None:
    told = json.loads(run(folder, "history", make_task(7, query=QUERY).id[:10], "--json").stdout)
    assert {event["kind"] for event in told["events"]} == {"added", "answered", "frozen", "trained"}
    assert "Frozen into the snapshot first" in run(folder, "history", make_task(7, query=QUERY).id).output


def test_forgetting_shows_the_list_and_deletes_nothing(folder: Path) -> None:
    shown = run(folder, "forget", "Quillfeather")
    assert shown.exit_code == 0, shown.output
    for part in (
        "1 task",
        "1 record of 2 in the snapshot first: it can no longer be trained on",
        "train-1 was trained on them: its weights have learned from them",
        "Delete 1 backup with them in it too: monday.db",
        "Delete the adapters and checkpoints of train-1 too",
        "Nothing was deleted. Add --delete.",
    ):
        assert part in " ".join(shown.output.split()), shown.output
    with Library.open(folder) as library:
        assert count_tasks(library) == 2


def test_what_must_go_goes_from_every_file(folder: Path) -> None:
    done = run(folder, "forget", "Quillfeather", "--delete", "--yes", "--weights", "--json")
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert (told["deleted"], told["tasks"], told["records"], told["kept_weights"]) == (True, 1, 1, [])
    assert len(told["deleted_files"]) == 3
    holding = [path for path in folder.rglob("*") if path.is_file() and b"uillfeather" in path.read_bytes()]
    assert holding == []
    with Library.open(folder) as library:
        training = get_training(library, "train-1")
        assert not (training.folder / "checkpoints").exists()


def test_weights_and_backups_can_stay_and_are_named(folder: Path) -> None:
    done = run(folder, "forget", "Quillfeather", "--delete", "--yes", "--keep-backups")
    assert "Kept, although it learned from them:" in done.output
    assert (folder / "backups" / "monday.db").exists()


def test_kept_backups_that_hold_a_task_go_with_their_pieces(folder: Path) -> None:
    with Library.open(folder) as library:
        other = keep(library, why="asked")
        add_tasks(library, [make_task(8, query="How many Brindlewicks are there?")])
        holding = keep(library, why="asked")
    (folder / "backups" / "replaced-2026-11-28T090000Z").mkdir()
    shown = " ".join(run(folder, "forget", "Brindlewicks").output.split())
    assert f"Delete 1 backup with them in it too: {holding.name}" in shown
    assert "replaced-2026-11-28T090000Z cannot be looked into here and may hold them" in shown
    assert run(folder, "forget", "Brindlewicks", "--delete", "--yes").exit_code == 0
    assert not holding.path.exists() and verify(other.path.parent).damaged == ()
    pieces = {path.name for path in (folder / "backups" / "kept" / "chunks").glob("??/*")}
    assert pieces == other.pieces


def test_backups_of_before_another_folder_was_chosen_go_too(folder: Path, tmp_path: Path) -> None:
    place = tmp_path / "disk"
    place.mkdir()
    with Library.open(folder) as library:
        holding = [keep(library, why="asked")]
        set_keeping(folder, Keeping(folder=str(place)))
        holding.append(keep(library, why="asked"))
    run(folder, "forget", "Quillfeather", "--delete", "--yes")
    assert not any(one.path.exists() or any(one.store.folder.glob("??/*")) for one in holding)


def test_no_backup_is_lost_for_a_database_that_cannot_be_changed(folder: Path) -> None:
    with Library.open(folder) as library:
        library.write(
            lambda db: db.execute(
                "CREATE TRIGGER broken BEFORE DELETE ON tasks BEGIN SELECT raise(ABORT, 'broken'); END"
            )
        )
    failed = run(folder, "forget", "Quillfeather", "--delete", "--yes", "--weights")
    assert failed.exit_code == 1
    assert (folder / "backups" / "monday.db").exists()
    assert (folder / "trainings" / "train-1" / "checkpoints").exists()
    with Library.open(folder) as library:
        assert count_tasks(library) == 2


def test_nothing_is_forgotten_while_a_run_is_at_work(folder: Path) -> None:
    with Library.open(folder) as library:
        create_run(library, "generate", {})
        library.write(lambda db: db.execute("UPDATE runs SET status = 'running' WHERE kind = 'generate'"))
        with pytest.raises(UserError, match="generate-1 is running"):
            forget_tasks(library, [make_task(1).id])


def test_a_blank_search_is_refused(folder: Path) -> None:
    assert run(folder, "forget", "  ").exit_code == 2
