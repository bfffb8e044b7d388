"""Esc where a long job runs: it asks before it stops, as hours of work must not end by a stray key."""

from collections.abc import Callable

from PySide6.QtWidgets import QMessageBox

from orca_desk.ui.jobs import Job
from orca_desk.ui.page import Page
from orca_desk.ui.widgets.message_box import message_box


def add_stop(page: Page, running: Callable[[], Job | None]) -> None:
    """Give a page the command of Esc; `running` returns the page's job, or None, or one that is over."""

    def ask() -> None:
        job = running()
        if job is not None and not job.is_over:
            _ask(page, job)

    page.command("S&top what runs…", ask, key="Esc", image="square")


def _ask(page: Page, job: Job) -> None:
    """Ask whether to stop a job, which goes on meanwhile."""
    keeps = bool(job.changes - {"runs"})  # others, such as a preview, keep nothing
    hint = "What is done is kept, and it can go on later." if keeps else ""
    box = message_box(page, f"Stop? “{job.title}” is not done.", hint)
    stop = box.addButton("Stop", QMessageBox.ButtonRole.AcceptRole)
    go_on = box.addButton("Let it run", QMessageBox.ButtonRole.RejectRole)
    box.setDefaultButton(go_on)
    box.setEscapeButton(go_on)
    stop.clicked.connect(job.stop)
    job.ended.connect(box.reject)  # nothing is left to be asked
    box.finished.connect(box.deleteLater)
    box.open()
