"""Standard benchmarks of the compared models: run lm-eval on task files from disk, and read the scores."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFileDialog,
    QListWidget,
    QListWidgetItem,
    QVBoxLayout,
    QWidget,
)

from orca_desk.library.database import Library
from orca_desk.library.evaluations import Evaluation, get_evaluation
from orca_desk.steps.defaults import default_runner
from orca_desk.steps.evaluate.benchmark_files import BenchmarkTasks, benchmark_tasks, lm_eval_problem
from orca_desk.steps.evaluate.benchmarks import (
    KIND,
    BenchmarkRequest,
    BenchmarkRun,
    benchmarks_of,
    run_benchmark,
)
from orca_desk.steps.evaluate.candidates import evaluation_names
from orca_desk.steps.evaluate.comparison import distinct
from orca_desk.ui.desk import Desk
from orca_desk.ui.jobs import Job, Tools
from orca_desk.ui.pages.evaluate.tables import RIGHT, ComparisonTable, result_view
from orca_desk.ui.theme import GRID
from orca_desk.ui.widgets.flow_row import FlowRow
from orca_desk.ui.widgets.notice import Notice
from orca_desk.ui.widgets.settings_form import number_box
from orca_desk.ui.widgets.text import button, card, label
from orca_desk.ui.words.benchmarks import ABOUT, CODE, TITLE, benchmark_notes, difference_text

MOST_DOCUMENTS = 1_000_000
LIST_HEIGHT = 12 * GRID  # px


@dataclass(frozen=True, kw_only=True)
class BenchmarkedModel:
    """A compared model under its name, with its finished benchmarks."""

    name: str
    evaluation: Evaluation
    found: tuple[BenchmarkRun, ...]


class BenchmarkTable(ComparisonTable):
    """The scores of a model's newest benchmark of each task, beside its base."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self.corner = "Task and metric"
        self._cells: list[tuple[str, str, str]] = []

    def show_benchmarks(self, found: Sequence[BenchmarkRun]) -> None:
        """Show the scores, the newest of each metric."""
        self.beginResetModel()
        newest = {
            (score.task, score.metric): (score, one.run.id)
            for one in reversed(found)
            for score in one.result.scores
        }
        self.columns = ["Score", "Base", "Difference"] if newest else []
        self.names = [f"{task}, {metric}" for task, metric in newest]
        self._cells = [
            (
                f"{one.value:.3f}{'' if one.error is None else f' ± {one.error:.3f}'}\nn {one.n:,}, {run}",
                "–\n" if one.base is None else f"{one.base:.3f}\n",
                f"{difference_text(one)}\n",
            )
            for one, run in newest.values()
        ]
        self.endResetModel()

    def cell(self, row: int, column: int, role: int) -> Any:
        """Return a score, the base's, or their difference."""
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return RIGHT
        return self._cells[row][column] if role == Qt.ItemDataRole.DisplayRole else None


class BenchmarkCard(QWidget):
    """Says what lm-eval needs, runs it on a compared model, and shows what it found."""

    measured = Signal()

    def __init__(self, desk: Desk, notice: Notice) -> None:
        super().__init__()
        self.desk, self.notice = desk, notice
        self.tasks: BenchmarkTasks | None = None
        self._models: tuple[BenchmarkedModel, ...] = ()
        self._ids: tuple[str, ...] = ()
        self._jobs: list[Job] = []
        self.table = BenchmarkTable(desk)
        self.view = result_view(self.table, desk.theme, TITLE)
        self.notes = label(tone="muted", wrap=True)
        self.problem = label(lm_eval_problem(), tone="warn", wrap=True)
        self._lay_out()
        self._show_tasks(None)

    def show_evaluations(self, evaluation_ids: Sequence[str]) -> None:
        """Offer the models of some evaluations."""
        self._ids = tuple(evaluation_ids)
        library, ids = self.desk.library, self._ids
        self.desk.background.run(
            self,
            lambda: _models(library, ids),
            self._show,
            failed=self.notice.show_error,
            only_newest="benchmarks",
        )

    def choose_folder(self) -> None:
        """Ask for the folder of the task files."""
        dialog = QFileDialog(self, "Select the folder of the task files")
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setOption(QFileDialog.Option.ShowDirsOnly)
        dialog.fileSelected.connect(lambda text: self.read_folder(Path(text)))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def read_folder(self, folder: Path) -> None:
        """List the tasks of a folder."""
        self.desk.background.run(
            self,
            lambda: benchmark_tasks(folder),
            self._show_tasks,
            failed=self.notice.show_error,
            only_newest="tasks",
        )

    def start(self) -> None:
        """Run lm-eval on the selected model."""
        model, tasks = self._selected(), self.tasks
        if model is None or tasks is None:
            return
        one = model.evaluation
        self.run_request(
            BenchmarkRequest(
                model=one.model,
                adapter=one.adapter,
                folder=tasks.folder,
                tasks=self._checked(),
                limit=self.limit.value() or None,
                chat=self.chat.isChecked(),
                allow_code=self.allow.isChecked(),
            )
        )

    def run_request(self, request: BenchmarkRequest) -> None:
        """Run lm-eval as a job."""
        library = self.desk.library

        def work(tools: Tools) -> object:
            runner = default_runner(library, request.model, request.adapter)
            return run_benchmark(
                library, request, runner=runner, progress=tools.progress, control=tools.control
            )

        title = f"Benchmark {request.model.stem}"
        again = ("evaluate", {"benchmark": request.to_json()})
        job = self.desk.jobs.start(title, KIND, work, changes={"evaluations"}, again=again)
        self._jobs.append(job)
        self._enable()
        job.ended.connect(lambda: self._ended(job))

    def _lay_out(self) -> None:
        frame, layout = card()
        layout.addWidget(label(TITLE, size="heading", bold=True))
        layout.addWidget(label(ABOUT, tone="muted", wrap=True))
        layout.addWidget(self.problem)
        self.problem.setVisible(bool(self.problem.text()))
        layout.addWidget(self.view)
        layout.addWidget(self.notes)
        row = FlowRow()
        words = label("Model")
        self.model = QComboBox()
        self.model.setMinimumContentsLength(20)
        self.model.setAccessibleName("Model to benchmark")
        self.model.activated.connect(lambda _: self._show_model())
        words.setBuddy(self.model)
        self.choose = button("Choose task files…", self.choose_folder)
        self.place = label(tone="muted")
        row.addWidget(words)
        row.addWidget(self.model)
        row.addWidget(self.choose)
        row.addWidget(self.place, 1)
        layout.addLayout(row)
        layout.addWidget(self._task_settings())
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(frame)

    def _task_settings(self) -> QWidget:
        self.settings = QWidget()
        column = QVBoxLayout(self.settings)
        column.setContentsMargins(0, 0, 0, 0)
        self.list = QListWidget()
        self.list.setAccessibleName("Tasks to run")
        self.list.setFixedHeight(LIST_HEIGHT)
        self.list.itemChanged.connect(self._enable)
        column.addWidget(self.list)
        self.code = label(CODE, tone="warn", wrap=True)
        self.allow = QCheckBox("&Allow their code")
        self.allow.toggled.connect(self._enable)
        column.addWidget(self.code)
        column.addWidget(self.allow)
        row = FlowRow()
        words = label("Maximum documents per task")
        self.limit = number_box(0, MOST_DOCUMENTS)
        self.limit.setSpecialValueText("all")
        self.limit.setAccessibleName("Maximum documents per task")
        self.limit.setMinimumWidth(14 * GRID)
        words.setBuddy(self.limit)
        self.chat = QCheckBox("As a c&hat")
        self.chat.setToolTip("Through the chat template; only for tasks whose answers the model writes")
        self.run = button("Run lm-eval", self.start)
        for widget in (words, self.limit, self.chat):
            row.addWidget(widget)
        row.addStretch(1)
        row.addWidget(self.run)
        column.addLayout(row)
        return self.settings

    def _show(self, models: tuple[BenchmarkedModel, ...]) -> None:
        before = self.model.currentData()
        self._models = models
        self.model.clear()
        for one in models:
            self.model.addItem(one.name, one.evaluation.id)
        tuned = next((one.evaluation.id for one in models if one.evaluation.adapter is not None), None)
        self.model.setCurrentIndex(max(0, self.model.findData(before if before is not None else tuned)))
        self._show_model()

    def _show_model(self) -> None:
        one = self._selected()
        found = one.found if one else ()
        self.table.show_benchmarks(found)
        self.view.setVisible(bool(self.table.names))
        lines = benchmark_notes(found[0].result) if found else []
        self.notes.setText("\n".join(lines))
        self.notes.setVisible(bool(lines))
        self._enable()

    def _show_tasks(self, tasks: BenchmarkTasks | None) -> None:
        self.tasks = tasks
        self.settings.setVisible(tasks is not None)
        self.place.setText(str(tasks.folder) if tasks else "")
        self.list.blockSignals(True)
        self.list.clear()
        for name in tasks.names if tasks else ():
            item = QListWidgetItem(name)
            item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
            item.setCheckState(Qt.CheckState.Checked)
            self.list.addItem(item)
        self.list.blockSignals(False)
        for widget in (self.code, self.allow):
            widget.setVisible(tasks is not None and tasks.runs_code)
        self.allow.setChecked(False)
        self._enable()

    def _checked(self) -> tuple[str, ...]:
        items = (self.list.item(row) for row in range(self.list.count()))
        return tuple(item.text() for item in items if item.checkState() == Qt.CheckState.Checked)

    def _selected(self) -> BenchmarkedModel | None:
        return next((one for one in self._models if one.evaluation.id == self.model.currentData()), None)

    def _enable(self) -> None:
        is_possible = not self.problem.text()
        self.choose.setEnabled(is_possible)
        allowed = self.tasks is not None and (self.allow.isChecked() or not self.tasks.runs_code)
        is_free = all(job.is_over for job in self._jobs)
        self.run.setEnabled(is_possible and allowed and is_free and bool(self._checked() and self._models))

    def _ended(self, job: Job) -> None:
        if job.error is not None:
            self.notice.show_error(job.error)
        self.show_evaluations(self._ids)
        self.measured.emit()


def _models(library: Library, ids: Sequence[str]) -> tuple[BenchmarkedModel, ...]:
    evaluations = [get_evaluation(library, one) for one in ids]
    names = distinct(evaluation_names(evaluations))
    return tuple(
        BenchmarkedModel(
            name=names[one.id],
            evaluation=one,
            found=tuple(
                benchmarks_of(
                    library,
                    model=one.run.settings.get("model"),
                    adapter=one.run.settings.get("adapter"),
                )
            ),
        )
        for one in evaluations
    )
