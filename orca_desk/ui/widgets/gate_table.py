"""The gate's table: one row per file with what was compared, and the first difference of one that failed."""

from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QVBoxLayout, QWidget

from orca_desk.parity.table import GateRow, GateTable
from orca_desk.ui.icons import icon
from orca_desk.ui.theme import GRID, Theme
from orca_desk.ui.widgets.rows import Column, RowsModel
from orca_desk.ui.widgets.text import label, safe_tip, set_tone
from orca_desk.ui.widgets.whole_table import fit_whole_table, whole_table
from orca_desk.ui.words.parity import (
    ends_text,
    gate_sentence,
    logits_text,
    rounding_text,
    row_sentence,
    strength_text,
    tokens_text,
)

COLUMNS = (
    Column[GateRow]("File", lambda row: row.label),
    Column[GateRow]("Check", lambda row: "passed" if row.passed else "failed"),
    Column[GateRow](
        "Prompts",
        lambda row: f"{row.prompts - row.prompts_differ:,} of {row.prompts:,}",
        tip="Held-out prompts that torch and llama.cpp read as the same tokens",
    ),
    Column[GateRow](
        "Tokens equal",
        tokens_text,
        tip="Tokens of llama.cpp's most likely answers that torch would choose too. Near-tied: another token "
        "is almost as likely, so that rounding decides.",
    ),
    Column[GateRow](
        "Logits apart",
        logits_text,
        tip="How far the scores of the next token are apart, as a share of their spread, and how much of it "
        "rounding explains. The largest difference; of a quantised file, the typical one.",
    ),
    Column[GateRow](
        "Answers ended", ends_text, tip="Answers that stop by themselves within the tokens compared"
    ),
    Column[GateRow](
        "Weights off",
        rounding_text,
        tip="How far the weights of a whole file are from what was trained, as a share of their size, and "
        "how much of it rounding explains",
    ),
    Column[GateRow](
        "Adapter", strength_text, tip="How much of the adapter's change the file holds; 100% is all of it"
    ),
)


class GateTableView(QWidget):
    """Shows a gate's table and, below it, what was found in one sentence."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.model = _GateRows(theme)
        self.view = whole_table(self.model, "Check of every file")
        self.sentence = label(wrap=True, selectable=True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GRID)
        layout.addWidget(self.view)
        layout.addWidget(self.sentence)
        layout.addStretch(1)
        theme.changed.connect(self.model.repaint)

    def show_table(self, table: GateTable) -> None:
        """Show a table at its full height."""
        self.model.show(table.rows)
        fit_whole_table(self.view)
        self.sentence.setText(gate_sentence(table))
        set_tone(self.sentence, "" if table.passed else "bad")


class _GateRows(RowsModel[GateRow]):
    """The rows, with a sign for each verdict and the whole finding as tool tip."""

    def __init__(self, theme: Theme) -> None:
        super().__init__(COLUMNS)
        self._theme = theme

    def cell(self, row: GateRow, column: int, role: int) -> Any:
        """Return the sign beside the verdict, and the finding."""
        if role == Qt.ItemDataRole.ToolTipRole:
            return safe_tip(row_sentence(row))
        if role == Qt.ItemDataRole.DecorationRole and COLUMNS[column].title == "Check":
            colours = self._theme.colours
            return icon("circle-check", colours, "good") if row.passed else icon("circle-x", colours, "bad")
        return None
