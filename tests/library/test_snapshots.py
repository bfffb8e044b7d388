"""Snapshots, trainings, evaluations: frozen content, rules with reasons, curves, counts."""

import dataclasses
import json
import random
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from library_doubles import LEAK, judged, make_record, make_task
from new_library import new_library

from orca_desk.errors import UserError
from orca_desk.library.care.integrity import check, missing_files
from orca_desk.library.database import Library
from orca_desk.library.evaluations import (
    Answered,
    Question,
    add_answers,
    answers,
    create_evaluation,
    list_evaluations,
    question_outcomes,
    unanswered,
)
from orca_desk.library.ids import snapshot_id
from orca_desk.library.new_records import NewRecord, add_records
from orca_desk.library.pairings import set_pairings
from orca_desk.library.record_edits import decide, revise
from orca_desk.library.runs import create_run, end_run
from orca_desk.library.snapshots import (
    freeze,
    get_snapshot,
    list_snapshots,
    snapshot_records,
    write_snapshot,
)
from orca_desk.library.tasks import add_tasks
from orca_desk.library.trainings import (
    add_events,
    create_training,
    find_unfinished_training,
    list_trainings,
    set_adapter,
    training_events,
)
from orca_desk.method.erasure import CAUTIOUS, erase
from orca_desk.method.fitness import Unfit
from orca_desk.method.pairing import Pairing
from orca_desk.method.records import TeacherRecord
from orca_desk.method.snapshot_rules import SnapshotRules


def test_a_snapshot_keeps_earlier_turns_and_old_lines_stay(tmp_path: Path) -> None:
    before = (("user", "What is 2 + 2?"), ("assistant", "4"))
    with new_library(tmp_path / "library") as library:
        task = make_task(1, turns=before)
        assert task.id != make_task(1).id
        add_tasks(library, [task, make_task(1)])
        records = [make_record(1, id="with", task_id=task.id, turns=before), make_record(1)]
        assert records[0].user == records[1].user
        add_records(library, [judged(one, 1) for one in records])
        snapshot = freeze(library, name="two", rules=SnapshotRules(only_paired=False))
        assert snapshot.records == 2
        kept = {one.teacher_record_id: one for one in snapshot_records(library, snapshot.id)}
        assert (kept["with"].turns, kept[records[1].id].turns) == (before, ())
        path = tmp_path / "records.jsonl"
        write_snapshot(library, snapshot.id, path)
        assert check(library, thorough=True) == []
        lines = {line["id"]: line for line in map(json.loads, path.read_text().splitlines())}
        assert lines[kept["with"].id]["turns"] == [list(turn) for turn in before]
        assert "turns" not in lines[kept[records[1].id].id]


def with_finish(record: TeacherRecord, reason: str) -> TeacherRecord:
    made_with = dataclasses.replace(record.provenance, finish_reason=reason)
    return dataclasses.replace(record, provenance=made_with)


def fill(library: Library) -> None:
    """Records 0 and 7 are fit; each other is unfit for one reason of its own."""
    add_tasks(library, [make_task(n, split="heldout" if n == 1 else "train") for n in range(8)])
    records = [make_record(n) for n in range(8)]
    records[6] = dataclasses.replace(records[6], strategy="step-by-step")
    new = [judged(record, n) for n, record in enumerate(records)]
    new[2] = judged(records[2], "another")
    new[3] = judged(records[3], 3, LEAK)
    new[5] = judged(with_finish(records[5], "length"), 5)
    add_records(library, [*new, judged(dataclasses.replace(records[0], id="record-copy", sample=1), 0)])
    decide(library, [records[4].id], "drop")
    pairing = Pairing(family="sums", strategy="direct", evidence=(), reason="chosen")
    set_pairings(library, [pairing], source="chosen")


REASONS = {
    Unfit.HELD_OUT: 1,
    Unfit.INCORRECT: 1,
    Unfit.LEAK: 1,
    Unfit.DROPPED: 1,
    Unfit.CUT_OFF: 1,
    Unfit.OTHER_STRATEGY: 1,
    Unfit.DUPLICATE: 1,
}


def test_rules_leave_out_and_say_why(library: Library) -> None:
    fill(library)
    snapshot = freeze(library, name="first")
    taken = list(snapshot_records(library, snapshot.id))
    assert taken == [erase(make_record(n), CAUTIOUS) for n in (0, 7)]
    assert snapshot.left_out == REASONS
    assert (snapshot.records, snapshot.families, snapshot.instruction) == (2, {"sums": 2}, CAUTIOUS)


def test_every_rule_can_be_switched(library: Library) -> None:
    fill(library)
    free = freeze(
        library, name="all", rules=SnapshotRules(only_correct=False, only_paired=False, allow_leaks=True)
    )
    assert free.records == 5
    capped = freeze(library, name="few", instruction="", rules=SnapshotRules(cap=1))
    assert (capped.records, capped.left_out[Unfit.OVER_CAP]) == (1, 1)
    assert next(snapshot_records(library, capped.id)).system == ""
    with pytest.raises(UserError, match="no records of a family named other"):
        freeze(library, name="none", rules=SnapshotRules(families=("other",)))
    with pytest.raises(UserError, match="No record"):
        freeze(library, name="none", rules=SnapshotRules(runs=("generate-1",)))
    assert {snapshot.id for snapshot in list_snapshots(library)} == {free.id, capped.id}
    assert get_snapshot(library, capped.id).rules == SnapshotRules(cap=1)
    assert check(library, thorough=True) == []


def test_review_overrules_grading_but_never_takes_held_out_tasks(library: Library) -> None:
    fill(library)
    decide(library, [make_record(n).id for n in (1, 2, 3, 5)], "keep")
    snapshot = freeze(library, name="reviewed")
    assert [r.teacher_record_id for r in snapshot_records(library, snapshot.id)] == [
        make_record(n).id for n in (0, 2, 3, 5, 7)
    ]
    assert snapshot.left_out[Unfit.HELD_OUT] == 1


def test_an_edited_answer_is_what_is_trained_on(library: Library) -> None:
    add_records(library, [judged(make_record(1), 5)])
    revise(library, make_record(1).id, "Answer: 5", verdict=judged(make_record(5), 5).verdict)
    snapshot = freeze(library, name="edited")
    (training,) = snapshot_records(library, snapshot.id)
    assert training.assistant == "Answer: 5"


def test_ungraded_records_are_taken(library: Library) -> None:
    add_records(library, [NewRecord(record=make_record(1))])
    assert freeze(library, name="ungraded").records == 1


def test_a_tasks_own_strategy_counts_before_its_familys(library: Library) -> None:
    add_tasks(library, [make_task(1, strategy="step-by-step")])
    set_pairings(
        library, [Pairing(family="sums", strategy="direct", evidence=(), reason="")], source="chosen"
    )
    other = dataclasses.replace(make_record(1), id="other", strategy="step-by-step")
    add_records(library, [judged(make_record(1), 1), judged(other, 1)])
    snapshot = freeze(library, name="own")
    assert [r.strategy for r in snapshot_records(library, snapshot.id)] == ["step-by-step"]


@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 10**6), cap=st.none() | st.integers(1, 30))
def test_the_same_records_make_the_same_snapshot_in_any_order(
    tmp_path_factory: pytest.TempPathFactory, seed: int, cap: int | None
) -> None:
    new = [judged(make_record(n), n if n % 3 else 0) for n in range(40)]
    ids = set()
    for order in (new, random.Random(seed).sample(new, len(new))):
        with new_library(tmp_path_factory.mktemp("library")) as library:
            add_records(library, order)
            ids.add(freeze(library, name="one", rules=SnapshotRules(cap=cap)).id)
    assert len(ids) == 1


def test_freezing_again_gives_the_same_one_and_later_changes_do_not_reach_it(library: Library) -> None:
    fill(library)
    snapshot = freeze(library, name="first")
    before = list(snapshot_records(library, snapshot.id))
    assert freeze(library, name="second") == snapshot
    decide(library, [make_record(0).id], "drop")
    assert freeze(library, name="third").id != snapshot.id
    assert list(snapshot_records(library, snapshot.id)) == before
    for sql in ("UPDATE snapshot_records SET assistant = ''", "DELETE FROM snapshot_records"):
        with pytest.raises(sqlite3.IntegrityError, match="never changes"):
            library.write(lambda db, sql=sql: db.execute(sql).rowcount)


def test_an_edit_while_records_are_chosen_is_in_the_snapshot(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_records(library, [judged(make_record(n), n) for n in (1, 2)])
    write, attempts = library.write, []

    def edit_first(work: Callable[[sqlite3.Connection], object]) -> object:
        monkeypatch.setattr(library, "write", write)
        revise(library, make_record(1).id, "Answer: 1, edited", verdict=judged(make_record(1), 1).verdict)
        attempts.append(work)
        return write(work)

    monkeypatch.setattr(library, "write", edit_first)
    snapshot = freeze(library, name="late edit")
    assert len(attempts) == 1
    assert [one.assistant for one in snapshot_records(library, snapshot.id)] == [
        "Answer: 1, edited",
        "Answer: 2",
    ]
    assert [one.id for one in list_snapshots(library)] == [snapshot.id]
    assert check(library, thorough=True) == []


def test_a_tampered_snapshot_is_found(library: Library) -> None:
    fill(library)
    snapshot = freeze(library, name="first")

    def tamper(db: sqlite3.Connection) -> None:
        db.execute("DROP TRIGGER snapshot_records_keep_update")
        db.execute("UPDATE snapshot_records SET assistant = 'Answer: 1' WHERE position = 1")

    library.write(tamper)
    assert check(library) == []
    assert any(snapshot.id in problem for problem in check(library, thorough=True))


def test_a_snapshot_is_written_as_lines(library: Library, tmp_path: Path) -> None:
    add_records(library, [judged(make_record(n, user=f"Zeile\u2028{n}"), n) for n in range(1201)])
    snapshot = freeze(library, name="lines")
    path = tmp_path / "records.jsonl"
    assert write_snapshot(library, snapshot.id, path) == 1201
    lines = [json.loads(line) for line in path.read_bytes().split(b"\n")[:-1]]
    assert [line["id"] for line in lines] == [r.id for r in snapshot_records(library, snapshot.id)]
    assert set(lines[0]) == {"id", "system", "user", "assistant", "family", "strategy", "task_id"}
    assert lines[0]["user"] == "Zeile\u20280"
    with pytest.raises(UserError, match="no snapshot"):
        write_snapshot(library, "nowhere", path)


def test_a_training_is_a_run_with_curves_and_an_adapter(library: Library, tmp_path: Path) -> None:
    add_records(library, [judged(make_record(1), 1)])
    what = {"base": tmp_path / "base", "snapshot": freeze(library, name="x").id, "settings": {"rank": 8}}
    training = create_training(library, **what)
    assert (training.id, training.settings, training.base) == ("train-1", {"rank": 8}, tmp_path / "base")
    events = [{"event": "metrics", "step": n, "loss": 1 / n} for n in (1, 2, 3)]
    add_events(library, training.id, events)
    add_events(library, training.id, [{"event": "metrics", "step": 3, "loss": 0.3}, {"event": "report"}])
    assert [e["loss"] for e in training_events(library, training.id, "metrics")] == [1.0, 0.5, 0.3]
    assert len(training_events(library, training.id, "metrics", after_step=2)) == 1
    assert find_unfinished_training(library, **what) == training
    done = set_adapter(library, training.id, adapter=training.folder / "adapter", gguf=None, sha256="f")
    assert done.adapter == training.folder / "adapter"
    assert missing_files(library) == [done.adapter]
    end_run(library, training.id, "done", "Trained.")
    assert find_unfinished_training(library, **what) is None
    assert [t.id for t in list_trainings(library)] == ["train-1"]


def test_a_resumed_training_deletes_events_after_its_checkpoint(library: Library, tmp_path: Path) -> None:
    add_records(library, [judged(make_record(1), 1)])
    snapshot = freeze(library, name="x").id
    training = create_training(library, base=tmp_path / "base", snapshot=snapshot, settings={}).id
    kinds = ("metrics", "eval")
    before = [{"event": kind, "step": n, "loss": 1 / n} for kind in kinds for n in (1, 2, 3)]
    add_events(library, training, [{"event": "report", "resumed_step": 0}, *before])
    add_events(library, training, [{"event": "report", "resumed_step": 1}, {**before[1], "loss": 9.0}])
    assert [e["loss"] for e in training_events(library, training, "metrics")] == [1.0, 9.0]
    assert [e["step"] for e in training_events(library, training, "eval")] == [1]
    assert len(training_events(library, training, "report")) == 1


def test_a_library_can_be_moved(tmp_path: Path) -> None:
    with new_library(tmp_path / "old") as library:
        add_records(library, [judged(make_record(1), 1)])
        training = create_training(
            library, base=tmp_path / "base", snapshot=freeze(library, name="x").id, settings={}
        )
        set_adapter(library, training.id, adapter=training.folder / "adapter", gguf=None, sha256="f")
    (tmp_path / "old").rename(tmp_path / "new")
    with Library.open(tmp_path / "new") as library:
        (moved,) = list_trainings(library)
        assert moved.adapter == tmp_path / "new" / "trainings" / "train-1" / "adapter"
        assert moved.base == tmp_path / "base"


def answer(task: str, correct: bool | None, recognised: str | None) -> Answered:
    return Answered(
        task_id=task,
        response=f"answer to {task}",
        correct=correct,
        reason="",
        recognised=recognised,
        completion_tokens=10 if correct else 20,
        finish_reason="stop",
    )


def test_an_evaluation_counts_by_family_and_can_be_resumed(library: Library, tmp_path: Path) -> None:
    asked = [
        Question(task_id="1", family="a", paired="direct"),
        Question(task_id="2", family="a", paired="direct"),
        Question(task_id="3", family="a", paired=None),
        Question(task_id="4", family="b", paired="direct"),
    ]
    common = {"model": tmp_path / "m.gguf", "adapter": None, "system_kind": "empty", "system": ""}
    first = create_evaluation(library, **common, questions=asked, settings={"n": 1})
    given_answers = [answer("1", True, "direct"), answer("2", False, None), answer("3", None, "direct")]
    assert add_answers(library, first.id, given_answers[:2]) == 2
    assert [one.task_id for one in unanswered(library, first.id)] == ["3", "4"]
    assert add_answers(library, first.id, [answer("1", False, None), given_answers[2]]) == 1
    assert answers(library, first.id) == given_answers
    found = question_outcomes(library, first.id)
    assert [(one.task_id, one.family, one.paired) for one in found] == [
        ("1", "a", "direct"), ("2", "a", "direct"), ("3", "a", None), ("4", "b", "direct"),
    ]  # fmt: skip
    assert [(one.is_answered, one.correct) for one in found] == [
        (True, True), (True, False), (True, None), (False, None),
    ]  # fmt: skip
    assert (found[0].recognised, found[3].completion_tokens, found[3].finish_reason) == ("direct", 0, None)
    create_evaluation(library, **common, questions=asked, settings={"n": 2})
    assert [one.id for one in list_evaluations(library)] == ["evaluate-2", "evaluate-1"]
    with pytest.raises(sqlite3.IntegrityError):
        add_answers(library, first.id, [answer("99", True, None)])
    with pytest.raises(UserError, match="no task"):
        create_evaluation(library, **common, questions=[], settings={})
    assert create_run(library, "evaluate", {}).id == "evaluate-3"


def test_a_snapshot_is_found_by_its_name_or_the_start_of_its_id(library: Library) -> None:
    fill(library)
    frozen = freeze(library, name="first-try")
    assert snapshot_id(library, "first-try") == frozen.id
    assert snapshot_id(library, frozen.id[:6]) == frozen.id
    freeze(library, name="first-try", rules=SnapshotRules(cap=1))
    with pytest.raises(UserError, match="Several snapshots have the name"):
        snapshot_id(library, "first-try")
    with pytest.raises(UserError, match="no name"):
        freeze(library, name=" ")
