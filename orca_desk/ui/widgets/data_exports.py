"""Exports of data from a page: the dialog that asks, the job that writes, the notice with the result."""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from orca_desk.errors import UserError
from orca_desk.steps.hand_over.hand_over import hand_over
from orca_desk.steps.hand_over.handed_over import HandedOver
from orca_desk.steps.hand_over.request import KIND, HandOverRequest
from orca_desk.ui.desk import Desk
from orca_desk.ui.jobs import Job
from orca_desk.ui.outside import open_outside
from orca_desk.ui.widgets.data_export_dialog import DataChoice, DataExportDialog
from orca_desk.ui.widgets.job_panel import JobPanel
from orca_desk.ui.widgets.notice import Notice
from orca_desk.ui.words.hand_over import STOPPED, UNITS, handed_over_notes, handed_over_sentence


class DataExports(QObject):
    """Runs the exports of a page. `panel` shows the job, if the page has one, and `notice` its result."""

    def __init__(self, desk: Desk, page: QWidget, *, notice: Notice, panel: JobPanel | None = None) -> None:
        super().__init__(page)
        self.desk, self._page, self._notice, self._panel = desk, page, notice, panel
        self.dialog: DataExportDialog | None = None

    def ask(self, *choices: DataChoice) -> None:
        """Let the user export one of some tables."""
        self.dialog = DataExportDialog(self.desk, self._page, choices=choices, start=self.start)
        self.dialog.finished.connect(self._forget)
        self.dialog.open()

    def start(self, request: HandOverRequest, rowids: Sequence[int] | None = None) -> Job:
        """Write what a request asks for, as a job."""
        library = self.desk.library
        job = self.desk.jobs.start(
            f"Exporting {UNITS[request.table]}s to {request.path.name}",
            KIND,
            lambda tools: hand_over(
                library, request, rowids=rowids, progress=tools.progress, control=tools.control
            ),
            heavy=False,
        )
        if self._panel is not None:
            self._panel.follow(job)
        job.ended.connect(lambda: self._end(job))
        return job

    def _forget(self) -> None:
        if self.dialog is not None:
            self.dialog.deleteLater()
        self.dialog = None

    def _open(self, path: Path) -> None:
        """Show the folder of an export in the file manager."""
        try:
            open_outside(path if path.is_dir() else path.parent)
        except UserError as error:
            self._notice.show_error(error)

    def _end(self, job: Job) -> None:
        if isinstance(job.error, UserError):  # the window reports any other error
            self._notice.show_error(job.error)
        elif isinstance(job.result, HandedOver):
            made = job.result
            self._notice.show_message(
                handed_over_sentence(made),
                "\n".join([*handed_over_notes(made), str(made.path)]),
                kind="good",
                action="Show the files",
                run=lambda: self._open(made.path),
            )
        elif job.error is None:
            self._notice.show_message(STOPPED)
