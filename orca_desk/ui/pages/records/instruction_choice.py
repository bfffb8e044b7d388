"""What the student is told in place of the strategy's instruction."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QLineEdit, QVBoxLayout, QWidget

from orca_desk.steps.defaults import StudentMessage
from orca_desk.ui.theme import GRID
from orca_desk.ui.widgets.text import label


class InstructionChoice(QWidget):
    """Which message replaces the strategy's instruction. `changed` comes with each usable choice.

    `kind` stands in the heading of the training record, this widget below it: the own message, and a
    warning where one tells the strategy after all.
    """

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        column = QVBoxLayout(self)
        column.setContentsMargins(GRID + 4, GRID, GRID, GRID)
        column.setSpacing(GRID // 2)
        self.kind = QComboBox()
        self.kind.setAccessibleName("Student instruction")
        self.kind.setToolTip("What the student is told in place of the strategy's instruction")
        self.kind.setMinimumContentsLength(8)
        self.kind.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        for key, text in (
            ("cautious", "Cautious"),
            ("empty", "No message"),
            ("own", "Own"),
        ):
            self.kind.addItem(text, key)
        self.text = QLineEdit()
        self.text.setAccessibleName("Own message to the student")
        self.text.setPlaceholderText("Write what the student is told instead")
        self.warning = label(size="caption", tone="warn", wrap=True)
        self.text.hide()
        self.warning.hide()
        column.addWidget(self.text)
        column.addWidget(self.warning)
        self.hide()
        self.kind.currentIndexChanged.connect(self._changed)
        self.text.textEdited.connect(self._changed)

    def value(self) -> StudentMessage | None:
        """Return the choice, or None while the own message is blank."""
        kind = self.kind.currentData()
        if kind != "own":
            return StudentMessage(kind=kind)
        return StudentMessage(kind="own", text=self.text.text()) if self.text.text().strip() else None

    def choose(self, message: StudentMessage) -> None:
        """Show a choice; `changed` does not come."""
        self.kind.blockSignals(True)
        self.kind.setCurrentIndex(self.kind.findData(message.kind))
        self.kind.blockSignals(False)
        self.text.setText(message.text)
        self._show_parts()

    def show_revealed(self, strategies: tuple[str, ...]) -> None:
        """Warn when the student is told a strategy after all."""
        words = "⚠ This quotes the instruction of {}: nothing is erased there."
        self.warning.setText(words.format(", ".join(strategies)) if strategies else "")
        self._show_parts()

    def _changed(self) -> None:
        began = self.kind.currentData() == "own" and self.text.isHidden()
        self._show_parts()
        if began:
            self.text.setFocus()
        if self.value() is not None:
            self.changed.emit()

    def _show_parts(self) -> None:
        own, warned = self.kind.currentData() == "own", bool(self.warning.text())
        self.text.setVisible(own)
        self.warning.setVisible(warned)
        self.setVisible(own or warned)
