"""Find a task, by its words or at random."""

from PySide6.QtCore import QModelIndex, QStringListModel, QTimer, Signal
from PySide6.QtWidgets import QCompleter, QHBoxLayout, QLineEdit, QToolButton, QWidget

from orca_desk.library.tasks import TaskFilter, list_tasks
from orca_desk.method.records import Task
from orca_desk.steps.instruct.preview import random_task
from orca_desk.ui.desk import Desk
from orca_desk.ui.icons import icon
from orca_desk.ui.theme import GRID
from orca_desk.ui.words.shorten import shorten

SHOWN = 12  # tasks offered
PAUSE_MS = 200
LENGTH = 90  # characters of a question in the list


class TaskSearch(QWidget):
    """A search field that lists matching tasks. `found` is emitted with a task, or None if there is none."""

    found = Signal(object)

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk
        self.offered: list[Task] = []
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(GRID // 2)
        self.words = QLineEdit()
        self.words.setPlaceholderText("Search tasks")
        self.words.setAccessibleName("Search tasks")
        self.words.setClearButtonEnabled(True)
        self._texts = QStringListModel()
        self.completer = QCompleter(self._texts, self)
        self.completer.setCompletionMode(QCompleter.CompletionMode.UnfilteredPopupCompletion)
        self.completer.setMaxVisibleItems(SHOWN)
        self.completer.setWidget(self.words)
        if popup := self.completer.popup():
            desk.theme.apply_to(popup)  # a window of its own
        activated = self.completer.activated[QModelIndex]  # type: ignore[index]  # PySide's types lack overloads
        activated.connect(self._choose)
        self.words.textEdited.connect(self._typed)
        self.words.returnPressed.connect(self._first)
        self.shuffle = QToolButton()
        self.shuffle.setToolTip("Another random task")
        self.shuffle.setAccessibleName("Another random task")
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
        """Take random tasks from these families, if they have any."""
        self._families = families

    def another(self) -> None:
        """Choose a random task."""
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
        self.offered = tasks
        self._texts.setStringList([one_line(task) for task in tasks])
        if tasks and self.words.hasFocus():
            self.completer.complete()

    def _first(self) -> None:
        """Choose the first task of the list, if the list is up to date."""
        if self.offered and not self._timer.isActive():
            self.found.emit(self.offered[0])

    def _choose(self, index: QModelIndex) -> None:
        if index.row() < len(self.offered):
            self.words.clear()
            self.found.emit(self.offered[index.row()])

    def _paint(self) -> None:
        self.shuffle.setIcon(icon("shuffle", self.desk.theme.colours))


def one_line(task: Task) -> str:
    """Return a task as a row: its family and the beginning of its question."""
    return f"{task.family}  ·  {shorten(task.user_text, LENGTH)}"
