"""The editor of one strategy: what the teacher is told, and how its answer's lines begin."""

from dataclasses import dataclass

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

from orca_desk.method.strategies import Strategy, new_strategy, revised
from orca_desk.ui.theme import GRID, SCROLL_BAR
from orca_desk.ui.widgets.layouts import scrolled
from orca_desk.ui.widgets.text import button, card, label


@dataclass(frozen=True, kw_only=True)
class Draft:
    """A strategy as it stands in the editor; `name` can be written only while it is new."""

    name: str = ""
    title: str = ""
    description: str = ""
    markers: str = "Answer"
    instruction: str = ""

    @classmethod
    def of(cls, strategy: Strategy) -> "Draft":
        """Return what the editor shows of a strategy."""
        return cls(
            name=strategy.name,
            title=strategy.title,
            description=strategy.description,
            markers=", ".join(strategy.markers),
            instruction=strategy.instruction,
        )

    @property
    def marker_list(self) -> tuple[str, ...]:
        """The markers one by one."""
        return tuple(part.strip() for part in self.markers.split(",") if part.strip())

    def apply_to(self, before: Strategy) -> Strategy:
        """Return the next version of `before`. Raises UserError if it would be no valid strategy."""
        return revised(
            before,
            title=self.title.strip(),
            description=self.description.strip(),
            markers=self.marker_list,
            instruction=self.instruction,
        )

    def as_new(self) -> Strategy:
        """Return a new strategy. Raises UserError if it would be no valid one."""
        return new_strategy(
            name=self.name,
            title=self.title.strip(),
            description=self.description.strip(),
            markers=self.marker_list,
            instruction=self.instruction,
        )


class StrategyEditor(QWidget):
    """Shows a draft and tells of each change by the user. What becomes of it is the page's matter."""

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
            tip="Make one of your own from this one",
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
        self.description.setFixedHeight(9 * GRID)
        self.instruction = QPlainTextEdit()
        self.instruction.setTabChangesFocus(True)
        self.instruction.setMinimumHeight(14 * GRID)
        self.markers = QLineEdit()
        self.markers.setToolTip(
            "The words that open the lines which the instruction asks for, the answer's last. They tell"
            " which strategy an answer follows, and where the answer is."
        )
        form = QFormLayout()
        form.setContentsMargins(0, 0, 0, 0)
        form.setSpacing(GRID // 2)
        form.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapAllRows)
        self._name_label = self._row(form, "&Name", self.name)
        self._row(form, "&Title", self.title)
        self._row(form, "&What it is for", self.description)
        layout.addLayout(form)
        told = label("What the teacher is to&ld", size="caption", tone="muted")
        told.setBuddy(self.instruction)
        self.instruction.setAccessibleName("What the teacher is told")
        layout.addWidget(told)
        layout.addWidget(self.instruction, 1)
        opens = label("Words that &open its lines, the answer's last", size="caption", tone="muted")
        opens.setBuddy(self.markers)
        self.markers.setAccessibleName("Words that open its lines, the answer's last")
        layout.addWidget(opens)
        layout.addWidget(self.markers)
        area = scrolled(fields)  # in a low window they scroll rather than lie over each other
        area.setMinimumWidth(fields.minimumSizeHint().width() + SCROLL_BAR)
        whole.addWidget(area, 1)
        whole.addSpacing(GRID // 2)
        whole.addLayout(self._buttons())
        for field in (self.name, self.title, self.markers):
            field.textEdited.connect(self._tell)
        for text in (self.description, self.instruction):
            text.textChanged.connect(self._tell)

    def show_draft(self, draft: Draft, *, heading: str, about: str, is_new: bool) -> None:
        """Show another draft."""
        self._showing = True
        self.heading.setText(heading)
        self.about.setText(about)
        self.name.setVisible(is_new)
        self._name_label.setVisible(is_new)
        for field, text in (
            (self.name, draft.name),
            (self.title, draft.title),
            (self.markers, draft.markers),
        ):
            field.setText(text)
        self.description.setPlainText(draft.description)
        self.instruction.setPlainText(draft.instruction)
        self._showing = False

    def draft(self) -> Draft:
        """Return what stands in the editor now."""
        return Draft(
            name=self.name.text().strip(),
            title=self.title.text(),
            description=self.description.toPlainText(),
            markers=self.markers.text(),
            instruction=self.instruction.toPlainText(),
        )

    def show_state(self, *, edited: bool, save: str, is_new: bool) -> None:
        """Enable what can be done with the draft; `save` is what the button to save it says."""
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
        self.discard = button("Discard", self.discard_wanted.emit, tip="Forget what is not saved")
        self.save = button("Save", self.save_wanted.emit, primary=True)
        row.addWidget(self.discard)
        row.addStretch(1)
        row.addWidget(self.save)
        return row

    def _tell(self) -> None:
        if not self._showing:
            self.edited.emit()
