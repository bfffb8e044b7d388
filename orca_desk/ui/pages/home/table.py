"""The demo's result as a table: per family, each model's share of correct answers and its tokens."""

from typing import Any, Literal

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt

from orca_desk.method.statistics import Share
from orca_desk.steps.demo.result import MODELS, DemoResult
from orca_desk.steps.evaluate.scoring import OVERALL, Score
from orca_desk.ui.theme import Role, Theme, font
from orca_desk.ui.widgets.text import safe_tip

Index = QModelIndex | QPersistentModelIndex
INVALID = QModelIndex()
ModelTone = Literal["base", "student", "teacher"]
ROLES: dict[str, ModelTone] = {"base": "base", "tuned": "student", "teacher": "teacher"}
SYMBOLS = {"base": "●", "tuned": "■", "teacher": "▲"}  # as in the plot
STRATEGY = 1  # the column of the paired strategy
TOKENS = 3, 5, 7  # the columns of mean tokens


class DemoResultTable(QAbstractTableModel):
    """One row per family, then one overall: the paired strategy, and each model's share and tokens."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._rows: list[tuple[str, str, dict[str, Score]]] = []
        theme.changed.connect(self._repaint)

    def show_result(self, found: DemoResult) -> None:
        """Show a result."""
        self.beginResetModel()
        self._rows = [
            (family, found.pairings.get(family, ""), {who: found.scores[who][family] for who in MODELS})
            for family in found.scores["tuned"]
        ]
        self.endResetModel()

    def rowCount(self, parent: Index = INVALID) -> int:  # noqa: N802 - Qt's name
        """Return the number of families, plus one."""
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index = INVALID) -> int:  # noqa: N802 - Qt's name
        """Return the number of columns."""
        return 0 if parent.isValid() else 2 + 2 * len(MODELS)

    def headerData(  # noqa: N802 - Qt's name
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        """Return a column's name."""
        if orientation != Qt.Orientation.Horizontal or not 0 <= section < self.columnCount():
            return None
        who, is_share = _model_of(section)
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _alignment(section)
        if role == Qt.ItemDataRole.ToolTipRole and who:
            return "95% interval (Wilson)" if is_share else "Mean tokens per answer"
        if role != Qt.ItemDataRole.DisplayRole:
            return None
        if not who:
            return ("Family", "Paired strategy")[section]
        names = {"base": "Base", "tuned": "Tuned", "teacher": "Teacher"}
        return f"{SYMBOLS[who]} {names[who]}" if is_share else "tokens"

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return a cell's text, its colour by model, or its tooltip."""
        if not index.isValid() or index.row() >= len(self._rows):
            return None
        family, strategy, scores = self._rows[index.row()]
        who, is_share = _model_of(index.column())
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _alignment(index.column())
        if role == Qt.ItemDataRole.FontRole:
            return font("body", bold=family == OVERALL)
        if role == Qt.ItemDataRole.ForegroundRole:
            tone: Role = ROLES[who] if who and is_share else "muted" if index.column() else "text"
            return self._theme.colours(tone)
        if role == Qt.ItemDataRole.ToolTipRole and not who and strategy:
            return safe_tip(f"{family} is paired with {strategy}")
        if role == Qt.ItemDataRole.ToolTipRole and who:
            right = scores[who].accuracy
            return f"{right.correct:,} of {right.n:,} correct"
        if role != Qt.ItemDataRole.DisplayRole:
            return None
        if not who:
            return ("Overall" if family == OVERALL else family, strategy)[index.column()]
        return percent(scores[who].accuracy) if is_share else f"{scores[who].mean_tokens:.0f}"

    def _repaint(self) -> None:
        if self._rows:
            last = self.index(len(self._rows) - 1, self.columnCount() - 1)
            self.dataChanged.emit(self.index(0, 0), last)


def percent(right: Share) -> str:
    """Write a share with its interval: 84% (72–91)."""
    return f"{right.share:.0%} ({right.low * 100:.0f}–{right.high * 100:.0f})"


def _model_of(column: int) -> tuple[str, bool]:
    """Return the model of a column ("" for the first two), and whether it shows the share, not the tokens."""
    return ("", False) if column < 2 else (MODELS[(column - 2) // 2], column % 2 == 0)


def _alignment(column: int) -> Qt.AlignmentFlag:
    side = Qt.AlignmentFlag.AlignLeft if column < 2 else Qt.AlignmentFlag.AlignRight
    return side | Qt.AlignmentFlag.AlignVCenter
