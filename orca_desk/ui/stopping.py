"""Esc on a page with a long job: asks before it stops the job, so that no stray key ends hours of work."""

from collections.abc import Callable
from typing import Any

from orca_desk.ui.jobs import Job
from orca_desk.ui.page import Command, Page
from orca_desk.ui.widgets.message_box import MessageBox


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
    box = MessageBox(page, f"Stop “{job.title}”? It hasn't finished.", hint)
    box.offer("Stop", job.stop)
    box.leave("Keep running")
    job.ended.connect(box.reject)  # nothing is left to ask
    box.finished.connect(lambda: job.ended.disconnect(box.reject))
    box.open()
