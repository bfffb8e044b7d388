"""What Home shows of a library: its numbers, how far the demo got in it, and what the demo found."""

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from orca_desk.errors import UserError
from orca_desk.inventory.bundled import real_student
from orca_desk.library.database import Library
from orca_desk.library.overview import LibraryOverview, overview
from orca_desk.steps.demo.state import STUDENTS, DemoState, DemoStudent, demo_state, result_file

if TYPE_CHECKING:
    from orca_desk.steps.demo.result import DemoResult
    from orca_desk.steps.evaluate.comparison import ModelComparison


@dataclass(frozen=True, kw_only=True)
class FinishedDemo:
    """What a finished demo found, and the id of its training."""

    result: "DemoResult"
    training: str | None


@dataclass(frozen=True, kw_only=True)
class LibraryStatus:
    """A library's numbers and the states of the demos, by student.

    A demo whose student is not installed has no state. `finished` is what finished demos found, the newest
    first; `problem` says why a result cannot be read. `own` compares the best tuned student of a library
    without a finished demo, or the best of the user's own beside one.
    """

    overview: LibraryOverview
    demos: Mapping[DemoStudent, DemoState]
    finished: Mapping[DemoStudent, FinishedDemo] = field(default_factory=dict)
    problem: UserError | None = None
    own: "ModelComparison | None" = None


def library_status(library: Library, *, demo_is_running: bool) -> LibraryStatus:
    """Read the status of a library.

    While a demo runs, Home asks every second, and only the numbers can change.
    """
    if demo_is_running:
        return LibraryStatus(overview=overview(library), demos={})
    finished, problem = _finished_demos(library)
    seen, own = overview(library), None
    if seen.best is not None and (seen.is_own or not finished):
        from orca_desk.steps.evaluate.comparison import best_comparison

        own = best_comparison(library, seen.best.evaluation)
    return LibraryStatus(
        overview=seen,
        demos={student: demo_state(library, student) for student in STUDENTS if _is_installed(student)},
        own=own,
        finished=finished,
        problem=problem,
    )


def _is_installed(student: DemoStudent) -> bool:
    return student == "mini" or real_student() is not None


def _finished_demos(library: Library) -> tuple[dict[DemoStudent, FinishedDemo], UserError | None]:
    """Return what the finished demos found, the newest first, and why a result cannot be read."""
    found: dict[DemoStudent, FinishedDemo] = {}
    problem = None
    for student in _newest_first(library):
        # Imported here: it pulls in half of the app, and most starts have no result to show
        from orca_desk.steps.demo.result import demo_training, read_result

        try:
            if result := read_result(library.folder, student):
                found[student] = FinishedDemo(result=result, training=demo_training(library, student))
        except UserError as error:
            problem = error
    return found, problem


def _newest_first(library: Library) -> list[DemoStudent]:
    """Return the students with a result, the one that was written last first."""
    times = {}
    for student in STUDENTS:
        with contextlib.suppress(OSError):
            times[student] = result_file(library.folder, student).stat().st_mtime_ns
    return sorted(times, key=lambda student: times[student], reverse=True)
