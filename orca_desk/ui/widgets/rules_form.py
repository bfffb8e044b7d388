"""The rules for records as a form: which answers may be trained on."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QLineEdit, QSpinBox, QVBoxLayout, QWidget

from orca_desk.method.fitness import PER_TASK, FitnessRules
from orca_desk.ui.theme import GRID
from orca_desk.ui.widgets.settings_form import number_box
from orca_desk.ui.widgets.text import label
from orca_desk.ui.words.fitness import ONLY_CORRECT
from orca_desk.ui.words.record_rules import (
    AGREEMENT_TIP,
    BEST_TIP,
    FORMAT_TIP,
    LANGUAGE_TIP,
    REFUSAL_TIP,
    REPETITION_TIP,
)

MOST = 10_000_000  # tokens or characters
LENGTHS = {"tokens": (8, 1024), "characters": (20, 8000)}  # the first values offered


class RulesForm(QWidget):
    """Edits rules. `changed` follows each edit."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(GRID - 2)
        self._heading("Verdict")
        self.only_correct = self._check(ONLY_CORRECT)
        self.agreed = self._check("Without a reference: only if the samples agree", AGREEMENT_TIP)
        self.agreement = number_box(1, 100)
        self.agreement.setSuffix(" %")
        self.agreement.setValue(60)
        self._beside(self.agreed, self.agreement, name="Share of the samples that must agree")
        self.only_paired = self._check("Only answers with the family's current strategy")
        self.only_kept = self._check("Only records I kept in review")
        self._heading("Several answers to a task")
        self.best = self._check("Best of several: at most", BEST_TIP)
        self.per_task = number_box(1, 1000)
        self.per_task.setValue(PER_TASK)
        self._beside(self.best, self.per_task, name="Maximum answers per task and strategy", after="per task")
        self._heading("Text")
        self.no_leaks = self._check("No answers that mention their instruction")
        self.no_cut_off = self._check("No answers that were cut off by the length limit")
        self.no_refusals = self._check("No refusals", REFUSAL_TIP)
        self.no_repetition = self._check("No answers that repeat themselves in a loop", REPETITION_TIP)
        self.limits = {unit: self._limits(unit) for unit in LENGTHS}
        self.languages = self._text("Only in these languages", "e.g. en, de", LANGUAGE_TIP)
        self.must_match = self._text("Must match", r"e.g. ^Answer: ", FORMAT_TIP)
        self.must_not_match = self._text("Must not match", r"e.g. (?i)as an AI", FORMAT_TIP)
        self.set_value(FitnessRules())

    def value(self) -> FitnessRules:
        """Return the rules. Raises SettingError for one that cannot be used."""
        lengths: dict[str, int | None] = {}
        for unit, (box, low, high) in self.limits.items():
            lengths[f"min_{unit}"] = low.value() or None if box.isChecked() else None
            lengths[f"max_{unit}"] = high.value() or None if box.isChecked() else None
        codes = self.languages.text().replace(",", " ").split()
        return FitnessRules(
            only_correct=self.only_correct.isChecked(),
            agreement=self.agreement.value() / 100 if self.agreed.isChecked() else None,
            only_paired=self.only_paired.isChecked(),
            only_kept=self.only_kept.isChecked(),
            per_task=self.per_task.value() if self.best.isChecked() else None,
            allow_leaks=not self.no_leaks.isChecked(),
            allow_cut_off=not self.no_cut_off.isChecked(),
            no_refusals=self.no_refusals.isChecked(),
            no_repetition=self.no_repetition.isChecked(),
            languages=tuple(code.casefold() for code in codes) or None,
            must_match=self.must_match.text(),
            must_not_match=self.must_not_match.text(),
            **lengths,
        )

    def set_value(self, rules: FitnessRules) -> None:
        """Show `rules`; `changed` is emitted once."""
        self.blockSignals(True)
        self.only_correct.setChecked(rules.only_correct)
        self.agreed.setChecked(rules.agreement is not None)
        if rules.agreement is not None:
            self.agreement.setValue(round(rules.agreement * 100))
        self.only_paired.setChecked(rules.only_paired)
        self.only_kept.setChecked(rules.only_kept)
        self.best.setChecked(rules.per_task is not None)
        self.per_task.setValue(rules.per_task or PER_TASK)
        self.no_leaks.setChecked(not rules.allow_leaks)
        self.no_cut_off.setChecked(not rules.allow_cut_off)
        self.no_refusals.setChecked(rules.no_refusals)
        self.no_repetition.setChecked(rules.no_repetition)
        for unit, (box, low, high) in self.limits.items():
            values = getattr(rules, f"min_{unit}"), getattr(rules, f"max_{unit}")
            box.setChecked(values != (None, None))
            if box.isChecked():
                low.setValue(values[0] or 0)
                high.setValue(values[1] or 0)
        self.languages.setText(", ".join(rules.languages or ()))
        self.must_match.setText(rules.must_match)
        self.must_not_match.setText(rules.must_not_match)
        self.blockSignals(False)
        self.changed.emit()

    def _heading(self, text: str) -> None:
        if self._column.count():
            self._column.addSpacing(GRID // 2)
        self._column.addWidget(label(text, bold=True))

    def _check(self, text: str, tip: str = "") -> QCheckBox:
        box = QCheckBox(text)
        box.setToolTip(tip)
        box.toggled.connect(self._emit)
        self._column.addWidget(box)
        return box

    def _beside(self, box: QCheckBox, number: QSpinBox, *, name: str, after: str = "") -> None:
        """Put a number into the row of `box`, which turns it on."""
        self._column.removeWidget(box)
        number.setAccessibleName(name)
        number.setToolTip(box.toolTip())
        number.setEnabled(False)
        number.setFixedWidth(10 * GRID)
        number.valueChanged.connect(self._emit)
        box.toggled.connect(number.setEnabled)
        self._row(box, number, *([label(after)] if after else []))

    def _limits(self, unit: str) -> tuple[QCheckBox, QSpinBox, QSpinBox]:
        box = QCheckBox(f"Length in {unit}:")
        box.setToolTip(f"Of the whole answer; an answer without a count of {unit} stays")
        numbers = []
        for value, which in zip(LENGTHS[unit], ("Minimum", "Maximum"), strict=True):
            number = number_box(0, MOST)
            number.setSpecialValueText("any")
            number.setValue(value)
            number.setAccessibleName(f"{which} length in {unit}")
            number.setEnabled(False)
            number.setFixedWidth(13 * GRID)
            number.valueChanged.connect(self._emit)
            box.toggled.connect(number.setEnabled)
            numbers.append(number)
        box.toggled.connect(self._emit)
        self._row(box, numbers[0], label("to"), numbers[1])
        return box, numbers[0], numbers[1]

    def _text(self, name: str, example: str, tip: str) -> QLineEdit:
        edit = QLineEdit()
        edit.setPlaceholderText(example)
        edit.setToolTip(tip)
        edit.setAccessibleName(name)
        edit.setClearButtonEnabled(True)
        edit.textChanged.connect(self._emit)
        words = label(name)
        words.setBuddy(edit)
        words.setMinimumWidth(22 * GRID)
        self._row(words, edit, stretch=False)
        return edit

    def _row(self, *widgets: QWidget, stretch: bool = True) -> None:
        row = QHBoxLayout()
        row.setSpacing(GRID)
        for widget in widgets:
            row.addWidget(widget)
        if stretch:
            row.addStretch(1)
        self._column.addLayout(row)

    def _emit(self, *_: object) -> None:
        self.changed.emit()
