"""Where the demo may run, and whether it did; apart from the demo, whose imports no start should wait for."""

from functools import lru_cache
from itertools import count
from pathlib import Path
from typing import Literal

from orca_desk.library.database import Library
from orca_desk.library.samples import sample_tasks
from orca_desk.library.settings import all_settings, get_setting
from orca_desk.paths import default_library, resources

BEGUN = "demo.begun"  # the setting that marks a library in which the demo was started
STARTED = "desktop.start."  # what the desktop keeps of each kind of job that was started by itself
Standing = Literal["fresh", "begun", "finished", "own"]


def result_file(folder: Path) -> Path:
    """Return the file in a library's folder that holds the result of a demo that was finished there."""
    return folder / "demo.json"


def next_folder() -> Path:
    """Return the first demo folder beside the user's library in which no demo was finished."""
    home = default_library()
    folders = (home.with_name(f"{home.name}-demo-{number}") for number in count(1))
    return next(folder for folder in folders if not result_file(folder).exists())


def standing(library: Library) -> Standing:
    """Return whether the demo can run in this library, and how far it is there.

    "fresh" and "begun" hold the sample tasks and nothing of the user's, so nothing can be mixed up there;
    "own" holds other tasks or other work, for which the demo needs a library of its own.
    """
    if result_file(library.folder).exists():
        return "finished"
    if not _only_samples(library):
        return "own"
    if get_setting(library, BEGUN):
        return "begun"
    used = library.row("SELECT EXISTS (SELECT 1 FROM runs) OR EXISTS (SELECT 1 FROM pairings)")
    return "own" if used and used[0] else "fresh"


def demo_goes_on(library: Library) -> bool:
    """Return whether what was cut off here is the demo: it was begun, and nothing was started by itself."""
    own = any(name.startswith(STARTED) for name in all_settings(library))
    return not own and standing(library) == "begun"


def _only_samples(library: Library) -> bool:
    row = library.row("SELECT count(*) FROM tasks")
    samples = _sample_ids()
    if row is None or row[0] != len(samples):  # quick, for a library of millions
        return False
    return {row[0] for row in library.rows("SELECT id FROM tasks")} == samples


@lru_cache(maxsize=1)
def _sample_ids() -> frozenset[str]:
    return frozenset(task.id for task in sample_tasks(resources() / "tasks"))
