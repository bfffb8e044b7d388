"""Finds one task: by its words as they are typed, or at random."""

import random

from PySide6.QtCore import QModelIndex, QStringListModel, QTimer, Signal
from PySide6.QtWidgets import QCompleter, QHBoxLayout, QLineEdit, QToolButton, QWidget

from orca_desk.library.database import Library
from orca_desk.library.tasks import TaskFilter, list_tasks, task_numbers, tasks_at
from orca_desk.method.records import Task
from orca_desk.ui.desk import Desk
from orca_desk.ui.icons import icon
from orca_desk.ui.theme import GRID
from orca_desk.ui.words.shorten import shorten

SHOWN = 12  # tasks offered for what is typed
PAUSE_MS = 200
LENGTH = 90  # characters of a question in the list


class TaskSearch(QWidget):
    """A line to type words into; the tasks that hold them open below. `found` comes with a task or None."""

    found = Signal(object)

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk
        self._offered: list[Task] = []
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(GRID // 2)
        self.words = QLineEdit()
        self.words.setPlaceholderText("Find a task by its words")
        self.words.setAccessibleName("Find a task by its words")
        self.words.setClearButtonEnabled(True)
        self._texts = QStringListModel()
        self.completer = QCompleter(self._texts, self)
        self.completer.setCompletionMode(QCompleter.CompletionMode.UnfilteredPopupCompletion)
        self.completer.setMaxVisibleItems(SHOWN)
        self.completer.setWidget(self.words)
        desk.theme.dress(self.completer.popup())  # a window of its own
        self.completer.activated[QModelIndex].connect(self._choose)
        self.words.textEdited.connect(self._typed)
        self.words.returnPressed.connect(self._first)
        self.shuffle = QToolButton()
        self.shuffle.setToolTip("Another task at random")
        self.shuffle.setAccessibleName("Another task at random")
        self.shuffle.clicked.connect(self.another)
        row.addWidget(self.words, 1)
        row.addWidget(self.shuffle)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(PAUSE_MS)
        self._timer.timeout.connect(self._search)
        self._families: tuple[str, ...] = ()
        desk.theme.changed.connect(self._paint)
        self._paint()

    def prefer(self, families: tuple[str, ...]) -> None:
        """From now on take random tasks from these families, if there are any."""
        self._families = families

    def another(self) -> None:
        """Choose a task at random."""
        library, families = self.desk.library, self._families
        self.desk.background.run(
            self, lambda: random_task(library, families), self.found.emit, only_newest="task"
        )

    def _typed(self) -> None:
        self._timer.start()

    def _search(self) -> None:
        library, text = self.desk.library, self.words.text()
        if text.strip():
            self.desk.background.run(
                self,
                lambda: list(list_tasks(library, TaskFilter(text=text, limit=SHOWN)).items),
                self._offer,
                only_newest="search",
            )

    def _offer(self, tasks: list[Task]) -> None:
        self._offered = tasks
        self._texts.setStringList([one_line(task) for task in tasks])
        if tasks and self.words.hasFocus():
            self.completer.complete()

    def _first(self) -> None:
        """Choose the first of those that are offered, once they are."""
        if self._offered and not self._timer.isActive():
            self.found.emit(self._offered[0])

    def _choose(self, place: QModelIndex) -> None:
        if place.row() < len(self._offered):
            self.words.clear()
            self.found.emit(self._offered[place.row()])

    def _paint(self) -> None:
        self.shuffle.setIcon(icon("shuffle", self.desk.theme.colours))


def one_line(task: Task) -> str:
    """Return a task for a list: its family and the beginning of its question."""
    return f"{task.family}  ·  {shorten(task.user_text, LENGTH)}"


def random_task(library: Library, families: tuple[str, ...]) -> Task | None:
    """Return any training task, of one of the families where they have any; None when there is none."""
    family = random.choice(families) if families else None
    for wanted in (TaskFilter(family=family, split="train"), TaskFilter(split="train"), TaskFilter()):
        if numbers := task_numbers(library, wanted):
            return next(iter(tasks_at(library, [random.choice(numbers)])), None)
    return None
