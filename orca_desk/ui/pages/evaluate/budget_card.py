"""The answer budget of the compared evaluations: how many tasks each answers within a number of tokens."""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from orca_desk.counting import counted
from orca_desk.formats.csv_file import write_csv
from orca_desk.steps.evaluate.budget import BudgetComparison, budget_table, compare_budgets
from orca_desk.ui.desk import Desk
from orca_desk.ui.pages.evaluate.candidate_list import role_of
from orca_desk.ui.pages.evaluate.evaluation_list import interval
from orca_desk.ui.theme import GRID
from orca_desk.ui.widgets.budget_plot import BudgetLine, BudgetPlot
from orca_desk.ui.widgets.flow_row import FlowRow
from orca_desk.ui.widgets.notice import Notice
from orca_desk.ui.widgets.plot_menu import PlotMenu, PlotTable
from orca_desk.ui.widgets.save_file import ask_for_file, saved
from orca_desk.ui.widgets.settings_form import number_box
from orca_desk.ui.widgets.text import button, card, label
from orca_desk.ui.words.budgets import RULE, budget_notes

ALL = "All families"
MOST_TOKENS = 1_000_000
WIDTH = 20  # characters of the list of families


class BudgetCard(QWidget):
    """Plots the curves, and shows the shares at a budget that is pointed at or typed in."""

    def __init__(self, desk: Desk, notice: Notice) -> None:
        super().__init__()
        self.desk, self.notice = desk, notice
        self.found: BudgetComparison | None = None
        self._ids: tuple[str, ...] = ()
        self.plot = BudgetPlot(desk.theme)
        self.notes = label(tone="muted", wrap=True)
        self.readout = label(wrap=True)
        self.menu = PlotMenu(desk, self.plot, notice, name="evaluation-budget", table=self._table)
        self._lay_out()
        self.plot.pointed.connect(self.budget.setValue)

    def show_evaluations(self, evaluation_ids: Sequence[str]) -> None:
        """Compare some evaluations."""
        self._ids = tuple(evaluation_ids)
        self._read()

    def export(self) -> None:
        """Ask for a file, and save the points of the curves there."""
        if self.found is not None:
            ask_for_file(
                self,
                self.desk,
                title="Export as CSV",
                name="evaluation-budget.csv",
                kinds="CSV (*.csv)",
                then=self._save,
            )

    def _table(self) -> PlotTable:
        return budget_table(self.found) if self.found is not None else ((), [])

    def _lay_out(self) -> None:
        frame, layout = card()
        head = FlowRow()
        head.addWidget(label("Answer budget", size="heading", bold=True), 1)
        words: QLabel = label("Family", tone="muted")
        self.family = QComboBox()
        self.family.setMinimumContentsLength(WIDTH)
        self.family.setAccessibleName("Family of the answer budget")
        self.family.addItem(ALL, None)
        self.family.activated.connect(lambda _: self._read())
        words.setBuddy(self.family)
        head.addWidget(words)
        head.addWidget(self.family)
        head.addWidget(button("Export CSV…", self.export))
        head.addWidget(self.menu.make_button())
        layout.addLayout(head)
        layout.addWidget(label(RULE, tone="muted", wrap=True))
        layout.addWidget(self.plot)
        row = QHBoxLayout()
        at = label("Within")
        self.budget = number_box(0, MOST_TOKENS)
        self.budget.setSuffix(" tokens")
        self.budget.setAccessibleName("Allowed tokens per answer")
        self.budget.setToolTip("Type a budget, or point at the plot")
        self.budget.setMinimumWidth(16 * GRID)
        self.budget.valueChanged.connect(self._tell)
        at.setBuddy(self.budget)
        row.addWidget(at)
        row.addWidget(self.budget)
        row.addWidget(self.readout, 1)
        layout.addLayout(row)
        layout.addWidget(self.notes)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(frame)

    def _read(self) -> None:
        library, ids, family = self.desk.library, self._ids, self.family.currentData()

        def read() -> BudgetComparison:
            found = compare_budgets(library, ids)
            return found if family not in found.families else compare_budgets(library, ids, family=family)

        if ids:
            self.desk.background.run(
                self, read, self._show, failed=self.notice.show_error, only_newest="budget"
            )

    def _show(self, found: BudgetComparison) -> None:
        self.found = found
        self.family.clear()
        self.family.addItem(ALL, None)
        for name in found.families:
            self.family.addItem(name, name)
        self.family.setCurrentIndex(max(0, self.family.findData(found.family)))
        self.plot.show_lines(
            [
                BudgetLine(
                    name=model.name, role=role_of(model.name.removesuffix(f" {model.id}")), curve=model.curve
                )
                for model in found.models
            ]
        )
        if not 0 < self.budget.value() <= self.plot.longest:
            self.budget.setValue(self.plot.longest // 2)
        lines = budget_notes(found)
        self.notes.setText("\n".join(lines))
        self.notes.setVisible(bool(lines))
        self._tell()

    def _tell(self) -> None:
        if self.found is None:
            return
        tokens = self.budget.value()
        self.plot.mark(tokens)
        shares = [f"{model.name} {interval(model.curve.at(tokens))}" for model in self.found.models]
        self.readout.setText(f"{',  '.join(shares)}, of {counted(self.found.tasks, 'task')}")

    def _save(self, path: Path) -> None:
        assert self.found is not None
        rows = budget_table(self.found)
        self.desk.background.run(
            self,
            lambda: write_csv(path, *rows),
            lambda count: saved(self.notice, path, f"{counted(count, 'row')} saved to"),
            failed=self.notice.show_error,
        )
