"""The table of compared trainings: a column for each; results, then settings, first what differs."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QGuiApplication, QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QHeaderView,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from orca_desk.counting import counted
from orca_desk.formats.csv_file import inert, write_csv
from orca_desk.ui.desk import Desk
from orca_desk.ui.theme import GRID, font, grown
from orca_desk.ui.widgets.copy_rows import as_lines
from orca_desk.ui.widgets.notice import Notice
from orca_desk.ui.widgets.row_menus import as_actions, list_menu
from orca_desk.ui.widgets.save_file import ask_for_file, saved
from orca_desk.ui.widgets.text import button, label, safe_tip
from orca_desk.ui.words.training_comparison import ComparedTraining, Entry, entries

DIFFERS = "≠"
SIGN, NAME = 0, 1  # columns before those of the trainings


class TrainingTable(QWidget):
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
        self._copy = QAction("Copy table", table)
        self._copy.triggered.connect(lambda: self.copy())
        list_menu(table, lambda: [self._copy, *as_actions(table, self.export)])
        copy = QShortcut(QKeySequence(QKeySequence.StandardKey.Copy), table)
        copy.setContext(Qt.ShortcutContext.WidgetShortcut)
        copy.activated.connect(self.copy)

    def show_trainings(self, found: Sequence[ComparedTraining]) -> None:
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
        QGuiApplication.clipboard().setText(as_lines([[inert(cell) for cell in row] for row in rows]))
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
