"""All pairings of a family: when, by what, and why."""

from collections.abc import Mapping, Sequence

from PySide6.QtWidgets import QVBoxLayout, QWidget

from orca_desk.library.pairings import StoredPairing
from orca_desk.method.pairing import ChoiceRule
from orca_desk.ui.theme import GRID
from orca_desk.ui.widgets.row_table import row_table
from orca_desk.ui.widgets.rows import Column, RowsModel
from orca_desk.ui.widgets.when import when
from orca_desk.ui.words.pairing import overruled, pairing_reason, source_word


class PairingHistory(QWidget):
    """A table of the pairings of one family, the newest first."""

    def __init__(self) -> None:
        super().__init__()
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, GRID, 0, 0)
        self._titles: Mapping[str, str] = {}
        self.model: RowsModel[StoredPairing] = RowsModel(
            (
                Column("When", lambda one: when(one.created_at), sort=lambda one: one.created_at),
                Column("Strategy", lambda one: self._titles.get(one.strategy, one.strategy)),
                Column("Source", source_word),
                Column("Why", self._why),
            )
        )
        self.view = row_table(self.model, "Pairings of the family, the newest first", main=3)
        self.view.setMinimumHeight(8 * GRID)
        self.view.set_widths((17 * GRID, 24 * GRID, 11 * GRID))
        outer.addWidget(self.view, 1)

    def show_history(self, history: Sequence[StoredPairing], titles: Mapping[str, str]) -> None:
        """Show a family's pairings, the newest first; `titles` are those of the strategies, by name."""
        self._titles = titles
        self.model.show(history)

    def _why(self, stored: StoredPairing) -> str:
        rule = ChoiceRule.from_json(stored.details)
        return overruled(stored, self._titles) or pairing_reason(stored.pairing, rule, self._titles)
