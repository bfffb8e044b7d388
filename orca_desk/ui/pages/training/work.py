"""What the Training page does off the event loop: its imports, its queries, its jobs."""

from typing import Any

from orca_desk.library.database import Library
from orca_desk.library.records import count_records
from orca_desk.library.snapshots import Snapshot, list_snapshots
from orca_desk.library.trainings import get_training
from orca_desk.student.settings import TrainSettings
from orca_desk.ui.jobs import Tools
from orca_desk.ui.pages.training.choice import Choice


def import_what_plots() -> TrainSettings:
    """Import, in a background thread, what takes a while; return the demo's training settings."""
    import orca_desk.ui.pages.training.history
    import orca_desk.ui.pages.training.run  # noqa: F401
    from orca_desk.steps.demo.walk import TRAINING

    return TRAINING


def overview(library: Library) -> tuple[list[Snapshot], bool, str]:
    """Return all snapshots, whether there are records, and the newest training's id or ""."""
    row = library.row("SELECT id FROM runs WHERE kind = 'train' ORDER BY n DESC LIMIT 1")
    return list_snapshots(library), count_records(library) > 0, row["id"] if row else ""


def train_choice(library: Library, choice: Choice, tools: Tools, *, goes_on: str = "") -> Any:
    """Do the work of a job: say which training it is, then train.

    `goes_on` is the training that this was to go on with. If it is done by now, as the demo's may be when
    this job's turn comes, nothing is trained: not even a new one.
    """
    from orca_desk.steps.train.training import Trained, find_or_create, train

    if goes_on and get_training(library, goes_on).run.status == "done":
        tools.tell({"event": "began", "training": goes_on})
        warning = f"{goes_on} was done before this job's turn came: nothing was left to train."
        return Trained(run=goes_on, warnings=(warning,))
    training = find_or_create(library, choice.base, choice.snapshot, choice.settings, by_user=True)
    tools.tell({"event": "began", "training": training.id})
    return train(
        library,
        choice.base,
        choice.snapshot,
        settings=choice.settings,
        by_user=True,
        on_event=tools.tell,
        progress=tools.progress,
        control=tools.control,
    )


def keep_as_it_is(library: Library, training_id: str, tools: Tools) -> Any:
    """Do the work of a job: take the adapter of a stopped training as it is."""
    from orca_desk.steps.train.training import keep_stopped

    tools.tell({"event": "began", "training": training_id})
    return keep_stopped(library, training_id, progress=tools.progress, control=tools.control)
