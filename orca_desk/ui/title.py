"""The title of the window: how far the running job is, the page, and the library."""

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from orca_desk.ui.desk import Desk


class WindowTitle(QObject):
    """Keeps the title up to date: "42% – Tasks – my-library – Orca Desk"."""

    def __init__(self, window: QWidget, desk: Desk) -> None:
        super().__init__(window)
        self._window, self._jobs = window, desk.jobs
        self._name = desk.name
        desk.name.changed.connect(lambda name: self._show())
        self._page = ""
        desk.jobs.progressed.connect(self._show)
        self._show()

    def show_page(self, title: str) -> None:
        """Name another page."""
        self._page = title
        self._show()

    def _show(self) -> None:
        parts = [self._share(), self._page, self._name.text, "Orca Desk"]
        title = " – ".join(part for part in parts if part)
        if title != self._window.windowTitle():
            self._window.setWindowTitle(title)

    def _share(self) -> str:
        """Return how much of the running job is done, and how many jobs wait behind it."""
        job = self._jobs.front
        share = job.share if job else None
        waiting = len(self._jobs.waiting)
        behind = f", {waiting} waiting" if waiting else ""
        return "" if share is None else f"{share:.0%}{behind}"
