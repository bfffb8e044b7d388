"""The table of compared trainings: a column for each; results, then settings, first what differs."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication, QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QHeaderView,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from orca_desk.formats.csv_file import write_csv
from orca_desk.steps.evaluate.of_training import TrainingEvaluation
from orca_desk.steps.train.history import TrainingDetails
from orca_desk.ui.desk import Desk
from orca_desk.ui.theme import GRID, font, grown
from orca_desk.ui.widgets.notice import Notice
from orca_desk.ui.widgets.save_file import ask_for_file, saved
from orca_desk.ui.widgets.text import button, label, safe_tip
from orca_desk.ui.words.counting import counted
from orca_desk.ui.words.evaluations import interval
from orca_desk.ui.words.runs import status_text, time_of
from orca_desk.ui.words.settings import title
from orca_desk.ui.words.tidying import run_title
from orca_desk.ui.words.trainings import records_summary, shown

DIFFERS = "≠"
NOTHING = "–"
SIGN, NAME = 0, 1  # columns before those of the trainings
MOST_EVALUATIONS = 8  # names of evaluations that get a row


@dataclass(frozen=True, kw_only=True)
class Compared:
    """A training with its evaluations, the newest first."""

    details: TrainingDetails
    evaluations: tuple[TrainingEvaluation, ...]

    @property
    def name(self) -> str:
        """What the training is called."""
        return run_title(self.details.training.run)


Entry = tuple[str, tuple[str, ...]]  # what a row is about, and the value of each training


class ComparisonTable(QWidget):
    """Shows results and settings of some trainings; Ctrl+C copies all, the button saves them as CSV."""

    def __init__(self, desk: Desk, notice: Notice) -> None:
        super().__init__()
        self.desk, self._notice = desk, notice
        self.headers: list[str] = []
        self.entries: list[Entry] = []
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GRID // 2)
        head = QHBoxLayout()
        head.addWidget(label("Results and settings", bold=True), 1)
        self.export = button("Save as CSV…", self.save, tip="Save results and settings as a table")
        head.addWidget(self.export)
        layout.addLayout(head)
        self.view = table = QTableWidget(0, 2)
        table.setAccessibleName("Results and settings of the trainings")
        table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setShowGrid(False)
        table.setTabKeyNavigation(False)
        table.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        table.verticalHeader().hide()
        header = table.horizontalHeader()
        header.setHighlightSections(False)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        layout.addWidget(table, 1)
        copy = QShortcut(QKeySequence(QKeySequence.StandardKey.Copy), table)
        copy.setContext(Qt.ShortcutContext.WidgetShortcut)
        copy.activated.connect(self.copy)

    def show_trainings(self, found: Sequence[Compared]) -> None:
        """Show these trainings, one a column."""
        self.headers = ["", "Setting or result", *(one.name for one in found)]
        self.entries = entries(found)
        table = self.view
        table.setColumnCount(len(self.headers))
        table.setHorizontalHeaderLabels(self.headers)
        table.setRowCount(len(self.entries))
        table.verticalHeader().setDefaultSectionSize(grown(4 * GRID))
        for row, (name, values) in enumerate(self.entries):
            differs = len(set(values)) > 1
            for column, text in enumerate((DIFFERS if differs else "", name, *values)):
                item = QTableWidgetItem(text)
                item.setFont(font("body", bold=differs))
                item.setToolTip("Differs" if column == SIGN and differs else safe_tip(text))
                if column == SIGN:
                    item.setTextAlignment(Qt.AlignmentFlag.AlignCenter)
                table.setItem(row, column, item)
        self._set_widths(len(found))

    def copy(self) -> None:
        """Put the table on the clipboard, separated by tabs."""
        rows = [self.headers[NAME:], *([name, *values] for name, values in self.entries)]
        QGuiApplication.clipboard().setText("\n".join("\t".join(row) for row in rows))
        self.desk.say(f"{counted(len(self.entries), 'row')} copied.", "good")

    def save(self) -> None:
        """Ask for a file, and save the table as CSV."""
        headers, rows = self.headers[NAME:], [[name, *values] for name, values in self.entries]
        ask_for_file(
            self,
            self.desk,
            title="Save as CSV",
            name="trainings.csv",
            kinds="CSV (*.csv)",
            then=lambda path: self._write(path, headers, rows),
        )

    def _write(self, path: Path, headers: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
        self.desk.background.run(
            self,
            lambda: write_csv(path, headers, rows),
            lambda count: saved(self._notice, path, f"{counted(count, 'row')} saved to"),
            failed=self._notice.show_error,
        )

    def _set_widths(self, count: int) -> None:
        header = self.view.horizontalHeader()
        self.view.setColumnWidth(SIGN, grown(4 * GRID))
        self.view.setColumnWidth(NAME, grown(19 * GRID))
        fits = count <= 3
        for column in range(NAME + 1, NAME + 1 + count):
            header.setSectionResizeMode(
                column, QHeaderView.ResizeMode.Stretch if fits else QHeaderView.ResizeMode.Interactive
            )
            if not fits:
                self.view.setColumnWidth(column, grown(15 * GRID))


def entries(found: Sequence[Compared]) -> list[Entry]:
    """Return the rows: what the trainings came to, then their settings; first of all the differences."""

    def row(name: str, value: Callable[[Compared], str]) -> Entry:
        return name, tuple(value(one) for one in found)

    results = [
        row("Base model", lambda one: one.details.training.base.name),
        row("Snapshot", lambda one: one.details.snapshot),
        row("Status", _status),
        row("Best validation loss", lambda one: _loss(one.details.training.best_eval)),
        row("Before the training", lambda one: _loss(one.details.base_loss)),
        row("Steps", _steps),
        row("Records", lambda one: records_summary(one.details.records) or NOTHING),
        row("Took", lambda one: time_of(one.details.training.run) or NOTHING),
        *(
            (f"Correct: {name}", tuple(_newest(one, name) for one in found))
            for name in _evaluated(found)[:MOST_EVALUATIONS]
        ),
    ]
    names = dict.fromkeys(name for one in found for name in one.details.training.settings)
    settings = [
        row(title(name), lambda one, name=name: shown(one.details.training.settings.get(name, NOTHING)))
        for name in names
    ]
    return sorted([*results, *settings], key=lambda entry: len(set(entry[1])) == 1)


def _status(one: Compared) -> str:
    early = ", stopped early" if one.details.stopped_early else ""
    return f"{status_text(one.details.training.run)}{early}"


def _steps(one: Compared) -> str:
    last = one.details.metrics[-1] if one.details.metrics else None
    return NOTHING if last is None else f"{last['step']:,} of {last['steps']:,}"


def _loss(loss: float | None) -> str:
    return NOTHING if loss is None else f"{loss:.4f}"


def _evaluated(found: Sequence[Compared]) -> list[str]:
    """Return the names of evaluations, those that most trainings share first."""
    names: dict[str, int] = {}
    for one in found:
        for name in dict.fromkeys(each.listed.name for each in one.evaluations if not each.is_earlier):
            names[name] = names.get(name, 0) + 1
    return sorted(names, key=lambda name: -names[name])


def _newest(one: Compared, name: str) -> str:
    """Return the share of the newest evaluation of a name, with its interval and number of questions."""
    for each in one.evaluations:
        if each.listed.name == name and not each.is_earlier:
            return f"{interval(each.listed.accuracy)}, n = {each.listed.accuracy.n:,}"
    return NOTHING
