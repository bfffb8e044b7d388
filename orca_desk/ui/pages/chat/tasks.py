"""Tasks in a chat: one from the library becomes a message, and a turn of the chat becomes a task."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QFrame,
    QLineEdit,
    QListView,
    QVBoxLayout,
    QWidget,
)

from orca_desk.errors import UserError
from orca_desk.library.database import Library
from orca_desk.library.tasks import TaskFilter, families, list_tasks
from orca_desk.method.grading import KINDS
from orca_desk.method.records import Task
from orca_desk.ui.desk import Desk
from orca_desk.ui.pages.chat.history import OneLine
from orca_desk.ui.pages.chat.text import TextBox
from orca_desk.ui.theme import GRID
from orca_desk.ui.widgets.notice import Notice
from orca_desk.ui.widgets.text import label

FOUND = 50  # tasks of each split
LINE = 160  # characters of a task on its line
TYPING_MS = 150
Index = QModelIndex | QPersistentModelIndex
NOWHERE = QModelIndex()


def find_tasks(library: Library, text: str) -> list[Task]:
    """Return some tasks with these words: held-out ones first, since no training has seen them."""
    wanted = TaskFilter(text=text or None, limit=FOUND)
    held_out = list_tasks(library, replace(wanted, split="heldout")).items
    return [*held_out, *list_tasks(library, replace(wanted, split="train")).items]


class TaskListModel(QAbstractListModel):
    """Tasks on one line each."""

    def __init__(self) -> None:
        super().__init__()
        self.tasks: list[Task] = []

    def set_tasks(self, tasks: Sequence[Task]) -> None:
        """Show these."""
        self.beginResetModel()
        self.tasks = list(tasks)
        self.endResetModel()

    def rowCount(self, parent: Index = NOWHERE) -> int:  # noqa: N802 - Qt's name
        """Return how many tasks there are."""
        return 0 if parent.isValid() else len(self.tasks)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return a task's family, split and question."""
        if not index.isValid() or index.row() >= len(self.tasks) or role != Qt.ItemDataRole.DisplayRole:
            return None
        task = self.tasks[index.row()]
        split = "held out" if task.split == "heldout" else "train"
        return f"{task.family}, {split}:  {' '.join(task.query[:LINE].split())}"


class TaskPopover(QFrame):
    """Finds a task by its words. `chosen` has the Task."""

    chosen = Signal(object)

    def __init__(self, desk: Desk, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self._desk = desk
        self.setProperty("kind", "card")
        self.setAccessibleName("Insert a task from the library")
        self.resize(76 * GRID, 44 * GRID)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(2 * GRID, 2 * GRID, 2 * GRID, 2 * GRID)
        layout.setSpacing(GRID)
        layout.addWidget(label("Insert a task from the library", bold=True))
        self.search = QLineEdit()
        self.search.setPlaceholderText("Words of the task")
        self.search.setAccessibleName("Words of the task")
        self.search.setClearButtonEnabled(True)
        layout.addWidget(self.search)
        self.model = TaskListModel()
        self.model.setParent(self)
        self.list = QListView()
        self.list.setAccessibleName("Tasks found")
        self.list.setModel(self.model)
        self.list.setUniformItemSizes(True)
        self.list.setItemDelegate(OneLine(self.list))
        self.list.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        layout.addWidget(self.list, 1)
        self.hint = label(
            "Enter inserts. Held-out tasks come first: no training has seen them.",
            size="caption",
            tone="muted",
        )
        layout.addWidget(self.hint)
        self._typing = QTimer(self)
        self._typing.setSingleShot(True)
        self._typing.setInterval(TYPING_MS)
        self._typing.timeout.connect(self.look)
        self.search.textChanged.connect(self._typing.start)
        self.list.clicked.connect(self._choose)
        self.list.activated.connect(self._choose)
        self.look()

    def look(self) -> None:
        """Search again."""
        library, text = self._desk.library, self.search.text().strip()
        self._desk.background.run(self, lambda: find_tasks(library, text), self._show, only_newest="tasks")

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Go from the search to the list, and insert on Enter."""
        if event.key() == Qt.Key.Key_Down and self.model.tasks:
            self.list.setFocus()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.model.tasks:
            self._choose(self.list.currentIndex())
        else:
            super().keyPressEvent(event)

    def _show(self, tasks: list[Task]) -> None:
        self.model.set_tasks(tasks)
        if tasks:
            self.list.setCurrentIndex(self.model.index(0))

    def _choose(self, index: Index) -> None:
        if index.isValid():
            self.chosen.emit(self.model.tasks[index.row()])
            self.close()


class SaveTask(QDialog):
    """Makes a task of a question. `saved` has the Task."""

    saved = Signal(object)

    def __init__(self, desk: Desk, task: Task, answers: Sequence[tuple[str, str]], parent: QWidget) -> None:
        """`answers` are (whose, text): any may be taken as the reference."""
        super().__init__(parent)
        self._answers = list(answers)
        self.setWindowTitle("Save as a task")
        self.setMinimumWidth(72 * GRID)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(3 * GRID, 3 * GRID, 3 * GRID, 2 * GRID)
        layout.setSpacing(2 * GRID)
        self.notice = Notice(desk)
        layout.addWidget(self.notice)
        form = QFormLayout()
        form.setSpacing(GRID)
        self.query = _area(task.query, 10)
        self.context = _area(task.context, 8)
        self.source = QComboBox()
        self.source.addItem("My own, or none", None)
        for whose, text in self._answers:
            self.source.addItem(f"The answer of {whose}", text)
        self.source.activated.connect(self._take_answer)
        self.answer = _area(task.answer or "", 8)
        self.kind = QComboBox()
        self.kind.addItem("As its form says", None)
        for kind in KINDS:
            self.kind.addItem(kind, kind)
        self.family = QComboBox()
        self.family.setEditable(True)
        if line := self.family.lineEdit():
            line.setPlaceholderText("An old or a new name")
        self.split = QComboBox()
        self.split.addItem("Train", "train")
        self.split.addItem("Held out: for tests only", "heldout")
        form.addRow("&Question", self.query)
        form.addRow("&Context", self.context)
        form.addRow("&Reference from", self.source)
        form.addRow("Reference &answer", self.answer)
        form.addRow("&Kind of answer", self.kind)
        form.addRow("&Family", self.family)
        form.addRow("&Split", self.split)
        layout.addLayout(form)
        buttons = QDialogButtonBox(
            QDialogButtonBox.StandardButton.Save | QDialogButtonBox.StandardButton.Cancel
        )
        buttons.button(QDialogButtonBox.StandardButton.Save).setText("Save the task")
        buttons.accepted.connect(self._save)
        buttons.rejected.connect(self.reject)
        layout.addWidget(buttons)
        self.family.setEditText(task.family)
        library = desk.library
        desk.background.run(self, lambda: [one.family for one in families(library)], self._fill)

    def _fill(self, names: list[str]) -> None:
        typed = self.family.currentText()
        self.family.addItems(names)
        self.family.setEditText(typed)

    def _take_answer(self) -> None:
        text = self.source.currentData()
        if text is not None:
            self.answer.set_text(text)

    def _save(self) -> None:
        query, family = self.query.text().strip(), self.family.currentText().strip()
        if not query or not family:
            what = "The question is empty." if not query else "The task has no family."
            self.notice.show_error(UserError(what, "A task needs a question and a family."))
            return
        answer = self.answer.text().strip() or None
        self.saved.emit(
            Task(
                family=family,
                query=query,
                context=self.context.text().strip(),
                answer=answer,
                answer_kind=self.kind.currentData() if answer else None,
                split=self.split.currentData(),
                tags=("from-chat",),
            )
        )
        self.accept()


def _area(text: str, units: int) -> TextBox:
    made = TextBox()
    made.set_text(text)
    made.setFixedHeight(units * GRID)
    return made
