"""What the Training page runs off the event loop: imports that take a while, and its jobs."""

from typing import TYPE_CHECKING

from orca_desk.library.database import Library
from orca_desk.steps.train.request import TrainingRequest
from orca_desk.student.settings import TrainSettings
from orca_desk.ui.jobs import Tools

if TYPE_CHECKING:  # it brings numpy and gguf, for which the first window should not wait
    from orca_desk.steps.train.training import Trained


def import_plotting() -> TrainSettings:
    """Import everything that plots; return the demo's training settings."""
    import orca_desk.ui.pages.training.history_tab
    import orca_desk.ui.pages.training.run_tab  # noqa: F401
    from orca_desk.steps.demo.walk import TRAINING

    return TRAINING


def train_job(library: Library, request: TrainingRequest, tools: Tools, *, resumes: str = "") -> "Trained":
    """Train as a job; `resumes` is the id of the training to resume."""
    from orca_desk.steps.train.training import train_request

    return train_request(
        library,
        request,
        resumes=resumes,
        on_event=tools.tell,
        progress=tools.progress,
        control=tools.control,
    )


def use_stopped_job(library: Library, training_id: str, tools: Tools) -> "Trained":
    """Export and check the adapter of a stopped training as a job."""
    from orca_desk.steps.train.training import use_stopped

    tools.tell({"event": "began", "training": training_id})
    return use_stopped(library, training_id, progress=tools.progress, control=tools.control)
