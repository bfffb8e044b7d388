"""Two trainings side by side: both losses in one plot, and their settings with the differences marked."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QHeaderView,
    QTableWidget,
    QTableWidgetItem,
    QWidget,
)

from orca_desk.library.database import Library
from orca_desk.library.trainings import Training
from orca_desk.steps.train.history import TrainingDetails, training_details
from orca_desk.ui.desk import Desk
from orca_desk.ui.theme import GRID, font, grown
from orca_desk.ui.widgets.curves import Curves
from orca_desk.ui.widgets.series import TrainingPoints
from orca_desk.ui.widgets.text import card
from orca_desk.ui.words.settings import title
from orca_desk.ui.words.trainings import shown

DIFFERS = "≠"


Read = tuple[TrainingDetails, TrainingPoints]


class TrainingComparison(QWidget):
    """Compares two trainings. Settings that differ come first and carry a sign."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk
        self.shown: tuple[Training, Training] | None = None
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(2 * GRID)
        frame, inside = card()
        self.curves = Curves(desk.theme, rates=False)
        inside.addWidget(self.curves)
        row.addWidget(frame, 3)
        self.table = QTableWidget(0, 4)
        self.table.setAccessibleName("Settings of both trainings")
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setShowGrid(False)
        self.table.setTabKeyNavigation(False)
        self.table.verticalHeader().hide()
        self.table.verticalHeader().setDefaultSectionSize(grown(4 * GRID))
        self.table.horizontalHeader().setHighlightSections(False)
        self.table.horizontalHeader().setDefaultAlignment(
            Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        )
        self.table.setColumnWidth(0, 4 * GRID)
        self.table.setColumnWidth(1, 17 * GRID)
        for column in (2, 3):
            self.table.horizontalHeader().setSectionResizeMode(column, QHeaderView.ResizeMode.Stretch)
        self.table.setMinimumWidth(42 * GRID)
        row.addWidget(self.table, 2)

    def compare(self, first: Training, second: Training) -> None:
        """Compare both, unless they are shown already and have not changed."""
        if self.shown == (first, second):
            return
        self.shown = (first, second)
        library = self.desk.library
        self.desk.background.run(
            self,
            lambda: (_read(library, first.id), _read(library, second.id)),
            self._show,
            only_newest="compare",
        )

    def _show(self, pair: tuple[Read, Read]) -> None:
        runs = self.curves.show_runs([details.training.id for details, _ in pair])
        for run, (details, points) in zip(runs, pair, strict=True):
            run.take(points)
            training = details.training
            if training.best_step is not None and training.best_eval is not None:
                run.best = (training.best_step, training.best_eval)
        self.curves.redraw()
        self._fill_table(pair[0][0], pair[1][0])

    def _fill_table(self, *pair: TrainingDetails) -> None:
        entries = _entries(*pair)
        self.table.setHorizontalHeaderLabels(["", "Setting", *(one.training.id for one in pair)])
        self.table.setRowCount(len(entries))
        for row, (name, first, second) in enumerate(entries):
            differs = first != second
            for column, text in enumerate((DIFFERS if differs else "", name, first, second)):
                item = QTableWidgetItem(text)
                item.setFont(font("body", bold=differs))
                if column == 0:
                    item.setTextAlignment(Qt.AlignmentFlag.AlignCenter)
                    item.setToolTip("Differs" if differs else "")
                self.table.setItem(row, column, item)


def _read(library: Library, training_id: str) -> Read:
    details, points = training_details(library, training_id), TrainingPoints()
    points.add(details.metrics, details.evaluations)
    return details, points


def _entries(one: TrainingDetails, other: TrainingDetails) -> list[tuple[str, str, str]]:
    """Return (name, first value, second value) of every setting; those that differ come first."""
    first, second = one.training, other.training
    entries = [
        ("Base model", first.base.name, second.base.name),
        ("Snapshot", one.snapshot, other.snapshot),
        ("Best validation loss", _loss(first), _loss(second)),
    ]
    for name in {**first.settings, **second.settings}:
        before, after = first.settings.get(name), second.settings.get(name)
        entries.append((title(name), shown(before), shown(after)))
    return sorted(entries, key=lambda entry: entry[1] == entry[2])


def _loss(training: Training) -> str:
    return "–" if training.best_eval is None else f"{training.best_eval:.4f}"
