"""The editor of one strategy: the teacher's instruction, and the markers of its answer's lines."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QVBoxLayout,
    QWidget,
)

from orca_desk.ui.pages.strategies.draft import StrategyDraft
from orca_desk.ui.theme import GRID, SCROLL_BAR, grown
from orca_desk.ui.widgets.layouts import scrolled
from orca_desk.ui.widgets.text import button, card, label

SAVE_TIP = "Saves a new version. It cannot be undone: answers refer to it. Earlier versions stay."


class StrategyEditor(QWidget):
    """Shows a draft and emits `edited` when the user changes it. The page decides what to do with it."""

    edited = Signal()
    save_wanted = Signal()
    discard_wanted = Signal()
    duplicate_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._showing = False
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        frame, whole = card()
        outer.addWidget(frame)
        self.heading = label(size="heading", bold=True, wrap=True)
        self.about = label(tone="muted", size="caption", wrap=True)
        self.duplicate = button(
            "Duplicate",
            self.duplicate_wanted.emit,
            tip="Start a new strategy from this one",
        )
        top = QHBoxLayout()
        top.addWidget(self.heading, 1)
        top.addWidget(self.duplicate)
        whole.addLayout(top)
        whole.addWidget(self.about)
        whole.addSpacing(GRID // 2)
        fields = QWidget()
        layout = QVBoxLayout(fields)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GRID)
        self.name = QLineEdit()
        self.name.setPlaceholderText("small-letters-and-hyphens")
        self.title = QLineEdit()
        self.description = QPlainTextEdit()
        self.description.setTabChangesFocus(True)
        self.description.setFixedHeight(grown(9 * GRID))
        self.instruction = QPlainTextEdit()
        self.instruction.setTabChangesFocus(True)
        self.instruction.setMinimumHeight(14 * GRID)
        self.markers = QPlainTextEdit()
        self.markers.setTabChangesFocus(True)
        self.markers.setFixedHeight(grown(9 * GRID))
        self.markers.setToolTip(
            "One marker per line: the words that begin the lines that the instruction asks for. The answer's"
            " marker comes last. They show which strategy an answer follows, and where its final answer is."
        )
        form = QFormLayout()
        form.setContentsMargins(0, 0, 0, 0)
        form.setSpacing(GRID // 2)
        form.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapAllRows)
        self._name_label = self._row(form, "&Name", self.name)
        self._row(form, "&Title", self.title)
        self._row(form, "&Purpose", self.description)
        layout.addLayout(form)
        instruction = label("&Instruction for the teacher", size="caption", tone="muted")
        instruction.setBuddy(self.instruction)
        self.instruction.setAccessibleName("Instruction for the teacher")
        layout.addWidget(instruction)
        layout.addWidget(self.instruction, 1)
        markers = label("Line markers, one per line (answer &marker last)", size="caption", tone="muted")
        markers.setBuddy(self.markers)
        self.markers.setAccessibleName("Line markers, one per line (answer marker last)")
        layout.addWidget(markers)
        layout.addWidget(self.markers)
        area = scrolled(fields)  # in a low window the fields scroll instead of overlapping
        area.setMinimumWidth(fields.minimumSizeHint().width() + SCROLL_BAR)
        whole.addWidget(area, 1)
        whole.addSpacing(GRID // 2)
        whole.addLayout(self._buttons())
        for field in (self.name, self.title):
            field.textEdited.connect(self._emit_edited)
        for text in (self.description, self.instruction, self.markers):
            text.textChanged.connect(self._emit_edited)

    def show_draft(self, draft: StrategyDraft, *, heading: str, about: str, is_new: bool) -> None:
        """Show a draft."""
        self._showing = True
        self.heading.setText(heading)
        self.about.setText(about)
        self.name.setVisible(is_new)
        self._name_label.setVisible(is_new)
        self.name.setText(draft.name)
        self.title.setText(draft.title)
        self.markers.setPlainText(draft.marker_lines)
        self.description.setPlainText(draft.description)
        self.instruction.setPlainText(draft.instruction)
        self._showing = False

    def draft(self) -> StrategyDraft:
        """Return the content of the editor."""
        return StrategyDraft(
            name=self.name.text().strip(),
            title=self.title.text(),
            description=self.description.toPlainText(),
            marker_lines=self.markers.toPlainText(),
            instruction=self.instruction.toPlainText(),
        )

    def show_state(self, *, edited: bool, save: str, is_new: bool) -> None:
        """Enable the buttons that apply to the draft; `save` is the text of the Save button."""
        self.save.setText(save)
        self.save.setEnabled(edited)
        self.discard.setEnabled(edited or is_new)
        self.duplicate.setEnabled(not is_new)

    def _row(self, form: QFormLayout, text: str, field: QWidget) -> QLabel:
        words = label(text, size="caption", tone="muted")
        words.setBuddy(field)
        field.setAccessibleName(text.replace("&", ""))
        form.addRow(words, field)
        return words

    def _buttons(self) -> QHBoxLayout:
        row = QHBoxLayout()
        self.discard = button("Discard", self.discard_wanted.emit, tip="Discard unsaved changes")
        self.save = button("Save", self.save_wanted.emit, primary=True, tip=SAVE_TIP)
        row.addWidget(self.discard)
        row.addStretch(1)
        row.addWidget(self.save)
        return row

    def _emit_edited(self) -> None:
        if not self._showing:
            self.edited.emit()
