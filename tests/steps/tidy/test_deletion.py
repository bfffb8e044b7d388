"""What was deleted is gone, rows and files together, and comes back whole, whatever happens in between."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from library_doubles import judged, make_record, make_task
from new_library import new_library
from tidy_library import fill

from orca_desk.errors import UserError
from orca_desk.library.answers import answer_counts
from orca_desk.library.base_answers import BaseAnswer, add_base_answers
from orca_desk.library.care.integrity import check
from orca_desk.library.database import Library
from orca_desk.library.deleting import trash
from orca_desk.library.deleting.for_good import forget
from orca_desk.library.deleting.kinds import Kind
from orca_desk.library.deleting.traces import traces_of
from orca_desk.library.deleting.trash import empty_trash, list_trash
from orca_desk.library.finding import find
from orca_desk.library.new_records import add_records
from orca_desk.library.notes import note_on, set_note
from orca_desk.library.records import count_records, get_record
from orca_desk.library.runs import create_run, end_run, get_run, start_run
from orca_desk.library.settings import set_setting
from orca_desk.library.snapshots import freeze, list_snapshots
from orca_desk.library.trainings import get_training, list_trainings
from orca_desk.method.snapshot_rules import SnapshotRules
from orca_desk.processes.progress import StoppedError
from orca_desk.steps.tidy import deletion
from orca_desk.steps.tidy.deletion import Refusal, delete, plan_deletion, restore
from orca_desk.ui.words.forgetting_tasks import going_lines
from orca_desk.ui.words.tidying import brought_back_text, deletion_lines, refusal_sentence


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a closed library with something of every kind that can be deleted."""
    folder = tmp_path_factory.mktemp("tidy") / "library"
    with new_library(folder) as library:
        fill(library)
    return folder


@pytest.fixture
def library(made: Path, tmp_path: Path) -> Any:
    """A copy of that library, open."""
    import shutil

    shutil.copytree(made, tmp_path / "library")
    with Library.open(tmp_path / "library") as opened:
        yield opened


def content(library: Library) -> dict[str, list[str]]:
    """Every row of every table but those of the trash, and every file."""
    with closing(sqlite3.connect(f"{library.path.as_uri()}?mode=ro", uri=True)) as db:
        names = [
            row[0]
            for row in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
            if not row[0].startswith(("trash", "sqlite_")) and "s_text" not in row[0]
        ]
        found = {name: sorted(map(repr, db.execute(f"SELECT * FROM {name}"))) for name in names}
    found["files"] = sorted(
        str(path.relative_to(library.folder))
        for path in library.folder.rglob("*")
        if path.is_file() and not path.name.startswith(("library.db", "orca-desk"))
    )
    return found


@pytest.mark.parametrize(
    ("kind", "ids"),
    [
        (Kind.TRAINING, ["train-1"]),
        (Kind.RUN, ["train-1"]),
        (Kind.SNAPSHOT, []),
        (Kind.EVALUATION, ["evaluate-1"]),
        (Kind.EVALUATION, ["evaluate-1", "evaluate-2"]),
        (Kind.CHAT, ["chat-1"]),
    ],
)
def test_what_comes_back_is_what_was_deleted(library: Library, kind: Kind, ids: list[str]) -> None:
    ids = ids or [list_snapshots(library)[0].id]
    before = content(library)
    entry = delete(library, plan_deletion(library, kind, ids))
    assert content(library) != before
    assert check(library, thorough=True) == []
    restored = restore(library, entry)
    assert (restored.items, restored.there, restored.missing) == (tuple(ids), 0, ())
    assert content(library) == before
    assert find(library, "giraffe").groups[2].total == 2
    assert check(library, thorough=True) == []
    assert list_trash(library) == []
    assert list((library.folder / "trash").glob("*")) == []


def test_a_snapshot_takes_its_trainings_along_and_says_what_loses_them(library: Library) -> None:
    plan = plan_deletion(library, Kind.SNAPSHOT, [list_snapshots(library)[0].id])
    assert [one.id for one in plan.along] == ["train-1", "evaluate-2"]
    assert [one.id for one in plan.losing] == ["evaluate-1"]
    assert plan.bytes == len("weights") + len("log")
    assert plan.label == "both"
    delete(library, plan)
    assert list_trainings(library) == []
    assert not (library.folder / "trainings" / "train-1").exists()
    assert answer_counts(library)["evaluate-1"].correct == 1
    (entry,) = list_trash(library)
    assert sorted(path.name for path in entry.files if path.exists()) == ["train-1", "train-1.log"]


def test_records_of_a_snapshot_stay_and_the_others_come_back_with_their_edits(library: Library) -> None:
    ids = [f"record-{n:05}" for n in range(6)]
    plan = plan_deletion(library, Kind.RECORD, ids)
    assert [one.id for one in plan.items] == ["record-00005"]
    assert {(one.reason, one.holder) for one in plan.refused} == {(Refusal.FROZEN, "both")}
    delete(library, plan_deletion(library, Kind.SNAPSHOT, [list_snapshots(library)[0].id]))
    before = content(library)
    entry = delete(library, plan_deletion(library, Kind.RECORD, ids))
    assert count_records(library) == 0
    assert find(library, "zebra").total == 0
    restore(library, entry)
    assert content(library) == before
    assert get_record(library, "record-00001").edited == "Answer: zebra"
    assert (find(library, "zebra").total, find(library, "first try").total) == (1, 0)


class KilledError(BaseException):
    """Stands for an end of the process: nothing handles it."""


@pytest.mark.parametrize("way", ["deleting", "restoring"])
@pytest.mark.parametrize("error", [KilledError, StoppedError])
@pytest.mark.parametrize(
    ("kind", "ids", "told"),
    [
        (Kind.RECORD, [f"record-{n:05}" for n in range(5)], "5 records"),
        (Kind.EVALUATION, ["evaluate-1"], "evaluation tuned"),
    ],
)
def test_many_things_go_in_steps_and_none_is_left_in_between(
    library: Library,
    monkeypatch: pytest.MonkeyPatch,
    way: str,
    error: type[BaseException],
    kind: Kind,
    ids: list[str],
    told: str,
) -> None:
    monkeypatch.setattr(deletion, "RECORDS_AT_ONCE", 2)
    monkeypatch.setattr(deletion, "QUESTIONS_AT_ONCE", 1)
    monkeypatch.setattr(trash, "SHARE", 0.0)  # a step in each transaction
    delete(library, plan_deletion(library, Kind.SNAPSHOT, [list_snapshots(library)[0].id]))
    before = content(library)
    plan = plan_deletion(library, kind, ids)
    seen: list[tuple[int, int]] = []

    def end(done: int, steps: int) -> None:
        seen.append((done, steps))
        if done == 2:
            raise error

    entry = delete(library, plan) if way == "restoring" else 0
    with pytest.raises(error):
        restore(library, entry, on_step=end) if entry else delete(library, plan, on_step=end)
    assert seen[-1] == (2, 3)
    if error is KilledError or entry:  # the next start finishes it
        assert len(list_trash(library)) == (2 if entry else 1), "one on its way in is not in the trash yet"
        library.close()
        library = Library.open(library.folder)
        cut_off = f"restored {told}: everything is back now." if entry else f"deleted {told}: nothing"
        assert cut_off in brought_back_text(library.brought_back)
    with library:
        assert content(library) == before and len(list_trash(library)) == 1  # that of the snapshot
        assert check(library, thorough=True) == []
        gone = delete(library, plan)
        assert content(library) != before
        assert restore(library, gone).there == 0 and content(library) == before


def test_a_plan_for_many_records_asks_as_seldom_as_one_for_a_few(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with new_library(tmp_path) as library:
        add_records(library, [judged(make_record(n), n) for n in range(40)])
        asked: list[str] = []
        rows = library.rows

        def counting(sql: str, *parameters: Any) -> list[sqlite3.Row]:
            asked.append(sql)
            return rows(sql, *parameters)

        monkeypatch.setattr(library, "rows", counting)
        plan_deletion(library, Kind.RECORD, ["record-00000"])
        few = len(asked)
        plan = plan_deletion(library, Kind.RECORD, [f"record-{n:05}" for n in range(40)])
        assert len(plan.items) == 40 and len(asked) == 2 * few


def test_the_rows_of_a_large_entry_go_for_good_in_several_transactions(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    delete(library, plan_deletion(library, Kind.SNAPSHOT, [list_snapshots(library)[0].id]))
    left: list[int] = []
    forget_some = trash._forget_some

    def watched(db: sqlite3.Connection, *, n: int) -> bool:
        more = forget_some(db, n=n)
        left.append(db.execute("SELECT count(*) FROM trash_rows").fetchone()[0])
        if len(left) == 2:
            raise KilledError
        return more

    monkeypatch.setattr(trash, "SHARE", 0.0)
    monkeypatch.setattr(trash, "FORGOTTEN_AT_ONCE", 2)
    monkeypatch.setattr(trash, "_forget_some", watched)
    with pytest.raises(KilledError):
        empty_trash(library)
    assert left[0] == left[1] + 2 > 2, "the second transaction took two more, and was undone"
    assert list_trash(library) == []
    monkeypatch.undo()
    library.close()
    with Library.open(library.folder) as again:
        assert again.row("SELECT count(*) FROM trash_rows")[0] == 0
        assert again.row("SELECT count(*) FROM trash")[0] == 0


def test_records_that_no_job_made_come_back_into_a_library_without_jobs(tmp_path: Path) -> None:
    with new_library(tmp_path) as library:
        add_records(library, [judged(make_record(n), n) for n in range(3)])
        before = content(library)
        plan = plan_deletion(library, Kind.RECORD, [f"record-{n:05}" for n in range(3)])
        restore(library, delete(library, plan))
        assert content(library) == before


def test_records_that_a_snapshot_takes_meanwhile_stay(library: Library) -> None:
    delete(library, plan_deletion(library, Kind.SNAPSHOT, [list_snapshots(library)[0].id]))
    plan = plan_deletion(library, Kind.RECORD, ["record-00001", "record-00002"])
    before = content(library)

    def freeze_them(done: int, steps: int) -> None:
        freeze(library, name="meanwhile", rules=SnapshotRules(only_paired=False, only_correct=False))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(deletion, "RECORDS_AT_ONCE", 1)
        patch.setattr(trash, "SHARE", 0.0)
        with pytest.raises(UserError, match="The snapshot meanwhile has taken"):
            delete(library, plan, on_step=freeze_them)
    for table in ("records", "verdicts", "revisions", "decisions"):
        assert content(library)[table] == before[table]


def test_a_record_that_was_made_again_stays_as_it_is(library: Library) -> None:
    entry = delete(library, plan_deletion(library, Kind.RECORD, ["record-00005"]))
    add_records(library, [judged(make_record(5, response="Answer: five"), 5)])
    assert restore(library, entry).there == 1
    assert get_record(library, "record-00005").record.response == "Answer: five"
    assert get_record(library, "record-00005").decision is None
    assert check(library, thorough=True) == []


def test_a_snapshot_cannot_come_back_without_its_records(library: Library) -> None:
    snapshot = delete(library, plan_deletion(library, Kind.SNAPSHOT, [list_snapshots(library)[0].id]))
    records = delete(library, plan_deletion(library, Kind.RECORD, ["record-00001"]))
    with pytest.raises(UserError, match="was deleted later"):
        restore(library, snapshot)
    assert list_snapshots(library) == []
    restore(library, records)
    restore(library, snapshot)
    assert [one.name for one in list_snapshots(library)] == ["both"]


def test_a_job_goes_with_its_answers_unless_a_snapshot_holds_them(library: Library) -> None:
    plan = plan_deletion(library, Kind.RUN, ["generate-1"])
    assert not plan.items
    assert [(one.reason, one.holder) for one in plan.refused] == [(Refusal.MADE_FROZEN, "both")]
    with pytest.raises(UserError, match="can be deleted"):
        delete(library, plan)
    delete(library, plan_deletion(library, Kind.SNAPSHOT, [list_snapshots(library)[0].id]))
    before = content(library)
    plan = plan_deletion(library, Kind.RUN, ["generate-1"])
    assert len(plan.along) == 6
    entry = delete(library, plan)
    assert count_records(library) == 0
    restore(library, entry)
    assert content(library) == before


def test_what_is_at_work_or_of_an_experiment_stays(library: Library) -> None:
    running = create_run(library, "generate", {"other": 1})
    assert [one.reason for one in plan_deletion(library, Kind.RUN, [running.id]).refused] == [Refusal.RUNNING]
    run = create_run(library, "experiment", {})
    end_run(library, run.id, "done", "")
    cell = {"training": "train-1", "evaluations": {"own": "evaluate-1"}, "reused": ["evaluate-1"]}
    set_setting(library, f"experiment.{run.id}", {"arms": {}, "cells": {"erased/0": cell}})
    for kind, one in ((Kind.TRAINING, "train-1"), (Kind.EVALUATION, "evaluate-1")):
        (refused,) = plan_deletion(library, kind, [one]).refused
        assert (refused.reason, refused.holder) == (Refusal.OF_EXPERIMENT, run.id)
    (refused,) = plan_deletion(library, Kind.SNAPSHOT, [list_snapshots(library)[0].id]).refused
    assert refused.reason is Refusal.OF_EXPERIMENT
    assert refusal_sentence([refused]).startswith("Snapshot both belongs to")
    before = content(library)
    plan = plan_deletion(library, Kind.RUN, [run.id])
    assert [one.id for one in plan.along] == ["train-1"]  # not the evaluation, which was there before it
    entry = delete(library, plan)
    assert [one.id for one in list_trainings(library)] == []
    restore(library, entry)
    assert content(library) == before


def test_a_measurement_of_a_student_says_that_its_answers_go(library: Library) -> None:
    run = create_run(library, "measure", {})
    answer = BaseAnswer(
        question="q", sample=0, response="5", correct=True, completion_tokens=1, finish_reason="stop"
    )
    add_base_answers(library, [answer], model="ab", system="", asked="", run=run.id)
    end_run(library, run.id, "done", "")
    before = content(library)
    plan = plan_deletion(library, Kind.RUN, [run.id])
    assert plan.measured == 1 and not plan.is_plain
    assert any("1 answer of the untrained student" in text for _, text in deletion_lines(plan))
    restore(library, delete(library, plan))
    assert content(library) == before


@pytest.mark.parametrize("reader", ["evaluate-1", "evaluate-2"])  # of the adapter, and of a checkpoint
def test_what_an_evaluation_at_work_reads_stays(library: Library, reader: str) -> None:
    start_run(library, reader)
    for kind, one in ((Kind.TRAINING, "train-1"), (Kind.SNAPSHOT, list_snapshots(library)[0].id)):
        plan = plan_deletion(library, kind, [one])
        assert [(each.reason, each.holder) for each in plan.refused] == [(Refusal.IN_USE, reader)]
        assert plan.items == plan.along == plan.files == ()
        assert f"in use by {reader}. Stop the job first." in refusal_sentence(plan.refused)
    end_run(library, reader, "done", "")
    assert plan_deletion(library, Kind.TRAINING, ["train-1"]).refused == ()


@pytest.mark.parametrize(
    ("kind", "item"), [(Kind.TRAINING, "train-1"), (Kind.SNAPSHOT, "both"), (Kind.EVALUATION, "evaluate-1")]
)
def test_what_an_export_at_work_reads_stays(library: Library, kind: Kind, item: str) -> None:
    one = list_snapshots(library)[0].id if kind is Kind.SNAPSHOT else item
    run = create_run(library, "export", {"of": item}, {"training": one, "formats": ["q8_0"]}).id
    plan = plan_deletion(library, kind, [one])
    assert [(each.reason, each.holder) for each in plan.refused] == [(Refusal.IN_USE, run)]
    end_run(library, run, "done", "")
    assert plan_deletion(library, kind, [one]).items


@pytest.mark.parametrize("step", ["leaving", "returning", "going"])
def test_the_next_start_finishes_what_an_end_of_the_process_left(
    library: Library, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: object) -> None:
        raise KilledError

    before = content(library)
    plan = plan_deletion(library, Kind.TRAINING, ["train-1"])
    entry = delete(library, plan) if step != "leaving" else 0
    monkeypatch.setattr(trash, {"leaving": "_leave", "returning": "_return", "going": "_go"}[step], killed)
    with pytest.raises(KilledError):
        {
            "leaving": lambda: delete(library, plan),
            "returning": lambda: restore(library, entry),
            "going": lambda: empty_trash(library),
        }[step]()
    monkeypatch.undo()
    library.close()
    with Library.open(library.folder) as again:
        folder = again.folder / "trainings" / "train-1"
        if step == "leaving":
            assert not folder.exists()
            restore(again, list_trash(again)[0].n)
        assert list_trash(again) == []
        assert folder.exists() == (step != "going")
        assert step == "going" or content(again) == before


def test_files_that_cannot_be_moved_leave_everything_as_it_was(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = content(library)
    rename = Path.rename

    def refuse(path: Path, to: Path) -> Path:
        if path.name == "train-1.log" and "trash" in to.parts:
            raise PermissionError(13, "in use", str(path))
        return rename(path, to)

    monkeypatch.setattr(Path, "rename", refuse)
    with pytest.raises(UserError, match=r"train-1.log cannot be moved \(in use\)"):
        delete(library, plan_deletion(library, Kind.TRAINING, ["train-1"]))
    assert content(library) == before
    assert list_trash(library) == []


def test_checkpoints_go_without_their_training(library: Library) -> None:
    folder = library.folder / "trainings" / "train-1" / "checkpoints"
    (folder / "step-1").mkdir(parents=True)
    (folder / "step-1" / "state").write_bytes(b"state")
    before = content(library)
    plan = plan_deletion(library, Kind.CHECKPOINTS, ["train-1"])
    assert plan.is_plain and plan.bytes == 5
    entry = delete(library, plan)
    assert not folder.exists() and get_training(library, "train-1").adapter_gguf is not None
    restore(library, entry)
    assert content(library) == before
    start_run(library, "train-1")
    assert [one.reason for one in plan_deletion(library, Kind.CHECKPOINTS, ["train-1"]).refused] == [
        Refusal.RUNNING
    ]
    end_run(library, "train-1", "cancelled", "")
    plan = plan_deletion(library, Kind.CHECKPOINTS, ["train-1"])
    assert [one.id for one in plan.unfinished] == ["train-1"] and not plan.is_plain


def test_nothing_is_deleted_as_what_it_is_not(library: Library) -> None:
    before = content(library)
    for kind, one in (
        (Kind.TRAINING, "evaluate-1"),
        (Kind.EVALUATION, "train-1"),
        (Kind.EXPERIMENT, "train-1"),
        (Kind.CHECKPOINTS, "evaluate-1"),
    ):
        with pytest.raises(UserError, match=f"There is no {kind.value} {one}"):
            plan_deletion(library, kind, [one])
    assert content(library) == before


def test_the_trash_is_emptied_by_age_or_whole(library: Library) -> None:
    entry = delete(library, plan_deletion(library, Kind.TRAINING, ["train-1"]))
    stray = library.folder / "trash" / "of-another-state"
    stray.mkdir()
    assert empty_trash(library, older_than_days=30) == 0
    assert empty_trash(library) == 1
    assert list((library.folder / "trash").glob("*")) == []
    with pytest.raises(UserError, match="no longer in the trash"):
        restore(library, entry)
    assert library.rows("SELECT 1 FROM trash_rows") == []


def test_deleting_texts_for_good_empties_the_trash(library: Library) -> None:
    delete(library, plan_deletion(library, Kind.TRAINING, ["train-1"]))
    set_note(library, "record", "record-00003", f"odd: {make_task(3).query}")
    traces = traces_of(library, [make_task(3).id])
    assert any("All of the trash" in line and "1 deletion" in line for line in going_lines(traces))
    forget(library, [make_task(3).id], {})
    assert make_task(3).query not in note_on(library, "record", "record-00003")
    assert list_trash(library) == []
    assert list((library.folder / "trash").glob("*")) == []


def test_notes_go_and_come_with_what_they_are_on(library: Library) -> None:
    set_note(library, "run", "train-1", "a first try")
    entry = delete(library, plan_deletion(library, Kind.TRAINING, ["train-1"]))
    assert library.rows("SELECT 1 FROM notes") == []
    restore(library, entry)
    assert json.loads(json.dumps([row["note"] for row in library.rows("SELECT * FROM notes")])) == [
        "a first try"
    ]
    assert get_training(library, "train-1").adapter_gguf is not None
    assert get_run(library, "train-1").label == ""
