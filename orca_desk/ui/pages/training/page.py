"""The Training page: set up a training, watch it run, and compare it with earlier ones."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtWidgets import QLineEdit

from orca_desk.library.clock import now
from orca_desk.library.deleting.kinds import Kind
from orca_desk.library.snapshots import Snapshot
from orca_desk.steps.export.request import ExportRequest
from orca_desk.steps.train.history import TrainingOverview, training_overview
from orca_desk.ui.desk import Desk
from orca_desk.ui.page import SEARCH, Command, Page
from orca_desk.ui.pages.training.freeze_dialog import FreezeDialog
from orca_desk.ui.pages.training.freeze_undo import make_undoable
from orca_desk.ui.pages.training.jobs import import_plotting
from orca_desk.ui.pages.training.runs import TrainingRuns
from orca_desk.ui.pages.training.view import (
    HISTORY,
    IMAGES,
    NO_RECORDS,
    NO_SNAPSHOT,
    READY,
    RUN,
    SET_UP,
    TrainingView,
)
from orca_desk.ui.stopping import stop_command
from orca_desk.ui.widgets.page_area import WIDE_PANES
from orca_desk.ui.widgets.text import button
from orca_desk.ui.words.fitness import frozen_sentence
from orca_desk.ui.words.tidying import tidying_of

if TYPE_CHECKING:
    from orca_desk.ui.pages.training.history_tab import TrainingHistory
    from orca_desk.ui.pages.training.run_tab import TrainingRunView
    from orca_desk.ui.widgets.export_dialog import ExportDialog


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
        self._newest = ""
        self._known: frozenset[str] = frozenset()  # the trainings that there are
        self.view = TrainingView(desk, freeze=self.freeze)
        self.tabs, self.set_up = self.view.tabs, self.view.set_up
        self.runs = TrainingRuns(self, export=self.export)
        self._freeze = button("Freeze a snapshot…", self.freeze)
        self._freeze.hide()
        self.header.addWidget(self._freeze)
        self.body.addWidget(self.view, 1)
        self.tabs.currentChanged.connect(self._tab_changed)
        self.set_up.requested.connect(self.runs.train)
        self.runs.started.connect(self._show_started)
        self.runs.ended.connect(self.set_up.read_again)
        self.runs.found_queued.connect(self._show_run)
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
            self.runs.start_stored(target["start"])
        elif "measure" in target:
            self.runs.measure_stored(target["measure"])
        elif "export" in target:
            self.runs.export_stored(target["export"])
        elif "use" in target:
            self.runs.use_stored(str(target["use"]))
        elif "checkpoints" in target:
            self._evaluate_checkpoints(str(target["checkpoints"]), int(target["per_family"]))
        elif "resume" in target:
            self.runs.resume_run(str(target["resume"]))
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
        if self.view.currentIndex() == READY:
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
            self.run_view.resumed.connect(self.runs.resume)
            self.run_view.used.connect(self.runs.use_stopped)
            self.run_view.exported.connect(lambda training: self.export([training.id]))
            self.view.run_slot.show_widget(self.run_view)
        return self.run_view

    def _get_history(self) -> "TrainingHistory":
        if self.history is None:
            from orca_desk.ui.pages.training.history_tab import TrainingHistory

            self.history = TrainingHistory(self.desk)
            self.history.opened.connect(self.show_training)
            self.history.resumed.connect(self.runs.resume)
            self.view.history_slot.show_widget(self.history)
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
        self.view.setCurrentIndex(READY if found.snapshots else empty)
        self._freeze.setVisible(bool(found.snapshots))
        self.set_up.show_snapshots(found.snapshots)
        if is_new and self.run_view is not None and not self.run_view.is_busy:
            self.run_view.show_training(newest)  # another page has started it
        elif self.run_view is not None and self.run_view.training in gone and not self.run_view.is_busy:
            self.run_view = None
            self.view.show_no_training()
            self._tab_changed(self.tabs.currentIndex())
        elif is_first or self.tabs.currentIndex() == RUN:
            self._tab_changed(self.tabs.currentIndex())

    def _tab_changed(self, tab: int) -> None:
        """Build and refresh the tab, once the imports are done and the library is read."""
        if not (self._can_plot and self._is_read):
            return
        if tab == RUN and not self._newest and self.run_view is None:
            self.view.show_no_training()
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

    def _evaluate_checkpoints(self, training_id: str, per_family: int) -> None:
        """Evaluate the checkpoints of a training, when that waited as the app was closed."""

        def show() -> None:
            view = self._get_run_view()
            self.tabs.setCurrentIndex(RUN)
            view.show_training(training_id)
            view.checkpoints.evaluate_those_of(training_id, per_family)

        self._when_plotting(show)

    def _show_run(self) -> None:
        self.tabs.setCurrentIndex(RUN)

    def _show_started(self) -> None:
        self._when_plotting(self._show_queued)

    def _show_queued(self) -> None:
        """Show the running job, or a waiting one while no other is shown."""
        if not self._can_plot:
            return
        for job in self.runs.queue.ended_unshown():
            if job.error is not None:
                self.notice.show_error(job.error)
        is_showing = self.run_view is not None and self.run_view.is_busy
        job_to_show = self.runs.queue.next_to_show(is_showing=is_showing)
        if job_to_show is not None:
            self._get_run_view().follow(job_to_show)
            self.tabs.setCurrentIndex(RUN)

    def start(self) -> None:
        """Start the training that is set up, if it is complete."""
        if self.view.currentIndex() == READY:
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
