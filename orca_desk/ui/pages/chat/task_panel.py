"""Tasks in a chat: a task from the library becomes a message, and a turn of the chat becomes a task."""

from collections.abc import Sequence
from functools import partial
from typing import Any

from PySide6.QtCore import (
    QAbstractListModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QPoint,
    Qt,
    QTimer,
    Signal,
)
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QFormLayout,
    QFrame,
    QLineEdit,
    QListView,
    QVBoxLayout,
    QWidget,
)

from orca_desk.errors import UserError
from orca_desk.library.tasks import Added, add_tasks, families, remove_added
from orca_desk.method.grading import KINDS
from orca_desk.method.records import Task
from orca_desk.steps.chat.draft import Draft
from orca_desk.steps.chat.models import ChatModel
from orca_desk.steps.chat.offer import find_tasks
from orca_desk.steps.chat.transcript import Turn
from orca_desk.ui.desk import Desk
from orca_desk.ui.page import Page
from orca_desk.ui.pages.chat.answer import PART_NAMES
from orca_desk.ui.pages.chat.composer import Composer
from orca_desk.ui.pages.chat.history import OneLine
from orca_desk.ui.pages.chat.text_box import TextBox
from orca_desk.ui.theme import GRID, grown
from orca_desk.ui.widgets.dialog_buttons import dialog_buttons
from orca_desk.ui.widgets.notice import Notice
from orca_desk.ui.widgets.text import button, label
from orca_desk.ui.words.tasks import ANSWER_TYPES, SPLITS

LINE = 160  # characters of a task on its line
TYPING_MS = 150
Index = QModelIndex | QPersistentModelIndex
NOWHERE = QModelIndex()


class TaskPanel(QObject):
    """Opens the search for a task and the dialog that saves one, and reports on the page what was saved."""

    def __init__(self, page: Page, composer: Composer) -> None:
        super().__init__(page)
        self._page, self._desk, self._composer = page, page.desk, composer

    def insert(self) -> None:
        """Let the user search the library for a task to ask."""
        popover = TaskPopover(self._desk, self._page)
        popover.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        popover.chosen.connect(self._insert)
        corner = self._composer.mapToGlobal(QPoint(0, 0))
        popover.move(corner.x(), corner.y() - popover.height() - GRID // 2)
        popover.show()
        popover.search.setFocus()

    def save(self, turn: Turn, models: Sequence[ChatModel]) -> None:
        """Let the user save a turn as a task, with the answer of one of these models as its reference."""
        task = turn.task or Task(family="", query=turn.question, turns=turn.before)
        names = [PART_NAMES[one.part] for one in models]
        answers = [(name, answer.content) for name, answer in zip(names, turn.answers, strict=True) if answer]
        dialog = SaveTaskDialog(self._desk, task, answers, self._page)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.saved.connect(self._add)
        dialog.open()

    def _insert(self, task: Task) -> None:
        self._composer.set_draft(Draft.of_task(task))

    def _add(self, task: Task) -> None:
        library = self._desk.library
        self._desk.do(
            "save a task",
            lambda: add_tasks(library, [task]),
            lambda added: remove_added(library, added),
            "tasks",
            then=partial(self._report, task),
            failed=self._page.notice.show_error,
        )

    def _report(self, task: Task, added: Added) -> None:
        """Show whether the task is new, and offer to open it."""
        self._page.notice.show_message(
            f"Saved as a task of {task.family}." if added.added else "This task is already in the library.",
            kind="good" if added.added else "info",
            action="Show task",
            run=lambda: self._desk.open("tasks", task=task.id),
        )


class TaskListModel(QAbstractListModel):
    """Tasks on one line each."""

    def __init__(self) -> None:
        super().__init__()
        self.tasks: list[Task] = []

    def set_tasks(self, tasks: Sequence[Task]) -> None:
        """Show these tasks."""
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
        return f"{task.family}, {SPLITS[task.split].lower()}:  {' '.join(task.query[:LINE].split())}"


class TaskPopover(QFrame):
    """Finds a task by its words. `chosen` carries the task."""

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
        self.search.setPlaceholderText("Search tasks")
        self.search.setAccessibleName("Search tasks")
        self.search.setClearButtonEnabled(True)
        layout.addWidget(self.search)
        self.model = TaskListModel()
        self.model.setParent(self)
        self.list = QListView()
        self.list.setAccessibleName("Matching tasks")
        self.list.setModel(self.model)
        self.list.setUniformItemSizes(True)
        self.list.setItemDelegate(OneLine(self.list))
        self.list.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        layout.addWidget(self.list, 1)
        self.hint = label(
            "Press Enter to insert. Held-out tasks come first: no training has seen them.",
            size="caption",
            tone="muted",
        )
        layout.addWidget(self.hint)
        self._typing = QTimer(self)
        self._typing.setSingleShot(True)
        self._typing.setInterval(TYPING_MS)
        self._typing.timeout.connect(self._find)
        self.search.textChanged.connect(self._typing.start)
        self.list.clicked.connect(self._choose)
        self.list.activated.connect(self._choose)
        self._find()

    def _find(self) -> None:
        """Show the tasks that match the search."""
        library, text = self._desk.library, self.search.text().strip()
        self._desk.background.run(self, lambda: find_tasks(library, text), self._show, only_newest="tasks")

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Move from the search to the list on Down, insert on Enter."""
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


class SaveTaskDialog(QDialog):
    """Turns a question into a task. `saved` carries the task."""

    saved = Signal(object)

    def __init__(self, desk: Desk, task: Task, answers: Sequence[tuple[str, str]], parent: QWidget) -> None:
        """`answers` are pairs of a model's name and its answer; each can become the reference."""
        super().__init__(parent)
        self._answers = list(answers)
        self._turns = task.turns  # those before the question, which stay with it
        self.setWindowTitle("Save as a task")
        self.setMinimumWidth(72 * GRID)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(3 * GRID, 3 * GRID, 3 * GRID, 2 * GRID)
        layout.setSpacing(2 * GRID)
        self.notice = Notice(desk)
        layout.addWidget(self.notice)
        form = QFormLayout()
        form.setSpacing(GRID)
        self.query = _text_box(task.query, 10)
        self.context = _text_box(task.context, 8)
        self.source = QComboBox()
        self.source.addItem("Custom text, or none", None)
        for name, text in self._answers:
            self.source.addItem(f"Answer of {name}", text)
        self.source.activated.connect(self._take_answer)
        self.answer = _text_box(task.answer or "", 8)
        self.kind = QComboBox()
        self.kind.addItem("Detect automatically", None)
        for kind in KINDS:
            self.kind.addItem(ANSWER_TYPES[kind], kind)
        self.family = QComboBox()
        self.family.setEditable(True)
        if line := self.family.lineEdit():
            line.setPlaceholderText("Existing or new family")
        self.split = QComboBox()
        self.split.addItem("Train", "train")
        self.split.addItem("Held-out: for tests only", "heldout")
        form.addRow("&Question", self.query)
        form.addRow("&Context", self.context)
        form.addRow("&Reference from", self.source)
        form.addRow("Reference &answer", self.answer)
        form.addRow("Answer &type", self.kind)
        form.addRow("&Family", self.family)
        form.addRow("&Split", self.split)
        layout.addLayout(form)
        layout.addWidget(dialog_buttons(self, button("Save the task", self._save, primary=True)))
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
            what = "The question is empty." if not query else "The family is empty."
            self.notice.show_error(UserError(what, "A task needs a question and a family."))
            return
        answer = self.answer.text().strip() or None
        self.saved.emit(
            Task(
                family=family,
                query=query,
                context=self.context.text().strip(),
                turns=self._turns,
                answer=answer,
                answer_kind=self.kind.currentData() if answer else None,
                split=self.split.currentData(),
                tags=("from-chat",),
            )
        )
        self.accept()


def _text_box(text: str, units: int) -> TextBox:
    made = TextBox()
    made.set_text(text)
    made.setFixedHeight(grown(units * GRID))
    return made
