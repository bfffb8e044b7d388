"""The sample tasks: added when asked for, removed with undo, and never part of one's own families."""

from pathlib import Path

from new_library import new_library

from orca_desk.library.database import Library
from orca_desk.library.samples import add_samples, delete_samples, own_families, sample_families, sample_ids
from orca_desk.library.tasks import add_tasks, count_tasks, remove_added, restore_tasks
from orca_desk.method.records import Task


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


def test_all_families_are_the_own_ones_once_there_are_some(tmp_path: Path) -> None:
    with new_library(tmp_path) as library:
        assert own_families(library) is None
        add_samples(library)
        bundled = sample_families(library)
        assert len(bundled) == 7 and own_families(library) is None  # nothing else is there
        add_tasks(library, [Task(family="mine", query="Why?"), Task(family=bundled[0], query="How?")])
        assert own_families(library) == (bundled[0], "mine")  # that family holds both
        assert sample_families(library) == bundled[1:]
        delete_samples(library)
        assert own_families(library) is None and sample_families(library) == ()
