"""The layout of the Training page: three tabs, or what is missing before anything can be trained."""

from collections.abc import Callable
from typing import Any

from PySide6.QtWidgets import QStackedWidget, QTabWidget, QWidget

from orca_desk.ui.desk import Desk
from orca_desk.ui.icons import icon
from orca_desk.ui.pages.training.setup_tab import TrainingSetup
from orca_desk.ui.widgets.empty import EmptyState
from orca_desk.ui.widgets.widget_slot import WidgetSlot

SET_UP, RUN, HISTORY = 0, 1, 2  # the tabs
IMAGES = ("sliders-horizontal", "activity", "history")
NO_RECORDS, NO_SNAPSHOT, READY, UNREAD = 0, 1, 2, 3  # what the view shows


class TrainingView(QStackedWidget):
    """The tabs, with slots for those that plot, or an empty state with the step that comes first."""

    def __init__(self, desk: Desk, *, freeze: Callable[[], Any]) -> None:
        """`freeze` is called when the user wants a snapshot."""
        super().__init__()
        self._desk = desk
        self.addWidget(
            EmptyState(
                desk.theme,
                image="graduation-cap",
                title="Nothing to train on yet",
                text="A student learns from a teacher's answers. Have the teacher answer some tasks first.",
                action="Go to Teacher",
                run=lambda: desk.open("teacher"),
            )
        )
        self.addWidget(
            EmptyState(
                desk.theme,
                image="snowflake",
                title="Freeze a snapshot first",
                text=(
                    "The library has teacher records. A snapshot selects some of them by rules, erases their "
                    "instructions, and never changes: it is the data set that a student is trained on."
                ),
                action="Freeze a snapshot…",
                run=freeze,
            )
        )
        self.tabs = QTabWidget()
        self.tabs.setAccessibleName("Training views")
        self.set_up = TrainingSetup(desk)
        self.run_slot, self.history_slot = WidgetSlot(), WidgetSlot()
        for slot in (self.run_slot, self.history_slot):
            slot.show_widget(EmptyState(desk.theme, image="activity", title="Loading trainings…", text=""))
        self.tabs.addTab(self.set_up, "Set up")
        self.tabs.addTab(self.run_slot, "Run")
        self.tabs.addTab(self.history_slot, "History")
        self.addWidget(self.tabs)
        self.addWidget(QWidget())
        self.setCurrentIndex(UNREAD)  # it is not known yet whether there is nothing to train on
        desk.theme.changed.connect(self._paint)
        self._paint()

    def show_no_training(self) -> None:
        """Say in place of a run that there is none, and how to get one."""
        self.run_slot.show_widget(
            EmptyState(
                self._desk.theme,
                image="chart-line",
                title="No training yet",
                text="Its curves will appear here once one has started.",
                action="Set up a training",
                run=lambda: self.tabs.setCurrentIndex(SET_UP),
            )
        )

    def _paint(self) -> None:
        for tab, image in enumerate(IMAGES):
            self.tabs.setTabIcon(tab, icon(image, self._desk.theme.colours, "muted"))
