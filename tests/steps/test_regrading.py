"""A verdict is by the reference that its task has now, whatever changed it, and so is the evidence."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from library_doubles import judged, make_record, make_task
from new_library import new_library

from orca_desk.errors import UserError
from orca_desk.library.database import Library
from orca_desk.library.new_records import add_records
from orca_desk.library.pairings import current_pairings, latest_evidence, set_pairings
from orca_desk.library.record_edits import revise
from orca_desk.library.records import get_record
from orca_desk.library.snapshots import preview_freeze
from orca_desk.library.tasks import add_tasks, delete_tasks, get_task, get_tasks
from orca_desk.method.fitness import Unfit
from orca_desk.method.grading import Verdict
from orca_desk.method.pairing import Trial, choose, decide, measure
from orca_desk.method.records import Task
from orca_desk.steps import regrading
from orca_desk.steps.collect.request import ImportRequest, TaskSource
from orca_desk.steps.collect.undo import put_back, take_back
from orca_desk.steps.erase.revise import edit_answer, undo_edit
from orca_desk.steps.regrading import bring_back, regrade, replace_tasks, undo_replacement


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    """One task, "1", answered rightly."""
    with new_library(tmp_path) as library:
        add_tasks(library, [make_task(1)])
        add_records(library, [judged(make_record(1), 1)])
        yield library


def verdict(library: Library, record: str = make_record(1).id) -> bool | None:
    found = get_record(library, record).verdict
    return None if found is None else found.correct


def test_records_are_graded_by_an_edited_reference_and_again_by_its_undo(library: Library) -> None:
    edited = replace_tasks(library, [make_task(1, answer="2")])
    assert (verdict(library), edited.regraded) == (False, 1)
    assert "2" in get_record(library, make_record(1).id).verdict.reason
    assert preview_freeze(library).left_out == {Unfit.INCORRECT: 1}
    assert replace_tasks(library, edited.before).regraded == 1
    assert verdict(library) is True and get_task(library, make_task(1).id) == make_task(1)


def test_records_are_graded_by_an_edited_type(library: Library) -> None:
    add_tasks(library, [make_task(2, answer="2.0")])
    add_records(library, [judged(make_record(2), "2.0")])
    edited = replace_tasks(library, [make_task(2, answer="2.0", answer_kind="exact")])
    assert verdict(library, make_record(2).id) is False
    replace_tasks(library, edited.before)
    assert verdict(library, make_record(2).id) is True


def test_a_removed_reference_leaves_no_verdict(library: Library) -> None:
    edited = replace_tasks(library, [make_task(1, answer=None)])
    assert verdict(library) is None
    replace_tasks(library, edited.before)
    assert verdict(library) is True


def test_an_edit_that_leaves_the_reference_grades_nothing(library: Library) -> None:
    assert replace_tasks(library, [make_task(1, tags=("new",))]).regraded == 0


def test_the_users_edit_is_graded_too_and_undoing_it_gives_the_current_verdict(library: Library) -> None:
    record = make_record(1).id
    edit_answer(library, record, "Answer: 2")
    before = edit_answer(library, record, "Answer: 3")
    edited = replace_tasks(library, [make_task(1, answer="3")])
    assert (verdict(library), edited.regraded) == (True, 1)
    assert get_record(library, record).edited == "Answer: 3"
    undo_edit(library, before)
    assert verdict(library) is False
    replace_tasks(library, [make_task(1, answer="2")])
    assert verdict(library) is True


def test_all_tasks_are_replaced_or_none(library: Library) -> None:
    with pytest.raises(UserError, match="There is no task"):
        replace_tasks(library, [make_task(1, answer="2"), make_task(9)])
    assert verdict(library) is True


def test_an_answer_that_arrives_while_others_are_graded_is_graded_too(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    late = make_record(1, id="late", sample=1)
    grade = regrading.grade_answer

    def slow(task: Task, response: str, *, question: str) -> Verdict | None:
        if not get_record_or_none(library, "late"):
            add_records(library, [judged(late, 1)])
        return grade(task, response, question=question)

    monkeypatch.setattr(regrading, "grade_answer", slow)
    assert replace_tasks(library, [make_task(1, answer="2")]).regraded == 2
    assert (verdict(library), verdict(library, "late")) == (False, False)


def get_record_or_none(library: Library, record: str) -> bool:
    return library.row("SELECT 1 FROM records WHERE id = ?", (record,)) is not None


def test_an_import_that_replaces_references_says_so_and_its_undo_grades_again(library: Library) -> None:
    task = make_task(1)
    row = {"question": task.query, "answer": "2", "family": task.family}
    request = ImportRequest(source=TaskSource.of_text(json.dumps(row)), update=True)
    done = request.run(library)
    assert (done.differing, done.regraded, verdict(library)) == (1, 1, False)
    assert done.undo is not None
    taken = take_back(library, done.undo)
    assert verdict(library) is True
    put_back(library, taken)
    assert verdict(library) is False


def test_a_task_that_is_added_again_grades_the_records_of_the_deleted_one(library: Library) -> None:
    deleted = delete_tasks(library, [make_task(1).id])
    assert regrade(library, [make_task(1).id]) == 0
    row = {"question": make_task(1).query, "answer": "2", "family": "sums"}
    ImportRequest(source=TaskSource.of_text(json.dumps(row))).run(library)
    assert verdict(library) is False
    delete_tasks(library, [make_task(1).id])
    bring_back(library, deleted)
    assert verdict(library) is True


NUMBERS = (1, 2, 3, 4)


def paired(library: Library) -> None:
    """Pair the family by four tasks: "direct" gets all right, "slow" none."""
    for number in NUMBERS:
        add_tasks(library, [make_task(number)])
        slow = make_record(number, id=f"slow {number}", strategy="slow", response="Answer: 7")
        add_records(library, [judged(make_record(number), number), judged(slow, number)])
    trials = [
        Trial(task_id=make_task(n).id, family="sums", strategy=strategy, correct=right, tokens=9)
        for n in NUMBERS
        for strategy, right in (("direct", True), ("slow", False))
    ]
    set_pairings(library, choose(measure(trials)).values(), source="measured")


def test_evidence_and_a_measured_pairing_follow_and_come_back(library: Library) -> None:
    paired(library)
    before = current_pairings(library)
    assert before["sums"].strategy == "direct"
    edited = replace_tasks(library, [make_task(number, answer="7") for number in NUMBERS])
    evidence = latest_evidence(library)
    assert (evidence["sums", "direct"].correct, evidence["sums", "slow"].correct) == (0, 4)
    assert current_pairings(library)["sums"].strategy == "slow"
    replace_tasks(library, edited.before)
    assert current_pairings(library) == before


def test_a_strategy_chosen_by_hand_stays(library: Library) -> None:
    paired(library)
    chosen = replace(current_pairings(library)["sums"].pairing, evidence=())
    set_pairings(library, [chosen], source="chosen")
    replace_tasks(library, [make_task(1, answer="7"), make_task(2, answer="7")])
    assert current_pairings(library)["sums"].strategy == "direct"
    assert latest_evidence(library)["sums", "slow"].correct == 2


def test_what_got_nothing_right_must_be_measured_again_once_an_answer_is_right(library: Library) -> None:
    (nothing,) = measure(
        [Trial(task_id=make_task(1).id, family="sums", strategy="direct", correct=False, tokens=9)]
    )
    replace_tasks(library, [make_task(1, answer="7")])
    set_pairings(library, [], source="measured", undecided=decide([nothing]).values())
    replace_tasks(library, [make_task(1)])
    assert latest_evidence(library) == {}


def test_undoing_another_wording_frees_the_records_that_it_held_out(library: Library) -> None:
    add_tasks(library, [make_task(5, split="heldout")])
    reworded = replace(make_task(5, split="heldout"), query=make_task(1).query)
    edited = replace_tasks(library, [reworded])
    assert preview_freeze(library).left_out == {Unfit.HELD_OUT: 1}
    again = undo_replacement(library, edited)
    assert preview_freeze(library).records == 1
    undo_replacement(library, again)
    assert preview_freeze(library).left_out == {Unfit.HELD_OUT: 1}


def test_undoing_another_wording_frees_nothing_that_was_held_before(library: Library) -> None:
    add_tasks(library, [make_task(5, split="heldout"), make_task(1, family="test", split="heldout")])
    edited = replace_tasks(library, [replace(make_task(5, split="heldout"), query=make_task(1).query)])
    undo_replacement(library, edited)
    assert preview_freeze(library).left_out == {Unfit.HELD_OUT: 1}


def test_undoing_an_import_that_held_tasks_out_keeps_what_was_held_before(library: Library) -> None:
    add_tasks(library, [make_task(1, family="test", split="heldout")])
    delete_tasks(library, [make_task(1, family="test").id])  # its record stays held out
    row = {"question": make_task(1).query, "family": make_task(1).family, "split": "heldout"}
    row["answer"] = make_task(1).answer
    seen = ImportRequest(source=TaskSource.of_text(json.dumps(row)), update=True).run(library)
    assert seen.replaced == 1 and seen.undo is not None
    take_back(library, seen.undo)
    assert preview_freeze(library).left_out == {Unfit.HELD_OUT: 1}


def test_the_verdict_of_an_edit_can_be_stored_by_hand_and_still_follows(library: Library) -> None:
    revise(library, make_record(1).id, "Answer: 2", verdict=None)
    assert regrade(library, get_tasks(library, [make_task(1).id])) == 1
    assert verdict(library) is False
