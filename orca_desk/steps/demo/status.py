"""What Home shows of a library: its numbers, how far the demo got in it, and what the demo found."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from orca_desk.errors import UserError
from orca_desk.library.database import Library
from orca_desk.library.overview import LibraryOverview, overview
from orca_desk.steps.demo.state import DemoState, demo_state, result_file

if TYPE_CHECKING:
    from orca_desk.steps.demo.result import DemoResult
    from orca_desk.steps.evaluate.comparison import ModelComparison


@dataclass(frozen=True, kw_only=True)
class LibraryStatus:
    """A library's numbers and the state of the demo.

    `result` is what a finished demo found and `training` the id of its training; `problem` says why the
    result cannot be read. `own` compares the best tuned student of a library without a finished demo.
    """

    overview: LibraryOverview
    demo: DemoState
    result: "DemoResult | None" = None
    training: str | None = None
    problem: UserError | None = None
    own: "ModelComparison | None" = None


def library_status(library: Library, *, demo_is_running: bool) -> LibraryStatus:
    """Read the status of a library.

    While the demo runs, Home asks every second, and only the numbers can change.
    """
    if demo_is_running:
        return LibraryStatus(overview=overview(library), demo="started")
    result, training, problem = None, None, None
    if result_file(library.folder).exists():
        # Imported here: it pulls in half of the app, and most starts have no result to show
        from orca_desk.steps.demo.result import demo_training, read_result

        try:
            result, training = read_result(library.folder), demo_training(library)
        except UserError as error:
            problem = error
    seen, own = overview(library), None
    if seen.best is not None and result is None:
        from orca_desk.steps.evaluate.comparison import best_comparison

        own = best_comparison(library, seen.best.evaluation)
    return LibraryStatus(
        overview=seen,
        demo=demo_state(library),
        own=own,
        result=result,
        training=training,
        problem=problem,
    )
