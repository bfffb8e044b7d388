"""A training over time: accuracy, adherence and answer length of its checkpoints by family."""

from typing import Literal

from PySide6.QtWidgets import QComboBox, QVBoxLayout, QWidget

from orca_desk.counting import counted
from orca_desk.library.trainings import Training
from orca_desk.method.statistics import Share
from orca_desk.steps.evaluate.checkpoints import (
    PER_FAMILY,
    CheckpointCurve,
    CheckpointScore,
    checkpoint_curve,
    evaluate_checkpoints,
)
from orca_desk.steps.evaluate.scoring import OVERALL
from orca_desk.ui.desk import Desk
from orca_desk.ui.jobs import NO_RUN, Job, Tools
from orca_desk.ui.widgets.flow_row import FlowRow
from orca_desk.ui.widgets.job_panel import JobPanel
from orca_desk.ui.widgets.notice import Notice
from orca_desk.ui.widgets.plot_menu import PlotMenu
from orca_desk.ui.widgets.settings_form import number_box
from orca_desk.ui.widgets.step_chart import StepChart, StepLine, StepPoint, sentence
from orca_desk.ui.widgets.text import button, card, label
from orca_desk.ui.words.checkpoints import MEASURES, TIP, curve_notes

MOST_TASKS = 100_000
Measure = Literal["accuracy", "adherence", "mean_tokens"]


class CheckpointsCard(QWidget):
    """Plots what is known of a training's checkpoints, and evaluates them as a job."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk
        self.training = ""
        self.curve: CheckpointCurve | None = None
        self.job: Job | None = None
        self.chart = StepChart(desk.theme)
        self.measure, self.family = QComboBox(), QComboBox()
        self.tasks = number_box(1, MOST_TASKS)
        self.start = button("Evaluate the checkpoints", self.evaluate, tip=TIP)
        self.panel = JobPanel(desk)
        self.notice = Notice(desk)
        self.values = label(wrap=True, selectable=True)
        self.notes = label(tone="muted", wrap=True)
        self.menu = PlotMenu(desk, self.chart, self.notice, name="checkpoints", table=self.chart.table)
        self._lay_out()
        self.measure.activated.connect(self._draw)
        self.family.activated.connect(self._draw)
        self.hide()

    def show_training(self, training: Training | None) -> None:
        """Show a training that has ended; nothing for None."""
        self.setVisible(training is not None)
        if training is None:
            self.training = ""
            return
        if training.id != self.training:
            self.training = training.id
            self.curve = None
            self.notice.hide()
        self._read()

    def evaluate(self) -> None:
        """Evaluate the checkpoints that are not evaluated yet, as a job."""
        if self.job is not None or not self.training:
            return
        library, training, per_family = self.desk.library, self.training, self.tasks.value()

        def work(tools: Tools) -> CheckpointCurve:
            curve = evaluate_checkpoints(
                library, training, per_family=per_family, progress=tools.progress, control=tools.control
            )
            tools.control.finished = curve.finished
            return curve

        self.notice.hide()
        self.start.setEnabled(False)
        title = f"Evaluate the checkpoints of {training}"
        self.job = job = self.desk.jobs.start(
            title,
            "evaluate",
            work,
            changes=("evaluations",),
            again=("training", {"checkpoints": training, "per_family": per_family}),
            begins_in=NO_RUN,  # the evaluations that are done are not asked again
        )
        self.panel.follow(job)
        job.ended.connect(self._ended)

    def evaluate_those_of(self, training: str, per_family: int) -> None:
        """Evaluate the checkpoints of a training that is about to be shown."""
        if self.job is None:
            self.training, self.curve = training, None
            self.tasks.setValue(per_family)
            self.evaluate()

    def _lay_out(self) -> None:
        frame, layout = card()
        head = FlowRow()
        title = label("Over the checkpoints", size="heading", bold=True)
        title.setToolTip(TIP)
        head.addWidget(title, 1)
        for name, words in MEASURES.items():
            self.measure.addItem(words, name)
        self.measure.setAccessibleName("What to plot over the training")
        self.family.setAccessibleName("Family that stands out in the plot")
        self.family.setMinimumContentsLength(12)
        head.addWidget(self.measure)
        head.addWidget(self.family)
        head.addWidget(self.menu.make_button())
        layout.addLayout(head)
        layout.addWidget(self.notice)
        layout.addWidget(self.panel)
        self.empty = label(
            "The checkpoints have not been evaluated. They answer the first held-out tasks of each family,"
            " beside the base, to show when the student learned what.",
            tone="muted",
            wrap=True,
        )
        layout.addWidget(self.empty)
        layout.addWidget(self.chart)
        layout.addWidget(self.values)
        layout.addWidget(self.notes)
        row = FlowRow()
        name_of_tasks = label("&Tasks per family")
        name_of_tasks.setBuddy(self.tasks)
        self.tasks.setValue(PER_FAMILY)
        self.tasks.setAccessibleName("Held-out tasks per family for the checkpoints")
        self.tasks.setToolTip("Held-out tasks of each family that every checkpoint answers")
        row.addWidget(name_of_tasks)
        row.addWidget(self.tasks)
        row.addStretch(1)
        row.addWidget(self.start)
        layout.addLayout(row)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(frame)

    def _read(self) -> None:
        library, training = self.desk.library, self.training
        self.desk.background.run(
            self,
            lambda: checkpoint_curve(library, training),
            self._show,
            failed=self.notice.show_error,
            only_newest="checkpoints",
        )

    def _show(self, curve: CheckpointCurve) -> None:
        if curve.training != self.training:
            return
        self.curve = curve
        kept = len(curve.steps) - 1
        self.start.setEnabled(self.job is None and kept > 0)
        self.start.setToolTip(TIP if kept else "This training kept no checkpoint.")
        missing = set(curve.steps) - {one.step for one in curve.checkpoints}
        words = "Evaluate the checkpoints" if missing or not curve.checkpoints else "Evaluate again"
        self.start.setText(f"{words} ({counted(kept, 'checkpoint')} and the base)" if kept else words)
        chosen = self.family.currentText() or OVERALL
        names = list(curve.checkpoints[-1].families) if curve.checkpoints else []
        self.family.clear()
        for name in (*[OVERALL][: bool(names)], *(name for name in names if name != OVERALL)):
            self.family.addItem(name, name)
        self.family.setCurrentIndex(max(0, self.family.findData(chosen)))
        self._draw()

    def _draw(self) -> None:
        curve = self.curve
        found = curve.checkpoints if curve else ()
        for part in (self.chart, self.values, self.notes, self.measure, self.family):
            part.setVisible(bool(found))
        self.empty.setVisible(not found)
        if curve is None or not found:
            return
        measure: Measure = self.measure.currentData()
        lines = [
            StepLine(
                name=name,
                points=tuple(
                    point
                    for one in found
                    if name in one.families
                    and (point := _point(one.step, one.families[name], measure)) is not None
                ),
            )
            for name in found[-1].families
        ]
        is_share = measure != "mean_tokens"
        chosen = self.family.currentData()
        self.chart.show_lines(lines, chosen, unit=MEASURES[measure], is_share=is_share)
        shown = next((line for line in lines if line.name == chosen), None)
        self.values.setText(
            f"{sentence(shown, is_share)}." if shown and shown.points else "No tasks of that kind."
        )
        self.notes.setText(" ".join(curve_notes(curve)))

    def _ended(self) -> None:
        job, self.job = self.job, None
        self.start.setEnabled(True)
        if job is not None and job.error is not None:
            self.notice.show_error(job.error)
        if self.training:
            self._read()


def _point(step: int, score: CheckpointScore, measure: Measure) -> StepPoint | None:
    value = getattr(score, measure)
    if isinstance(value, Share):
        if not value.n:
            return None
        return StepPoint(step=step, value=value.share, low=value.low, high=value.high)
    return StepPoint(step=step, value=value)
