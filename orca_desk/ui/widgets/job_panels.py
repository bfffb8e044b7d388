"""A panel for each of some jobs, one below another."""

from collections.abc import Sequence

from PySide6.QtWidgets import QVBoxLayout

from orca_desk.ui.desk import Desk
from orca_desk.ui.jobs import Job
from orca_desk.ui.theme import GRID
from orca_desk.ui.widgets.job_panel import JobPanel


class JobPanels(QVBoxLayout):
    """The panels in the order of their jobs, above whatever else the layout holds."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self._panels: dict[Job, JobPanel] = {}
        self.setSpacing(GRID)

    def show_jobs(self, jobs: Sequence[Job]) -> None:
        """Show these jobs and no others."""
        for job in [job for job in self._panels if job not in jobs]:
            panel = self._panels.pop(job)
            panel.hide()
            panel.deleteLater()
        for place, job in enumerate(jobs):
            if job not in self._panels:
                panel = self._panels[job] = JobPanel(self._desk)
                self.insertWidget(place, panel)
                panel.follow(job)
