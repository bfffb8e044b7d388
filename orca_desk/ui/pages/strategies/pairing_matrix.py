"""Families by strategies: how often the teacher was right, and which strategy each family gets."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt

from orca_desk.library.pairings import StoredPairing
from orca_desk.method.pairing import Evidence
from orca_desk.method.statistics import share_of
from orca_desk.method.strategies import Strategy
from orca_desk.ui.theme import Theme, font
from orca_desk.ui.widgets.text import safe_tip

Index = QModelIndex | QPersistentModelIndex
INVALID = QModelIndex()
CHOSEN = "✓"
NOT_MEASURED = "–"


@dataclass(frozen=True, kw_only=True)
class MatrixContent:
    """What the matrix shows."""

    families: tuple[str, ...] = ()
    tasks: Mapping[str, int] = field(default_factory=dict)  # to measure by, in each family
    strategies: tuple[Strategy, ...] = ()
    evidence: Mapping[tuple[str, str], Evidence]
    pairings: Mapping[str, StoredPairing]


class PairingMatrixModel(QAbstractTableModel):
    """A row a family, a column a strategy, and one for how the pairing came about.

    While strategies are being measured, `count` adds answers as they come, and their cells show these.
    """

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.content = MatrixContent(evidence={}, pairings={})
        self._running: dict[tuple[str, str], tuple[int, int]] = {}
        theme.changed.connect(self._repaint)

    def show(self, content: MatrixContent) -> None:
        """Show other numbers; families and strategies that stay keep their cells, and so the selection."""
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
        """Add answers (family, strategy, whether right) of a measurement that is going on."""
        for family, strategy, right in answers:
            correct, n = self._running.get((family, strategy), (0, 0))
            self._running[family, strategy] = (correct + right, n + 1)

    def repaint_counts(self) -> None:
        """Show what was counted: seldom enough, the caller sees to that."""
        self._repaint()

    def forget_counts(self) -> None:
        """The measurement is over: show what is in the library."""
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
        """Return how many families there are."""
        return 0 if parent.isValid() else len(self.content.families)

    def columnCount(self, parent: Index = INVALID) -> int:  # noqa: N802 - Qt's name
        """Return how many strategies there are, and one more."""
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
        """Return what a cell shows: text first, and a tint beside it."""
        if not index.isValid() or index.row() >= len(self.content.families):
            return None
        family, strategy = self.family(index), self.strategy(index)
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return Qt.AlignmentFlag.AlignCenter
        if strategy is None:
            return self._source(family) if role == Qt.ItemDataRole.DisplayRole else None
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return self._text(family, strategy.name)
            case Qt.ItemDataRole.FontRole:
                return font("body", bold=self._is_chosen(family, strategy.name))
            case Qt.ItemDataRole.BackgroundRole:
                return self._ground(family, strategy.name)
            case Qt.ItemDataRole.ForegroundRole:
                measured = self._measured(family, strategy.name)
                return None if measured else self._theme.colours("muted")
            case Qt.ItemDataRole.ToolTipRole:
                return safe_tip(self.sentence(family, strategy.name))
            case Qt.ItemDataRole.AccessibleTextRole:
                return self.sentence(family, strategy.name)
        return None

    def sentence(self, family: str, strategy: str) -> str:
        """Say what is known of a cell: right of asked, the share with its interval, and the length."""
        title = next(one.title for one in self.content.strategies if one.name == strategy)
        words = [f"{family}, {title}:"]
        if running := self._running.get((family, strategy)):
            words.append("being measured, {} of {} right so far.".format(*running))
        elif found := self.content.evidence.get((family, strategy)):
            share = share_of(found.correct, found.n)
            words.append(
                f"{found.correct} of {found.n} right, {share.share:.0%} "
                f"(95% interval {share.low:.0%} to {share.high:.0%}), "
                f"{found.mean_tokens:.0f} tokens per answer."
            )
        else:
            words.append("not measured.")
        words.append(
            "The family is paired with it."
            if self._is_chosen(family, strategy)
            else "Click to pair the family with it."
        )
        return " ".join(words)

    def _text(self, family: str, strategy: str) -> str:
        measured = self._measured(family, strategy)
        share = f"{measured[0] / measured[1]:.0%}" if measured else NOT_MEASURED
        if (family, strategy) in self._running:
            share = f"{share} …"
        return f"{CHOSEN} {share}" if self._is_chosen(family, strategy) else share

    def _ground(self, family: str, strategy: str) -> Any:
        measured = self._measured(family, strategy)
        if not measured:
            return None
        return self._theme.colours.tint("teacher", 0.02 + 0.3 * measured[0] / measured[1])

    def _measured(self, family: str, strategy: str) -> tuple[int, int] | None:
        if running := self._running.get((family, strategy)):
            return running
        found = self.content.evidence.get((family, strategy))
        return (found.correct, found.n) if found else None

    def _is_chosen(self, family: str, strategy: str) -> bool:
        pairing = self.content.pairings.get(family)
        return pairing is not None and pairing.strategy == strategy

    def _source(self, family: str) -> str:
        pairing = self.content.pairings.get(family)
        if pairing is None:
            return "not yet"
        return "measured" if pairing.source == "measured" else "by hand"

    def _repaint(self) -> None:
        if self.rowCount():
            last = self.index(self.rowCount() - 1, self.columnCount() - 1)
            self.dataChanged.emit(self.index(0, 0), last)
