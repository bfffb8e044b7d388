"""The Results tab: scores, paired differences and strategies of the checked evaluations."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QComboBox,
    QFrame,
    QLabel,
    QScrollArea,
    QSplitter,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from orca_desk.counting import counted
from orca_desk.formats.csv_file import write_csv
from orca_desk.steps.evaluate.comparison import (
    EvaluationSummary,
    ModelComparison,
    Table,
    compare_models,
    difference_table,
    family_table,
    matrix_table,
)
from orca_desk.steps.evaluate.scoring import OVERALL
from orca_desk.ui.desk import Desk
from orca_desk.ui.pages.evaluate.benchmark_card import BenchmarkCard
from orca_desk.ui.pages.evaluate.budget_card import BudgetCard
from orca_desk.ui.pages.evaluate.candidate_list import role_of
from orca_desk.ui.pages.evaluate.evaluation_list import EvaluationList, interval, make_table
from orca_desk.ui.pages.evaluate.faults_card import FaultsCard
from orca_desk.ui.pages.evaluate.forgetting_card import ForgettingCard
from orca_desk.ui.pages.evaluate.tables import DifferenceTable, FamilyTable, MatrixTable, result_view
from orca_desk.ui.theme import GRID
from orca_desk.ui.widgets.data_exports import DataExports
from orca_desk.ui.widgets.empty import EmptyState
from orca_desk.ui.widgets.family_chart import FamilyChart
from orca_desk.ui.widgets.flow_row import FlowRow
from orca_desk.ui.widgets.notice import Notice
from orca_desk.ui.widgets.plot_menu import PlotMenu
from orca_desk.ui.widgets.save_file import ask_for_file, saved
from orca_desk.ui.widgets.search_line import SearchLine
from orca_desk.ui.widgets.text import button, card, label, set_tone
from orca_desk.ui.words.evaluations import comparison_base, comparison_notes, plot_note

FEW = 30  # tasks; a family with fewer gets a warning
CSV = "CSV (*.csv)"
NAME_LENGTH = 20  # characters; equal names have their ids appended: "teacher evaluate-12"


class ResultsView(QWidget):
    """Compares the evaluations that are checked in `table`."""

    def __init__(self, desk: Desk, rows: EvaluationList) -> None:
        super().__init__()
        self.desk, self.rows = desk, rows
        self.found: ModelComparison | None = None
        self._shown: tuple[object, ...] = ()
        self.chart = FamilyChart(desk.theme)
        self.families, self.differences = FamilyTable(desk), DifferenceTable(desk)
        self.matrix = MatrixTable(desk)
        self.notice = Notice(desk)
        self.exports = DataExports(desk, self, notice=self.notice)
        self.table = make_table(rows, self.exports)
        PlotMenu(
            desk,
            self.chart,
            self.notice,
            name="evaluation",
            table=lambda: self._table_of(family_table),
            write=self.chart.export,
        )
        self.forgetting, self.budget = ForgettingCard(desk, self.notice), BudgetCard(desk, self.notice)
        self.benchmarks = BenchmarkCard(desk, self.notice)
        self.faults = FaultsCard(desk, self.notice)
        self._lay_out()
        rows.chosen_changed.connect(self.compare)
        rows.modelReset.connect(self.compare)
        rows.dataChanged.connect(self.compare)

    def compare(self) -> None:
        """Compare the checked evaluations, unless their comparison is shown already."""
        ids = self.rows.chosen
        counts = {row.id: (row.answered, row.accuracy, row.name) for row in self.rows.given}
        wanted = (self.reference.currentData(), *((one, counts[one]) for one in ids))
        if wanted == self._shown:
            return
        self._shown = wanted
        self.body.setCurrentIndex(1 if ids else 0)
        if ids:
            library, reference = self.desk.library, self.reference.currentData()
            self.desk.background.run(
                self,
                lambda: compare_models(library, ids, reference),
                self._show,
                failed=self.notice.show_error,
                only_newest="compare",
            )

    def forget(self) -> None:
        """Read the comparison again next time, whatever is checked: families were renamed or merged."""
        self._shown = ()

    def export_plot(self) -> None:
        """Ask for a file, and save the plot there."""
        ask_for_file(
            self,
            self.desk,
            title="Export the plot",
            name="evaluation.png",
            kinds="Picture (*.png);;Drawing (*.svg)",
            then=self._save_plot,
        )

    def export_families(self) -> None:
        """Ask for a file, and save the scores by family there."""
        self._export("evaluation-families.csv", family_table)

    def export_differences(self) -> None:
        """Ask for a file, and save the differences there."""
        self._export("evaluation-differences.csv", difference_table)

    def export_matrix(self) -> None:
        """Ask for a file, and save the strategy counts there."""
        self._export("evaluation-strategies.csv", lambda found: matrix_table(self._matrix_summary(found)))

    def _lay_out(self) -> None:
        self.splitter = QSplitter(Qt.Orientation.Vertical)
        self.search = SearchLine(
            self.desk.theme, "Search evaluations", "Search evaluations and models", below=self.table
        )
        self.search.textChanged.connect(self.rows.find)
        above = QWidget()
        column = QVBoxLayout(above)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.search)
        column.addWidget(self.table, 1)
        self.splitter.addWidget(above)
        self.body = QStackedWidget()
        self.body.addWidget(
            EmptyState(
                self.desk.theme,
                image="target",
                title="No evaluation selected",
                text="Check the evaluations above that you want to compare.",
            )
        )
        self.body.addWidget(self._results())
        self.splitter.addWidget(self.body)
        self.splitter.setStretchFactor(1, 1)
        self.splitter.setSizes([21 * GRID, 60 * GRID])
        self.splitter.setChildrenCollapsible(False)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, GRID, 0, 0)
        outer.addWidget(self.notice)
        outer.addWidget(self.splitter, 1)

    def _results(self) -> QWidget:
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, GRID, GRID, GRID)
        column.setSpacing(2 * GRID)
        column.addWidget(self._chart_card())
        column.addWidget(self._family_card())
        self.difference_card = self._difference_card()
        column.addWidget(self.difference_card)
        column.addWidget(self.forgetting)
        self.matrix_card = self._matrix_card()
        column.addWidget(self.matrix_card)
        column.addWidget(self.faults)
        column.addWidget(self.budget)
        column.addWidget(self.benchmarks)
        column.addStretch(1)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setAccessibleName("Results")
        scroll.setWidget(inside)
        self.scroll_area = scroll
        return scroll

    def _chart_card(self) -> QWidget:
        frame, layout = card()
        head = _head(layout, "Correct answers by family")
        head.addWidget(button("Export plot…", self.export_plot, tip="As PNG or SVG"))
        about = "Each point is the share of correct answers with its 95% interval (Wilson)."
        layout.addWidget(label(about, tone="muted", wrap=True))
        self.base = label(tone="warn", wrap=True)
        layout.addWidget(self.base)
        self.chart.setMinimumHeight(38 * GRID)
        layout.addWidget(self.chart)
        return frame

    def _family_card(self) -> QWidget:
        frame, layout = card()
        head = _head(layout, "By family")
        head.addWidget(button("Export CSV…", self.export_families))
        layout.addWidget(result_view(self.families, self.desk.theme, "Correct answers by family"))
        self.few = label(tone="muted", wrap=True)
        self.losses = label(tone="warn", wrap=True)
        layout.addWidget(self.few)
        layout.addWidget(self.losses)
        return frame

    def _difference_card(self) -> QWidget:
        frame, layout = card()
        head = _head(layout, "Paired differences")
        words: QLabel = label("Compare with", tone="muted")
        self.reference = QComboBox()
        self.reference.setMinimumContentsLength(NAME_LENGTH)
        self.reference.setAccessibleName("Compare with")
        self.reference.activated.connect(self.compare)
        words.setBuddy(self.reference)
        head.addWidget(words)
        head.addWidget(self.reference)
        head.addWidget(button("Export CSV…", self.export_differences))
        about = (
            "In percentage points, on the same tasks, with 95% intervals (Newcombe). "
            "A difference is clear where p is below 0.05. p is from McNemar's exact test, not corrected for "
            "multiple comparisons; on few tasks the test is stricter than the interval."
        )
        layout.addWidget(label(about, tone="muted", wrap=True))
        layout.addWidget(result_view(self.differences, self.desk.theme, "Paired differences"))
        return frame

    def _matrix_card(self) -> QWidget:
        frame, layout = card()
        head = _head(layout, "Strategies that the answers follow")
        words: QLabel = label("Model", tone="muted")
        self.follower = QComboBox()
        self.follower.setMinimumContentsLength(NAME_LENGTH)
        self.follower.setAccessibleName("Model")
        self.follower.activated.connect(self._show_matrix)
        words.setBuddy(self.follower)
        head.addWidget(words)
        head.addWidget(self.follower)
        head.addWidget(button("Export CSV…", self.export_matrix))
        self.adherence = label(wrap=True)
        layout.addWidget(self.adherence)
        about = (
            "Rows: the strategy paired with the task's family. Columns: the strategy detected in the answer."
            " Framed cells count answers that follow the paired strategy."
        )
        layout.addWidget(label(about, tone="muted", wrap=True))
        view = result_view(self.matrix, self.desk.theme, "Paired and detected strategies", heat=True)
        layout.addWidget(view)
        return frame

    def _show(self, found: ModelComparison) -> None:
        self.found = found
        shares = {
            one.name: {family: score.accuracy for family, score in one.scores.items()}
            for one in found.summaries
        }
        self.chart.show_shares(
            shares,
            roles={name: role_of(name) for name in shares if role_of(name) != "accent"},
            notes={one.name: plot_note(one) for one in found.summaries},
        )
        self.families.show_results(found)
        self.differences.show_results(found)
        self.difference_card.setVisible(bool(found.differences))
        _fill(self.reference, found, found.reference)
        tuned = next((one.id for one in found.summaries if one.name == "tuned"), found.summaries[-1].id)
        _fill(self.follower, found, self.follower.currentData() or tuned)
        self._shown = (self.reference.currentData(), *self._shown[1:])
        self._show_matrix()
        self._show_warnings(found)
        self.faults.show_evaluations({one.id: one.name for one in found.summaries})
        ids = [one.id for one in found.summaries]
        for shown in (self.forgetting, self.budget, self.benchmarks):
            shown.show_evaluations(ids)

    def _show_warnings(self, found: ModelComparison) -> None:
        small = sorted(
            {
                family
                for one in found.summaries
                for family, score in one.scores.items()
                if family != OVERALL and 0 < score.accuracy.n < FEW
            }
        )
        self.few.setVisible(bool(small))
        self.few.setText(
            f"Fewer than {FEW} tasks: {', '.join(small)}. Their intervals are wide, so evaluate on more tasks"
            " before drawing conclusions."
        )
        base = comparison_base(found)
        set_tone(self.base, "warn" if any(one.left_out for one in found.summaries) else "muted")
        self.base.setVisible(bool(base))
        self.base.setText(base)
        lines = comparison_notes(found)
        self.losses.setVisible(bool(lines))
        self.losses.setText("\n".join(lines))

    def _show_matrix(self) -> None:
        if self.found is None:
            return
        one = self._matrix_summary(self.found)
        share = one.results.adherence
        self.matrix.show_results(one)
        self.adherence.setText(
            f"Answers that follow the paired strategy: {share.correct:,} of {share.n:,}, {interval(share)}"
            if share.n
            else "No family was paired with a strategy at the time of this evaluation."
        )

    def _matrix_summary(self, found: ModelComparison) -> EvaluationSummary:
        chosen = self.follower.currentData()
        return next((one for one in found.summaries if one.id == chosen), found.summaries[0])

    def _export(self, name: str, rows: Callable[[ModelComparison], Table]) -> None:
        if self.found is not None:
            ask_for_file(
                self,
                self.desk,
                title="Export as CSV",
                name=name,
                kinds=CSV,
                then=partial(self._save_table, rows(self.found)),
            )

    def _table_of(self, rows: Callable[[ModelComparison], Table]) -> Table:
        return rows(self.found) if self.found is not None else ((), [])

    def _save_table(self, rows: Table, path: Path) -> None:
        self.desk.background.run(
            self,
            lambda: write_csv(path, *rows),
            lambda count: saved(self.notice, path, f"{counted(count, 'row')} saved to"),
            failed=self.notice.show_error,
        )

    def _save_plot(self, path: Path) -> None:
        self.desk.background.run(
            self,
            lambda: self.chart.export(path),
            lambda _: saved(self.notice, path, "Plot saved to"),
            failed=self.notice.show_error,
        )


def _head(layout: QVBoxLayout, title: str) -> FlowRow:
    head = FlowRow()
    head.addWidget(label(title, size="heading", bold=True), 1)
    layout.addLayout(head)
    return head


def _fill(box: QComboBox, found: ModelComparison, chosen: str) -> None:
    """List the compared evaluations, and select one."""
    box.clear()
    for one in found.summaries:
        box.addItem(one.name, one.id)
    box.setCurrentIndex(max(0, box.findData(chosen)))
