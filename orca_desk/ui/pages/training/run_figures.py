"""The newest figures of a training in a row."""

from collections.abc import Mapping
from typing import Any

from PySide6.QtWidgets import QFrame, QLabel, QVBoxLayout

from orca_desk.ui.theme import GRID
from orca_desk.ui.widgets.flow_row import FlowRow
from orca_desk.ui.widgets.text import label
from orca_desk.ui.words.progress import duration

NONE = "–"


class RunFigures(QFrame):
    """Shows step, losses, learning rate, speed and time."""

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("kind", "card")
        row = FlowRow(spacing=2 * GRID)
        self.setLayout(row)
        row.setContentsMargins(2 * GRID, GRID + 4, 2 * GRID, GRID + 4)
        self.values: dict[str, QLabel] = {}
        for key, name in (
            ("step", "Step"),
            ("epoch", "Epoch"),
            ("loss", "Loss"),
            ("validation", "Validation loss"),
            ("rate", "Learning rate"),
            ("speed", "Tokens/s"),
            ("elapsed", "Elapsed"),
            ("left", "Time left"),
        ):
            column = QVBoxLayout()
            column.setSpacing(2)
            column.addWidget(label(name, size="caption", tone="muted"))
            self.values[key] = value = label(NONE, bold=True)
            value.setAccessibleName(name)
            column.addWidget(value)
            row.addLayout(column, 1)

    def clear(self) -> None:
        """Show no figures."""
        for value in self.values.values():
            value.setText(NONE)

    def show_metrics(self, event: Mapping[str, Any]) -> None:
        """Show the metrics of one step."""
        self._set("step", f"{event['step']:,} of {event['steps']:,}")
        self._set("epoch", str(event["epoch"]))
        self._set("loss", f"{event['loss']:.4f}")
        self._set("rate", f"{event['lr']:.2e}")
        self._set("speed", f"{event['tokens_per_second']:,.0f}")

    def show_validation(self, loss: float) -> None:
        """Show the newest validation loss."""
        self._set("validation", f"{loss:.4f}")

    def show_time(self, seconds: float | None, left: float | None) -> None:
        """Show the seconds since the start, and the estimated seconds left."""
        self._set("elapsed", NONE if seconds is None else duration(seconds))
        self._set("left", NONE if left is None else duration(left))

    def _set(self, key: str, text: str) -> None:
        self.values[key].setText(text)
