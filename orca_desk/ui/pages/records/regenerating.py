"""Asking the teacher again for a record: the dialog, the job, and the new answer beside the earlier one."""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject

from orca_desk.errors import UserError
from orca_desk.method.records import Sampling
from orca_desk.models.model_file import ModelFile
from orca_desk.steps.defaults import default_runner
from orca_desk.ui.jobs import NO_RUN, Job, Tools
from orca_desk.ui.page import Page
from orca_desk.ui.pages.records.side_by_side import SideBySide
from orca_desk.ui.widgets.job_panel import JobPanel

if TYPE_CHECKING:
    from orca_desk.steps.instruct.regenerate import Regenerated
    from orca_desk.ui.pages.records.regenerate_dialog import RegenerateDialog


class Regenerating(QObject):
    """Has the answer of the record on screen regenerated, as a job that `panel` follows."""

    def __init__(
        self, page: Page, side: SideBySide, panel: JobPanel, *, show_record: Callable[[str], Any]
    ) -> None:
        """`show_record` gets the id of the record to show."""
        super().__init__(page)
        self._page, self._desk, self._notice = page, page.desk, page.notice
        self._side, self._panel, self._show_record = side, panel, show_record
        self.dialog: RegenerateDialog | None = None

    def ask(self) -> None:
        """Open the dialog that regenerates the answer."""
        item = self._side.item
        if item is None or self._side.response.is_editing:
            return
        from orca_desk.ui.pages.records.regenerate_dialog import RegenerateDialog

        self.dialog = RegenerateDialog(self._desk, item, self._page)
        self.dialog.requested.connect(self._regenerate_shown)
        self.dialog.finished.connect(self.dialog.deleteLater)
        self.dialog.open()

    def start_stored(self, record_id: str, asked: Mapping[str, Any]) -> None:
        """Regenerate an answer, when that waited as the app was closed."""
        try:
            model, sampling = Path(asked["model"]), Sampling.from_json(asked["sampling"])
        except (KeyError, TypeError, ValueError):
            self._notice.show_message("Another version of Orca Desk stored this job.", kind="warn")
            return
        self._start(record_id, model, str(asked["strategy"]), sampling)

    def _regenerate_shown(self, model: ModelFile, strategy: str, sampling: Sampling) -> None:
        if self._side.item is not None:
            self._start(self._side.item.stored.record.id, model.path, strategy, sampling)

    def _start(self, record_id: str, model: Path, strategy: str, sampling: Sampling) -> None:
        library = self._desk.library

        def work(tools: Tools) -> "Regenerated":
            from orca_desk.steps.instruct.regenerate import regenerate  # its imports take a while

            return regenerate(
                library,
                default_runner(library, model),
                record_id,
                strategy=strategy,
                sampling=sampling,
                progress=tools.progress,
                control=tools.control,
            )

        asked = {"model": str(model), "strategy": strategy, "sampling": asdict(sampling)}
        job = self._desk.jobs.start(
            "Regenerate an answer",
            "generate",
            work,
            changes={"records"},
            again=("records", {"record": record_id, "regenerate": asked}),
            begins_in=NO_RUN,
        )
        job.ended.connect(lambda: self._show_end(job, record_id))
        self._panel.follow(job)

    def _show_end(self, job: Job, record_id: str) -> None:
        if isinstance(job.error, UserError):  # the window reports any other error
            self._notice.show_error(job.error)
        elif job.result is not None:
            self._show_regenerated(record_id, job.result)

    def _show_regenerated(self, before: str, made: "Regenerated") -> None:
        if made.record is None:
            return
        text = "This exact answer is already in the library." if made.known else "The new answer is ready."
        after = made.record
        self._notice.show_message(
            text,
            kind="info" if made.known else "good",
            action="Show it",
            run=lambda: self._compare(after, before),
        )

    def _compare(self, record_id: str, back_to: str) -> None:
        """Show a record, and offer the way back."""
        self._notice.hide()
        self._show_record(record_id)
        if back_to:
            self._notice.show_message(
                "This is the new answer.",
                kind="info",
                action="Back to the earlier one",
                run=lambda: self._compare(back_to, ""),
            )
