"""A record of a held-out task is never trained on, whatever becomes of the task."""

import dataclasses

import pytest
from library_doubles import judged, make_record, make_task, update_tasks

from orca_desk.library.database import Library
from orca_desk.library.new_records import add_records
from orca_desk.library.records import get_record
from orca_desk.library.snapshots import preview_freeze
from orca_desk.library.task_changes import TaskEdit, change_tasks, undo_change
from orca_desk.library.tasks import (
    TaskFilter,
    add_tasks,
    delete_tasks,
    get_task,
    remove_added,
    restore_tasks,
    task_rowids,
)
from orca_desk.method.fitness import Unfit

HELD = make_task(1, split="heldout")
RECORD = make_record(1)
LEFT_OUT = {Unfit.HELD_OUT: 1}


@pytest.fixture
def filled(library: Library) -> Library:
    """A held-out task with a record."""
    add_tasks(library, [HELD])
    add_records(library, [judged(RECORD, 1)])
    return library


def test_deleting_the_task_frees_nothing(filled: Library) -> None:
    deleted = delete_tasks(filled, [HELD.id])
    assert preview_freeze(filled).left_out == LEFT_OUT
    assert get_record(filled, RECORD.id).held_out
    restore_tasks(filled, deleted)
    assert preview_freeze(filled).left_out == LEFT_OUT


@pytest.mark.parametrize("family", ["sums", "another"])
@pytest.mark.parametrize("split", ["train", "heldout"])
def test_importing_it_again_frees_nothing(filled: Library, family: str, split: str) -> None:
    delete_tasks(filled, [HELD.id])
    add_tasks(filled, [make_task(1, family=family, split=split)])
    assert preview_freeze(filled).left_out == LEFT_OUT


def test_holding_out_a_question_holds_its_records_out_under_any_family(library: Library) -> None:
    task = make_task(1)
    add_tasks(library, [task])
    add_records(library, [judged(RECORD, 1)])
    delete_tasks(library, [task.id])
    assert preview_freeze(library).records == 1
    add_tasks(library, [make_task(1, family="benchmark", split="heldout")])
    assert preview_freeze(library).left_out == LEFT_OUT


def test_the_user_moves_a_task_and_its_records_follow(filled: Library) -> None:
    update_tasks(filled, [dataclasses.replace(HELD, split="train")])
    assert preview_freeze(filled).records == 1
    update_tasks(filled, [dataclasses.replace(get_task(filled, HELD.id), split="heldout")])
    assert preview_freeze(filled).left_out == LEFT_OUT


def test_a_task_that_is_deleted_while_the_teacher_answers_was_held_out(library: Library) -> None:
    add_records(library, [dataclasses.replace(judged(RECORD, 1), held_out=True)])
    assert preview_freeze(library).left_out == LEFT_OUT


def test_a_record_whose_question_another_task_tests_is_held_out(library: Library) -> None:
    add_tasks(library, [HELD])
    other = dataclasses.replace(make_record(2), user=RECORD.user, task_id="another")
    add_records(library, [judged(other, 1)])
    assert preview_freeze(library).left_out == LEFT_OUT


def test_undoing_the_addition_of_a_held_out_task_frees_what_it_held(library: Library) -> None:
    add_tasks(library, [make_task(1), make_task(2)])
    add_records(library, [judged(make_record(number), number) for number in (1, 2)])
    tests = [make_task(number, family="benchmark", split="heldout") for number in (1, 2)]
    added = add_tasks(library, tests)
    assert preview_freeze(library).left_out == {Unfit.HELD_OUT: 2}
    add_tasks(library, [make_task(2, family="another", split="heldout")])
    restored = remove_added(library, added)
    assert preview_freeze(library).left_out == LEFT_OUT  # the second one is asked by another test
    assert preview_freeze(library).records == 1
    restore_tasks(library, restored)
    assert preview_freeze(library).left_out == {Unfit.HELD_OUT: 2}


def test_undoing_the_addition_frees_nothing_that_was_held_before(filled: Library) -> None:
    remove_added(filled, add_tasks(filled, [make_task(1, family="benchmark", split="heldout")]))
    delete_tasks(filled, [HELD.id])
    remove_added(filled, add_tasks(filled, [make_task(1, family="benchmark", split="heldout")]))
    assert preview_freeze(filled).left_out == LEFT_OUT


def test_undoing_an_edit_of_the_split_keeps_what_was_held_before(filled: Library) -> None:
    delete_tasks(filled, [HELD.id])
    add_tasks(filled, [make_task(1), make_task(2)])  # the first again, for training
    add_records(filled, [judged(make_record(2), 2)])
    rowids = task_rowids(filled, TaskFilter(split="train"))
    changed = change_tasks(filled, rowids, TaskEdit(split="heldout"))
    assert preview_freeze(filled).left_out == {Unfit.HELD_OUT: 2}
    undo_change(filled, changed)
    assert get_record(filled, RECORD.id).held_out
    assert preview_freeze(filled).left_out == LEFT_OUT


def test_undoing_another_wording_of_a_held_out_task_frees_what_it_held(library: Library) -> None:
    add_tasks(library, [make_task(1), make_task(5, split="heldout")])
    add_records(library, [judged(RECORD, 1)])
    reworded = change_tasks(
        library,
        task_rowids(library, TaskFilter(split="heldout")),
        lambda task: dataclasses.replace(task, query=make_task(1).query),
    )
    assert preview_freeze(library).left_out == LEFT_OUT
    undo_change(library, reworded)
    assert preview_freeze(library).records == 1
