"""Where the demo may run: among the sample tasks alone, never among the user's own work."""

from pathlib import Path

import pytest

from orca_desk.library.database import Library
from orca_desk.library.runs import create_run
from orca_desk.library.settings import set_setting
from orca_desk.library.tasks import add_tasks, delete_tasks
from orca_desk.method.records import Task
from orca_desk.steps.demo.place import BEGUN, next_folder, result_file, standing


def test_a_new_library_is_fresh_until_the_demo_begins_and_ends_there(tmp_path: Path) -> None:
    with Library.open(tmp_path) as library:
        assert standing(library) == "fresh"
        set_setting(library, BEGUN, True)
        create_run(library, "probe", {})
        assert standing(library) == "begun"
        result_file(tmp_path).write_text("{}")
        assert standing(library) == "finished"


def test_the_users_own_work_is_left_alone(tmp_path: Path) -> None:
    with Library.open(tmp_path) as library:
        added = add_tasks(library, [Task(family="mine", query="Why?")]).added
        assert standing(library) == "own"
        delete_tasks(library, added)
        assert standing(library) == "fresh"
        create_run(library, "generate", {})
        assert standing(library) == "own"


def test_without_the_samples_there_is_nothing_to_show(tmp_path: Path) -> None:
    with Library.open(tmp_path, samples=False) as library:
        assert standing(library) == "own"


def test_a_new_demo_gets_a_folder_beside_the_library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORCA_DESK_LIBRARY", str(tmp_path / "mine"))
    assert next_folder() == tmp_path / "mine-demo-1"
    (tmp_path / "mine-demo-1").mkdir()
    assert next_folder() == tmp_path / "mine-demo-1"
    result_file(tmp_path / "mine-demo-1").write_text("{}")
    assert next_folder() == tmp_path / "mine-demo-2"
