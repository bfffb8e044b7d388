"""Where the demo can run, and how far it got there. Light to import: every start of the desktop asks."""

from functools import lru_cache
from itertools import count
from pathlib import Path
from typing import Literal

from orca_desk.library.database import Library
from orca_desk.library.overview import has_work
from orca_desk.library.runs import has_requests
from orca_desk.library.samples import sample_tasks
from orca_desk.library.settings import get_setting
from orca_desk.library.tasks import all_task_ids, count_tasks
from orca_desk.paths import default_library, resources

STARTED = "demo.begun"  # the setting that marks a library in which the demo was started
DemoState = Literal["fresh", "started", "finished", "own-work"]


def result_file(folder: Path) -> Path:
    """Return the file in a library's folder that holds the result of a finished demo."""
    return folder / "demo.json"


def next_folder() -> Path:
    """Return the first demo folder beside the user's library in which no demo has finished."""
    home = default_library()
    folders = (home.with_name(f"{home.name}-demo-{number}") for number in count(1))
    return next(folder for folder in folders if not result_file(folder).exists())


def demo_state(library: Library) -> DemoState:
    """Return how far the demo got in this library, or that it cannot run there.

    A "fresh" or "started" library holds only the sample tasks, so the demo mixes with nothing of the user's.
    An "own-work" library holds other tasks or other runs; the demo needs a library of its own then.
    """
    if result_file(library.folder).exists():
        return "finished"
    if not _only_samples(library):
        return "own-work"
    if get_setting(library, STARTED):
        return "started"
    return "own-work" if has_work(library) else "fresh"


def is_demo_interrupted(library: Library) -> bool:
    """Return whether the unfinished runs of this library are the demo's: the user started no others."""
    return not has_requests(library) and demo_state(library) == "started"


def _only_samples(library: Library) -> bool:
    samples = _sample_ids()
    if count_tasks(library) != len(samples):  # quick, even with millions of tasks
        return False
    return all_task_ids(library) == samples


@lru_cache(maxsize=1)
def _sample_ids() -> frozenset[str]:
    return frozenset(task.id for task in sample_tasks(resources() / "tasks"))
