"""One record again, and the user's own version of one, with a tiny real teacher."""

from dataclasses import replace

import pytest
from doubles import SHORT, open_small, small_snapshot, small_tasks

from orca_desk.errors import UserError
from orca_desk.library.records import RecordFilter, count_records, get_record, iterate_records
from orca_desk.library.snapshots import snapshot_records, write_snapshot
from orca_desk.library.tasks import delete_tasks
from orca_desk.processes.asking import Runner
from orca_desk.processes.progress import JobControl
from orca_desk.steps.erase.revise import edit_answer, undo_edit
from orca_desk.steps.hand_over.hand_over import hand_over
from orca_desk.steps.hand_over.request import HandOverRequest
from orca_desk.steps.instruct.generate import generate
from orca_desk.steps.instruct.regenerate import regenerate


@pytest.fixture
def library(tmp_path):
    with open_small(tmp_path / "library") as library:
        yield library


def test_again_under_another_strategy_and_seed(library, tiny_llama) -> None:
    teacher = Runner(model=tiny_llama.gguf, threads=1, context=512)
    generate(library, teacher, small_tasks(1)[:1], sampling=SHORT)
    (old,) = iterate_records(library)
    again = regenerate(library, teacher, old.record.id, strategy="direct", sampling=SHORT)
    assert again.record and not again.known
    new = get_record(library, again.record).record
    assert (new.task_id, new.user, new.strategy) == (old.record.task_id, old.record.user, "direct")
    seeded = replace(SHORT, seed=7, temperature=1.0)
    other = regenerate(library, teacher, old.record.id, strategy=old.record.strategy, sampling=seeded)
    assert other.record and get_record(library, other.record).record.provenance.sampling == seeded
    assert regenerate(library, teacher, old.record.id, strategy="direct", sampling=SHORT) == replace(
        again, known=True
    )
    assert count_records(library) == 3 and get_record(library, old.record.id) == old
    with pytest.raises(UserError, match="no strategy"):
        regenerate(library, teacher, old.record.id, strategy="nothing", sampling=SHORT)
    delete_tasks(library, [old.record.task_id])
    with pytest.raises(UserError, match="deleted"):
        regenerate(library, teacher, old.record.id, strategy="direct", sampling=SHORT)


def test_an_edit_is_graded_and_checked_like_an_answer(library) -> None:
    (first, *_) = snapshot_records(library, small_snapshot(library))
    record_id = first.teacher_record_id
    original = get_record(library, record_id)
    before = edit_answer(library, record_id, "As I was instructed, I say so.\nAnswer: nowhere")
    assert before == original
    edited = get_record(library, record_id)
    assert edited.verdict and not edited.verdict.correct and edited.leaks
    assert edited.record == original.record and edited.edited
    undo_edit(library, before)
    assert get_record(library, record_id) == original
    with pytest.raises(UserError, match="empty"):
        edit_answer(library, record_id, " \n")
    delete_tasks(library, [original.record.task_id])
    edit_answer(library, record_id, "Something else.")
    assert get_record(library, record_id).verdict is None


def test_what_is_exported_is_what_a_snapshot_writes(library, tmp_path) -> None:
    snapshot = small_snapshot(library)
    frozen, exported = tmp_path / "frozen.jsonl", tmp_path / "exported.jsonl"
    write_snapshot(library, snapshot, frozen)
    request = HandOverRequest(table="training", format="jsonl", path=exported)
    made = hand_over(library, request)
    lines = exported.read_text("utf-8").splitlines()
    assert (made.written, made.left_out) == (len(lines), {})
    assert sorted(lines) == sorted(frozen.read_text("utf-8").splitlines())
    stopped = JobControl()
    stopped.stop()
    assert hand_over(library, replace(request, instruction="Other."), control=stopped) is None
    assert exported.read_text("utf-8").splitlines() == lines
    with pytest.raises(UserError, match="Nothing matches"):
        hand_over(library, replace(request, records=RecordFilter(family="none")))
