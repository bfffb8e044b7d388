"""The choice of the system message that replaces the strategy's instruction for the student."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QLineEdit, QVBoxLayout, QWidget

from orca_desk.steps.defaults import StudentMessage
from orca_desk.ui.theme import GRID
from orca_desk.ui.widgets.text import label


class InstructionChoice(QWidget):
    """The cautious message, none, or a custom one. `changed` follows each choice except a blank message.

    The page puts `kind` into the heading of the training record, and this widget below: the custom message,
    and a warning if it reveals a strategy.
    """

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        column = QVBoxLayout(self)
        column.setContentsMargins(GRID + 4, GRID, GRID, GRID)
        column.setSpacing(GRID // 2)
        self.kind = QComboBox()
        self.kind.setAccessibleName("Message for the student")
        self.kind.setToolTip("The system message that replaces the strategy's instruction for the student")
        self.kind.setMinimumContentsLength(8)
        self.kind.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        for key, text in (
            ("cautious", "Cautious"),
            ("empty", "No message"),
            ("own", "Custom"),
        ):
            self.kind.addItem(text, key)
        self.text = QLineEdit()
        self.text.setAccessibleName("Custom message for the student")
        self.text.setPlaceholderText("Write the message for the student")
        self.warning = label(size="caption", tone="warn", wrap=True)
        self.text.hide()
        self.warning.hide()
        column.addWidget(self.text)
        column.addWidget(self.warning)
        self.hide()
        self.kind.currentIndexChanged.connect(self._changed)
        self.text.textEdited.connect(self._changed)

    def value(self) -> StudentMessage | None:
        """Return the choice, or None while the custom message is blank."""
        kind = self.kind.currentData()
        if kind != "own":
            return StudentMessage(kind=kind)
        return StudentMessage(kind="own", text=self.text.text()) if self.text.text().strip() else None

    def choose(self, message: StudentMessage) -> None:
        """Select a message without emitting `changed`."""
        self.kind.blockSignals(True)
        self.kind.setCurrentIndex(self.kind.findData(message.kind))
        self.kind.blockSignals(False)
        self.text.setText(message.text)
        self._show_parts()

    def show_revealed(self, strategies: tuple[str, ...]) -> None:
        """Warn that the message reveals these strategies."""
        names = ", ".join(strategies)
        warning = f"⚠ This contains the instruction of {names}, so for {names} nothing would be erased."
        self.warning.setText(warning if strategies else "")
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
