"""The table of families by strategies: the share of correct answers, and each family's strategy."""

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt

from orca_desk.method.pairing import PairingReason
from orca_desk.method.statistics import wilson
from orca_desk.method.strategies import Strategy
from orca_desk.steps.pair.matrix import PairingMatrix
from orca_desk.steps.pair.standing import OUT, CellName, CellState
from orca_desk.ui.theme import Theme, font
from orca_desk.ui.widgets.text import safe_tip
from orca_desk.ui.words.pairing import ABOUT_INTERVAL, SHARES, source_word

Index = QModelIndex | QPersistentModelIndex
INVALID = QModelIndex()
CHOSEN = "✓"
NOT_MEASURED = "–"
# What stands in a cell during a measurement
RUNNING: dict[CellName, str] = {
    "open": "open",
    "eliminated": "out",
    "longer": "out",
    "chosen": "chosen",
    "settled": "not worse",
    "undecided": "no choice",
}
ABOUT_RUNNING: dict[CellName, str] = {
    "open": "still open: it gets more answers",
    "eliminated": "out: clearly worse, so it gets no more answers",
    "longer": "out: longer than another that is not worse, so it gets no more answers",
    "chosen": "chosen: the cheapest that is not worse than the best",
    "settled": "not worse than the best, but not the cheapest",
    "undecided": "the answers do not settle it",
}


class PairingMatrixModel(QAbstractTableModel):
    """One row per family and one column per strategy, plus one for the source of the pairing.

    All numbers are of one basis. During a measurement, cells show where it stands (`show_standing`).
    """

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.content = PairingMatrix()
        self._running: dict[tuple[str, str], CellState] = {}
        theme.changed.connect(self._repaint)

    def show(self, content: PairingMatrix) -> None:
        """Show new numbers. If families and strategies are the same, the selection stays."""
        before, self.content = self.content, content
        same = [one.name for one in before.strategies] == [one.name for one in content.strategies]
        if same and before.families == content.families:
            self._repaint()
            return
        self.content = before
        self.beginResetModel()
        self.content = content
        self.endResetModel()

    def show_standing(self, cells: Mapping[tuple[str, str], CellState]) -> None:
        """Show where a running measurement stands; cells that it does not measure stay as they are.

        Nothing is painted before `repaint_running`: the caller does that a few times per second at most.
        """
        self._running = dict(cells)

    def repaint_running(self) -> None:
        """Paint what `show_standing` got."""
        self._repaint()

    def clear_running(self) -> None:
        """Show the library's numbers again, after a measurement."""
        self._running.clear()
        self._repaint()

    def family(self, index: Index) -> str:
        """Return the family of a cell."""
        return self.content.families[index.row()]

    def strategy(self, index: Index) -> Strategy | None:
        """Return the strategy of a cell, or None in the last column."""
        found = self.content.strategies
        return found[index.column()] if index.column() < len(found) else None

    def rowCount(self, parent: Index = INVALID) -> int:  # noqa: N802 - Qt's name
        """Return the number of families."""
        return 0 if parent.isValid() else len(self.content.families)

    def columnCount(self, parent: Index = INVALID) -> int:  # noqa: N802 - Qt's name
        """Return the number of strategies, plus one."""
        return 0 if parent.isValid() else len(self.content.strategies) + 1

    def headerData(  # noqa: N802 - Qt's name
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        """Return a family's name or a strategy's title."""
        if orientation == Qt.Orientation.Vertical:
            names = self.content.families
            return names[section] if role == Qt.ItemDataRole.DisplayRole and section < len(names) else None
        found = self.content.strategies
        if section >= len(found):
            return "Paired" if role == Qt.ItemDataRole.DisplayRole else None
        if role == Qt.ItemDataRole.DisplayRole:
            return found[section].title
        if role == Qt.ItemDataRole.ToolTipRole:
            return safe_tip(f"{found[section].description} {ABOUT_INTERVAL}")
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return a cell's text, its tint, or its tooltip."""
        if not index.isValid() or index.row() >= len(self.content.families):
            return None
        family, strategy = self.family(index), self.strategy(index)
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return Qt.AlignmentFlag.AlignCenter
        if strategy is None:
            return self._paired(family, role)
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return self._text(family, strategy.name)
            case Qt.ItemDataRole.FontRole:
                return font("body", bold=self._is_chosen(family, strategy.name))
            case Qt.ItemDataRole.BackgroundRole:
                return self._background(family, strategy.name)
            case Qt.ItemDataRole.ForegroundRole:
                return self._foreground(family, strategy.name)
            case Qt.ItemDataRole.ToolTipRole:
                return safe_tip(self.sentence(family, strategy.name))
            case Qt.ItemDataRole.AccessibleTextRole:
                return self.sentence(family, strategy.name)
        return None

    def sentence(self, family: str, strategy: str) -> str:
        """Describe a cell: its correct answers, their share with its interval, and the mean length."""
        title = next(one.title for one in self.content.strategies if one.name == strategy)
        words = [f"{family}, {title}:"]
        share = SHARES[self.content.basis]
        if running := self._running.get((family, strategy)):
            counts = f"{running.correct:,} of {running.n:,} {share} so far"
            words.append(f"measuring, {counts}; {ABOUT_RUNNING[running.state]}.")
        elif found := self.content.evidence.get((family, strategy)):
            low, high = found.interval
            words.append(
                f"{found.correct:,} of {found.n:,} {share}, {found.accuracy:.0%} "
                f"(95% interval {low:.0%} to {high:.0%}), "
                f"{found.mean_tokens:.0f} tokens per answer."
            )
            if (family, strategy) in self.content.earlier:
                words.append("Measured with an earlier version of its instruction: measure it again.")
        else:
            words.append("not measured.")
        words.append(
            "The family is paired with this strategy."
            if self._is_chosen(family, strategy)
            else "The family is not paired with this strategy."
        )
        return " ".join(words)

    def _text(self, family: str, strategy: str) -> str:
        """Return the share of correct answers, and below it the counts and the interval behind it."""
        chosen = f"{CHOSEN} " if self._is_chosen(family, strategy) else ""
        if running := self._running.get((family, strategy)):
            if not running.n:
                return f"{chosen}… {RUNNING[running.state]}"
            low, high = wilson(running.correct, running.n)
            basis = f"{running.correct:,}/{running.n:,} · {100 * low:.0f}–{100 * high:.0f}%"
            return f"{chosen}{running.correct / running.n:.0%} {RUNNING[running.state]}\n{basis}"
        found = self.content.evidence.get((family, strategy))
        if found is None:
            return f"{chosen}{NOT_MEASURED}"
        low, high = found.interval
        earlier = " (earlier)" if self._is_earlier(family, strategy) else ""
        basis = f"{found.correct:,}/{found.n:,} · {100 * low:.0f}–{100 * high:.0f}%"
        return f"{chosen}{found.accuracy:.0%}{earlier}\n{basis}"

    def _foreground(self, family: str, strategy: str) -> Any:
        """Return the colour of a share; nothing correct is a warning, also where it is the best there is."""
        running = self._running.get((family, strategy))
        measured = self._measured(family, strategy)
        is_out = running is not None and running.state in OUT
        if measured is None or is_out or self._is_earlier(family, strategy):
            return self._theme.colours("muted")
        return self._theme.colours("warn") if measured[0] == 0 else None

    def _background(self, family: str, strategy: str) -> Any:
        measured = self._measured(family, strategy)
        if not measured or self._is_earlier(family, strategy):
            return None
        return self._theme.colours.tint("teacher", 0.02 + 0.3 * measured[0] / measured[1])

    def _measured(self, family: str, strategy: str) -> tuple[int, int] | None:
        if running := self._running.get((family, strategy)):
            return (running.correct, running.n) if running.n else None
        found = self.content.evidence.get((family, strategy))
        return (found.correct, found.n) if found else None

    def _is_earlier(self, family: str, strategy: str) -> bool:
        """Return whether a cell shows what an earlier instruction of the strategy achieved."""
        key = (family, strategy)
        return key in self.content.earlier and key not in self._running

    def _is_chosen(self, family: str, strategy: str) -> bool:
        pairing = self.content.pairings.get(family)
        return pairing is not None and pairing.strategy == strategy

    def _paired(self, family: str, role: int) -> Any:
        """Return the last column's cell: the family's strategy and how it was chosen, or why it has none."""
        pairing = self.content.pairings.get(family)
        if role == Qt.ItemDataRole.ForegroundRole:
            return None if pairing else self._theme.colours("warn")
        if role not in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return None
        if pairing is None:
            return f"not paired\n{self._why_not(family)}"
        titles = {one.name: one.title for one in self.content.strategies}
        source = source_word(pairing, is_earlier=(family, pairing.strategy) in self.content.earlier)
        text = f"{titles.get(pairing.strategy, pairing.strategy)}\n{source}"
        return safe_tip(text) if role == Qt.ItemDataRole.ToolTipRole else text

    def _why_not(self, family: str) -> str:
        if undecided := self.content.undecided.get(family):
            return "no evidence" if undecided.reason == PairingReason.NONE_CORRECT else "no choice yet"
        if any(each == family for each, _ in self.content.evidence.keys() - self.content.earlier):
            return "no evidence"
        if self.content.tasks.get(family):
            return "not measured"
        return "no reference answers" if self.content.train.get(family) else "no task to measure on"

    def _repaint(self) -> None:
        if self.rowCount():
            last = self.index(self.rowCount() - 1, self.columnCount() - 1)
            self.dataChanged.emit(self.index(0, 0), last)
