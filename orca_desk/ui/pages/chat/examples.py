"""What an empty chat shows: what it is for, and three questions from the library to begin with."""

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QLabel, QPushButton, QVBoxLayout, QWidget

from orca_desk.library.database import Library
from orca_desk.library.tasks import TaskFilter, families, list_tasks
from orca_desk.method.records import Task
from orca_desk.ui.icons import pixmap
from orca_desk.ui.theme import GRID, Theme
from orca_desk.ui.widgets.text import button, label
from orca_desk.ui.words.shorten import shorten

WORKED = "worked-example"
EXAMPLES = 3
LENGTH = 110  # characters of a question on its button


def example_tasks(library: Library) -> list[Task]:
    """Return three tasks to begin with: the worked example, and held-out ones of other families."""
    found = list(list_tasks(library, TaskFilter(tag=WORKED, limit=1)).items)
    for counted in families(library):
        if len(found) < EXAMPLES and counted.family not in {task.family for task in found}:
            wanted = TaskFilter(family=counted.family, split="heldout", has_answer=True, limit=1)
            found += list_tasks(library, wanted).items
    return found


class Examples(QWidget):
    """An icon, a sentence, and a button for each example. `chosen` has its Task."""

    chosen = Signal(object)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        layout = QVBoxLayout(self)
        layout.setSpacing(GRID)
        layout.addStretch(2)
        self._picture = QLabel()
        layout.addWidget(self._picture, 0, Qt.AlignmentFlag.AlignHCenter)
        title = label("Ask all of them the same", size="heading", bold=True)
        layout.addWidget(title, 0, Qt.AlignmentFlag.AlignHCenter)
        text = label(
            "Each column above is one model on this machine; they answer side by side.", tone="muted"
        )
        layout.addWidget(text, 0, Qt.AlignmentFlag.AlignHCenter)
        layout.addSpacing(GRID)
        self._offered: list[QPushButton] = []
        self._buttons = QVBoxLayout()
        self._buttons.setSpacing(GRID)
        layout.addLayout(self._buttons)
        layout.addStretch(3)
        theme.changed.connect(self._paint)
        self._paint()

    def set_tasks(self, tasks: Sequence[Task]) -> None:
        """Offer these questions."""
        for made in self._offered:
            self._buttons.removeWidget(made)
            made.deleteLater()
        self._offered = []
        for task in tasks:
            made = button(shorten(task.query, LENGTH).replace("&", "&&"))
            made.setAccessibleName(f"Ask: {shorten(task.query, 400)}")
            made.setStyleSheet("text-align: left;")
            made.setMaximumWidth(88 * GRID)
            made.clicked.connect(lambda checked=False, task=task: self.chosen.emit(task))
            self._offered.append(made)
            self._buttons.addWidget(made, 0, Qt.AlignmentFlag.AlignHCenter)

    def _paint(self) -> None:
        self._picture.setPixmap(pixmap("message-circle", self._theme.colours, "muted", 5 * GRID))
