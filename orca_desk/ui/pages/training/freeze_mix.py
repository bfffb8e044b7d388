"""The mix of a snapshot: shares of families and strategies, long answers, and learnable tasks."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import cast, get_args

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QGridLayout,
    QHBoxLayout,
    QLayout,
    QScrollArea,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from orca_desk.counting import counted
from orca_desk.library.base_answers import MeasuredBase
from orca_desk.method.snapshot_rules import Balance, GroupedBy, Learnable, SnapshotRules, Targets
from orca_desk.ui.theme import GRID, grown
from orca_desk.ui.widgets.layouts import clear, scrolled
from orca_desk.ui.widgets.settings_form import indent, number_box
from orca_desk.ui.widgets.text import button, label
from orca_desk.ui.words.snapshots import OVER, TARGETS

CAP = 300  # records per family, the first value offered
TOTAL = 2000
LONG_TIP = (
    "Small students learn better from short answers than from long ones (arXiv 2502.12143). "
    "An answer is long if it has more tokens than the median of its family, or than the number you set."
)
LEARNABLE_TIP = (
    "A task that the student solves before any training teaches it little; one that it never solves may be "
    "out of its reach. Measured by several answers of the untrained student."
)
SHARES_TIP = (
    "Even: all get the same. Square root: between even and as they come, so that large families stay larger. "
    "Without a total, the group with the fewest records limits all."
)


class FreezeMix(QWidget):
    """What of the fit records gets in. `changed` fires with each change, `measured` asks to measure."""

    changed = Signal()
    measured = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._names: Mapping[GroupedBy, Sequence[str]] = {}
        self._weights: dict[str, QDoubleSpinBox] = {}
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, GRID, GRID, 0)
        column.setSpacing(GRID)
        column.addLayout(self._build_limits())
        column.addLayout(self._build_shares())
        column.addWidget(self._build_weights())
        column.addLayout(self._build_long())
        column.addLayout(self._build_learnable())
        column.addStretch(1)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(scrolled(inside))
        self._show_state()

    def apply(self, rules: SnapshotRules) -> SnapshotRules:
        """Return `rules` with the mix that is selected here."""
        return replace(
            rules,
            cap=self.cap.value() if self.capped.isChecked() else None,
            total=self.total.value() if self.limited.isChecked() else None,
            balance=self._balance(),
            long_share=self.long_share.value() / 100 if self.limits_long.isChecked() else None,
            long_over=self.long_over.value() or None if self.limits_long.isChecked() else None,
            learnable=self._learnable(),
        )

    def offer_groups(self, names: Mapping[GroupedBy, Sequence[str]]) -> None:
        """Offer weights for these groups, by what the shares are over."""
        if names != self._names:
            self._names = names
            self._fill_weights()

    def offer_bases(self, bases: Sequence[MeasuredBase], names: Mapping[str, str]) -> bool:
        """Offer the students that were measured; `names` are those of model files by SHA-256.

        Return whether the rules name another student now.
        """
        before = self.base.currentData()
        self.base.blockSignals(True)
        self.base.clear()
        for one in bases:
            name = names.get(one.model, one.model[:12])
            solved = one.correct / one.answers if one.answers else 0.0
            self.base.addItem(f"{name}  ·  {counted(one.questions, 'task')}, {solved:.0%} correct", one.model)
        self.base.setCurrentIndex(max(0, self.base.findData(before)))
        self.base.blockSignals(False)
        if not bases:
            self.learnable.setChecked(False)
        self._show_state()
        return self.learnable.isChecked() and self.base.currentData() != before

    def _balance(self) -> Balance | None:
        targets = cast(Targets | None, self.targets.currentData())
        if targets is None:
            return None
        over = cast(GroupedBy, self.over.currentData())
        weights = tuple((name, box.value()) for name, box in self._weights.items() if box.value() != 1)
        return Balance(over=over, targets=targets, weights=weights if targets == "weights" else ())

    def _learnable(self) -> Learnable | None:
        base = self.base.currentData()
        if not self.learnable.isChecked() or base is None:
            return None
        return Learnable(
            base=base, drop_always=self.drop_always.isChecked(), drop_never=self.drop_never.isChecked()
        )

    def _build_limits(self) -> QGridLayout:
        grid = QGridLayout()
        grid.setVerticalSpacing(GRID)
        self.capped, self.cap = self._limit(
            "At most", CAP, " records per family", "Maximum records per family"
        )
        self.limited, self.total = self._limit("At most", TOTAL, " records in all", "Maximum records in all")
        for row, (box, number) in enumerate(((self.capped, self.cap), (self.limited, self.total))):
            grid.addWidget(box, row, 0)
            grid.addWidget(number, row, 1)
        grid.setColumnStretch(2, 1)
        return grid

    def _limit(self, text: str, value: int, suffix: str, name: str) -> tuple[QCheckBox, QSpinBox]:
        box, number = QCheckBox(text), number_box(1, 10_000_000)
        number.setValue(value)
        number.setGroupSeparatorShown(True)
        number.setSuffix(suffix)
        number.setEnabled(False)
        number.setAccessibleName(name)
        box.setAccessibleName(name)
        box.toggled.connect(number.setEnabled)
        box.toggled.connect(self.changed)
        number.valueChanged.connect(self.changed)
        return box, number

    def _build_shares(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(GRID)
        self.targets, self.over = QComboBox(), QComboBox()
        self.targets.addItem("All that are usable", None)
        for target in get_args(Targets):
            self.targets.addItem(TARGETS[target], target)
        for over in get_args(GroupedBy):
            self.over.addItem(OVER[over], over)
        self.targets.setToolTip(SHARES_TIP)
        self.over.setAccessibleName("What the shares are over")
        words = label("S&hares", bold=True)
        words.setBuddy(self.targets)
        for widget in (words, self.targets, label("over"), self.over):
            row.addWidget(widget)
        row.addStretch(1)
        self.targets.currentIndexChanged.connect(self._show_state)
        self.over.currentIndexChanged.connect(self._fill_weights)
        self.targets.currentIndexChanged.connect(self.changed)
        self.over.currentIndexChanged.connect(self.changed)
        return row

    def _build_weights(self) -> QScrollArea:
        self._weight_rows = QWidget()
        self._weight_grid = QGridLayout(self._weight_rows)
        self._weight_grid.setContentsMargins(2 * GRID, 0, GRID, 0)
        self._weight_grid.setColumnStretch(0, 1)
        self.weights = scrolled(self._weight_rows)
        self.weights.setFixedHeight(grown(14 * GRID))
        return self.weights

    def _build_long(self) -> QLayout:
        row = QHBoxLayout()
        row.setSpacing(GRID)
        self.limits_long = QCheckBox("At most")
        self.limits_long.setAccessibleName("Maximum share of long answers")
        self.limits_long.setToolTip(LONG_TIP)
        self.long_share, self.long_over = number_box(0, 100), number_box(0, 1_000_000)
        self.long_share.setValue(20)
        self.long_share.setSuffix(" % long answers")
        self.long_share.setAccessibleName("Maximum share of long answers")
        self.long_share.setToolTip(LONG_TIP)
        self.long_over.setSpecialValueText("over the family's median")
        self.long_over.setPrefix("over ")
        self.long_over.setSuffix(" tokens")
        self.long_over.setAccessibleName("Tokens of which a long answer has more")
        self.long_over.setToolTip(LONG_TIP)
        for widget in (self.limits_long, self.long_share, self.long_over):
            row.addWidget(widget)
        row.addStretch(1)
        self.limits_long.toggled.connect(self._show_state)
        self.limits_long.toggled.connect(self.changed)
        self.long_share.valueChanged.connect(self.changed)
        self.long_over.valueChanged.connect(self.changed)
        return row

    def _build_learnable(self) -> QLayout:
        column = QVBoxLayout()
        column.setSpacing(GRID)
        self.learnable = QCheckBox("Learnable first: leave out tasks that the untrained student solves")
        self.learnable.setToolTip(LEARNABLE_TIP)
        self.drop_always, self.drop_never = QCheckBox("always"), QCheckBox("never")
        self.base = QComboBox()
        self.base.setAccessibleName("Measured student")
        self.base.setPlaceholderText("No student measured under this system message")
        self.base.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.base.setMinimumContentsLength(16)
        self.measure = button("Measure a student…", self.measured.emit, tip=LEARNABLE_TIP)
        drops, bases = QHBoxLayout(), QHBoxLayout()
        for row in (drops, bases):
            row.setSpacing(GRID)
            row.setContentsMargins(3 * GRID, 0, 0, 0)
        for box in (self.drop_always, self.drop_never):
            box.setChecked(True)
            drops.addWidget(box)
            box.toggled.connect(self.changed)
        drops.addStretch(1)
        bases.addWidget(self.base, 1)
        bases.addWidget(self.measure)
        column.addWidget(self.learnable)
        column.addLayout(drops)
        column.addLayout(bases)
        self.learnable.toggled.connect(self._show_state)
        self.learnable.toggled.connect(self.changed)
        self.base.currentIndexChanged.connect(self.changed)
        return column

    def _fill_weights(self) -> None:
        """Make a box for the weight of each group; those of before keep theirs."""
        before = {name: box.value() for name, box in self._weights.items()}
        clear(self._weight_grid)
        self._weights = {}
        for row, name in enumerate(self._names.get(cast(GroupedBy, self.over.currentData()), ())):
            box = QDoubleSpinBox()
            box.setRange(0, 1000)
            box.setDecimals(2)
            box.setValue(before.get(name, 1.0))
            indent(box)
            box.setAccessibleName(f"Weight of {name}")
            box.valueChanged.connect(self.changed)
            words = label(name)
            words.setBuddy(box)
            self._weight_grid.addWidget(words, row, 0)
            self._weight_grid.addWidget(box, row, 1)
            self._weights[name] = box

    def _show_state(self) -> None:
        """Enable what has an effect."""
        self.over.setEnabled(self.targets.currentData() is not None)
        self.weights.setVisible(self.targets.currentData() == "weights")
        for widget in (self.long_share, self.long_over):
            widget.setEnabled(self.limits_long.isChecked())
        self.learnable.setEnabled(self.base.count() > 0)
        for box in (self.drop_always, self.drop_never, self.base):
            box.setEnabled(self.learnable.isChecked())
