"""The demo runs only where the library holds nothing but the sample tasks."""

from pathlib import Path

import pytest
from new_library import new_library

from orca_desk.library.database import Library
from orca_desk.library.runs import create_run
from orca_desk.library.samples import add_samples
from orca_desk.library.tasks import add_tasks, delete_tasks
from orca_desk.method.records import Task
from orca_desk.steps.demo.state import (
    demo_state,
    interrupted_student,
    is_demo_interrupted,
    mark_started,
    next_folder,
    result_file,
)


def test_a_new_library_is_fresh_until_the_demo_starts_and_finishes(tmp_path: Path) -> None:
    with Library.open(tmp_path, samples=True) as library:
        assert demo_state(library) == "fresh"
        mark_started(library, "mini")
        create_run(library, "probe", {})
        assert demo_state(library) == "started"
        result_file(tmp_path).write_text("{}")
        assert demo_state(library) == "finished"


def test_a_library_with_own_work_is_left_alone(tmp_path: Path) -> None:
    with Library.open(tmp_path, samples=True) as library:
        added = add_tasks(library, [Task(family="mine", query="Why?")]).added
        assert demo_state(library) == "own-work"
        delete_tasks(library, added)
        assert demo_state(library) == "fresh"
        create_run(library, "generate", {})
        assert demo_state(library) == "own-work"


def test_an_empty_library_can_run_the_demo_and_one_with_some_samples_cannot(tmp_path: Path) -> None:
    with new_library(tmp_path) as library:
        assert demo_state(library) == "fresh"
        delete_tasks(library, add_samples(library).added[1:])
        assert demo_state(library) == "own-work"


def test_a_new_demo_gets_a_folder_beside_the_library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORCA_DESK_LIBRARY", str(tmp_path / "mine"))
    assert next_folder() == tmp_path / "mine-demo-1"
    (tmp_path / "mine-demo-1").mkdir()
    assert next_folder() == tmp_path / "mine-demo-1"
    result_file(tmp_path / "mine-demo-1").write_text("{}")
    assert next_folder() == tmp_path / "mine-demo-2"


def test_each_demo_has_a_state_of_its_own(tmp_path: Path) -> None:
    with Library.open(tmp_path, samples=True) as library:
        assert demo_state(library, "real") == "fresh"
        mark_started(library, "mini")
        create_run(library, "probe", {})
        assert (demo_state(library), demo_state(library, "real")) == ("started", "fresh")
        result_file(tmp_path).write_text("{}")
        assert (demo_state(library), demo_state(library, "real")) == ("finished", "fresh")
        mark_started(library, "real")
        assert demo_state(library, "real") == "started"
        result_file(tmp_path, "real").write_text("{}")
        assert demo_state(library, "real") == "finished"


def test_the_demo_that_was_started_last_is_resumed_first(tmp_path: Path) -> None:
    with Library.open(tmp_path, samples=True) as library:
        assert interrupted_student(library) is None and not is_demo_interrupted(library)
        mark_started(library, "real")
        mark_started(library, "mini")
        assert interrupted_student(library) == "mini" and is_demo_interrupted(library)
        result_file(tmp_path).write_text("{}")
        assert interrupted_student(library) == "real"
        result_file(tmp_path, "real").write_text("{}")
        assert interrupted_student(library) is None


def test_the_real_demo_goes_on_in_the_folder_of_the_mini_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ORCA_DESK_LIBRARY", str(tmp_path / "mine"))
    first = tmp_path / "mine-demo-1"
    first.mkdir()
    result_file(first).write_text("{}")
    assert next_folder() == tmp_path / "mine-demo-2"
    assert next_folder("real") == first
