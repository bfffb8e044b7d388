"""The demo as it runs: its steps with what came of each, how far it is, and the newest it has made."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from orca_desk.library import overview
from orca_desk.library.database import Library
from orca_desk.library.newest import Newest, newest_answer, newest_record
from orca_desk.library.trainings import list_trainings, training_events
from orca_desk.processes.progress import Update
from orca_desk.ui.desk import Desk
from orca_desk.ui.icons import pixmap
from orca_desk.ui.jobs import Job, Tools
from orca_desk.ui.theme import GRID, Role, Theme
from orca_desk.ui.widgets.job_panel import JobPanel, duration
from orca_desk.ui.widgets.text import card, label, set_tone
from orca_desk.ui.words.shorten import shorten

if TYPE_CHECKING:
    from orca_desk.steps.demo.walk import Demo, Step

KIND = "demo"
CHANGES = ("records", "pairings", "snapshots", "trainings", "evaluations", "settings")
# What the demo's `Step` calls each, in this order, and the method's step that it belongs to
STEPS: Mapping[str, overview.Step] = {
    "probe and pair": "pair",
    "generate": "instruct",
    "erase and freeze": "erase",
    "train": "train",
    "evaluate base": "test",
    "evaluate tuned": "test",
    "evaluate teacher": "test",
    "chat": "test",
}
WORD_JOINER = "\u2060"  # keeps tokens/s on one line
CURVE_HEIGHT = 20 * GRID


@dataclass(frozen=True, kw_only=True)
class Live:
    """The newest of a running step: an answer, or a training's losses, those of learning and of checking."""

    newest: Newest | None = None
    losses: tuple[tuple[int, float], ...] = ()
    checks: tuple[tuple[int, float], ...] = ()
    steps: int = 0  # of the whole training


def work(library: Library) -> "Callable[[Tools], Demo | None]":
    """Return the job's function: the same demo as the command's, its result kept in the library's folder."""

    def run(tools: Tools) -> "Demo | None":
        from orca_desk.steps.demo import walk as demo  # only now: it brings half of the app with it

        def tell(step: demo.Step) -> None:
            tools.tell(step)
            tools.progress(Update(stage=""))  # what was shown last is over

        found = demo.demo(
            library, demo.bundled(), on_step=tell, progress=tools.progress, control=tools.control
        )
        if found:
            demo.finish(library, found)
        return found

    return run


class DemoRun(QWidget):
    """Follows a run of the demo."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk
        self.job: Job | None = None
        self.done: dict[str, Step] = {}
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GRID + GRID // 2)
        self.panel = JobPanel(desk)
        layout.addWidget(self.panel)
        row = QHBoxLayout()
        row.setSpacing(GRID + GRID // 2)
        steps, inner = card()
        inner.addWidget(label("Steps", bold=True))
        inner.addLayout(self._step_rows())
        inner.addStretch(1)
        row.addWidget(steps, 3)
        self.live = _LiveCard(desk.theme)
        row.addWidget(self.live, 2)
        layout.addLayout(row, 1)
        desk.theme.changed.connect(self._paint)
        self.hide()

    @property
    def current(self) -> str | None:
        """The step at work, by its name in STEPS; None when no demo runs."""
        if self.job is None or self.job.is_over:
            return None
        return next((name for name in STEPS if name not in self.done), None)

    def follow(self, job: Job) -> None:
        """Show a job that was just started."""
        self.job, self.done = job, {}
        job.event.connect(self._add_step)
        job.ended.connect(self._end)
        self.panel.follow(job)
        self.live.show_live(Live())
        self._paint()
        self.show()

    def refresh(self) -> None:
        """Look at the newest that the running step has made."""
        step = self.current
        if step is not None and self.isVisible():
            library = self.desk.library
            self.desk.background.run(
                self, lambda: read_live(library, STEPS[step]), self.live.show_live, only_newest="live"
            )

    def _step_rows(self) -> QGridLayout:
        names = {
            "probe and pair": "Try every strategy, pair each family",
            "generate": "Have the teacher answer all tasks",
            "erase and freeze": "Erase the instructions, freeze a snapshot",
            "train": "Train the student",
            "evaluate base": "Test the base student",
            "evaluate tuned": "Test the tuned student",
            "evaluate teacher": "Test the teacher",
            "chat": "Ask about John and Mark",
        }
        grid = QGridLayout()
        grid.setHorizontalSpacing(GRID)
        grid.setVerticalSpacing(6)
        grid.setColumnStretch(1, 1)
        self._rows: dict[str, tuple[QLabel, QLabel, QLabel, QLabel]] = {}
        for place, (name, text) in enumerate(names.items()):
            image, seconds = QLabel(), label(size="caption", tone="muted")
            title, outcome = label(text), label(size="caption", tone="muted", wrap=True)
            words = QVBoxLayout()
            words.setSpacing(0)
            words.addWidget(title)
            words.addWidget(outcome)
            grid.addWidget(image, place, 0, Qt.AlignmentFlag.AlignTop)
            grid.addLayout(words, place, 1)
            grid.addWidget(seconds, place, 2, Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignRight)
            self._rows[name] = (image, title, outcome, seconds)
        return grid

    def _add_step(self, step: "Step") -> None:
        self.done[step.name] = step
        self._paint()
        self.refresh()

    def _end(self) -> None:
        self._paint()
        self.hide()

    def _paint(self) -> None:
        colours, current = self.desk.theme.colours, self.current
        for name, (image, title, outcome, seconds) in self._rows.items():
            step = self.done.get(name)
            picture: tuple[str, Role] = ("clock", "muted")
            word = "Waits"
            if step is not None:
                picture, word = ("circle-check", "good"), "Done"
            elif name == current:
                picture, word = ("activity", "accent"), "Running"
            image.setPixmap(pixmap(picture[0], colours, picture[1], 16))
            image.setAccessibleName(word)
            set_tone(title, "" if step or name == current else "muted")
            outcome.setText(step.outcome.replace("/", f"/{WORD_JOINER}") if step else "")
            outcome.setVisible(step is not None)
            seconds.setText(duration(step.seconds) if step else "")


def read_live(library: Library, step: overview.Step) -> Live:
    """Return the newest that a step of the method has made."""
    if step in ("pair", "instruct"):
        return Live(newest=newest_record(library))
    if step == "test":
        return Live(newest=newest_answer(library))
    found = list_trainings(library)[:1] if step == "train" else []
    if not found:
        return Live()
    losses = training_events(library, found[0].id, "metrics")
    checks = training_events(library, found[0].id, "eval")
    return Live(
        losses=tuple((one["step"], one["loss"]) for one in losses),
        checks=tuple((one["step"], one["loss"]) for one in checks),
        steps=losses[-1]["steps"] if losses else 0,
    )


class _LiveCard(QFrame):
    """The newest answer with its verdict, or the loss of the training as a line."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._newest: Newest | None = None
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

    def show_live(self, live: Live) -> None:
        """Show what is newest; nothing at first."""
        self._newest = newest = live.newest
        self.curve.show_live(live)
        self.curve.setVisible(bool(live.losses))
        self.question.setVisible(newest is not None)
        self.answer.setVisible(newest is not None)
        self.question.setText(shorten(newest.question, 400, keep_lines=True) if newest else "")
        self.answer.setText(shorten(newest.answer, 400, keep_lines=True) if newest else "")
        if newest:
            self.title.setText(" · ".join(filter(None, (newest.family, newest.strategy))))
        elif live.losses:
            self.title.setText("Loss")
        else:
            self.title.setText("Preparing…")
        self.verdict.setText(self._words(live))
        self._paint()

    def _words(self, live: Live) -> str:
        if live.losses:
            text = "Step {}: loss {}".format(f"{live.losses[-1][0]:,}", f"{live.losses[-1][1]:.3f}")
            if live.checks:
                text += ", on records kept apart {}".format(f"{live.checks[-1][1]:.3f}")
            return text
        if live.newest is None or live.newest.correct is None:
            return ""
        return "Right" if live.newest.correct else "Wrong"

    def _paint(self) -> None:
        correct = self._newest.correct if self._newest else None
        self._icon.setVisible(correct is not None)
        if correct is not None:
            image, role = ("circle-check", "good") if correct else ("circle-x", "bad")
            self._icon.setPixmap(pixmap(image, self._theme.colours, role, 14))  # type: ignore[arg-type]


class LossCurve(QWidget):
    """A training's loss as a thin line, and that on records kept apart as dots; both axes begin at 0."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._live = Live()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName("Loss of the training")
        theme.changed.connect(self.update)

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Return a size in which the fall of the loss is seen."""
        return QSize(30 * GRID, CURVE_HEIGHT)

    def minimumSizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Return the least size that is of use."""
        return QSize(16 * GRID, CURVE_HEIGHT)

    @property
    def step(self) -> int:
        """The last step that is drawn."""
        return self._live.losses[-1][0] if self._live.losses else 0

    def show_live(self, live: Live) -> None:
        """Show a training's losses as far as it has come."""
        self._live = live
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Draw both."""
        live = self._live
        if len(live.losses) < 2:
            return
        colours = self._theme.colours
        area = QRectF(self.rect()).adjusted(4, 4, -4, -4)
        last = max(live.steps, self.step)
        highest = max(loss for _, loss in (*live.losses, *live.checks)) or 1.0

        def place(step: int, loss: float) -> QPointF:
            x = area.left() + area.width() * step / max(1, last)
            return QPointF(x, area.bottom() - area.height() * min(1.0, loss / highest))

        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(colours("border"), 1))
        painter.drawLine(area.bottomLeft(), area.bottomRight())
        painter.setPen(QPen(colours("student"), 1.5))
        painter.drawPolyline(QPolygonF([place(*one) for one in live.losses]))
        painter.setPen(QPen(colours("surface"), 1))
        painter.setBrush(colours("text"))
        for one in live.checks:
            painter.drawEllipse(place(*one), 3.5, 3.5)
        painter.end()
