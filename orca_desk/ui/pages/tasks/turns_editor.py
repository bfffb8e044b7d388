"""The turns before a task's question: each with its speaker, to edit, remove and add."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QComboBox,
    QFrame,
    QHBoxLayout,
    QPlainTextEdit,
    QScrollArea,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from orca_desk.counting import counted
from orca_desk.method.turns import SPEAKERS, Turns
from orca_desk.ui.theme import GRID, grown
from orca_desk.ui.widgets.text import button, label

TIP = "Questions and answers before this question: an earlier part of the conversation, or worked examples"
NONE = "No earlier turns"
TURN_HEIGHT, MOST_HEIGHT = 8 * GRID, 24 * GRID


class TurnsEditor(QWidget):
    """Shows how many turns there are, and on request the turns themselves."""

    def __init__(self) -> None:
        super().__init__()
        self._rows: list[_TurnRow] = []
        self.fold = QToolButton()
        self.fold.setCheckable(True)
        self.fold.setArrowType(Qt.ArrowType.RightArrow)
        self.fold.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.fold.setToolTip(TIP)
        self.fold.toggled.connect(self._unfold)
        self.add_button = button("Add turn", self._add_next)
        self.add_button.setAutoDefault(False)
        self.add_button.setToolTip(TIP)
        self.note = label("The question below follows the last turn.", tone="muted", size="caption")
        head = QHBoxLayout()
        head.addWidget(self.fold)
        head.addWidget(self.note, 1)
        head.addWidget(self.add_button)
        inner = QWidget()
        self._column = QVBoxLayout(inner)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(GRID // 2)
        self._column.addStretch(1)
        self.area = QScrollArea()
        self.area.setWidgetResizable(True)
        self.area.setFrameShape(QFrame.Shape.NoFrame)
        self.area.setWidget(inner)
        self.area.setAccessibleName("Earlier turns")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GRID // 2)
        layout.addLayout(head)
        layout.addWidget(self.area)
        self._show_count()

    def value(self) -> Turns:
        """Return the turns that say something, in order."""
        return tuple(row.value() for row in self._rows if row.value()[1].strip())

    def set_value(self, turns: Turns) -> None:
        """Show these turns, folded."""
        for row in list(self._rows):
            self._remove(row)
        for role, text in turns:
            self._add(role, text)
        self.fold.setChecked(False)
        self._show_count()

    def _add_next(self) -> None:
        last = self._rows[-1].value()[0] if self._rows else "assistant"
        row = self._add(next(one for one in SPEAKERS if one != last), "")
        self.fold.setChecked(True)
        self._show_count()
        row.text.setFocus()

    def _add(self, role: str, text: str) -> "_TurnRow":
        row = _TurnRow(role, text)
        row.remove_button.clicked.connect(lambda: self._remove(row))
        self._rows.append(row)
        self._column.insertWidget(len(self._rows) - 1, row)
        return row

    def _remove(self, row: "_TurnRow") -> None:
        self._rows.remove(row)
        row.hide()
        row.deleteLater()
        self._show_count()

    def _unfold(self, is_open: bool) -> None:
        self.fold.setArrowType(Qt.ArrowType.DownArrow if is_open else Qt.ArrowType.RightArrow)
        self._show_count()

    def _show_count(self) -> None:
        count = len(self._rows)
        words = counted(count, "earlier turn") if count else NONE
        self.fold.setText(words)
        self.fold.setAccessibleName(words)
        self.fold.setEnabled(count > 0)
        self.note.setVisible(count > 0)
        self.area.setVisible(count > 0 and self.fold.isChecked())
        self.area.setFixedHeight(min(count * (grown(TURN_HEIGHT) + GRID // 2), grown(MOST_HEIGHT)))


class _TurnRow(QWidget):
    def __init__(self, role: str, text: str) -> None:
        super().__init__()
        self.role = QComboBox()
        for one in SPEAKERS:
            self.role.addItem(one.capitalize(), one)
        self.role.setCurrentIndex(self.role.findData(role))
        self.role.setAccessibleName("Who speaks")
        self.text = QPlainTextEdit(text)
        self.text.setTabChangesFocus(True)
        self.text.setAccessibleName("Text of the turn")
        self.text.setFixedHeight(grown(TURN_HEIGHT))
        self._given, self._shown = text, self.text.toPlainText()
        self.remove_button = QToolButton()
        self.remove_button.setText("Remove")
        self.remove_button.setAccessibleName("Remove turn")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.role, 0, Qt.AlignmentFlag.AlignTop)
        layout.addWidget(self.text, 1)
        layout.addWidget(self.remove_button, 0, Qt.AlignmentFlag.AlignTop)

    def value(self) -> tuple[str, str]:
        """Return the speaker and the text; a text that nobody changed as it was given, line ends and all."""
        text = self.text.toPlainText()
        return self.role.currentData(), self._given if text == self._shown else text
