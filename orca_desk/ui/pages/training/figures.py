"""The newest numbers of a training in a row."""

from collections.abc import Mapping
from typing import Any

from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QVBoxLayout

from orca_desk.ui.theme import GRID
from orca_desk.ui.widgets.job_panel import duration
from orca_desk.ui.widgets.text import label

NOTHING = "–"


class Figures(QFrame):
    """The newest numbers in a row: step, losses, learning rate, speed, time."""

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("kind", "card")
        row = QHBoxLayout(self)
        row.setContentsMargins(2 * GRID, GRID + 4, 2 * GRID, GRID + 4)
        row.setSpacing(2 * GRID)
        self.values: dict[str, QLabel] = {}
        for key, name in (
            ("step", "Step"),
            ("epoch", "Epoch"),
            ("loss", "Loss"),
            ("evaluation", "Evaluation loss"),
            ("rate", "Learning rate"),
            ("speed", "Tokens/s"),
            ("elapsed", "Elapsed"),
            ("left", "Time left"),
        ):
            column = QVBoxLayout()
            column.setSpacing(2)
            column.addWidget(label(name, size="caption", tone="muted"))
            self.values[key] = value = label(NOTHING, bold=True)
            value.setAccessibleName(name)
            column.addWidget(value)
            row.addLayout(column, 1)

    def clear(self) -> None:
        """Show nothing."""
        for value in self.values.values():
            value.setText(NOTHING)

    def show_metrics(self, event: Mapping[str, Any]) -> None:
        """Show what one step measured."""
        self._set("step", f"{event['step']:,} of {event['steps']:,}")
        self._set("epoch", str(event["epoch"]))
        self._set("loss", f"{event['loss']:.4f}")
        self._set("rate", f"{event['lr']:.2e}")
        self._set("speed", f"{event['tokens_per_second']:,.0f}")

    def show_evaluation(self, loss: float) -> None:
        """Show the newest evaluation loss."""
        self._set("evaluation", f"{loss:.4f}")

    def show_time(self, seconds: float | None, left: float | None) -> None:
        """Show the time since the start, and the estimate of what is left."""
        self._set("elapsed", NOTHING if seconds is None else duration(seconds))
        self._set("left", NOTHING if left is None else duration(left))

    def _set(self, key: str, text: str) -> None:
        self.values[key].setText(text)
