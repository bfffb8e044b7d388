"""What the Training page runs off the event loop: imports that take a while, and its jobs."""

from pathlib import Path
from typing import TYPE_CHECKING

from orca_desk.library.database import Library
from orca_desk.models.pace import TimeRange
from orca_desk.steps.train.base_request import KIND, BaseMeasured, BaseRequest
from orca_desk.steps.train.request import TrainingRequest
from orca_desk.ui.desk import Desk
from orca_desk.ui.jobs import Job, Tools

if TYPE_CHECKING:  # it brings numpy and gguf, for which the first window should not wait
    from orca_desk.steps.train.training import Trained


def import_plotting() -> None:
    """Import everything that plots."""
    import orca_desk.ui.pages.training.history_tab
    import orca_desk.ui.pages.training.run_tab  # noqa: F401


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


def measure_job(library: Library, request: BaseRequest, tools: Tools) -> BaseMeasured:
    """Measure an untrained student as a job."""
    from orca_desk.steps.train.base_measure import measure_base

    return measure_base(library, request, progress=tools.progress, control=tools.control)


def measuring_job_size(library: Library, request: BaseRequest) -> tuple[int, TimeRange]:
    """Return how many tasks a measurement asks, and how long it may take."""
    from orca_desk.steps.train.base_measure import measured_tasks, measuring_time

    tasks = len(measured_tasks(library, request))
    return tasks, measuring_time(request, tasks)


def start_measuring(desk: Desk, request: BaseRequest) -> Job:
    """Start a measurement as a job, which may wait for another; return the job."""
    library = desk.library
    return desk.jobs.start(
        f"Measure {Path(request.model).name}",
        KIND,
        lambda tools: measure_job(library, request, tools),
        again=("training", {"measure": request.to_json()}),
    )
