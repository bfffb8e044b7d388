"""Why a family is paired with its strategy, and its earlier pairings."""

from collections.abc import Mapping, Sequence

from PySide6.QtWidgets import QVBoxLayout, QWidget

from orca_desk.library.pairings import StoredPairing
from orca_desk.ui.theme import GRID
from orca_desk.ui.widgets.row_table import row_table
from orca_desk.ui.widgets.rows import Column, RowsModel
from orca_desk.ui.widgets.text import card, label
from orca_desk.ui.widgets.when import when
from orca_desk.ui.words.pairing import pairing_reason, source_word


class PairingHistory(QWidget):
    """The pairing of one family with its reason, and all its pairings, the newest first."""

    def __init__(self) -> None:
        super().__init__()
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        frame, layout = card()
        outer.addWidget(frame)
        self.heading = label(bold=True, wrap=True)
        self.reason = label(tone="muted", wrap=True, selectable=True)
        layout.addWidget(self.heading)
        layout.addWidget(self.reason)
        self._titles: Mapping[str, str] = {}
        self.model: RowsModel[StoredPairing] = RowsModel(
            (
                Column("When", lambda one: when(one.created_at)),
                Column("Strategy", lambda one: self._titles.get(one.strategy, one.strategy)),
                Column("Source", source_word),
                Column("Why", lambda one: pairing_reason(one.pairing)),
            )
        )
        self.view = row_table(self.model, "Pairings of the family, the newest first")
        self.view.setMinimumHeight(8 * GRID)
        for column, width in enumerate((17 * GRID, 24 * GRID, 11 * GRID)):
            self.view.horizontalHeader().resizeSection(column, width)
        layout.addWidget(self.view, 1)

    def show_history(self, family: str, history: Sequence[StoredPairing], titles: Mapping[str, str]) -> None:
        """Show a family's pairings, the newest first; `titles` are those of the strategies, by name."""
        if history:
            name = titles.get(history[0].strategy, history[0].strategy)
            self.heading.setText(f"{family}: {name}")
            self.reason.setText(self._why(history[0]))
        else:
            self.heading.setText(f"{family}: not paired yet")
            self.reason.setText("Measure the strategies, or select one and pair the family with it.")
        self._titles = titles
        self.model.show(history)

    def _why(self, pairing: StoredPairing) -> str:
        if pairing.source == "chosen":
            return f"You chose it, {when(pairing.created_at)}."
        return f"Measured {when(pairing.created_at)}: {pairing_reason(pairing.pairing)}"
