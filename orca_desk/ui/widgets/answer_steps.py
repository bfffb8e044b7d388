"""The steps of an answer, numbered, each with what its check says; the first incorrect one is selected."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QAbstractItemView, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from orca_desk.method.answer_reading import AnswerReading
from orca_desk.ui.icons import icon, icon_size
from orca_desk.ui.theme import GRID, Role, Theme, font
from orca_desk.ui.widgets.text import label, safe_tip
from orca_desk.ui.words.answer_steps import (
    CHECKER_HELP,
    OUTCOMES,
    fault_reason,
    reading_summary,
    step_name,
    steps_summary,
)
from orca_desk.ui.words.shorten import shorten

LONGEST_STEP = 600  # characters on screen
MOST_STEPS = 300  # rows
MARKS: dict[str, tuple[str, Role]] = {
    "correct": ("circle-check", "good"),
    "incorrect": ("circle-x", "bad"),
    "unchecked": ("minus", "muted"),
}
UNCHECKED_TIP = "Not checked: the checker could not read all of this step, or there is none here."


class AnswerStepsView(QWidget):
    """A read-only list of steps. `step_chosen` tells where the selected one begins and ends in the answer."""

    step_chosen = Signal(int, int)

    def __init__(self, theme: Theme, name: str = "", *, tells_strategy: bool = True) -> None:
        """`name` is whose answer it is; without `tells_strategy` the line above leaves the strategy out."""
        super().__init__()
        self._theme, self._tells_strategy = theme, tells_strategy
        self._reading: AnswerReading | None = None
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GRID // 2)
        self.summary = label(size="caption", tone="muted", wrap=True)
        self.summary.setToolTip(CHECKER_HELP["auto"])
        self.steps = QListWidget()
        self.steps.setAccessibleName(f"Steps of the answer of {name}" if name else "Steps of the answer")
        self.steps.setWordWrap(True)
        self.steps.setTextElideMode(Qt.TextElideMode.ElideNone)
        self.steps.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.steps.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.steps.setResizeMode(QListWidget.ResizeMode.Adjust)
        self.steps.setIconSize(icon_size(15))
        self.steps.setFont(font("body"))
        self.steps.setMinimumHeight(5 * GRID)
        self.steps.currentRowChanged.connect(self._choose)
        layout.addWidget(self.summary)
        layout.addWidget(self.steps, 1)
        theme.changed.connect(self._paint)

    def show_reading(self, reading: AnswerReading | None) -> None:
        """Show an answer's steps; nothing for None."""
        self._reading = reading
        self.steps.blockSignals(True)
        self.steps.clear()
        if reading is None:
            self.summary.setText("")
        else:
            summary = reading_summary if self._tells_strategy else steps_summary
            self.summary.setText(summary(reading))
            for step, check in list(zip(reading.steps, reading.checks, strict=True))[:MOST_STEPS]:
                why = fault_reason(check)
                text = f"{step.number}.  {shorten(' '.join(step.text.split()), LONGEST_STEP)}"
                item = QListWidgetItem(f"{text}\n{why}" if why else text)
                said = f"{step_name(step)}: {OUTCOMES[check.outcome]}. {why}".strip()
                item.setToolTip(safe_tip(said if check.outcome != "unchecked" else UNCHECKED_TIP))
                item.setData(Qt.ItemDataRole.AccessibleTextRole, f"{text} {OUTCOMES[check.outcome]}. {why}")
                self.steps.addItem(item)
            if len(reading.steps) > MOST_STEPS:
                self.steps.addItem(f"… and {len(reading.steps) - MOST_STEPS:,} more steps, not shown")
            self._paint()
        self.steps.blockSignals(False)
        if reading is not None and reading.first_incorrect is not None:
            self.steps.setCurrentRow(min(reading.first_incorrect, MOST_STEPS) - 1)

    def _choose(self, row: int) -> None:
        if self._reading is not None and 0 <= row < min(len(self._reading.steps), MOST_STEPS):
            step = self._reading.steps[row]
            self.step_chosen.emit(step.start, step.end)

    def _paint(self) -> None:
        if self._reading is None:
            return
        colours = self._theme.colours
        for row, check in enumerate(self._reading.checks[:MOST_STEPS]):
            image, role = MARKS[check.outcome]
            item = self.steps.item(row)
            item.setIcon(icon(image, colours, role))
            item.setForeground(colours("muted" if check.outcome == "unchecked" else "text"))
