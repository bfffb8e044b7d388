"""The evaluations of a training's student, with their intervals, and a button that makes another one."""

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from orca_desk.library.trainings import Training
from orca_desk.steps.evaluate.of_training import TrainingEvaluation, evaluations_of, plan_of_training
from orca_desk.steps.evaluate.plan import Plan, plan_to_json
from orca_desk.ui.desk import Desk
from orca_desk.ui.theme import GRID
from orca_desk.ui.widgets.notice import Notice
from orca_desk.ui.widgets.row_table import row_menu, row_table
from orca_desk.ui.widgets.rows import Column, RowsModel
from orca_desk.ui.widgets.text import button, card, label
from orca_desk.ui.widgets.when import when
from orca_desk.ui.words.evaluations import interval

EARLIER = "of an earlier adapter"
NAME = 0
COLUMNS: tuple[Column[TrainingEvaluation], ...] = (
    Column("Evaluation", lambda row: row.listed.name),
    Column("System message", lambda row: row.listed.evaluation.system_kind),
    Column(
        "Correct",
        lambda row: interval(row.listed.accuracy),
        number=True,
        tip="Share of correct answers with its 95% interval",
    ),
    Column("Questions", lambda row: f"{row.listed.answered:,} of {row.listed.questions:,}", number=True),
    Column("When", lambda row: when(row.listed.evaluation.run.created_at)),
    Column("Note", lambda row: EARLIER if row.is_earlier else ""),
)
WIDTHS = (0, 130, 170, 110, 130, 150)  # px; the name takes the rest
ROWS = 4  # shown at once


class TrainingEvaluations(RowsModel[TrainingEvaluation]):
    """One row per evaluation, the newest first."""

    def __init__(self) -> None:
        super().__init__(COLUMNS)

    def identity(self, row: TrainingEvaluation) -> str:
        """Return the evaluation's id."""
        return row.listed.id


class EvaluationsCard(QWidget):
    """Lists a training's evaluations. Enter or a double click shows one on the Evaluate page."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk
        self._training: Training | None = None
        self.start = button("Evaluate now", self.evaluate)
        self.start.setToolTip(
            "Ask the student and its base all held-out tasks; both can be stopped and resumed"
        )
        self.notice = Notice(desk)
        self.empty = label("The student has not been evaluated.", tone="muted", wrap=True)
        self.model = TrainingEvaluations()
        self.table = row_table(self.model, "Evaluations of the training", main=NAME)
        self.table.set_widths(WIDTHS)
        self.table.activated.connect(lambda index: self.open(index.row()))
        shown = QAction("Open", self.table)
        shown.triggered.connect(lambda: self.open(self.table.currentIndex().row()))
        row_menu(self.table, lambda: [shown] if self.table.currentIndex().isValid() else [])
        frame, layout = card()
        head = QHBoxLayout()
        head.setSpacing(GRID)
        head.addWidget(label("Evaluations", size="heading", bold=True), 1)
        head.addWidget(self.start)
        layout.addLayout(head)
        layout.addWidget(self.notice)
        layout.addWidget(self.empty)
        layout.addWidget(self.table)
        outside = QVBoxLayout(self)
        outside.setContentsMargins(0, 0, 0, 0)
        outside.addWidget(frame)
        desk.changed.connect(self._changed)
        self.hide()

    def show_training(self, training: Training | None) -> None:
        """Show the evaluations of a training with an adapter; nothing for any other."""
        self._training = training if training is not None and training.adapter_gguf is not None else None
        self.setVisible(self._training is not None)
        self._read()

    def open(self, row: int) -> None:
        """Show an evaluation on its page."""
        self.desk.open("evaluate", evaluation=self.model.rows[row].listed.id)

    def evaluate(self) -> None:
        """Ask the student and its base all held-out tasks."""
        training, library = self._training, self.desk.library
        if training is None:
            return

        def begin(plan: Plan) -> None:
            self.notice.hide()
            self.desk.open("evaluate", start=plan_to_json(plan))

        self.desk.background.run(
            self, lambda: plan_of_training(library, training.id), begin, failed=self.notice.show_error
        )

    def _changed(self, parts: frozenset[str]) -> None:
        if "evaluations" in parts:
            self._read()

    def _read(self) -> None:
        training, library = self._training, self.desk.library
        if training is not None:
            self.desk.background.run(
                self,
                lambda: evaluations_of(library, [training])[training.id],
                self._show,
                failed=self.notice.show_error,
                only_newest="evaluations",
            )

    def _show(self, found: tuple[TrainingEvaluation, ...]) -> None:
        self.model.show(list(found))
        self.empty.setVisible(not found)
        self.table.setVisible(bool(found))
        rows = min(ROWS, len(found))
        height = self.table.horizontalHeader().sizeHint().height() + 2 * self.table.frameWidth()
        self.table.setFixedHeight(height + rows * self.table.verticalHeader().defaultSectionSize())
