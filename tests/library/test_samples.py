"""The sample tasks: added when asked for, removed with undo, and never part of one's own families."""

from dataclasses import replace
from itertools import islice
from pathlib import Path

import pytest
from library_doubles import judged, make_record, make_task
from new_library import new_library

from orca_desk.cli.own_families import families_meant
from orca_desk.library.database import Library
from orca_desk.library.history import task_history
from orca_desk.library.new_records import add_records
from orca_desk.library.overview import overview
from orca_desk.library.runs import end_run
from orca_desk.library.samples import (
    add_samples,
    delete_samples,
    mixed_families,
    own_families,
    sample_families,
    sample_ids,
    sample_tasks,
    samples_in,
)
from orca_desk.library.snapshots import DEFAULT_RULES, freeze, freeze_choices, preview_freeze
from orca_desk.library.tasks import (
    TaskFilter,
    add_tasks,
    count_tasks,
    delete_tasks,
    iterate_tasks,
    remove_added,
    restore_tasks,
    task_ids,
    task_rowids,
)
from orca_desk.library.trainings import create_training, set_adapter
from orca_desk.method.records import Task
from orca_desk.paths import resources
from orca_desk.steps.instruct.request import GenerateRequest
from orca_desk.steps.pair.matrix import pairing_matrix
from orca_desk.ui.words.snapshots import describe_rules


def test_a_new_library_is_empty_unless_samples_are_asked_for(tmp_path: Path) -> None:
    with Library.open(tmp_path / "empty") as library:
        assert count_tasks(library) == 0
    with Library.open(tmp_path / "full", samples=True) as library:
        assert count_tasks(library) == len(sample_ids())


def test_samples_come_and_go_and_leave_own_tasks_alone(tmp_path: Path) -> None:
    with new_library(tmp_path) as library:
        add_tasks(library, [Task(family="mine", query="Why?")])
        added = add_samples(library)
        assert count_tasks(library) == 1 + len(sample_ids())
        deleted = delete_samples(library)
        assert count_tasks(library) == 1
        restore_tasks(library, deleted)
        assert add_samples(library).added == ()
        remove_added(library, added)
        assert count_tasks(library) == 1


def test_an_own_task_worded_as_a_sample_stays(tmp_path: Path) -> None:
    sample = next(sample_tasks(resources() / "tasks"))
    with new_library(tmp_path) as library:
        add_tasks(library, [sample])
        assert sample.id not in add_samples(library).added
        assert task_history(library, sample.id).events[0].kind == "added"
        deleted = delete_samples(library)
        assert task_ids(library, task_rowids(library)) == [sample.id] and own_families(library) is None
        restore_tasks(library, deleted)  # they are still samples then
        assert count_tasks(library) == len(sample_ids()) and samples_in(library) == tuple(
            one.id for _, one in deleted
        )
        delete_tasks(library, [sample.id])
        assert add_samples(library).added == (sample.id,) and list(delete_samples(library))[-1][1] == sample
        assert count_tasks(library) == 0


def test_all_families_are_the_own_ones_once_there_are_some(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with new_library(tmp_path) as library:
        assert own_families(library) is None
        add_samples(library)
        bundled = sample_families(library)
        assert len(bundled) == 7 and own_families(library) is None  # nothing else is there
        add_tasks(library, [Task(family="mine", query="Why?"), Task(family=bundled[0], query="How?")])
        assert own_families(library) == (bundled[0], "mine")  # that family holds both
        assert sample_families(library) == bundled[1:]
        mixed = mixed_families(library)  # said wherever all families are meant
        assert mixed == {bundled[0]: count_tasks(library, TaskFilter(family=bundled[0])) - 1}
        assert families_meant(library, None, with_samples=False) == own_families(library)
        assert f"{bundled[0]} (" in capsys.readouterr().err and overview(library).mixed == mixed[bundled[0]]
        delete_samples(library)
        assert own_families(library) is None and sample_families(library) == ()


def test_work_on_all_families_leaves_the_samples_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with new_library(tmp_path) as library:
        add_samples(library)
        assert overview(library).families == 7 and not pairing_matrix(library).left_out
        add_tasks(library, [Task(family="mine", query="Why?"), Task(family="other", query="How?")])
        bundled = sample_families(library)
        request = GenerateRequest.usual(library)
        assert {one.family for one in iterate_tasks(library, request.tasks(library))} == {"mine", "other"}
        before = {name: value for name, value in request.to_json().items() if name != "own"}
        for every in (replace(request, own=False), GenerateRequest.from_json(before)):
            assert count_tasks(library, every.tasks(library)) > 2
        named = replace(request, family=bundled[0]).tasks(library)
        assert {one.family for one in iterate_tasks(library, named)} == {bundled[0]}
        assert count_tasks(library, TaskFilter(families=("mine", "absent"), split="train")) == 1
        assert count_tasks(library, TaskFilter(families=("mine",), text="why")) == 1
        seen = overview(library)
        assert (seen.tasks, seen.families, seen.pairable, seen.samples) == (2, 2, 2, 7)
        assert pairing_matrix(library).left_out == set(bundled)
        assert families_meant(library, None, with_samples=False) == ("mine", "other")
        assert "Left out: 7 families of sample tasks (belief" in capsys.readouterr().err
        assert families_meant(library, None, with_samples=True) is None
        assert families_meant(library, [bundled[0]], with_samples=False) == (bundled[0],)
        assert capsys.readouterr().err == ""


def test_a_freeze_begins_without_the_samples(tmp_path: Path) -> None:
    with new_library(tmp_path) as library:
        add_samples(library)
        sample = next(iterate_tasks(library, TaskFilter()))
        add_tasks(library, [make_task(1)])
        records = [make_record(1), replace(make_record(2), task_id=sample.id, family=sample.family)]
        add_records(library, [judged(one, n) for n, one in enumerate(records, start=1)])
        choices = freeze_choices(library)
        assert choices.left_out == {sample.family} and len(choices.families) == 2
        delete_samples(library)  # the records that were made of them stay, and stay apart
        assert freeze_choices(library).left_out == {sample.family}


def test_a_freeze_of_own_families_leaves_records_of_samples_in_them_out(tmp_path: Path) -> None:
    with new_library(tmp_path) as library:
        add_samples(library)
        sample, same = islice(iterate_tasks(library, TaskFilter(split="train")), 2)
        own = make_task(1, family=sample.family)
        delete_tasks(library, [same.id])
        add_tasks(library, [own, same])  # worded as a sample, but the user's
        of_own = [replace(make_record(n), task_id=one.id) for n, one in ((1, own), (3, same))]
        records = [*of_own, replace(make_record(2), task_id=sample.id)]
        records = [replace(one, family=sample.family) for one in records]
        add_records(library, [judged(one, n) for one, n in zip(records, (1, 3, 2), strict=True)])
        choices = freeze_choices(library)
        assert choices.samples == {sample.family: 1} and not choices.left_out
        assert (overview(library).records, overview(library).usable) == (2, 2)
        rules = replace(DEFAULT_RULES, own_only=tuple(choices.samples), overlap="allow")
        for held_back in (replace(rules, min_tokens=1), rules):  # by texts and by an index of facts
            assert preview_freeze(library, rules=held_back).considered == 2
        assert freeze(library, name="own", rules=rules).records == 2
        assert sample.family in describe_rules(rules)
        assert freeze(library, name="all").records == 3


def test_home_counts_what_was_made_of_own_tasks(tmp_path: Path) -> None:
    with new_library(tmp_path) as library:
        add_samples(library)
        sample = next(iterate_tasks(library, TaskFilter(split="train")))
        demo = replace(make_record(2), task_id=sample.id, family=sample.family)
        add_records(library, [judged(demo, 2)])
        frozen = freeze(library, name="demo").id
        training = create_training(library, base=tmp_path / "base", snapshot=frozen, settings={}, request={})
        set_adapter(
            library, training.id, adapter=training.folder, gguf=training.folder / "a.gguf", sha256="0"
        )
        end_run(library, training.id, "done", "")
        seen = overview(library)
        assert (seen.records, seen.usable, seen.snapshots, seen.frozen, seen.trainings) == (1, 1, 1, 1, 1)
        add_tasks(library, [make_task(1), make_task(3, family=sample.family)])
        for _ in range(2):
            seen = overview(library)
            assert (seen.records, seen.usable, seen.snapshots, seen.frozen) == (0, 0, 0, 0)
            assert (seen.trainings, seen.newest_training, seen.unreviewed) == (0, None, 0)
            delete_samples(library)  # what was made of them stays, and is still none of one's own work
        add_records(library, [judged(make_record(1), 1)])
        freeze(library, name="both")
        seen = overview(library)
        assert (seen.records, seen.usable, seen.snapshots, seen.frozen) == (1, 1, 1, 2)
