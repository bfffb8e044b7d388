"""A family has an id: what is called by its name follows when it is renamed or merged, and comes back."""

import dataclasses
from typing import Any

import pytest
from examples import at_most
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from library_doubles import judged, make_record, make_task, update_tasks
from new_library import new_library

from orca_desk.errors import UserError
from orca_desk.library.answers import questions
from orca_desk.library.care.integrity import check
from orca_desk.library.database import Library
from orca_desk.library.evaluations import Question, create_evaluation
from orca_desk.library.families import rename_family, undo_rename
from orca_desk.library.new_records import add_records
from orca_desk.library.overview import advice, overview
from orca_desk.library.pairings import current_pairings, latest_evidence, set_pairings
from orca_desk.library.records import iterate_records
from orca_desk.library.runs import create_run, get_run, set_request
from orca_desk.library.snapshots import freeze, get_snapshot, list_snapshots, preview_freeze
from orca_desk.library.task_changes import TaskEdit, change_tasks, undo_change
from orca_desk.library.tasks import (
    TaskFilter,
    add_tasks,
    count_tasks,
    delete_tasks,
    families,
    iterate_tasks,
    remove_added,
    same_tasks,
    task_rowids,
)
from orca_desk.method.fitness import Unfit
from orca_desk.method.pairing import Evidence, Pairing
from orca_desk.method.snapshot_rules import SnapshotRules


def pair(library: Library, family: str, strategy: str) -> None:
    """Pair a family, with evidence of one answer."""
    evidence = Evidence(
        family=family, strategy=strategy, n=1, correct=1, mean_tokens=3.0, outcomes=(("id", True),)
    )
    pairing = Pairing(family=family, strategy=strategy, evidence=(evidence,), reason="best")
    set_pairings(library, [pairing], source="measured")


def fill(library: Library) -> None:
    """Two families, each with a task, a record and a pairing; the first also with an evaluation."""
    for number, family in ((1, "a"), (2, "b")):
        task = make_task(number, family=family)
        add_tasks(library, [task])
        record = make_record(number, family=family, task_id=task.id)
        add_records(library, [judged(record, number)])
        pair(library, family, "direct")
    asked = make_task(9, family="a", split="heldout")
    add_tasks(library, [asked])
    create_evaluation(
        library,
        model=library.folder / "m.gguf",
        adapter=None,
        system_kind="empty",
        system="",
        questions=[Question(task_id=asked.id, family="a")],
        settings={},
    )


def state(library: Library) -> dict[str, Any]:
    """Everything that is called by a family."""
    return {
        "tasks": list(iterate_tasks(library)),
        "families": families(library),
        "records": [one.record for one in iterate_records(library)],
        "pairings": current_pairings(library),
        "evidence": latest_evidence(library),
        "questions": questions(library, "evaluate-1"),
        "overview": overview(library),
    }


@pytest.mark.parametrize("name", ["new", "b"], ids=["renamed", "merged"])
def test_everything_follows_and_comes_back(library: Library, name: str) -> None:
    fill(library)
    before = state(library)
    renamed = rename_family(library, "a", name)
    assert renamed.count == 2
    assert {one.family for one in families(library)} == {name, "b"}
    assert {one.record.family for one in iterate_records(library)} == {name, "b"}
    assert current_pairings(library).keys() == {name, "b"}
    assert {family for family, _ in latest_evidence(library)} == {name, "b"}
    assert [one.family for one in questions(library, "evaluate-1")] == [name]
    seen = overview(library)
    assert seen.pairable == seen.paired == len({name, "b"})
    undo_rename(library, renamed)
    assert state(library) == before
    assert check(library, thorough=True) == []


@settings(at_most(40), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(st.tuples(st.sampled_from("abcd"), st.sampled_from("abcd")), max_size=6))
def test_any_renamings_can_be_undone_in_turn(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, str]]
) -> None:
    with new_library(tmp_path_factory.mktemp("library")) as library:
        fill(library)
        before, undo = state(library), []
        for family, name in steps:
            if family != name and family in {one.family for one in families(library)}:
                undo.append(rename_family(library, family, name))
        for renamed in reversed(undo):
            undo_rename(library, renamed)
        assert state(library) == before
        assert check(library, thorough=True) == []


def test_a_merge_takes_the_strategy_along_where_there_is_none(library: Library) -> None:
    add_tasks(library, [make_task(1, family="a"), make_task(2, family="b")])
    pair(library, "a", "step-by-step")
    merged = rename_family(library, "a", "b")
    assert current_pairings(library)["b"].strategy == "step-by-step"
    undo_rename(library, merged)
    assert current_pairings(library).keys() == {"a"}


def test_a_renaming_that_fails_changes_nothing(library: Library) -> None:
    fill(library)
    before = state(library)
    library.write(
        lambda db: (
            db.execute(
                "CREATE TRIGGER full BEFORE UPDATE OF merged_into ON families"
                " BEGIN SELECT RAISE(ABORT, 'no space'); END"
            ).rowcount
        )
    )
    with pytest.raises(Exception, match="no space"):
        rename_family(library, "a", "b")
    assert state(library) == before
    with pytest.raises(UserError, match="no family named z"):
        rename_family(library, "z", "b")


def test_the_present_strategy_decides_which_records_are_taken(library: Library) -> None:
    fill(library)
    rename_family(library, "a", "new")
    pair(library, "new", "step-by-step")
    found = preview_freeze(library)
    assert (found.families, found.left_out) == ({"b": 1}, {Unfit.OTHER_STRATEGY: 1})
    assert preview_freeze(library, rules=SnapshotRules(only_paired=False, cap=1)).families == {
        "new": 1,
        "b": 1,
    }


def test_a_snapshot_names_the_families_of_today(library: Library) -> None:
    fill(library)
    frozen = freeze(library, name="first")
    assert frozen.families == {"a": 1, "b": 1}
    renamed = rename_family(library, "a", "new")
    assert get_snapshot(library, frozen.id).families == {"b": 1, "new": 1}
    undo_rename(library, renamed)
    rename_family(library, "a", "b")
    assert [one.families for one in list_snapshots(library)] == [{"b": 2}]
    assert check(library, thorough=True) == []


@pytest.mark.parametrize("name", ["a", "new"])
def test_a_file_finds_its_tasks_under_any_name_of_the_family(library: Library, name: str) -> None:
    old = [make_task(number, family="a") for number in range(5)]
    add_tasks(library, old)
    rename_family(library, "a", "new")
    again = [make_task(number, family=name, split="heldout") for number in range(6)]
    added = add_tasks(library, again)
    assert (len(added.added), len(added.duplicates)) == (1, 5)
    assert [one.id for one in same_tasks(library, again).values()][:5] == [one.id for one in old]
    assert count_tasks(library, TaskFilter(family="new", split="train")) == 5


def test_the_same_question_in_another_family_is_a_task_of_its_own(library: Library) -> None:
    """A user's own question must get in although a sample of another family asks it too."""
    add_tasks(library, [make_task(1, family="a")])
    own = make_task(1, family="mine")
    assert add_tasks(library, [own, own]).added == (own.id,)
    assert same_tasks(library, [own])[own.id] == own


def test_an_edited_task_is_found_by_what_it_asked_and_asks(library: Library) -> None:

    task = make_task(1)
    add_tasks(library, [task])
    update_tasks(library, [dataclasses.replace(task, query="What is 1 plus nothing?", family="moved")])
    for query in (task.query, "What is 1 plus nothing?"):
        again = make_task(1, query=query, family="moved")
        assert add_tasks(library, [again]).duplicates == (again.id,)
    assert count_tasks(library) == 1


def test_records_follow_a_task_into_its_new_family(library: Library) -> None:

    fill(library)
    task = next(iterate_tasks(library))
    update_tasks(library, [dataclasses.replace(task, family="c")])
    assert [one.record.family for one in iterate_records(library)] == ["c", "b"]


def test_records_of_deleted_tasks_follow_too(library: Library) -> None:
    fill(library)
    delete_tasks(library, [task.id for task in iterate_tasks(library)])
    renamed = rename_family(library, "a", "b")
    assert [one.record.family for one in iterate_records(library)] == ["b", "b"]
    undo_rename(library, renamed)
    assert [one.record.family for one in iterate_records(library)] == ["a", "b"]


def test_an_unfinished_run_goes_on_with_the_renamed_family(library: Library) -> None:
    fill(library)
    one = create_run(library, "generate", {}, {"family": "a"}).id
    two = create_run(library, "probe", {}, {"families": ["a", "b"]}).id
    renamed = rename_family(library, "a", "new")
    assert get_run(library, one).request == {"family": "new"}
    assert get_run(library, two).request == {"families": ["new", "b"]}
    undo_rename(library, renamed)
    assert get_run(library, two).request == {"families": ["a", "b"]}


def test_undoing_a_merge_gives_every_run_its_own_request_back(library: Library) -> None:
    fill(library)
    requests = [{"family": "b"}, {"family": "a"}, {"families": ["b", "a", "c"]}, {"families": ["b"]}]
    runs = [create_run(library, "generate", {}, request).id for request in requests]
    merged = rename_family(library, "a", "b")
    assert [get_run(library, run).request for run in runs] == [
        {"family": "b"},
        {"family": "b"},
        {"families": ["b", "c"]},
        {"families": ["b"]},
    ]
    undo_rename(library, merged)
    assert [get_run(library, run).request for run in runs] == requests


def test_undoing_a_renaming_keeps_what_was_asked_since(library: Library) -> None:
    fill(library)
    resumed = create_run(library, "generate", {}, {"family": "a"}).id
    both = create_run(library, "probe", {}, {"families": ["a", "new"]}).id  # one is not there
    gone = create_run(library, "probe", {}, {"families": ["new"]}).id
    renamed = rename_family(library, "a", "new")
    later = create_run(library, "generate", {}, {"family": "new"}).id
    set_request(library, resumed, {"family": "b"})
    undo_rename(library, renamed)
    assert get_run(library, later).request == {"family": "a"}
    assert get_run(library, resumed).request == {"family": "b"}
    assert get_run(library, both).request == {"families": ["a", "new"]}
    assert get_run(library, gone).request == {"families": ["new"]}


def test_a_family_that_was_merged_stays_so_when_a_merge_into_it_is_undone(library: Library) -> None:
    fill(library)
    rename_family(library, "a", "b")
    before = state(library)
    undo_rename(library, rename_family(library, "b", "a"))
    assert state(library) == before

    (moved,) = task_rowids(library, TaskFilter(family="b"))[:1]
    change = change_tasks(library, [moved], TaskEdit(family="a"))
    undo_rename(library, rename_family(library, "a", "b"))
    undo_change(library, change)
    assert state(library) == before


def test_a_merged_family_exists_while_it_has_tasks_of_its_own(library: Library) -> None:
    fill(library)
    rename_family(library, "a", "b")
    before = state(library)
    added = add_tasks(library, [make_task(50, family="a")])
    assert current_pairings(library).keys() == {"a", "b"}
    assert {family for family, _ in latest_evidence(library)} == {"a", "b"}
    remove_added(library, added)
    assert state(library) == before


def test_a_name_that_was_used_and_left_comes_back(library: Library) -> None:
    fill(library)
    before = state(library)
    renamed = rename_family(library, "a", "new")
    added = add_tasks(library, [make_task(50, family="a")])
    delete_tasks(library, added.added)
    undo_rename(library, renamed)
    assert state(library) == before


def test_a_name_that_another_family_has_by_now_is_refused(library: Library) -> None:
    fill(library)
    renamed = rename_family(library, "a", "new")
    add_tasks(library, [make_task(50, family="a")])
    before = state(library)
    with pytest.raises(UserError, match="another family named a"):
        undo_rename(library, renamed)
    assert state(library) == before


def test_a_family_renamed_to_its_own_name_stays(library: Library) -> None:
    fill(library)
    before = state(library)
    renamed = rename_family(library, "a", "a")
    assert (renamed.count, renamed.target, state(library)) == (2, None, before)
    undo_rename(library, renamed)
    assert state(library) == before


def test_a_family_that_is_only_held_out_needs_no_strategy(library: Library) -> None:
    add_tasks(library, [make_task(1, family="a"), make_task(2, family="bench", split="heldout")])
    pair(library, "a", "direct")
    assert (overview(library).families, overview(library).pairable, overview(library).paired) == (2, 1, 1)
    assert advice(overview(library)) == "instruct"
