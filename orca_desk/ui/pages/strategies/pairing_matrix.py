"""The table of families by strategies: the share of correct answers, and each family's strategy."""

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt

from orca_desk.method.statistics import share_of
from orca_desk.method.strategies import Strategy
from orca_desk.steps.pair.matrix import PairingMatrix
from orca_desk.ui.theme import Theme, font
from orca_desk.ui.widgets.text import safe_tip
from orca_desk.ui.words.pairing import source_word

Index = QModelIndex | QPersistentModelIndex
INVALID = QModelIndex()
CHOSEN = "✓"
NOT_MEASURED = "–"


class PairingMatrixModel(QAbstractTableModel):
    """One row per family and one column per strategy, plus one for the source of the pairing.

    During a measurement, `count` adds answers as they arrive, and their cells show these.
    """

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.content = PairingMatrix()
        self._running: dict[tuple[str, str], tuple[int, int]] = {}
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

    def count(self, answers: Sequence[tuple[str, str, bool]]) -> None:
        """Add answers of a running measurement as (family, strategy, correct)."""
        for family, strategy, is_correct in answers:
            correct, n = self._running.get((family, strategy), (0, 0))
            self._running[family, strategy] = (correct + is_correct, n + 1)

    def repaint_counts(self) -> None:
        """Show the counts. Painting takes time, so the caller does this a few times per second at most."""
        self._repaint()

    def clear_counts(self) -> None:
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
            return safe_tip(found[section].description)
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
        if running := self._running.get((family, strategy)):
            words.append("measuring, {:,} of {:,} correct so far.".format(*running))
        elif found := self.content.evidence.get((family, strategy)):
            share = share_of(found.correct, found.n)
            words.append(
                f"{found.correct:,} of {found.n:,} correct, {share.share:.0%} "
                f"(95% interval {share.low:.0%} to {share.high:.0%}), "
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
        measured = self._measured(family, strategy)
        share, basis = NOT_MEASURED, ""
        if measured:
            found = share_of(*measured)
            share = f"{found.share:.0%}"
            basis = f"\n{found.correct:,}/{found.n:,} · {100 * found.low:.0f}–{100 * found.high:.0f}%"
        if (family, strategy) in self._running:
            share = f"{share} …"
        elif self._is_earlier(family, strategy):
            share = f"{share} (earlier)"
        return f"{CHOSEN} {share}{basis}" if self._is_chosen(family, strategy) else f"{share}{basis}"

    def _foreground(self, family: str, strategy: str) -> Any:
        """Return the colour of a share; nothing correct is a warning, also where it is the best there is."""
        measured = self._measured(family, strategy)
        if measured is None or self._is_earlier(family, strategy):
            return self._theme.colours("muted")
        return self._theme.colours("warn") if measured[0] == 0 else None

    def _background(self, family: str, strategy: str) -> Any:
        measured = self._measured(family, strategy)
        if not measured or self._is_earlier(family, strategy):
            return None
        return self._theme.colours.tint("teacher", 0.02 + 0.3 * measured[0] / measured[1])

    def _measured(self, family: str, strategy: str) -> tuple[int, int] | None:
        if running := self._running.get((family, strategy)):
            return running
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
        if any(each == family for each, _ in self.content.evidence.keys() - self.content.earlier):
            return "no evidence"
        return "not measured" if self.content.tasks.get(family) else "no task to measure on"

    def _repaint(self) -> None:
        if self.rowCount():
            last = self.index(self.rowCount() - 1, self.columnCount() - 1)
            self.dataChanged.emit(self.index(0, 0), last)
