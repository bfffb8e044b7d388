"""Trainings side by side: losses in one plot, results, and settings with the differences first."""

from collections.abc import Sequence

from PySide6.QtWidgets import QVBoxLayout, QWidget

from orca_desk.library.database import Library
from orca_desk.library.trainings import Training
from orca_desk.ui.desk import Desk
from orca_desk.ui.pages.training.comparison_table import TrainingTable
from orca_desk.ui.theme import GRID
from orca_desk.ui.widgets.curves import Curves
from orca_desk.ui.widgets.notice import Notice
from orca_desk.ui.widgets.panes import Panes
from orca_desk.ui.widgets.series import TrainingPoints
from orca_desk.ui.widgets.text import card
from orca_desk.ui.words.training_comparison import ComparedTraining, compared

Read = tuple[ComparedTraining, TrainingPoints]


class TrainingComparison(QWidget):
    """Compares any number of trainings. What differs comes first and carries a sign."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk
        self.shown: tuple[Training, ...] = ()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GRID)
        self.notice = Notice(desk)
        layout.addWidget(self.notice)
        frame, inside = card()
        self.curves = Curves(desk.theme, rates=False)
        self.curves.offer_saving(desk, self.notice, name="trainings")
        inside.addWidget(self.curves)
        self.table = TrainingTable(desk, self.notice)
        self.panes = Panes(frame, self.table, stretches=(3, 2))
        self.panes.setSizes([62 * GRID, 58 * GRID])
        layout.addWidget(self.panes, 1)

    def compare(self, trainings: Sequence[Training]) -> None:
        """Compare these, unless they are shown already and have not changed."""
        if self.shown == tuple(trainings):
            return
        self.shown = tuple(trainings)
        library = self.desk.library
        self.desk.background.run(
            self,
            lambda: _read(library, trainings),
            self._show,
            failed=self.notice.show_error,
            only_newest="compare",
        )

    def _show(self, found: list[Read]) -> None:
        hidden = {run.name for run in self.curves.runs if not run.is_shown}
        runs = self.curves.show_runs([one.name for one, _ in found])
        for run, (one, points) in zip(runs, found, strict=True):
            run.take(points)
            training = one.details.training
            if training.best_step is not None and training.best_eval is not None:
                run.best = (training.best_step, training.best_eval)
        self.curves.hide_runs(hidden)
        self.curves.redraw()
        self.table.show_trainings([one for one, _ in found])


def _read(library: Library, trainings: Sequence[Training]) -> list[Read]:
    return [(one, _points(one)) for one in compared(library, trainings)]


def _points(one: ComparedTraining) -> TrainingPoints:
    points = TrainingPoints()
    points.add(one.details.metrics, one.details.evaluations)
    return points
