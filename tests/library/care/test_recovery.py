"""What can be read of a damaged library is recovered into a new one, and nothing else is touched."""

from pathlib import Path

import pytest
from library_doubles import make_task
from new_library import new_library

from orca_desk.errors import UserError
from orca_desk.library.care.file_header import is_cut_off
from orca_desk.library.care.integrity import check
from orca_desk.library.care.recovery import recover
from orca_desk.library.database import DATABASE_NAME, Library
from orca_desk.library.tasks import TaskFilter, add_tasks, count_tasks, iterate_tasks
from orca_desk.ui.words.care import recovered_lines

TASKS = [make_task(number) for number in range(1, 2_001)]
PAGE = 4096


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A library with two thousand tasks, closed."""
    with new_library(tmp_path / "library") as library:
        add_tasks(library, TASKS)
    return tmp_path / "library"


def found_in(folder: Path) -> set[str]:
    with Library.open(folder) as library:
        assert check(library, thorough=True) == []
        assert count_tasks(library) == count_tasks(library, TaskFilter(text="plus"))  # in the index
        return {task.id for task in iterate_tasks(library)}


def test_a_whole_library_is_recovered_whole(folder: Path, tmp_path: Path) -> None:
    before = (folder / DATABASE_NAME).read_bytes()
    made = recover(folder, tmp_path / "new")
    assert made.found["tasks"] == 2_000 and not made.damaged and not made.header and not made.dropped
    assert (folder / DATABASE_NAME).read_bytes() == before
    assert found_in(tmp_path / "new") == {task.id for task in TASKS}
    assert "2,000 tasks" in recovered_lines(made)[0] and "end to end" in recovered_lines(made)[1]


def test_what_lies_before_and_behind_a_damaged_page_is_recovered(folder: Path, tmp_path: Path) -> None:
    path = folder / DATABASE_NAME
    data = bytearray(path.read_bytes())
    place = data.index(TASKS[1_000].id.encode()) // PAGE * PAGE
    data[place : place + PAGE] = b"\xff" * PAGE
    path.write_bytes(data)
    made = recover(folder, tmp_path / "new")
    assert "tasks" in made.damaged
    found = found_in(tmp_path / "new")
    assert 1_800 < len(found) < 2_000 and TASKS[0].id in found and TASKS[-1].id in found
    assert any("Damaged" in line for line in recovered_lines(made))


@pytest.mark.parametrize("kept", [0.5, 0.9])
def test_the_beginning_of_a_file_that_was_cut_off_is_recovered(
    folder: Path, tmp_path: Path, kept: float
) -> None:
    path = folder / DATABASE_NAME
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * kept)])
    assert is_cut_off(path)
    made = recover(folder, tmp_path / "new")
    assert made.damaged
    assert found_in(tmp_path / "new") <= {task.id for task in TASKS}


def test_a_lost_header_is_written_anew(folder: Path, tmp_path: Path) -> None:
    path = folder / DATABASE_NAME
    path.write_bytes(b"\0" * 100 + path.read_bytes()[100:])
    made = recover(folder, tmp_path / "new")
    assert made.header and found_in(tmp_path / "new") == {task.id for task in TASKS}


def test_nothing_is_overwritten_or_left(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="already contains a library"):
        recover(folder, folder)
    with pytest.raises(UserError, match="no library"):
        recover(tmp_path / "nowhere", tmp_path / "new")
    (folder / DATABASE_NAME).write_bytes(b"no database " * 1_000)
    with pytest.raises(UserError, match="Nothing can be read"):
        recover(folder, tmp_path / "new")
    assert not list((tmp_path / "new").iterdir())
