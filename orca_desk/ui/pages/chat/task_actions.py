"""What the user does with tasks in a chat: asks one of the library, and makes one of a message."""

from functools import partial

from PySide6.QtCore import QObject, QPoint, Qt

from orca_desk.library.tasks import Added, add_tasks, delete_tasks
from orca_desk.method.records import Task
from orca_desk.ui.page import Page
from orca_desk.ui.pages.chat.composer import Composer
from orca_desk.ui.pages.chat.talk import Talk
from orca_desk.ui.pages.chat.tasks import SaveTask, TaskPopover
from orca_desk.ui.pages.chat.turns import part_name
from orca_desk.ui.theme import GRID


class ChatTasks(QObject):
    """Opens the search for a task and the dialog that saves one, and says on the page what came of it."""

    def __init__(self, page: Page, talk: Talk, composer: Composer) -> None:
        super().__init__(page)
        self._page, self._desk, self._talk, self._composer = page, page.desk, talk, composer

    def insert(self) -> None:
        """Search the library for a task to ask."""
        popover = TaskPopover(self._desk, self._page)
        popover.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        popover.chosen.connect(self._composer.set_task)
        corner = self._composer.mapToGlobal(QPoint(0, 0))
        popover.move(corner.x(), corner.y() - popover.height() - GRID // 2)
        popover.show()
        popover.search.setFocus()

    def save_last(self) -> None:
        """Make a task of the last message."""
        if self._talk.turns:
            self.save(len(self._talk.turns) - 1)

    def save(self, number: int) -> None:
        """Make a task of a message, with a reference from any column or of the user's own."""
        turn = self._talk.turns[number]
        task = turn.task or Task(family="", query=turn.question)
        names = [part_name(self._page, one.part) for one in self._talk.answerers]
        answers = [(name, answer.content) for name, answer in zip(names, turn.answers, strict=True) if answer]
        dialog = SaveTask(self._desk, task, answers, self._page)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.saved.connect(self._add)
        dialog.open()

    def _add(self, task: Task) -> None:
        library = self._desk.library
        self._desk.do(
            "Save a task",
            lambda: add_tasks(library, [task]),
            lambda added: delete_tasks(library, added.added),
            "tasks",
            then=partial(self._tell, task),
            failed=self._page.notice.show_error,
        )

    def _tell(self, task: Task, added: Added) -> None:
        """Say what became of a task that was saved."""
        if added.added:
            words = f"Saved as a task of {task.family}."
        else:
            words = "This task is in the library already."
        self._page.notice.show_message(
            words,
            kind="good" if added.added else "info",
            action="Show it",
            run=lambda: self._desk.open("tasks", task=task.id),
        )
