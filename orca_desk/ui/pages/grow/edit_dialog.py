"""The dialog that edits a proposal before it is accepted."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QComboBox, QPlainTextEdit, QVBoxLayout, QWidget

from orca_desk.method.records import Task
from orca_desk.ui.pages.grow.fields import add_row, family_box, form
from orca_desk.ui.theme import GRID
from orca_desk.ui.widgets.dialog_buttons import dialog_buttons
from orca_desk.ui.widgets.edit_dialog import EditDialog
from orca_desk.ui.widgets.text import button, label
from orca_desk.ui.words.tasks import SPLITS


class ProposalEditor(EditDialog):
    """Edits the task of a proposal, and passes it to `save`."""

    def __init__(
        self, parent: QWidget, task: Task, *, families: Sequence[str], save: Callable[[Task], None]
    ) -> None:
        super().__init__(parent)
        self._task, self._save = task, save
        self.setWindowTitle("Edit proposal")
        self.resize(640, 520)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(3 * GRID, 2 * GRID, 3 * GRID, 2 * GRID)
        self.context = self._box(layout, "Context", task.context)
        self.query = self._box(layout, "Question", task.query)
        self.answer = self._box(layout, "Reference answer", task.answer or "")
        self.context.setVisible(bool(task.context))
        self.answer.setMaximumHeight(12 * GRID)
        self.family, self.split = family_box(), QComboBox()
        self.family.addItems(list(families))
        self.family.setCurrentText(task.family)
        for split, title in SPLITS.items():
            self.split.addItem(title, split)
        self.split.setCurrentIndex(self.split.findData(task.split))
        rows = form(layout)
        add_row(rows, "&Family", self.family)
        add_row(rows, "S&plit", self.split)
        self.save_button = button("Save", self.accept, primary=True, tip="Ctrl+Enter")
        layout.addWidget(dialog_buttons(self, self.save_button))
        for key in ("Ctrl+Return", "Ctrl+Enter"):
            QShortcut(QKeySequence(key), self).activated.connect(self.save_button.click)
        self.query.textChanged.connect(self._update)
        self.family.editTextChanged.connect(lambda _: self._update())
        self._filled = self.value()
        self.query.setFocus()

    def is_changed(self) -> bool:
        """See EditDialog."""
        return self.value() != self._filled

    def value(self) -> Task:
        """Return the edited task, with the id of what it asks now."""
        return replace(
            self._task,
            context=self.context.toPlainText(),
            query=self.query.toPlainText(),
            answer=self.answer.toPlainText().strip() or None,
            family=self.family.currentText().strip(),
            split=self.split.currentData(),
            id="",
        )

    def accept(self) -> None:
        """Save and close."""
        self._save(self.value())
        super().accept()

    def _update(self) -> None:
        is_sound = bool(self.query.toPlainText().strip() and self.family.currentText().strip())
        self.save_button.setEnabled(is_sound)

    def _box(self, layout: QVBoxLayout, name: str, text: str) -> QPlainTextEdit:
        heading = label(name)
        heading.setVisible(name != "Context" or bool(text))
        box = QPlainTextEdit()
        box.setPlainText(text)
        box.setTabChangesFocus(True)
        box.setAccessibleName(name)
        layout.addWidget(heading)
        layout.addWidget(box, 1)
        return box
