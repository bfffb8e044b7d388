"""The Training page: set up a training, watch it run, and compare it with earlier ones."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtWidgets import QLineEdit, QStackedWidget, QTabWidget, QWidget

from orca_desk.errors import UserError
from orca_desk.library.clock import now
from orca_desk.library.deleting.kinds import Kind
from orca_desk.library.runs import get_run
from orca_desk.library.snapshots import Snapshot
from orca_desk.library.trainings import Training, get_training
from orca_desk.steps.export.offer import KIND as EXPORT
from orca_desk.steps.export.request import ExportRequest, request_from_json
from orca_desk.steps.train.base_request import KIND as MEASURE
from orca_desk.steps.train.base_request import BaseRequest
from orca_desk.steps.train.history import TrainingOverview, training_overview
from orca_desk.steps.train.queue import TrainingQueue
from orca_desk.steps.train.request import TrainingRequest, request_of
from orca_desk.ui.desk import Desk
from orca_desk.ui.icons import icon
from orca_desk.ui.jobs import NO_RUN, Again, Job, Tools
from orca_desk.ui.page import SEARCH, Command, Page
from orca_desk.ui.pages.training.freeze_dialog import FreezeDialog
from orca_desk.ui.pages.training.freeze_undo import make_undoable
from orca_desk.ui.pages.training.jobs import import_plotting, start_measuring, train_job, use_stopped_job
from orca_desk.ui.pages.training.setup_tab import TrainingSetup
from orca_desk.ui.stopping import stop_command
from orca_desk.ui.widgets.empty import EmptyState
from orca_desk.ui.widgets.page_area import WIDE_PANES
from orca_desk.ui.widgets.text import button
from orca_desk.ui.widgets.widget_slot import WidgetSlot
from orca_desk.ui.words.fitness import frozen_sentence
from orca_desk.ui.words.tidying import tidying_of

if TYPE_CHECKING:
    from orca_desk.ui.pages.training.history_tab import TrainingHistory
    from orca_desk.ui.pages.training.run_tab import TrainingRunView
    from orca_desk.ui.widgets.export_dialog import ExportDialog

SET_UP, RUN, HISTORY = 0, 1, 2
IMAGES = ("sliders-horizontal", "activity", "history")
NO_RECORDS, NO_SNAPSHOT, READY, UNREAD = 0, 1, 2, 3


class TrainingPage(Page):
    """Has three tabs. The plotting ones are imported in the background and built when first shown."""

    name = "training"
    title = "Training"
    widest = WIDE_PANES
    about = "Fine-tune a small student on a frozen snapshot of erased records."
    watches = frozenset({"snapshots", "records", "trainings", "tasks", "strategies", "runs"})
    on_rows = tidying_of(Kind.TRAINING, Kind.SNAPSHOT)
    offers = (
        Command("&Start training", lambda page: page.start(), key="Ctrl+Return", image="play"),
        Command("&Freeze a snapshot…", lambda page: page.freeze(), key="Ctrl+Shift+F", image="snowflake"),
        Command(
            "&Pause or resume the training", lambda page: page.pause(), key="Ctrl+Shift+P", image="pause"
        ),
        Command(
            "Stop the training and save pro&gress", lambda page: page.stop(), key="Ctrl+.", image="square"
        ),
        stop_command(lambda page: page.run_view.panel.job if page.run_view else None),
        Command(
            "E&xport the tuned student…",
            lambda page: page.export_shown(),
            key="Ctrl+Shift+E",
            image="file-output",
        ),
        Command("Export a snapshot's recor&ds…", lambda page: page.export_snapshot(), image="file-output"),
        Command("Save th&e settings as a preset…", lambda page: page.save_preset(), image="save"),
        SEARCH,
        Command("Set &up", lambda page: page.tabs.setCurrentIndex(0), key="Alt+1", image=IMAGES[0]),
        Command("&Run", lambda page: page.tabs.setCurrentIndex(1), key="Alt+2", image=IMAGES[1]),
        Command("&History", lambda page: page.tabs.setCurrentIndex(2), key="Alt+3", image=IMAGES[2]),
    )

    def search_field(self) -> QLineEdit | None:
        """See Page: that of the history."""
        self.tabs.setCurrentIndex(2)
        return self.history.search if self.history else None

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self.run_view: TrainingRunView | None = None
        self.history: TrainingHistory | None = None
        self.dialog: FreezeDialog | None = None
        self._dialog_since = ""  # when it was opened
        self.export_dialog: ExportDialog | None = None
        self._can_plot = self._is_read = False
        self._after_import: list[Callable[[], Any]] = []
        self._queue: TrainingQueue[Job] = TrainingQueue()
        self._newest = ""
        self._known: frozenset[str] = frozenset()  # the trainings that there are
        self._build()
        desk.jobs.changed.connect(self._show_queued)
        desk.background.run(self, import_plotting, self._imported)

    def refresh(self, changes: frozenset[str]) -> None:
        """Read whatever changed for the tab that shows it."""
        library = self.desk.library
        if changes & {"snapshots", "records", "trainings"}:
            self.desk.background.run(
                self, lambda: training_overview(library), self._show, only_newest="overview"
            )
        if "trainings" in changes:
            self.set_up.find_unfinished()
        if changes & {"tasks", "strategies"}:
            self.set_up.read_again()
        if changes & {"trainings", "runs"}:
            self._refresh_trainings()

    def go(self, target: Mapping[str, Any]) -> None:
        """Show a training or where it is "listed", set one up for a snapshot or a base, or resume one."""
        if "training" in target:
            self.show_training(str(target["training"]))
        elif "listed" in target:
            self.list_training(str(target["listed"]))
        elif "start" in target:
            self._start_stored(target["start"])
        elif "measure" in target:
            self._measure_stored(target["measure"])
        elif "export" in target:
            self._export_stored(target["export"])
        elif "use" in target:
            self._use_stored(str(target["use"]))
        elif "checkpoints" in target:
            self._evaluate_checkpoints(str(target["checkpoints"]), int(target["per_family"]))
        elif "resume" in target:
            self._resume_run(str(target["resume"]))
        elif "snapshot" in target or "base" in target:
            self.tabs.setCurrentIndex(SET_UP)
            if "snapshot" in target:
                self.set_up.choose_snapshot(str(target["snapshot"]))
            if "base" in target:
                self.set_up.base.choose(Path(str(target["base"])))

    def show_training(self, training_id: str) -> None:
        """Show the curves and the outcome of a training."""

        def show() -> None:
            view = self._get_run_view()
            self.tabs.setCurrentIndex(RUN)
            if view.training != training_id:
                view.show_training(training_id)

        self._when_plotting(show)

    def list_training(self, training_id: str) -> None:
        """Show a training in the history."""

        def show() -> None:
            self.tabs.setCurrentIndex(HISTORY)
            self._get_history().choose(training_id)

        self._when_plotting(show)

    def freeze(self) -> None:
        """Open the dialog that freezes a snapshot."""
        if self.dialog is not None:
            self.dialog.raise_()
            return
        self.dialog, self._dialog_since = FreezeDialog(self.desk, self), now()
        self.dialog.frozen.connect(self._frozen)
        self.dialog.finished.connect(self._forget_dialog)
        self.dialog.open()

    def train(self, request: TrainingRequest, resumes: str = "") -> None:
        """Start a training, or resume the unfinished one with the same inputs, whose id is `resumes`."""
        if self._queue.holds(request):
            self.notice.show_message("This training is already running or queued.")
            self.tabs.setCurrentIndex(RUN)
            return
        self.notice.hide()
        library = self.desk.library
        self._start(
            request,
            f"Train {request.base.name}",
            lambda tools: train_job(library, request, tools, resumes=resumes),
            again=("training", {"start": request.to_json()}),
        )

    def export(self, trainings: Sequence[str], start: ExportRequest | None = None) -> None:
        """Open the dialog that exports one of some trainings; `start` is an export to start at once."""
        from orca_desk.ui.widgets.export_dialog import ExportDialog, start_export

        if self.export_dialog is not None:
            self.export_dialog.raise_()
            if start is not None:  # several exports may have waited as the app was closed
                start_export(self.desk, start)
            return
        self.export_dialog = ExportDialog(self.desk, trainings, self, start=start)
        self.export_dialog.finished.connect(self._forget_export)
        self.export_dialog.open()

    def save_preset(self) -> None:
        """Save the settings of the form under a name."""
        if self.stack.currentIndex() == READY:
            self.tabs.setCurrentIndex(SET_UP)
            self.set_up.preset.save()

    def export_shown(self) -> None:
        """Export the training that is shown, or say what is missing."""
        details = self.run_view.details if self.run_view else None
        if details is None or details.training.adapter is None:
            self.notice.show_message("No trained adapter is shown.", "Show a finished training first.")
        else:
            self.export([details.training.id])

    def export_snapshot(self) -> None:
        """Export the training records of the selected snapshot, or say that there is none."""
        self.tabs.setCurrentIndex(SET_UP)
        if self.set_up.content.snapshot is None:
            self.notice.show_message("No snapshot is selected.", "Freeze or select one first.")
        else:
            self.set_up.content.export()

    def _build(self) -> None:
        desk = self.desk
        self._freeze = button("Freeze a snapshot…", self.freeze)
        self._freeze.hide()
        self.header.addWidget(self._freeze)
        self.stack = QStackedWidget()
        self.stack.addWidget(
            EmptyState(
                desk.theme,
                image="graduation-cap",
                title="Nothing to train on yet",
                text="A student learns from a teacher's answers. Have the teacher answer some tasks first.",
                action="Go to Teacher",
                run=lambda: desk.open("teacher"),
            )
        )
        self.stack.addWidget(
            EmptyState(
                desk.theme,
                image="snowflake",
                title="Freeze a snapshot first",
                text=(
                    "The library has teacher records. A snapshot selects some of them by rules, erases their "
                    "instructions, and never changes: it is the data set that a student is trained on."
                ),
                action="Freeze a snapshot…",
                run=self.freeze,
            )
        )
        self.tabs = QTabWidget()
        self.tabs.setAccessibleName("Training views")
        self.set_up = TrainingSetup(desk)
        self.set_up.requested.connect(self.train)
        self._run_slot, self._history_slot = WidgetSlot(), WidgetSlot()
        for slot in (self._run_slot, self._history_slot):
            slot.show_widget(EmptyState(desk.theme, image="activity", title="Loading trainings…", text=""))
        self.tabs.addTab(self.set_up, "Set up")
        self.tabs.addTab(self._run_slot, "Run")
        self.tabs.addTab(self._history_slot, "History")
        self.tabs.currentChanged.connect(self._tab_changed)
        self.stack.addWidget(self.tabs)
        self.stack.addWidget(QWidget())
        self.stack.setCurrentIndex(UNREAD)  # it is not known yet whether there is nothing to train on
        self.body.addWidget(self.stack, 1)
        desk.theme.changed.connect(self._paint)
        self._paint()

    def _no_training(self) -> EmptyState:
        return EmptyState(
            self.desk.theme,
            image="chart-line",
            title="No training yet",
            text="Its curves will appear here once one has started.",
            action="Set up a training",
            run=lambda: self.tabs.setCurrentIndex(SET_UP),
        )

    def _paint(self) -> None:
        for tab, image in enumerate(IMAGES):
            self.tabs.setTabIcon(tab, icon(image, self.desk.theme.colours, "muted"))

    def _imported(self, _: None) -> None:
        """Build what waited for the imports."""
        self._can_plot = True
        waiting, self._after_import = self._after_import, []
        for action in waiting:
            action()
        self._tab_changed(self.tabs.currentIndex())

    def _when_plotting(self, action: Callable[[], Any]) -> None:
        """Call `action`, now or once everything that plots is imported."""
        if self._can_plot:
            action()
        else:
            self._after_import.append(action)

    def _get_run_view(self) -> "TrainingRunView":
        if self.run_view is None:
            from orca_desk.ui.pages.training.run_tab import TrainingRunView

            self.run_view = TrainingRunView(self.desk)
            self.run_view.resumed.connect(self._resume)
            self.run_view.used.connect(self._use_stopped)
            self.run_view.exported.connect(lambda training: self.export([training.id]))
            self._run_slot.show_widget(self.run_view)
        return self.run_view

    def _get_history(self) -> "TrainingHistory":
        if self.history is None:
            from orca_desk.ui.pages.training.history_tab import TrainingHistory

            self.history = TrainingHistory(self.desk)
            self.history.opened.connect(self.show_training)
            self.history.resumed.connect(self._resume)
            self._history_slot.show_widget(self.history)
            self.keep("history", self.history.table)
            self.keep("comparison", self.history.splitter)
        return self.history

    def _show(self, found: TrainingOverview) -> None:
        is_first, self._is_read = not self._is_read, True
        newest = found.newest
        is_new = bool(self._newest and newest) and newest not in self._known
        gone = self._known.difference(found.trainings)
        self._newest, self._known = newest, frozenset(found.trainings)
        empty = NO_SNAPSHOT if found.has_records else NO_RECORDS
        self.stack.setCurrentIndex(READY if found.snapshots else empty)
        self._freeze.setVisible(bool(found.snapshots))
        self.set_up.show_snapshots(found.snapshots)
        if is_new and self.run_view is not None and not self.run_view.is_busy:
            self.run_view.show_training(newest)  # another page has started it
        elif self.run_view is not None and self.run_view.training in gone and not self.run_view.is_busy:
            self.run_view = None
            self._run_slot.show_widget(self._no_training())
            self._tab_changed(self.tabs.currentIndex())
        elif is_first or self.tabs.currentIndex() == RUN:
            self._tab_changed(self.tabs.currentIndex())

    def _tab_changed(self, tab: int) -> None:
        """Build and refresh the tab, once the imports are done and the library is read."""
        if not (self._can_plot and self._is_read):
            return
        if tab == RUN and not self._newest and self.run_view is None:
            self._run_slot.show_widget(self._no_training())
        elif tab == RUN and self._newest and (self.run_view is None or not self.run_view.training):
            if self.run_view is None or not self.run_view.is_busy:
                self._get_run_view().show_training(self._newest)
        elif tab == HISTORY:
            self._get_history().refresh()

    def _refresh_trainings(self) -> None:
        if self.tabs.currentIndex() == RUN and self.run_view is not None and not self.run_view.is_live:
            self.run_view.refresh()
        elif self.tabs.currentIndex() == HISTORY and self.history is not None:
            self.history.refresh()

    def _frozen(self, snapshot: Snapshot, wanted: str) -> None:
        self.set_up.choose_snapshot(snapshot.id)
        self.tabs.setCurrentIndex(SET_UP)
        self.desk.say(frozen_sentence(snapshot.name, wanted), "good" if snapshot.name == wanted else "")
        if snapshot.created_at >= self._dialog_since:  # otherwise the same records were frozen before
            make_undoable(self.desk, snapshot)

    def _forget_dialog(self) -> None:
        if self.dialog is not None:
            self.dialog.deleteLater()
        self.dialog = None

    def _forget_export(self) -> None:
        if self.export_dialog is not None:
            self.export_dialog.deleteLater()
        self.export_dialog = None

    def _export_stored(self, stored: Mapping[str, Any] | str) -> None:
        """Start or resume an export that was stored, or offer to export a training."""
        if isinstance(stored, str):
            self.export([stored])
            return
        try:
            request = request_from_json(stored)
        except UserError as error:
            self.notice.show_error(error)
            return
        self.export([request.training], request)

    def _resume_run(self, run_id: str) -> None:
        try:
            run = get_run(self.desk.library, run_id)
            if run.kind == EXPORT:
                self._export_stored(run.request or {})
                return
            if run.kind == MEASURE:
                self._measure_stored(run.request or {})
                return
            self._resume(get_training(self.desk.library, run_id))
        except UserError as error:
            self.notice.show_error(error)

    def _measure_stored(self, stored: Mapping[str, Any]) -> None:
        """Start or resume a measurement of an untrained student that was stored."""
        try:
            start_measuring(self.desk, BaseRequest.from_json(stored))
        except UserError as error:
            self.notice.show_error(error)
            return
        self.desk.open("jobs")

    def _resume(self, training: Training) -> None:
        """Resume a training from its newest checkpoint."""
        try:
            request = request_of(training)
        except UserError as error:
            self.notice.show_error(error)
            return
        self.train(request, resumes=training.id)

    def _start_stored(self, stored: Mapping[str, Any]) -> None:
        """Start a training that waited when the app was closed."""
        try:
            self.train(TrainingRequest.from_json(stored))
        except UserError as error:
            self.notice.show_error(error)

    def _use_stopped(self, training: Training) -> None:
        """Export and check the adapter of a stopped training."""
        library = self.desk.library
        self._start(
            request_of(training),
            f"Use {training.id} as is",
            lambda tools: use_stopped_job(library, training.id, tools),
            again=("training", {"use": training.id}),
            begins_in=NO_RUN,
        )

    def _use_stored(self, training_id: str) -> None:
        """Use a stopped training as is, when that waited as the app was closed."""
        try:
            training = get_training(self.desk.library, training_id)
            if self._queue.holds(request_of(training)):
                self.notice.show_message(f"{training_id} is already running or queued.")
            else:
                self._use_stopped(training)
        except UserError as error:
            self.notice.show_error(error)

    def _evaluate_checkpoints(self, training_id: str, per_family: int) -> None:
        """Evaluate the checkpoints of a training, when that waited as the app was closed."""

        def show() -> None:
            view = self._get_run_view()
            self.tabs.setCurrentIndex(RUN)
            view.show_training(training_id)
            view.checkpoints.evaluate_those_of(training_id, per_family)

        self._when_plotting(show)

    def _start(
        self,
        request: TrainingRequest,
        title: str,
        work: Callable[[Tools], Any],
        again: Again,
        begins_in: str = "",
    ) -> None:
        """Start a job and show it, at once or when the job before it has ended."""
        job = self.desk.jobs.start(
            title, "train", work, changes={"trainings"}, again=again, begins_in=begins_in
        )
        job.ended.connect(self.set_up.read_again)
        self._queue.add(job, request)
        self._when_plotting(self._show_queued)

    def _show_queued(self) -> None:
        """Show the running job, or a waiting one while no other is shown."""
        if not self._can_plot:
            return
        for job in self._queue.ended_unshown():
            if job.error is not None:
                self.notice.show_error(job.error)
        is_showing = self.run_view is not None and self.run_view.is_busy
        job_to_show = self._queue.next_to_show(is_showing=is_showing)
        if job_to_show is not None:
            self._get_run_view().follow(job_to_show)
            self.tabs.setCurrentIndex(RUN)

    def start(self) -> None:
        """Start the training that is set up, if it is complete."""
        if self.stack.currentIndex() == READY:
            self.tabs.setCurrentIndex(SET_UP)
            self.set_up.start()

    def pause(self) -> None:
        """Pause or resume the running training."""
        if self.run_view is not None and self.run_view.is_busy:
            self.run_view.panel.pause.click()

    def stop(self) -> None:
        """Stop the running training; what it has done is saved."""
        if self.run_view is not None and self.run_view.is_busy:
            self.run_view.panel.stop.click()
