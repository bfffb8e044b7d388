"""The dialog that applies one edit to all selected tasks."""

from collections.abc import Callable, Sequence

from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QComboBox,
    QDialogButtonBox,
    QFormLayout,
    QLineEdit,
    QVBoxLayout,
    QWidget,
)

from orca_desk.library.task_changes import TaskEdit
from orca_desk.ui.pages.tasks.edit_dialog import tag_list
from orca_desk.ui.theme import GRID
from orca_desk.ui.widgets.edit_dialog import EditDialog
from orca_desk.ui.widgets.text import button, label
from orca_desk.ui.words.tasks import FAMILY_STRATEGY, SPLITS


class BulkEditDialog(EditDialog):
    """Lets the user describe one edit for `count` tasks and passes it to `save`."""

    def __init__(
        self,
        parent: QWidget,
        *,
        count: int,
        families: Sequence[str],
        strategies: Sequence[str],
        save: Callable[[TaskEdit], None],
    ) -> None:
        super().__init__(parent)
        self._save = save
        self.setWindowTitle(f"Edit {count:,} tasks")
        self.setMinimumWidth(60 * GRID)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(3 * GRID, 2 * GRID, 3 * GRID, 2 * GRID)
        layout.setSpacing(2 * GRID)
        layout.addWidget(label(f"Edit {count:,} tasks", size="heading", bold=True))
        layout.addWidget(label("Fields you leave unchanged keep their current values.", tone="muted"))
        unchanged = "Unchanged"
        self.family = QComboBox()
        line = QLineEdit()
        self.family.setLineEdit(line)  # makes it editable
        line.setPlaceholderText(unchanged)
        self.family.addItems(list(families))
        self.family.setCurrentIndex(-1)
        self.family.setCurrentText("")
        self.split = QComboBox()
        for text, split in ((unchanged, None), (SPLITS["train"], "train"), (SPLITS["heldout"], "heldout")):
            self.split.addItem(text, split)
        self.strategy = QComboBox()
        self.strategy.addItem(unchanged, None)
        self.strategy.addItem(FAMILY_STRATEGY, "")
        for name in strategies:
            self.strategy.addItem(name, name)
        self.add_tags, self.remove_tags = QLineEdit(), QLineEdit()
        for box in (self.add_tags, self.remove_tags):
            box.setPlaceholderText("Separated by commas")
        form = QFormLayout()
        form.setHorizontalSpacing(2 * GRID)
        form.setVerticalSpacing(GRID)
        form.addRow("&Family", self.family)
        form.addRow("S&plit", self.split)
        form.addRow("&Strategy", self.strategy)
        form.addRow("&Add tags", self.add_tags)
        form.addRow("&Remove tags", self.remove_tags)
        layout.addLayout(form)
        layout.addWidget(self._buttons())
        for signal in (
            self.family.currentTextChanged,
            self.split.currentIndexChanged,
            self.strategy.currentIndexChanged,
            self.add_tags.textChanged,
            self.remove_tags.textChanged,
        ):
            signal.connect(self._update_button)
        self._update_button()

    def value(self) -> TaskEdit:
        """Return the edit."""
        return TaskEdit(
            family=self.family.currentText().strip() or None,
            split=self.split.currentData(),
            strategy=self.strategy.currentData(),
            add_tags=tag_list(self.add_tags.text()),
            remove_tags=tag_list(self.remove_tags.text()),
        )

    def is_changed(self) -> bool:
        """See EditDialog."""
        return self.value() != TaskEdit()

    def accept(self) -> None:
        """Save the edit, unless it changes nothing."""
        if self.save_button.isEnabled():
            self._save(self.value())
            super().accept()

    def _buttons(self) -> QDialogButtonBox:
        buttons = QDialogButtonBox()
        self.save_button = button("Apply", primary=True, tip="Ctrl+Enter")
        self.save_button.setDefault(True)
        buttons.addButton(self.save_button, QDialogButtonBox.ButtonRole.AcceptRole)
        buttons.addButton(button("Cancel"), QDialogButtonBox.ButtonRole.RejectRole)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        for key in ("Ctrl+Return", "Ctrl+Enter"):
            QShortcut(QKeySequence(key), self).activated.connect(self.accept)
        return buttons

    def _update_button(self) -> None:
        self.save_button.setEnabled(self.is_changed())
