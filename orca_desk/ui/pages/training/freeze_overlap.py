"""Questions that repeat a held-out one: which they are, and which of them are taken anyway."""

from collections.abc import Sequence
from dataclasses import replace
from typing import cast, get_args

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from orca_desk.library.overlaps import OverlapPair
from orca_desk.library.selection import Selection
from orca_desk.method.snapshot_rules import OverlapRule, SnapshotRules
from orca_desk.ui.theme import GRID
from orca_desk.ui.widgets.settings_form import number_box
from orca_desk.ui.widgets.text import label, safe_tip
from orca_desk.ui.words.snapshots import OVERLAP, overlap_line, pair_line

LISTED = 500  # pairs; more are counted
ABOUT = (
    "A student that was trained on what it is tested on only remembers. Exact: the same words and symbols. "
    "Near: many runs of five words in common."
)


class FreezeOverlap(QWidget):
    """The rule and the pairs. `changed` fires with each change."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._taken: set[str] = set()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, GRID, 0, 0)
        column.setSpacing(GRID)
        column.addWidget(label(ABOUT, size="caption", tone="muted", wrap=True))
        row = QHBoxLayout()
        row.setSpacing(GRID)
        self.rule = QComboBox()
        for rule in get_args(OverlapRule):
            self.rule.addItem(OVERLAP[rule], rule)
        self.rule.setAccessibleName("Records whose question repeats a held-out one")
        self.near = number_box(5, 100)
        self.near.setValue(round(SnapshotRules().near * 100))
        self.near.setPrefix("near from ")
        self.near.setSuffix(" % alike")
        self.near.setAccessibleName("How similar questions are near, in per cent")
        self.near.setToolTip("The share of runs of five words that two questions have in common.")
        row.addWidget(self.rule)
        row.addWidget(self.near)
        row.addStretch(1)
        column.addLayout(row)
        self.found = label("", wrap=True)
        column.addWidget(self.found)
        self.pairs = QListWidget()
        self.pairs.setAccessibleName("Overlapping questions; check those to take anyway")
        self.pairs.setWordWrap(True)
        self.pairs.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        column.addWidget(self.pairs, 1)
        self.hint = label("Check a question to take its records anyway.", size="caption", tone="muted")
        column.addWidget(self.hint)
        column.addStretch()  # takes the room of a list that is hidden
        self.rule.currentIndexChanged.connect(self._change_rule)
        self.near.valueChanged.connect(self.changed)
        self.pairs.itemChanged.connect(self._check)

    def apply(self, rules: SnapshotRules) -> SnapshotRules:
        """Return `rules` with what is selected here."""
        return replace(
            rules,
            overlap=cast(OverlapRule, self.rule.currentData()),
            near=self.near.value() / 100,
            overlaps_taken=tuple(sorted(self._taken)),
        )

    def show_selection(self, selection: Selection) -> None:
        """Show the pairs among the fit records."""
        self.found.setText(overlap_line(selection) or "Questions are not compared.")
        pairs = selection.overlaps
        if [pair.question for pair in pairs[:LISTED]] != self._shown():
            self._fill(pairs)
        self.pairs.setVisible(bool(pairs))
        self.hint.setVisible(bool(pairs))
        if len(pairs) > LISTED:
            self.hint.setText(f"{LISTED:,} of {len(pairs):,} are listed. The manifest has all.")

    def _fill(self, pairs: Sequence[OverlapPair]) -> None:
        self.pairs.blockSignals(True)
        self.pairs.clear()
        for pair in pairs[:LISTED]:
            item = QListWidgetItem(pair_line(pair, 70))
            item.setToolTip(safe_tip(f"{pair.user}\n\n{pair.held_out_user}"))
            item.setData(Qt.ItemDataRole.UserRole, pair.question)
            item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
            taken = pair.question in self._taken
            item.setCheckState(Qt.CheckState.Checked if taken else Qt.CheckState.Unchecked)
            self.pairs.addItem(item)
        self.pairs.blockSignals(False)

    def _shown(self) -> list[str]:
        return [self.pairs.item(row).data(Qt.ItemDataRole.UserRole) for row in range(self.pairs.count())]

    def _change_rule(self) -> None:
        self.near.setEnabled(self.rule.currentData() != "allow")
        self.changed.emit()

    def _check(self, item: QListWidgetItem) -> None:
        question = str(item.data(Qt.ItemDataRole.UserRole))
        if item.checkState() == Qt.CheckState.Checked:
            self._taken.add(question)
        else:
            self._taken.discard(question)
        self.changed.emit()
