"""Where the demo can run, and how far it got there. Light to import: every start of the desktop asks."""

from itertools import count
from pathlib import Path
from typing import Literal, get_args

from orca_desk.library.database import Library
from orca_desk.library.overview import has_work
from orca_desk.library.runs import has_requests
from orca_desk.library.samples import sample_ids
from orca_desk.library.settings import get_setting, set_setting
from orca_desk.library.tasks import all_task_ids, count_tasks
from orca_desk.paths import default_library

DemoStudent = Literal["mini", "real"]  # whom a demo trains: the mini student, or a published model
STUDENTS: tuple[DemoStudent, ...] = get_args(DemoStudent)
DemoState = Literal["fresh", "started", "finished", "own-work"]

_PREFIX: dict[DemoStudent, str] = {"mini": "demo", "real": "demo.real"}
_NEWEST = "demo.newest"  # the setting that holds the student of the demo that was started last


def demo_setting(student: DemoStudent, name: str) -> str:
    """Return the key of a setting in which the demo of this student remembers something."""
    return f"{_PREFIX[student]}.{name}"


def mark_started(library: Library, student: DemoStudent) -> None:
    """Remember that the demo of this student was started in a library."""
    set_setting(library, demo_setting(student, "begun"), True)
    set_setting(library, _NEWEST, student)


def result_file(folder: Path, student: DemoStudent = "mini") -> Path:
    """Return the file in a library's folder that holds the result of a finished demo."""
    return folder / ("demo.json" if student == "mini" else f"demo-{student}.json")


def next_folder(student: DemoStudent = "mini") -> Path:
    """Return the first demo folder beside the user's library in which this demo has not finished.

    It may be that of the other student's demo: the teacher's work there is used again.
    """
    home = default_library()
    folders = (home.with_name(f"{home.name}-demo-{number}") for number in count(1))
    return next(folder for folder in folders if not result_file(folder, student).exists())


def demo_state(library: Library, student: DemoStudent = "mini") -> DemoState:
    """Return how far the demo of a student got in this library, or that it cannot run there.

    A "fresh" or "started" library holds only the sample tasks, or none, which the demo adds then: it mixes
    with nothing of the user's. What the other student's demo left there does not count. An "own-work" library
    holds other tasks or other runs; the demo needs a library of its own then.
    """
    if result_file(library.folder, student).exists():
        return "finished"
    if not _only_samples(library):
        return "own-work"
    begun = {one for one in STUDENTS if get_setting(library, demo_setting(one, "begun"))}
    if student in begun:
        return "started"
    return "fresh" if begun or not has_work(library) else "own-work"


def interrupted_student(library: Library) -> DemoStudent | None:
    """Return the student of a demo that was started and not finished, the one started last; or None."""
    newest = get_setting(library, _NEWEST)
    ordered = sorted(STUDENTS, key=lambda student: student != newest)
    return next((student for student in ordered if demo_state(library, student) == "started"), None)


def is_demo_interrupted(library: Library) -> bool:
    """Return whether the unfinished runs of this library are a demo's: the user started no others."""
    return not has_requests(library) and interrupted_student(library) is not None


def _only_samples(library: Library) -> bool:
    """Return whether the library holds the sample tasks alone, all of them, or no tasks at all."""
    found = count_tasks(library)  # quick, even with millions of tasks
    if found != len(sample_ids()):
        return not found
    return all_task_ids(library) == set(sample_ids())
