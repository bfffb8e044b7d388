"""Export a tuned student: choose formats, watch the files being made and checked, see what came of it."""

from collections.abc import Sequence
from dataclasses import replace

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QDialog, QDialogButtonBox, QStackedWidget, QVBoxLayout, QWidget

from orca_desk.errors import UserError
from orca_desk.library.database import Library
from orca_desk.steps.export.export import ExportBlockedError, Exported, export
from orca_desk.steps.export.offer import KIND, ExportOffer, export_offer
from orca_desk.steps.export.outcome import ExportOutcome
from orca_desk.steps.export.part_folder import discard
from orca_desk.steps.export.request import ExportRequest
from orca_desk.ui.desk import Desk
from orca_desk.ui.jobs import Job, Tools
from orca_desk.ui.theme import GRID
from orca_desk.ui.widgets.dialog_buttons import dialog_buttons
from orca_desk.ui.widgets.export_choices import ExportChoices
from orca_desk.ui.widgets.export_result import ExportResult
from orca_desk.ui.widgets.job_panel import JobPanel
from orca_desk.ui.widgets.layouts import scrolled
from orca_desk.ui.widgets.notice import Notice
from orca_desk.ui.widgets.text import button, label
from orca_desk.ui.words.exports import request_sentence

CHOICES, RUNNING, RESULT = 0, 1, 2
GOES_ON = "The export continues when this window is closed; the Jobs page shows it."


class ExportDialog(QDialog):
    """Exports one of some trainings. Closing it stops nothing."""

    def __init__(
        self, desk: Desk, trainings: Sequence[str], parent: QWidget, *, start: ExportRequest | None = None
    ) -> None:
        """`start` is an export to start, or to resume, at once."""
        super().__init__(parent)
        self.desk = desk
        self.job: Job | None = None
        self._request: ExportRequest | None = None
        self.setWindowTitle("Export a tuned student")
        self.resize(130 * GRID, 88 * GRID)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(3 * GRID, 2 * GRID, 3 * GRID, 2 * GRID)
        layout.setSpacing(GRID + GRID // 2)
        layout.addWidget(label("Export a tuned student", size="heading", bold=True))
        self.training = QComboBox()
        self.training.addItems(trainings)
        self.training.setAccessibleName("Training")
        self.training.setToolTip("The training whose student is exported")
        self.training.setVisible(len(trainings) > 1)
        self.training.currentIndexChanged.connect(self._read_offer)
        layout.addWidget(self.training)
        self.panel = JobPanel(desk)
        self.panel.stop.setAutoDefault(False)
        self.panel.pause.setAutoDefault(False)
        layout.addWidget(self.panel)
        self.notice = Notice(desk)
        layout.addWidget(self.notice)
        self.choices, self.shown = ExportChoices(desk), ExportResult(desk)
        self.stack = QStackedWidget()
        self.stack.addWidget(scrolled(self.choices))
        self.wanted = label(wrap=True, selectable=True)
        self.wanted.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.stack.addWidget(self.wanted)
        self.stack.addWidget(scrolled(self.shown, "Result of the export"))
        layout.addWidget(self.stack, 1)
        layout.addWidget(self.choices.space)
        layout.addWidget(self._build_buttons())
        self.shown.overridden.connect(self._override)
        self.shown.discarded.connect(self._discard)
        self.choices.changed.connect(self._show_readiness)
        self._read_offer()
        if start is not None:
            self.start(start)

    def accept(self) -> None:
        """Start the export that is set up."""
        if not self.export_button.isEnabled() or self.choices.offer is None:
            return
        try:
            request = self.choices.request()
        except UserError as error:
            self.notice.show_error(error)
            return
        self.start(request)

    def start(self, request: ExportRequest) -> None:
        """Start an export, or resume the unfinished one with the same request."""
        self.notice.show_message(GOES_ON)
        self._request = request
        self.wanted.setText(request_sentence(request))
        self.stack.setCurrentIndex(RUNNING)
        self.job = start_export(self.desk, request)
        self.job.ended.connect(self._ended)
        self.panel.follow(self.job)
        self._show_readiness()

    def _read_offer(self) -> None:
        """Read what the chosen training offers; until then, and if it offers nothing, none is exported."""
        self.choices.offer = None
        self.notice.hide()
        self._show_readiness()
        library, training = self.desk.library, self.training.currentText()
        self.desk.background.run(
            self,
            lambda: export_offer(library, training),
            self._show_offer,
            failed=self.notice.show_error,
            only_newest="offer",
        )

    def _show_offer(self, offer: ExportOffer) -> None:
        self.choices.show_offer(offer)
        self._show_readiness()

    def _build_buttons(self) -> QDialogButtonBox:
        self.export_button = button("Export", self.accept, primary=True)
        self.export_button.setShortcut("Ctrl+Return")
        self.export_button.setEnabled(False)
        made = dialog_buttons(self, self.export_button)
        self.close_button = next(one for one in made.buttons() if one is not self.export_button)
        self.close_button.setText("Close")
        return made

    def _show_readiness(self) -> None:
        is_running = self.job is not None and not self.job.is_over
        chosen = self.choices.offer is not None and bool(self.choices.formats())
        self.export_button.setEnabled(chosen and not is_running)
        self.training.setEnabled(not is_running)
        self.choices.space.setVisible(not is_running)

    def _ended(self) -> None:
        job = self.job
        assert job is not None
        self.notice.hide()
        self._show_readiness()
        if isinstance(job.error, ExportBlockedError):
            self._show_outcome(job.error.outcome)
        elif job.error is not None:
            self.stack.setCurrentIndex(CHOICES)
            self.notice.show_error(job.error)
        elif isinstance(job.result, Exported) and job.result.outcome is not None:
            self._show_outcome(job.result.outcome)
        else:
            self.stack.setCurrentIndex(CHOICES)
            self.notice.show_message("The export was stopped.", "Press Export to resume it.")
        self.desk.tell("models")

    def _show_outcome(self, outcome: ExportOutcome) -> None:
        self.shown.show_outcome(outcome)
        self.export_button.hide()
        self.training.hide()
        self.choices.space.hide()
        self.stack.setCurrentIndex(RESULT)

    def _override(self) -> None:
        """Hand over the files of a blocked export."""
        if self._request is not None:
            self.start(replace(self._request, override=True))

    def _discard(self) -> None:
        """Remove the files of a blocked export, and go back to the form."""
        if self._request is None:
            return
        out = self._request.out

        def gone(_: bool) -> None:
            self.export_button.show()
            self.training.setVisible(self.training.count() > 1)
            self.choices.space.show()
            self.stack.setCurrentIndex(CHOICES)
            self.desk.say("Removed the files of the export.")

        self.desk.background.run(self, lambda: discard(out), gone)


def start_export(desk: Desk, request: ExportRequest) -> Job:
    """Start an export as a job, which may wait for another; return the job."""
    library = desk.library
    return desk.jobs.start(
        f"Export {request.name}",
        KIND,
        lambda tools: _export(library, request, tools),
        changes={"evaluations"},
        again=("training", {"export": request.to_json()}),
    )


def _export(library: Library, request: ExportRequest, tools: Tools) -> Exported:
    return export(library, request, progress=tools.progress, control=tools.control)
