"""One download, as a run that resumes: after a pause, a lost connection, a kill or a restart."""

import json
import os
from dataclasses import dataclass
from pathlib import Path

from orca_desk.errors import UserError
from orca_desk.inventory.catalogue import restore_path
from orca_desk.library.database import Library
from orca_desk.library.runs import get_run, list_runs
from orca_desk.processes.host import run_worker
from orca_desk.processes.progress import JobControl, Progress, Update, silent
from orca_desk.processes.protocol import Message
from orca_desk.steps.download.request import KIND, DownloadRequest
from orca_desk.steps.recorder import RunRecorder, find_or_create_run, record_run, require_unfinished

SECONDS_TO_STOP = 1.0  # it may wait for a silent server: what has arrived is on the disk already
MB = 1e6
MOST_RUNS = 10_000  # more downloads than anyone makes
STAGES = {"downloading": "downloading", "checking": "comparing hashes"}


@dataclass(frozen=True, kw_only=True)
class Downloaded:
    """How a download ended: the model, and whether all of it is there."""

    run: str
    path: Path
    finished: bool


@dataclass(frozen=True, kw_only=True)
class DownloadOutcome:
    """What a finished download brought, as its run stores it: files, bytes, and where they are."""

    files: int
    size: int
    path: Path

    def to_json(self) -> str:
        """Return it as text for the run."""
        return json.dumps({"downloaded": {"files": self.files, "size": self.size, "path": str(self.path)}})


def downloaded_from_json(stored: str) -> DownloadOutcome | None:
    """Return what `DownloadOutcome.to_json` made `stored` of; None for any other outcome."""
    if not stored.startswith('{"downloaded"'):
        return None
    found = json.loads(stored)["downloaded"]
    return DownloadOutcome(files=found["files"], size=found["size"], path=Path(found["path"]))


def download(
    library: Library,
    request: DownloadRequest,
    *,
    token: str = "",
    progress: Progress = silent,
    control: JobControl | None = None,
) -> Downloaded:
    """Download what is missing of `request`, compare every file with the hub's hash, and list the model.

    A worker connects, this process never does. Raises UserError where the hub, the connection, the disk or
    the content refuses; the same request then resumes.
    """
    require_online_allowed()
    run = find_or_create_run(library, KIND, request.settings(), request.to_json())
    with record_run(library, run, progress=progress) as recorder:
        recorder.unit = "MB"
        intake = _Intake(recorder)
        run_worker(
            "download",
            {
                "endpoint": request.endpoint,
                "token": token,
                "repo": request.repo.to_json(),
                "files": [file.name for file in request.repo.files],
                "folder": str(request.folder),
                "replace": _is_ours(library, request),
            },
            on_events=intake.receive,
            control=control,
            log=recorder.log,
            seconds_to_stop=SECONDS_TO_STOP,
        )
        recorder.finished = intake.is_whole
        if intake.is_whole:
            restore_path(library, request.target)
            brought = DownloadOutcome(files=len(request.repo.files), size=request.size, path=request.target)
            recorder.outcome = brought.to_json()
            if control is not None:
                control.finished = True
    return Downloaded(run=run, path=request.target, finished=recorder.finished)


def download_to_resume(library: Library, run_id: str) -> DownloadRequest:
    """Return the request of an unfinished download. Raises UserError for any other run."""
    run = get_run(library, run_id)
    if run.kind != KIND or run.request is None:
        raise UserError(f"{run_id} is not a download.", "Resume it from the Jobs page.")
    require_unfinished(run)
    return DownloadRequest.from_json(run.request)


def _is_ours(library: Library, request: DownloadRequest) -> bool:
    """Return whether the folder has an earlier version of the model, which a newer one may replace."""
    earlier = list_runs(library, kind=KIND, status="done", limit=MOST_RUNS)
    return any(
        (one.settings.get("folder"), one.settings.get("repo")) == (str(request.folder), request.repo.name)
        for one in earlier
    )


def require_online_allowed() -> None:
    """Raise UserError where the user's environment keeps everything off the hub."""
    if os.environ.get("HF_HUB_OFFLINE", "").upper() in ("1", "ON", "YES", "TRUE"):
        raise UserError(
            "Access to the hub is switched off (HF_HUB_OFFLINE is set).",
            "Unset HF_HUB_OFFLINE and start Orca Desk again.",
        )


class _Intake:
    """Turns the worker's events into progress."""

    def __init__(self, recorder: RunRecorder) -> None:
        self._recorder = recorder
        self._last = Update(stage=STAGES["downloading"], unit="MB")
        self.is_whole = False

    def receive(self, events: list[Message]) -> None:
        """Take all events that have arrived."""
        for event in events:
            if event["event"] == "progress":
                rate = event["rate"]
                self._last = Update(
                    stage=STAGES[event["stage"]],
                    done=event["done"] / MB,
                    total=event["total"] / MB,
                    unit="MB",
                    rate=None if rate is None else rate / MB,
                )
            elif event["event"] == "waiting":
                message = f"the hub asks to wait {event['seconds']} s"
                self._last = Update(
                    stage=self._last.stage,
                    done=self._last.done,
                    total=self._last.total,
                    unit="MB",
                    message=message,
                )
            self.is_whole |= event["event"] == "downloaded"
        self._recorder.report(self._last)
