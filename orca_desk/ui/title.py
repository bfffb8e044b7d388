"""The title of the window: how far the running job is, the page, and the library."""

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from orca_desk.processes.progress import Update
from orca_desk.ui.desk import Desk
from orca_desk.ui.jobs import Job
from orca_desk.ui.words.library import library_name


class WindowTitle(QObject):
    """Keeps the title up to date: "42% – Tasks – my-library – Orca Desk"."""

    def __init__(self, window: QWidget, desk: Desk) -> None:
        super().__init__(window)
        self._window, self._jobs = window, desk.jobs
        self._library = library_name(desk.library.folder)
        self._page = ""
        self._followed: Job | None = None
        desk.jobs.changed.connect(self._follow)
        self._show()

    def show_page(self, title: str) -> None:
        """Name another page."""
        self._page = title
        self._show()

    def _follow(self) -> None:
        job = next(iter(self._jobs.unfinished), None)
        if job is not self._followed:
            if self._followed is not None:
                self._followed.updated.disconnect(self._show)
            if job is not None:
                job.updated.connect(self._show)
            self._followed = job
        self._show()

    def _show(self, update: Update | None = None) -> None:
        parts = [self._share(), self._page, self._library, "Orca Desk"]
        title = " – ".join(part for part in parts if part)
        if title != self._window.windowTitle():
            self._window.setWindowTitle(title)

    def _share(self) -> str:
        update = self._followed.last if self._followed else None
        if update is None or not update.total:
            return ""
        return f"{min(update.done / update.total, 1.0):.0%}"
