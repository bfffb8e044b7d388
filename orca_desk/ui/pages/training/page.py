"""The Training page: set a training up, watch it run, look back at all of them."""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtWidgets import QStackedWidget, QTabWidget

from orca_desk.errors import UserError
from orca_desk.library.snapshots import Snapshot
from orca_desk.library.trainings import Training, get_training
from orca_desk.student.settings import TrainSettings
from orca_desk.ui.desk import Desk
from orca_desk.ui.icons import icon
from orca_desk.ui.jobs import Job, Tools
from orca_desk.ui.page import Page
from orca_desk.ui.pages.training.choice import Choice
from orca_desk.ui.pages.training.freeze_dialog import FreezeDialog
from orca_desk.ui.pages.training.setup import SetUp
from orca_desk.ui.pages.training.work import import_what_plots, keep_as_it_is, overview, train_choice
from orca_desk.ui.stopping import add_stop
from orca_desk.ui.widgets.empty import EmptyState
from orca_desk.ui.widgets.place import Place
from orca_desk.ui.widgets.text import button

if TYPE_CHECKING:
    from orca_desk.ui.pages.training.history import History
    from orca_desk.ui.pages.training.run import RunView

SET_UP, RUN, HISTORY = 0, 1, 2
IMAGES = ("sliders-horizontal", "activity", "history")
NO_RECORDS, NO_SNAPSHOT, READY = 0, 1, 2


class TrainingPage(Page):
    """Three tabs. What plots is imported in the background, and made when it is to be shown first."""

    name = "training"
    title = "Training"
    about = "Fine-tune a small student on a frozen snapshot of erased records."
    watches = frozenset({"snapshots", "records", "trainings", "tasks", "strategies", "runs"})

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self.run_view: RunView | None = None
        self.history: History | None = None
        self.dialog: FreezeDialog | None = None
        self._can_plot = self._is_read = False
        self._later: list[Callable[[], Any]] = []  # what waits for the import
        self._trained: dict[Job, Choice] = {}
        self._unseen: list[Job] = []  # jobs that the Run tab has not taken up yet
        self._newest = ""
        self._build()
        self._add_commands()
        desk.jobs.changed.connect(self._follow_next)
        desk.background.run(self, import_what_plots, self._imported)

    def refresh(self, changes: frozenset[str]) -> None:
        """Read what has changed, for the tab that shows it."""
        library = self.desk.library
        if changes & {"snapshots", "records", "trainings"}:
            self.desk.background.run(self, lambda: overview(library), self._show, only_newest="overview")
        if "trainings" in changes:
            self.set_up.look_for_unfinished()
        if changes & {"tasks", "strategies"}:
            self.set_up.look_again()
        if changes & {"trainings", "runs"}:
            self._refresh_trainings()

    def go(self, target: Mapping[str, Any]) -> None:
        """Show a training, set one up on a snapshot or a base, or go on with a run."""
        if "training" in target:
            self.show_training(str(target["training"]))
        elif "resume" in target:
            self._resume(str(target["resume"]))
        elif "snapshot" in target or "base" in target:
            self.tabs.setCurrentIndex(SET_UP)
            if "snapshot" in target:
                self.set_up.choose_snapshot(str(target["snapshot"]))
            if "base" in target:
                self.set_up.base.choose(Path(str(target["base"])))

    def show_training(self, training_id: str) -> None:
        """Show a training's curves and outcome."""

        def show() -> None:
            view = self._get_run_view()
            self.tabs.setCurrentIndex(RUN)
            if view.training != training_id:
                view.show_training(training_id)

        self._when_plotting(show)

    def freeze(self) -> None:
        """Ask for the rules of a new snapshot, and freeze it."""
        if self.dialog is not None:
            self.dialog.raise_()
            return
        self.dialog = FreezeDialog(self.desk, self)
        self.dialog.frozen.connect(self._frozen)
        self.dialog.finished.connect(self._forget_dialog)
        self.dialog.open()

    def train(self, choice: Choice, goes_on: str = "") -> None:
        """Start a training, or go on with the unfinished one of just this choice, whose id is `goes_on`."""
        if any(not job.is_over and choice == other for job, other in self._trained.items()):
            self.notice.show_message("That training runs already, or waits for its turn.")
            self.tabs.setCurrentIndex(RUN)
            return
        self.notice.hide()
        library = self.desk.library
        self._follow(
            choice,
            f"Train {choice.base.name}",
            lambda tools: train_choice(library, choice, tools, goes_on=goes_on),
        )

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
                text="A student is trained on answers of a teacher. Let the teacher answer tasks first.",
                action="Go to the teacher",
                run=lambda: desk.open("teacher"),
            )
        )
        self.stack.addWidget(
            EmptyState(
                desk.theme,
                image="snowflake",
                title="Freeze a snapshot first",
                text=(
                    "There are teacher records. A snapshot chooses some of them by rules, erases their "
                    "instructions and keeps them as they are: that is what a student is trained on."
                ),
                action="Freeze a snapshot…",
                run=self.freeze,
            )
        )
        self.tabs = QTabWidget()
        self.tabs.setAccessibleName("Parts of the Training page")
        self.set_up = SetUp(desk)
        self.set_up.wanted.connect(self.train)
        self._run_place, self._history_place = Place(), Place()
        for place in (self._run_place, self._history_place):
            place.show_widget(
                EmptyState(desk.theme, image="activity", title="Reading the trainings…", text="")
            )
        self.tabs.addTab(self.set_up, "Set up")
        self.tabs.addTab(self._run_place, "Run")
        self.tabs.addTab(self._history_place, "History")
        self.tabs.currentChanged.connect(self._tab_changed)
        self.stack.addWidget(self.tabs)
        self.body.addWidget(self.stack, 1)
        desk.theme.changed.connect(self._paint)
        self._paint()

    def _no_training(self) -> EmptyState:
        return EmptyState(
            self.desk.theme,
            image="chart-line",
            title="No training yet",
            text="Its curves appear here as soon as one has started.",
            action="Set one up",
            run=lambda: self.tabs.setCurrentIndex(SET_UP),
        )

    def _add_commands(self) -> None:
        self.command("&Start training", self._start_by_key, key="Ctrl+Return", image="play")
        self.command("&Freeze a snapshot…", self.freeze, key="Ctrl+Shift+F", image="snowflake")
        self.command("&Pause or resume the training", self._pause, key="Ctrl+P", image="pause")
        self.command("Stop the training and &keep it", self._stop, key="Ctrl+.", image="square")
        add_stop(self, lambda: self.run_view.panel.job if self.run_view else None)
        for place, text in enumerate(("Set &up", "&Run", "&History")):
            show = partial(self.tabs.setCurrentIndex, place)
            self.command(text, show, key=f"Alt+{place + 1}", image=IMAGES[place])

    def _paint(self) -> None:
        for place, image in enumerate(IMAGES):
            self.tabs.setTabIcon(place, icon(image, self.desk.theme.colours, "muted"))

    def _imported(self, settings: TrainSettings) -> None:
        """What plots can be made now, and the demo's settings are known."""
        self._can_plot = True
        self.set_up.show_demo_settings(settings)
        later, self._later = self._later, []
        for do in later:
            do()
        self._tab_changed(self.tabs.currentIndex())

    def _when_plotting(self, do: Callable[[], Any]) -> None:
        if self._can_plot:
            do()
        else:
            self._later.append(do)

    def _get_run_view(self) -> "RunView":
        if self.run_view is None:
            from orca_desk.ui.pages.training.run import RunView

            self.run_view = RunView(self.desk)
            self.run_view.continued.connect(self._continue)
            self.run_view.kept.connect(self._keep_stopped)
            self._run_place.show_widget(self.run_view)
        return self.run_view

    def _get_history(self) -> "History":
        if self.history is None:
            from orca_desk.ui.pages.training.history import History

            self.history = History(self.desk)
            self.history.opened.connect(self.show_training)
            self.history.continued.connect(self._continue)
            self._history_place.show_widget(self.history)
            self.keep("history", self.history.table.horizontalHeader())
            self.keep("comparison", self.history.splitter)
        return self.history

    def _show(self, found: tuple[list[Snapshot], bool, str]) -> None:
        is_first, self._is_read = not self._is_read, True
        snapshots, has_records, newest = found
        is_new, self._newest = bool(self._newest) and newest != self._newest, newest
        self.stack.setCurrentIndex(READY if snapshots else NO_SNAPSHOT if has_records else NO_RECORDS)
        self._freeze.setVisible(bool(snapshots))
        self.set_up.show_snapshots(snapshots)
        if is_new and self.run_view is not None and not self.run_view.is_busy:
            self.run_view.show_training(newest)  # one that another page has started
        elif is_first or self.tabs.currentIndex() == RUN:
            self._tab_changed(self.tabs.currentIndex())

    def _tab_changed(self, place: int) -> None:
        """Make and refresh what the tab shows, once it is known what there is."""
        if not (self._can_plot and self._is_read):
            return
        if place == RUN and not self._newest and self.run_view is None:
            self._run_place.show_widget(self._no_training())
        elif place == RUN and self._newest and (self.run_view is None or not self.run_view.training):
            if self.run_view is None or not self.run_view.is_busy:
                self._get_run_view().show_training(self._newest)
        elif place == HISTORY:
            self._get_history().refresh()

    def _refresh_trainings(self) -> None:
        if self.tabs.currentIndex() == RUN and self.run_view is not None and not self.run_view.is_live:
            self.run_view.refresh()
        elif self.tabs.currentIndex() == HISTORY and self.history is not None:
            self.history.refresh()

    def _frozen(self, snapshot: Snapshot) -> None:
        self.set_up.choose_snapshot(snapshot.id)
        self.tabs.setCurrentIndex(SET_UP)
        self.desk.say(f"The snapshot {snapshot.name} is frozen.", "good")

    def _forget_dialog(self) -> None:
        if self.dialog is not None:
            self.dialog.deleteLater()
        self.dialog = None

    def _resume(self, run_id: str) -> None:
        try:
            self._continue(get_training(self.desk.library, run_id))
        except UserError as error:
            self.notice.show_error(error)

    def _continue(self, training: Training) -> None:
        """Go on with a training from its newest checkpoint."""
        try:
            settings = TrainSettings.from_dict(training.settings)
        except UserError as error:
            self.notice.show_error(error)
            return
        self.train(
            Choice(base=training.base, snapshot=training.snapshot, settings=settings), goes_on=training.id
        )

    def _keep_stopped(self, training: Training) -> None:
        """Use the adapter of a stopped training as it is."""
        library = self.desk.library
        choice = Choice(
            base=training.base,
            snapshot=training.snapshot,
            settings=TrainSettings.from_dict(training.settings),
        )
        self._follow(
            choice,
            f"Keep {training.id}",
            lambda tools: keep_as_it_is(library, training.id, tools),
        )

    def _follow(self, choice: Choice, title: str, work: Callable[[Tools], Any]) -> None:
        """Start a job and show it: at once, or when the one before it has ended."""
        job = self.desk.jobs.start(title, "train", work, changes={"trainings"})
        self._trained[job] = choice
        job.ended.connect(self.set_up.look_again)
        self._unseen.append(job)
        self._when_plotting(self._follow_next)

    def _follow_next(self) -> None:
        """Show the job that runs, or, while none is shown, the one that waits."""
        if self._can_plot and self._unseen:
            self._unseen = [job for job in self._unseen if not self._take_up(job)]

    def _take_up(self, job: Job) -> bool:
        view = self._get_run_view()
        if job.is_over and job.error is not None:
            self.notice.show_error(job.error)
        elif not job.is_over and (job.state != "waiting" or not view.is_busy):
            view.follow(job)
            self.tabs.setCurrentIndex(RUN)
            return True
        return job.is_over

    def _start_by_key(self) -> None:
        if self.stack.currentIndex() == READY:
            self.tabs.setCurrentIndex(SET_UP)
            self.set_up.start()

    def _pause(self) -> None:
        if self.run_view is not None and self.run_view.is_busy:
            self.run_view.panel.pause.click()

    def _stop(self) -> None:
        if self.run_view is not None and self.run_view.is_busy:
            self.run_view.panel.stop.click()
