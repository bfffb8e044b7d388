"""The demo while it runs: its stages with their outcomes, its progress, and its newest output."""

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from orca_desk.library.database import Library
from orca_desk.library.overview import NewestAnswer
from orca_desk.processes.progress import Overall, Update
from orca_desk.steps.demo.live import LiveOutput, live_output
from orca_desk.steps.demo.stages import STAGES, StageDone
from orca_desk.steps.demo.state import DemoStudent
from orca_desk.ui.desk import Desk
from orca_desk.ui.icons import pixmap
from orca_desk.ui.jobs import Job, Tools
from orca_desk.ui.theme import GRID, Role, Theme
from orca_desk.ui.widgets.job_panel import JobPanel
from orca_desk.ui.widgets.text import card, label, set_tone
from orca_desk.ui.words.outcomes import outcome_text
from orca_desk.ui.words.progress import duration, overall_text
from orca_desk.ui.words.runs import PAUSED
from orca_desk.ui.words.shorten import shorten

if TYPE_CHECKING:
    from orca_desk.steps.demo.result import DemoResult

KIND = "demo"
CHANGES = ("tasks", "records", "pairings", "snapshots", "trainings", "evaluations", "settings")
TITLES = {
    "probe and pair": "Try every strategy, pair each family",
    "generate": "Have the teacher answer all tasks",
    "erase and freeze": "Erase the instructions, freeze a snapshot",
    "train": "Train the student",
    "evaluate base": "Test the base student",
    "evaluate tuned": "Test the tuned student",
    "evaluate teacher": "Test the teacher",
    "chat": "Ask about John and Mark",
}
WORD_JOINER = "\u2060"  # keeps tokens/s on one line
CURVE_HEIGHT = 20 * GRID


def demo_work(library: Library, student: DemoStudent = "mini") -> "Callable[[Tools], DemoResult | None]":
    """Return the job's function: the demo of the command, its result written to the library's folder."""

    def run(tools: Tools) -> "DemoResult | None":
        # Imported here: they pull in half of the app
        from orca_desk.steps.demo import walk
        from orca_desk.steps.demo.result import write_result

        overall: Overall | None = None

        def note(update: Update) -> None:
            nonlocal overall
            overall = update.overall
            tools.progress(update)

        def tell(stage: StageDone) -> None:
            tools.tell(stage)
            tools.progress(Update(stage="", overall=overall))  # the progress shown last is over

        found = walk.demo(library, walk.bundled(student), on_stage=tell, progress=note, control=tools.control)
        if found:
            write_result(library, found)
        return found

    return run


class DemoRun(QWidget):
    """Follows a run of the demo."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk
        self.job: Job | None = None
        self.student: DemoStudent = "mini"
        self.done: dict[str, StageDone] = {}
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GRID + GRID // 2)
        self.panel = JobPanel(desk, with_overall=False)
        layout.addWidget(self.panel)
        layout.addLayout(self._overall_row())
        row = QHBoxLayout()
        row.setSpacing(GRID + GRID // 2)
        stages, inner = card()
        inner.addWidget(label("Steps", bold=True))
        inner.addLayout(self._stage_rows())
        inner.addStretch(1)
        row.addWidget(stages, 3)
        self.live = LiveCard(desk.theme)
        row.addWidget(self.live, 2)
        layout.addLayout(row, 1)
        desk.theme.changed.connect(self._paint)
        self.hide()

    @property
    def current(self) -> str | None:
        """The stage in progress, by its name in STAGES; None when no demo runs."""
        if self.job is None or self.job.is_over:
            return None
        return next((name for name in STAGES if name not in self.done), None)

    def follow(self, job: Job, student: DemoStudent = "mini") -> None:
        """Show a job that has just started the demo of a student."""
        self.job, self.student, self.done = job, student, {}
        job.updated.connect(self._show_overall)
        job.event_arrived.connect(self._add_stage)
        job.state_changed.connect(self._paint)
        job.state_changed.connect(lambda: self._show_overall(job.last or Update(stage="")))
        job.ended.connect(self._end)
        self.panel.follow(job)
        self._show_overall(job.last or Update(stage=""))
        self.live.show_output(LiveOutput())
        self._paint()
        self.show()

    def refresh(self) -> None:
        """Show the newest output of the current stage."""
        stage = self.current
        if stage is not None and self.isVisible():
            library = self.desk.library
            self.desk.background.run(
                self, lambda: live_output(library, STAGES[stage]), self.live.show_output, only_newest="live"
            )

    def _overall_row(self) -> QHBoxLayout:
        """How far the whole demo is: the panel above shows the stage in progress."""
        row = QHBoxLayout()
        row.setSpacing(GRID)
        self.overall = label(bold=True)
        self.overall_bar = QProgressBar()
        self.overall_bar.setRange(0, 1000)
        self.overall_bar.setTextVisible(False)
        self.overall_bar.setAccessibleName("Progress of the whole demo")
        row.addWidget(self.overall)
        row.addWidget(self.overall_bar, 1)
        return row

    def _show_overall(self, update: Update) -> None:
        overall = update.overall or Overall(step=1, steps=len(STAGES), share=0.0)
        if self.job is not None and self.job.state == "pausing":
            overall = replace(overall, seconds_left=None)  # no time is left while a job is paused
        self.overall.setText(overall_text(overall))
        self.overall_bar.setValue(round(1000 * overall.share))

    def _stage_rows(self) -> QGridLayout:
        grid = QGridLayout()
        grid.setHorizontalSpacing(GRID)
        grid.setVerticalSpacing(6)
        grid.setColumnStretch(1, 1)
        self._rows: dict[str, tuple[QLabel, QLabel, QLabel, QLabel]] = {}
        for row, name in enumerate(STAGES):
            image, seconds = QLabel(), label(size="caption", tone="muted")
            title, outcome = label(TITLES[name]), label(size="caption", tone="muted", wrap=True)
            words = QVBoxLayout()
            words.setSpacing(0)
            words.addWidget(title)
            words.addWidget(outcome)
            grid.addWidget(image, row, 0, Qt.AlignmentFlag.AlignTop)
            grid.addLayout(words, row, 1)
            grid.addWidget(seconds, row, 2, Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignRight)
            self._rows[name] = (image, title, outcome, seconds)
        return grid

    def _add_stage(self, stage: StageDone) -> None:
        self.done[stage.name] = stage
        self._paint()
        self.refresh()

    def _end(self) -> None:
        self._paint()
        self.hide()

    def _paint(self) -> None:
        colours, current = self.desk.theme.colours, self.current
        for name, (image, title, outcome, seconds) in self._rows.items():
            stage = self.done.get(name)
            icon: tuple[str, Role] = ("clock", "muted")
            word = "Waiting"
            if stage is not None:
                icon, word = ("circle-check", "good"), "Done"
            elif name == current:
                icon, word = ("activity", "accent"), "Running"
                if self.job is not None and self.job.state == "pausing":
                    icon, word = (PAUSED.image, PAUSED.role), PAUSED.word
            image.setPixmap(pixmap(icon[0], colours, icon[1], 16))
            image.setAccessibleName(word)
            set_tone(title, "" if stage or name == current else "muted")
            outcome.setText(outcome_text(stage.outcome).replace("/", f"/{WORD_JOINER}") if stage else "")
            outcome.setVisible(stage is not None)
            seconds.setText(duration(stage.seconds) if stage else "")


class LiveCard(QFrame):
    """The newest answer with its verdict, or the loss of the training as a curve."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._newest: NewestAnswer | None = None
        self.setProperty("kind", "card")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(2 * GRID, 2 * GRID, 2 * GRID, 2 * GRID)
        layout.setSpacing(GRID)
        self.title = label(bold=True)
        layout.addWidget(self.title)
        self.question = label(tone="muted", wrap=True)
        self.answer = label(wrap=True)
        self.curve = LossCurve(theme)
        row = QHBoxLayout()
        row.setSpacing(6)
        self._icon, self.verdict = QLabel(), label(size="caption")
        row.addWidget(self._icon)
        row.addWidget(self.verdict, 1)
        layout.addWidget(self.question)
        layout.addWidget(self.answer)
        layout.addWidget(self.curve)
        layout.addLayout(row)
        layout.addStretch(1)
        theme.changed.connect(self._paint)

    def show_output(self, output: LiveOutput) -> None:
        """Show the newest output; an empty one says that the stage is being prepared."""
        self._newest = newest = output.newest
        self.curve.show_output(output)
        self.curve.setVisible(bool(output.losses))
        self.question.setVisible(newest is not None)
        self.answer.setVisible(newest is not None)
        self.question.setText(_text(newest.question) if newest else "")
        self.answer.setText(_text(newest.answer) if newest else "")
        self.title.setText(_title(output))
        self.verdict.setText(_verdict(output))
        self._paint()

    def _paint(self) -> None:
        correct = self._newest.correct if self._newest else None
        self._icon.setVisible(correct is not None)
        if correct is not None:
            role: Role = "good" if correct else "bad"
            image = "circle-check" if correct else "circle-x"
            self._icon.setPixmap(pixmap(image, self._theme.colours, role, 14))


class LossCurve(QWidget):
    """A training's loss as a thin line and its validation loss as dots. Both axes begin at 0."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._output = LiveOutput()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName("Training loss")
        theme.changed.connect(self.update)

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Return a size that shows the loss fall."""
        return QSize(30 * GRID, CURVE_HEIGHT)

    def minimumSizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Return the smallest readable size."""
        return QSize(16 * GRID, CURVE_HEIGHT)

    @property
    def step(self) -> int:
        """The last step in the curve."""
        return self._output.losses[-1][0] if self._output.losses else 0

    def show_output(self, output: LiveOutput) -> None:
        """Show the losses of a training so far."""
        self._output = output
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Draw the line and the dots."""
        output = self._output
        if len(output.losses) < 2:
            return
        colours = self._theme.colours
        area = QRectF(self.rect()).adjusted(4, 4, -4, -4)
        last = max(output.steps, self.step)
        highest = max(loss for _, loss in (*output.losses, *output.validation)) or 1.0

        def point(step: int, loss: float) -> QPointF:
            x = area.left() + area.width() * step / max(1, last)
            return QPointF(x, area.bottom() - area.height() * min(1.0, loss / highest))

        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(colours("border"), 1))
        painter.drawLine(area.bottomLeft(), area.bottomRight())
        painter.setPen(QPen(colours("student"), 1.5))
        painter.drawPolyline(QPolygonF([point(*one) for one in output.losses]))
        painter.setPen(QPen(colours("surface"), 1))
        painter.setBrush(colours("text"))
        for one in output.validation:
            painter.drawEllipse(point(*one), 3.5, 3.5)
        painter.end()


def _title(output: LiveOutput) -> str:
    if output.newest:
        return " · ".join(filter(None, (output.newest.family, output.newest.strategy)))
    return "Loss" if output.losses else "Preparing…"


def _verdict(output: LiveOutput) -> str:
    if output.losses:
        step, loss = output.losses[-1]
        text = f"Step {step:,}: loss {loss:.3f}"
        return f"{text}, validation loss {output.validation[-1][1]:.3f}" if output.validation else text
    if output.newest is None or output.newest.correct is None:
        return ""
    return "Correct" if output.newest.correct else "Incorrect"


def _text(text: str) -> str:
    return shorten(text, 400, keep_lines=True)
