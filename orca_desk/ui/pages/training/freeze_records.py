"""Which records a snapshot may take: the rules, the families and the runs."""

from collections.abc import Iterable
from dataclasses import replace

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from orca_desk.library.snapshots import FreezeChoices
from orca_desk.method.fitness import FitnessRules
from orca_desk.method.snapshot_rules import SnapshotRules
from orca_desk.ui.theme import GRID
from orca_desk.ui.widgets.layouts import scrolled
from orca_desk.ui.widgets.text import label
from orca_desk.ui.words.fitness import ALWAYS, ONLY_CORRECT
from orca_desk.ui.words.record_rules import rule_sentences


class FreezeRecords(QWidget):
    """Starts from the library's rules. `changed` fires with each change."""

    changed = Signal()

    def __init__(self, rules: FitnessRules) -> None:
        super().__init__()
        self._base = rules
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, GRID, GRID, 0)
        column.setSpacing(GRID)
        self.only_correct = QCheckBox(ONLY_CORRECT)
        self.only_paired = QCheckBox("Only answers with the family's current strategy")
        self.allow_leaks = QCheckBox("Include answers that mention their instruction")
        self.only_kept = QCheckBox("Only records I kept in review")
        for box, name in (
            (self.only_correct, "only_correct"),
            (self.only_paired, "only_paired"),
            (self.allow_leaks, "allow_leaks"),
            (self.only_kept, "only_kept"),
        ):
            box.setChecked(getattr(rules, name))
            box.toggled.connect(self.changed)
            column.addWidget(box)
        self.others = label(self._other_rules(), size="caption", wrap=True)
        self.others.setToolTip("These rules are set on the Records page, under Rules.")
        column.addWidget(self.others)
        column.addWidget(label(ALWAYS, size="caption", tone="muted", wrap=True))
        column.addLayout(self._build_lists(), 1)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(scrolled(inside, "Records"))

    def apply(self, rules: SnapshotRules) -> SnapshotRules:
        """Return `rules` with what is selected here."""
        return replace(
            rules,
            only_correct=self.only_correct.isChecked(),
            only_paired=self.only_paired.isChecked(),
            allow_leaks=self.allow_leaks.isChecked(),
            only_kept=self.only_kept.isChecked(),
            families=_checked(self.families),
            runs=_checked(self.runs),
        )

    def offer(self, choices: FreezeChoices) -> None:
        """Fill the lists."""
        for box, counts in ((self.families, choices.families), (self.runs, choices.runs)):
            box.blockSignals(True)
            for name, count in counts.items():
                item = QListWidgetItem(f"{name}  ·  {count:,}")
                item.setData(Qt.ItemDataRole.UserRole, name)
                item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
                item.setCheckState(Qt.CheckState.Checked)
                box.addItem(item)
            box.blockSignals(False)

    def _other_rules(self) -> str:
        """Return the library's rules that have no box here."""
        boxes = set(rule_sentences(FitnessRules(per_task=None)))
        relaxed = {"only_correct": False, "only_paired": False, "allow_leaks": True, "only_kept": True}
        boxes |= set(rule_sentences(replace(FitnessRules(per_task=None), **relaxed)))  # type: ignore[arg-type]
        others = [text for text in rule_sentences(self._base) if text not in boxes]
        return f"From the library's rules: {'; '.join(others)}." if others else ""

    def _build_lists(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(2 * GRID)
        self.families, self.runs = QListWidget(), QListWidget()
        for text, choices in (("&Families", self.families), ("&Runs", self.runs)):
            side = QVBoxLayout()
            words = label(text, bold=True)
            words.setBuddy(choices)
            choices.setAccessibleName(text.replace("&", ""))
            choices.setMinimumHeight(12 * GRID)
            choices.itemChanged.connect(self.changed)
            side.addWidget(words)
            side.addWidget(choices)
            row.addLayout(side)
        return row


def _checked(box: QListWidget) -> tuple[str, ...] | None:
    """Return the selected names; None if all are, so that later ones are included too."""
    items: Iterable[QListWidgetItem] = [box.item(row) for row in range(box.count())]
    names = [
        str(item.data(Qt.ItemDataRole.UserRole))
        for item in items
        if item.checkState() == Qt.CheckState.Checked
    ]
    return None if len(names) == box.count() else tuple(names)
