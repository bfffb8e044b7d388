"""Which families and runs a snapshot takes records from."""

from collections.abc import Mapping
from dataclasses import replace

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from orca_desk.library.snapshots import FreezeChoices
from orca_desk.method.snapshot_rules import SnapshotRules
from orca_desk.ui.theme import GRID
from orca_desk.ui.widgets.text import label
from orca_desk.ui.words.library import SAMPLES_UNCHECKED, samples_of


class FreezeSources(QWidget):
    """Two lists to check. `changed` fires with each change."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._samples: Mapping[str, int] = {}
        row = QHBoxLayout(self)
        row.setContentsMargins(0, GRID, 0, 0)
        row.setSpacing(2 * GRID)
        self.families, self.runs = QListWidget(), QListWidget()
        for text, choices in (("&Families", self.families), ("R&uns", self.runs)):
            side = QVBoxLayout()
            words = label(text, bold=True)
            words.setBuddy(choices)
            choices.setAccessibleName(text.replace("&", ""))
            choices.itemChanged.connect(self.changed)
            side.addWidget(words)
            side.addWidget(choices)
            if choices is self.families:
                self.samples_out = label(SAMPLES_UNCHECKED, tone="muted", size="caption", wrap=True)
                self.samples_out.hide()
                side.addWidget(self.samples_out)
                self.samples = QCheckBox()
                self.samples.toggled.connect(self.changed)
                self.samples.hide()
                side.addWidget(self.samples)
            row.addLayout(side)

    def apply(self, rules: SnapshotRules) -> SnapshotRules:
        """Return `rules` with what is checked here."""
        own_only = () if self.samples.isChecked() else tuple(self._samples)
        return replace(rules, families=_checked(self.families), runs=_checked(self.runs), own_only=own_only)

    def offer(self, choices: FreezeChoices) -> None:
        """Fill the lists. Families of sample tasks beside own ones are not checked, nor samples in these."""
        self._samples = choices.samples
        self.samples.setText(f"Also records of sample tasks ({sum(choices.samples.values()):,})")
        self.samples.setToolTip(samples_of(choices.samples))
        self.samples.setVisible(bool(choices.samples))
        self.samples_out.setVisible(bool(choices.left_out))
        for box, counts in ((self.families, choices.families), (self.runs, choices.runs)):
            box.blockSignals(True)
            for name, count in counts.items():
                item = QListWidgetItem(f"{name}  ·  {count:,}")
                item.setData(Qt.ItemDataRole.UserRole, name)
                item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
                is_taken = box is self.runs or name not in choices.left_out
                item.setCheckState(Qt.CheckState.Checked if is_taken else Qt.CheckState.Unchecked)
                box.addItem(item)
            box.blockSignals(False)
        self.runs.setToolTip("" if choices.runs else "No record was made by a run of this library.")


def _checked(box: QListWidget) -> tuple[str, ...] | None:
    """Return the checked names; None if all are, so that later ones are included too."""
    items = [box.item(row) for row in range(box.count())]
    names = [
        str(item.data(Qt.ItemDataRole.UserRole))
        for item in items
        if item.checkState() == Qt.CheckState.Checked
    ]
    return None if len(names) == len(items) else tuple(names)
