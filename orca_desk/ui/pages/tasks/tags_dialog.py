"""The dialog that adds tags to the selected tasks and removes them, by keyboard: T, some letters, Enter."""

from collections import Counter
from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCompleter, QDialog, QLineEdit, QVBoxLayout, QWidget

from orca_desk.counting import counted
from orca_desk.library.task_changes import TaskEdit
from orca_desk.ui.pages.tasks.edit_dialog import tag_list
from orca_desk.ui.theme import GRID
from orca_desk.ui.widgets.dialog_buttons import dialog_buttons
from orca_desk.ui.widgets.text import button, label
from orca_desk.ui.words.shorten import shorten

SHOWN = 12  # tags of the selected tasks that are listed


class TagCompleter(QCompleter):
    """Completes the last tag of a line, also one after a minus."""

    def __init__(self, tags: Sequence[str], parent: QWidget) -> None:
        super().__init__(list(tags), parent)
        self.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)

    def splitPath(self, path: str) -> list[str]:  # noqa: N802 - Qt's name
        """Return what is completed: the last tag."""
        return [path.rpartition(",")[2].strip().removeprefix("-")]

    def pathFromIndex(self, index: object) -> str:  # noqa: N802 - Qt's name
        """Return the whole line with the last tag completed."""
        widget = self.widget()
        line = widget.text() if isinstance(widget, QLineEdit) else ""
        before, comma, last = line.rpartition(",")
        minus = "-" if last.strip().startswith("-") else ""
        space = " " if comma else ""
        return f"{before}{comma}{space}{minus}{super().pathFromIndex(index)}"  # type: ignore[arg-type]


class TagsDialog(QDialog):
    """Takes tags for `count` tasks, which have those in `present`, and passes the edit to `save`."""

    def __init__(
        self,
        parent: QWidget,
        *,
        count: int,
        present: Counter[str],
        tags: Sequence[str],
        save: Callable[[TaskEdit], None],
    ) -> None:
        super().__init__(parent)
        self._save = save
        self.setWindowTitle("Tags")
        self.setMinimumWidth(56 * GRID)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(3 * GRID, 2 * GRID, 3 * GRID, 2 * GRID)
        layout.setSpacing(GRID + GRID // 2)
        layout.addWidget(label(f"Tags of {counted(count, 'task')}", size="heading", bold=True))
        self.present = label(_present(present, count), tone="muted", wrap=True)
        layout.addWidget(self.present)
        self.line = QLineEdit()
        self.line.setPlaceholderText("hard, -draft")
        self.line.setAccessibleName("Tags to add, or with a minus to remove")
        self.line.setCompleter(TagCompleter(tags, self.line))
        layout.addWidget(self.line)
        layout.addWidget(
            label("Separated by commas. A minus removes a tag: -draft.", size="caption", tone="muted")
        )
        self.accept_button = button("Save", self.accept, primary=True)
        layout.addWidget(dialog_buttons(self, self.accept_button))
        self.line.textChanged.connect(self._update)
        self._update()
        self.line.setFocus()

    def value(self) -> TaskEdit:
        """Return the edit."""
        given = tag_list(self.line.text())
        return TaskEdit(
            add_tags=tuple(tag for tag in given if not tag.startswith("-")),
            remove_tags=tuple(tag[1:].strip() for tag in given if tag.startswith("-") and tag[1:].strip()),
        )

    def accept(self) -> None:
        """Save the edit."""
        if self.accept_button.isEnabled():
            self._save(self.value())
            super().accept()

    def _update(self) -> None:
        edit = self.value()
        self.accept_button.setEnabled(bool(edit.add_tags or edit.remove_tags))


def _present(present: Counter[str], count: int) -> str:
    if not present:
        return "None so far."
    shown = present.most_common(SHOWN)
    names = [shorten(tag, 30) if n == count else f"{shorten(tag, 30)} ({n:,})" for tag, n in shown]
    more = len(present) - len(shown)
    return f"So far: {', '.join(names)}{f' and {more:,} more' if more else ''}."
