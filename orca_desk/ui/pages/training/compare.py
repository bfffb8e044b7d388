"""Two trainings side by side: both losses over each other, the settings with the differences marked."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QHeaderView,
    QTableWidget,
    QTableWidgetItem,
    QWidget,
)

from orca_desk.library.trainings import Training
from orca_desk.ui.desk import Desk
from orca_desk.ui.pages.training.store import Loaded, load
from orca_desk.ui.theme import GRID, font
from orca_desk.ui.widgets.curves import Curves
from orca_desk.ui.widgets.settings_form import title
from orca_desk.ui.widgets.text import card
from orca_desk.ui.words.trainings import shown

DIFFERS = "≠"


class Comparison(QWidget):
    """Shows two trainings; what differs comes first and carries a sign."""

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
        self.table.verticalHeader().setDefaultSectionSize(4 * GRID)
        self.table.horizontalHeader().setHighlightSections(False)
        self.table.horizontalHeader().setDefaultAlignment(
            Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        )
        self.table.setColumnWidth(0, 4 * GRID)
        self.table.setColumnWidth(1, 17 * GRID)
        for place in (2, 3):
            self.table.horizontalHeader().setSectionResizeMode(place, QHeaderView.ResizeMode.Stretch)
        self.table.setMinimumWidth(42 * GRID)
        row.addWidget(self.table, 2)

    def compare(self, first: Training, second: Training) -> None:
        """Show both; the same two again only when they have changed."""
        if self.shown == (first, second):
            return
        self.shown = (first, second)
        library = self.desk.library
        self.desk.background.run(
            self,
            lambda: (load(library, first.id), load(library, second.id)),
            self._show,
            only_newest="compare",
        )

    def _show(self, pair: tuple[Loaded, Loaded]) -> None:
        runs = self.curves.show_runs([one.training.id for one in pair])
        for run, loaded in zip(runs, pair, strict=True):
            run.take(loaded.points)
            training = loaded.training
            if training.best_step is not None and training.best_eval is not None:
                run.best = (training.best_step, training.best_eval)
        self.curves.redraw()
        self._fill_table(pair)

    def _fill_table(self, pair: tuple[Loaded, Loaded]) -> None:
        entries = _entries(pair)
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


def _entries(pair: tuple[Loaded, Loaded]) -> list[tuple[str, str, str]]:
    """Return (name, first, second) of everything that was chosen; what differs first."""
    first, second = (one.training for one in pair)
    entries = [
        ("Base", first.base.name, second.base.name),
        ("Snapshot", pair[0].snapshot, pair[1].snapshot),
        ("Best eval loss", _loss(first), _loss(second)),
    ]
    for name in {**first.settings, **second.settings}:
        before, after = first.settings.get(name), second.settings.get(name)
        entries.append((title(name), shown(before), shown(after)))
    return sorted(entries, key=lambda entry: entry[1] == entry[2])


def _loss(training: Training) -> str:
    return "–" if training.best_eval is None else f"{training.best_eval:.4f}"
