"""Esc on a page with a long job: asks before it stops the job, so that no stray key ends hours of work."""

from collections.abc import Callable
from typing import Any

from PySide6.QtWidgets import QMessageBox

from orca_desk.ui.jobs import Job
from orca_desk.ui.page import Command, Page
from orca_desk.ui.widgets.message_box import message_box


def stop_command(running: Callable[[Any], Job | None]) -> Command:
    """Return the command for a page. `running(page)` returns the page's job, which may be over, or None."""

    def ask(page: Page) -> None:
        job = running(page)
        if job is not None and not job.is_over:
            _ask(page, job)

    return Command("S&top the current job…", ask, key="Esc", image="square")


def _ask(page: Page, job: Job) -> None:
    """Ask whether to stop a job, which runs on meanwhile."""
    is_saved = bool(job.changes - {"runs"})  # other jobs, such as a preview, save nothing
    hint = "Finished work is saved, and you can resume it later." if is_saved else ""
    box = message_box(page, f"Stop “{job.title}”? It hasn't finished.", hint)
    stop = box.addButton("Stop", QMessageBox.ButtonRole.AcceptRole)
    keep_running = box.addButton("Keep running", QMessageBox.ButtonRole.RejectRole)
    box.setDefaultButton(keep_running)
    box.setEscapeButton(keep_running)
    stop.clicked.connect(job.stop)
    job.ended.connect(box.reject)  # nothing is left to ask
    box.finished.connect(box.deleteLater)
    box.open()
