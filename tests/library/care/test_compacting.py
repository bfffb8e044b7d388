"""Unused space is given back; stopping leaves the library as it was."""

import pytest
from library_doubles import make_task

from orca_desk.library import connections
from orca_desk.library.care.compacting import compact, space_of
from orca_desk.library.care.integrity import check
from orca_desk.library.database import Library
from orca_desk.library.tasks import add_tasks, count_tasks, delete_tasks
from orca_desk.ui.words.care import compacted_sentence, not_worth_it

TASKS = [make_task(number) for number in range(1, 2_001)]


def test_the_space_of_deleted_tasks_is_given_back(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "STEPS", 100)
    add_tasks(library, TASKS)
    delete_tasks(library, [task.id for task in TASKS[100:]])
    space = space_of(library)
    assert space.unused > space.size / 4 and not space.is_worth_it  # some hundred KiB are not worth it
    assert "unused" in not_worth_it(space)

    def stop() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        compact(library, check=stop)
    assert space_of(library) == space
    done = compact(library)
    assert done.before == space.size and 0 < done.after < space.size
    assert done.given_back == done.before - done.after and "Freed" in compacted_sentence(done)
    assert count_tasks(library) == 100 and check(library, thorough=True) == []
