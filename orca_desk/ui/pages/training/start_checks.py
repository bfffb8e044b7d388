"""The checks beside the form: likely problems of a training, the memory and the time it takes."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from orca_desk.counting import counted
from orca_desk.models.fits import training_fit
from orca_desk.models.model_file import ModelFile
from orca_desk.models.remedies import training_remedy
from orca_desk.steps.train.checks import DEFAULT_RATE, Concern, SnapshotFacts, concerns, usual_rate
from orca_desk.steps.train.estimates import TrainingSpeed, TrainingTime, estimate_time
from orca_desk.student.settings import TrainSettings
from orca_desk.ui.desk import Desk
from orca_desk.ui.icons import pixmap
from orca_desk.ui.theme import GRID, Role
from orca_desk.ui.widgets.fit_bar import FitBar
from orca_desk.ui.widgets.layouts import clear
from orca_desk.ui.widgets.text import label
from orca_desk.ui.words.progress import duration
from orca_desk.ui.words.training_checks import concern_text, stop_rule_sentence

FATAL: tuple[str, Role] = ("circle-x", "bad")
WARNING: tuple[str, Role] = ("triangle-alert", "warn")
GOOD: tuple[str, Role] = ("circle-check", "good")
MORE_TIME = "Validation, export and the final check take additional time."


class StartChecks(QWidget):
    """Shows problems, memory and time of a training before it starts."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk
        self.concerns: list[Concern] = []
        self._is_read = False
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GRID)
        layout.addWidget(label("Snapshot and settings", bold=True))
        self._rows = QVBoxLayout()
        self._rows.setSpacing(GRID)
        layout.addLayout(self._rows)
        layout.addSpacing(GRID)
        layout.addWidget(label("Memory for these settings", bold=True))
        self.memory = FitBar(desk.theme, role="student")
        layout.addWidget(self.memory)
        layout.addSpacing(GRID)
        layout.addWidget(label("Time", bold=True))
        self.time = label(wrap=True)
        layout.addWidget(self.time)
        layout.addStretch(1)
        desk.theme.changed.connect(self._show_concerns)

    @property
    def is_refused(self) -> bool:
        """Whether the training could not start."""
        return any(concern.is_fatal for concern in self.concerns)

    def show_reading(self) -> None:
        """Show that the snapshot is being read."""
        self._is_read = False
        clear(self._rows)
        self._rows.addWidget(
            label("Reading the snapshot and measuring its records…", tone="muted", wrap=True)
        )
        self.time.setText("…")

    def show_facts(self, facts: SnapshotFacts, model: ModelFile | None, settings: TrainSettings) -> None:
        """Show problems of a training with `settings`, and, once its steps are counted, the time it takes."""
        context = model.context if model else 0
        rate = usual_rate(model.path) if model else DEFAULT_RATE
        self.concerns = concerns(facts, settings, context=context, rate=rate)
        self._is_read = True
        self._show_concerns()
        speed = facts.speed(settings)
        self.desk.background.run(
            self,
            lambda: estimate_time(facts.lengths, speed, settings, model),
            lambda time: self._show_time(speed, settings, time),
            only_newest="time",
        )

    def _show_time(
        self, speed: TrainingSpeed | None, settings: TrainSettings, time: TrainingTime | None
    ) -> None:
        stop = stop_rule_sentence(time.steps, settings) if time is not None else ""
        self.time.setText(f"{_time_sentence(speed, settings, time)} {stop}".strip())

    def show_memory(self, model: ModelFile, settings: TrainSettings) -> None:
        """Show how much memory a training takes."""
        self.memory.show_fit(training_fit(model, settings), training_remedy(model, settings))

    def _show_concerns(self) -> None:
        if not self._is_read:
            return
        clear(self._rows)
        for concern in self.concerns:
            self._rows.addWidget(
                _CheckRow(self.desk, FATAL if concern.is_fatal else WARNING, *concern_text(concern))
            )
        if not self.concerns:
            self._rows.addWidget(_CheckRow(self.desk, GOOD, "No problems found."))


class _CheckRow(QFrame):
    """One finding: an icon, a sentence, its remedy."""

    def __init__(self, desk: Desk, look: tuple[str, Role], text: str, hint: str = "") -> None:
        super().__init__()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(GRID)
        picture = QLabel()
        picture.setPixmap(pixmap(look[0], desk.theme.colours, look[1]))
        row.addWidget(picture, 0, Qt.AlignmentFlag.AlignTop)
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addWidget(label(text, wrap=True))
        if hint:
            words.addWidget(label(hint, wrap=True, size="caption", tone="muted"))
        row.addLayout(words, 1)
        self.setAccessibleName(f"{text} {hint}".strip())


def _time_sentence(speed: TrainingSpeed | None, settings: TrainSettings, time: TrainingTime | None) -> str:
    """Return how many steps a training takes, and how long at the speed of an earlier one."""
    if time is None:
        return "Known after the first steps."
    steps = counted(time.steps, "step") if time.is_exact else f"About {counted(time.steps, 'step')}"
    if speed is None and settings.engine == "mlx":  # the arithmetic below is torch's
        return f"{steps}. How long they take with MLX is known after the first ones. {MORE_TIME}"
    low, high = duration(max(1.0, time.low)), duration(max(1.0, time.high))
    between = low if low == high else f"{low} to {high}"
    if speed is None:
        return (
            f"{steps} in {between}. That is rough: this base model has not been trained here yet, so it is "
            f"estimated from the speed of this machine. The first steps give a better estimate. {MORE_TIME}"
        )
    return (
        f"{steps} in about {between}, at the speed of {speed.training} ({speed.median:,.0f} "
        f"tokens/s). {MORE_TIME}"
    )
