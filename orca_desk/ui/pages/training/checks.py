"""What is to be known before a training starts: what speaks against it, its memory and its time."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from orca_desk.models.model_file import ModelFile
from orca_desk.steps.train.checks import Concern, Facts, concerns, estimate_memory, estimate_time
from orca_desk.student.settings import TrainSettings
from orca_desk.ui.desk import Desk
from orca_desk.ui.icons import pixmap
from orca_desk.ui.theme import GRID, Role
from orca_desk.ui.widgets.fit_bar import FitBar
from orca_desk.ui.widgets.job_panel import duration
from orca_desk.ui.widgets.layouts import clear
from orca_desk.ui.widgets.text import label

LOOKS: dict[str, tuple[str, Role]] = {
    "bad": ("circle-x", "bad"),
    "warn": ("triangle-alert", "warn"),
    "good": ("circle-check", "good"),
}


class Checks(QWidget):
    """Shows concerns, memory and time for a base, a snapshot's facts and settings."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk
        self.found: list[Concern] = []
        self._is_read = False
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GRID)
        layout.addWidget(label("Snapshot and settings", bold=True))
        self._concerns = QVBoxLayout()
        self._concerns.setSpacing(GRID)
        layout.addLayout(self._concerns)
        layout.addSpacing(GRID)
        layout.addWidget(label("Memory", bold=True))
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
        """Whether the training would be refused."""
        return any(concern.weight == "bad" for concern in self.found)

    def show_reading(self) -> None:
        """Say that the snapshot is being read."""
        self._is_read = False
        clear(self._concerns)
        self._concerns.addWidget(
            label("Reading the snapshot and measuring its records…", tone="muted", wrap=True)
        )
        self.time.setText("…")

    def show_facts(self, facts: Facts, model: ModelFile | None, settings: TrainSettings) -> None:
        """Show what `facts` mean for a training with `settings`."""
        context = model.context if model else 0
        self.found = concerns(facts, settings, context=context)
        self._is_read = True
        self._show_concerns()
        self.time.setText(self._time(facts, settings, context))

    def show_memory(self, model: ModelFile, settings: TrainSettings) -> None:
        """Show the estimate of the memory that a training takes."""
        self.memory.show_fit(estimate_memory(model, settings))

    def _time(self, facts: Facts, settings: TrainSettings, context: int) -> str:
        span = estimate_time(facts, settings, context=context)
        if span is None:
            return "Not known before the first steps."
        if facts.speed is None:
            return (
                f"About {span.steps:,} steps. How long they take will be known after the first ones: "
                "this base was not trained here before."
            )
        return (
            f"About {span.steps:,} steps in {duration(span.low)} to {duration(span.high)}, "
            f"at the speed of {facts.speed.training} ({facts.speed.middle:,.0f} tokens/s). "
            "Evaluation, export and the check come on top."
        )

    def _show_concerns(self) -> None:
        if not self._is_read:
            return
        clear(self._concerns)
        calm = Concern(weight="good", text="Nothing speaks against this training.")
        for concern in self.found or [calm]:
            self._concerns.addWidget(_Row(self.desk, concern))


class _Row(QFrame):
    """One concern: an icon, a sentence, its remedy."""

    def __init__(self, desk: Desk, concern: Concern) -> None:
        super().__init__()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(GRID)
        picture = QLabel()
        picture.setPixmap(pixmap(LOOKS[concern.weight][0], desk.theme.colours, LOOKS[concern.weight][1]))
        row.addWidget(picture, 0, Qt.AlignmentFlag.AlignTop)
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addWidget(label(concern.text, wrap=True))
        if concern.hint:
            words.addWidget(label(concern.hint, wrap=True, size="caption", tone="muted"))
        row.addLayout(words, 1)
        self.setAccessibleName(f"{concern.text} {concern.hint}")
