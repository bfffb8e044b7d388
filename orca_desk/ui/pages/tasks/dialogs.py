"""The dialogs of the Tasks page: which one opens on what, and where its result goes."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QDialog

from orca_desk.library.tasks import TaskFilter, tasks_at
from orca_desk.method.records import Task
from orca_desk.ui.pages.tasks.bulk_dialog import BulkDialog
from orca_desk.ui.pages.tasks.editor import TaskEditor
from orca_desk.ui.pages.tasks.families_dialog import FamiliesDialog

if TYPE_CHECKING:
    from orca_desk.ui.pages.tasks.page import TasksPage


class TaskDialogs(QObject):
    """Opens the dialogs of `page`, one at a time; `shown` is the newest."""

    def __init__(self, page: "TasksPage") -> None:
        super().__init__(page)
        self._page = page
        self.shown: QDialog | None = None

    def add(self) -> None:
        """Write a new task, in the family that the filter asks for."""
        family = self._page.filters.value().family
        self._edit(Task(family=family, query="") if family else None, is_new=True)

    def edit(self) -> None:
        """Edit the selected task, or all that are selected."""
        if self._page.table.selected_count() > 1:
            self.edit_all()
        else:
            self._with_current(partial(self._edit, is_new=False))

    def duplicate(self) -> None:
        """Write a new task that begins as a copy of the selected one."""
        self._with_current(partial(self._edit, is_new=True))

    def edit_all(self) -> None:
        """Make one edit in all selected tasks."""
        page, numbers = self._page, self._page.table.selected_numbers()
        if numbers:
            dialog = BulkDialog(
                page,
                count=len(numbers),
                families=page.choices.families,
                strategies=page.choices.strategies,
                save=partial(page.edits.edit_all, numbers),
            )
            self._open(dialog)

    def manage_families(self) -> None:
        """Show the families and their splits."""
        page = self._page
        self._open(FamiliesDialog(page.desk, page, writes=page.writes, show=self._show_family))

    def _with_current(self, then: Callable[[Task], None]) -> None:
        number, desk = self._page.table.current_number(), self._page.desk
        if number is not None:
            desk.background.run(
                self, lambda: tasks_at(desk.library, [number])[0], lambda task: then(task) if task else None
            )

    def _edit(self, task: Task | None, *, is_new: bool) -> None:
        page = self._page
        dialog = TaskEditor(
            page.desk,
            page,
            task=task,
            families=page.choices.families,
            strategies=page.choices.strategies,
            save=self._add if is_new else page.edits.edit,
            show=page.show_task,
            is_new=is_new,
        )
        self._open(dialog)

    def _add(self, task: Task) -> None:
        self._page.edits.add(task, lambda added: self._page.show_task(added.id))

    def _show_family(self, family: str) -> None:
        self._page.filters.set(TaskFilter(family=family))

    def _open(self, dialog: QDialog) -> None:
        self.shown = dialog
        dialog.finished.connect(dialog.deleteLater)
        dialog.finished.connect(lambda _: self._page.table.setFocus())
        dialog.open()
