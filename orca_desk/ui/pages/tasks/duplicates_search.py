"""The search for duplicates: it goes on while its dialog is closed, and keeps what it found."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal

from orca_desk.method.overlap import NEAR
from orca_desk.steps.collect.duplicates import Duplicates, find_duplicates
from orca_desk.ui.desk import Desk
from orca_desk.ui.jobs import NO_RUN, Job

GO = "duplicates"  # as the page's target: {"do": GO}, with what `Sought.to_json` returns to search at once


@dataclass(frozen=True, kw_only=True)
class Sought:
    """What is searched for: near copies from `near` on (0.5 to 1), of each other or of what a file asks."""

    near: float = NEAR
    file: Path | None = None
    rows_in: str = ""
    across: bool = False

    def to_json(self) -> dict[str, Any]:
        """Return it for JSON."""
        file = str(self.file) if self.file else ""
        return {"near": self.near, "file": file, "rows_in": self.rows_in, "across": self.across}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "Sought":
        """Return what `to_json` returned."""
        file = Path(stored["file"]) if stored["file"] else None
        return cls(near=stored["near"], file=file, rows_in=stored["rows_in"], across=stored["across"])


class DuplicatesSearch(QObject):
    """The latest search of the Tasks page. `ended` follows its job.

    `found` is what it found; None before, and once something of it was deleted. `is_old` tells that tasks
    have changed since it began. It has no run that could be resumed: after a crash, the next start offers it
    again.
    """

    ended = Signal()

    def __init__(self, desk: Desk, parent: QObject) -> None:
        super().__init__(parent)
        self._desk = desk
        self.sought = Sought()
        self.job: Job | None = None
        self.found: Duplicates | None = None
        self.is_old = False
        desk.changed.connect(self._library_changed)

    @property
    def is_running(self) -> bool:
        """Whether it is under way."""
        return self.job is not None and not self.job.is_over

    def start(self, sought: Sought) -> Job:
        """Search; forget what was found before."""
        library = self._desk.library
        self.sought, self.found, self.is_old = sought, None, False
        self.job = job = self._desk.jobs.start(
            "Finding duplicates",
            "duplicates",
            lambda tools: find_duplicates(
                library,
                near=sought.near,
                against=sought.file,
                rows_in=sought.rows_in,
                across=sought.across,
                progress=tools.progress,
                control=tools.control,
            ),
            heavy=False,
            again=("tasks", {"do": GO, **sought.to_json()}),
            begins_in=NO_RUN,
            shows=("tasks", {"do": GO}),
        )
        job.ended.connect(lambda: self._end(job))
        return job

    def forget(self) -> None:
        """Forget what was found: it is being deleted."""
        self.found = None

    def _end(self, job: Job) -> None:
        if job is self.job:
            self.found = job.result
            self.ended.emit()

    def _library_changed(self, parts: frozenset[str]) -> None:
        self.is_old |= "tasks" in parts
