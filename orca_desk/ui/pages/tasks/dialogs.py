"""The dialogs of the Tasks page: which tasks each one opens on, and where its result goes."""

from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QDialog
from shiboken6 import isValid

from orca_desk.formats.tasks import DEFAULT_FAMILY
from orca_desk.library.tasks import TaskFilter, tags_of, tasks_at
from orca_desk.method.records import Task
from orca_desk.ui.pages.tasks.bulk_edit_dialog import BulkEditDialog
from orca_desk.ui.pages.tasks.duplicates_dialog import DuplicatesDialog
from orca_desk.ui.pages.tasks.duplicates_search import DuplicatesSearch, Sought
from orca_desk.ui.pages.tasks.edit_dialog import TaskEditor
from orca_desk.ui.pages.tasks.families_dialog import FamiliesDialog
from orca_desk.ui.pages.tasks.forget_dialog import ForgetDialog
from orca_desk.ui.pages.tasks.group_dialog import GroupDialog
from orca_desk.ui.pages.tasks.tags_dialog import TagsDialog

if TYPE_CHECKING:
    from orca_desk.ui.pages.tasks.page import TasksPage


class TaskDialogs(QObject):
    """Opens the dialogs of `page`, one at a time. `shown` is the latest one."""

    def __init__(self, page: "TasksPage") -> None:
        super().__init__(page)
        self._page = page
        self.shown: QDialog | None = None
        self.duplicates = DuplicatesSearch(page.desk, self)

    def add(self) -> None:
        """Create a task, in the family that is set in the filter."""
        family = self._page.filters.value().family
        self._edit(Task(family=family, query="") if family else None, is_new=True)

    def edit(self) -> None:
        """Edit the selected task, or all tasks if several are selected."""
        if self._page.table.selected_count() > 1:
            self.edit_all()
        else:
            self._with_current(partial(self._edit, is_new=False))

    def duplicate(self) -> None:
        """Create a task from a copy of the selected one."""
        self._with_current(partial(self._edit, is_new=True))

    def edit_all(self) -> None:
        """Apply one edit to all selected tasks."""
        page, rowids = self._page, self._page.table.selected_rowids()
        if rowids:
            dialog = BulkEditDialog(
                page,
                count=len(rowids),
                families=page.choices.families,
                strategies=page.choices.strategies,
                save=partial(page.edits.edit_all, rowids),
            )
            self._open(dialog)

    def tag(self) -> None:
        """Add tags to the selected tasks, or remove some."""
        page, rowids = self._page, self._page.table.selected_rowids()
        if not rowids:
            return

        def show(present: Counter[str]) -> None:
            dialog = TagsDialog(
                page,
                count=len(rowids),
                present=present,
                tags=page.choices.tags,
                save=partial(page.edits.edit_all, rowids),
            )
            self._open(dialog)

        library = page.desk.library
        page.desk.background.run(self, lambda: tags_of(library, rowids), show)

    def forget(self) -> None:
        """Delete the selected tasks for good, after a list of what goes with them."""
        rowids = self._page.table.selected_rowids()
        if rowids:
            self._open(ForgetDialog(self._page.desk, self._page, rowids))

    def group(self) -> None:
        """Group the tasks of a family: the one in the filter, or the first."""
        page = self._page
        names = page.choices.families
        family = page.filters.value().family or next((one for one in names if one == DEFAULT_FAMILY), None)
        self._open(GroupDialog(page.desk, page, families=names, family=family))

    def find_duplicates(self, sought: Sought | None = None) -> None:
        """Show the tasks that ask the same, as far as the latest search found them, or search for them."""
        page = self._page
        if isinstance(self.shown, DuplicatesDialog) and isValid(self.shown):  # a notification was clicked
            self.shown.raise_()
            return
        dialog = DuplicatesDialog(page.desk, page, search=self.duplicates, delete=page.edits.delete)
        self._open(dialog)
        if sought is not None and not self.duplicates.is_running:
            dialog.search_for(sought)

    def manage_families(self) -> None:
        """Show the families."""
        page = self._page
        self._open(FamiliesDialog(page.desk, page, show=self._show_family))

    def _with_current(self, then: Callable[[Task], None]) -> None:
        rowid, desk = self._page.table.current_rowid(), self._page.desk
        if rowid is not None:
            desk.background.run(
                self, lambda: tasks_at(desk.library, [rowid])[0], lambda task: then(task) if task else None
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
            show=page.listing.show_task,
            is_new=is_new,
        )
        self._open(dialog)

    def _add(self, task: Task) -> None:
        self._page.edits.add(task, lambda added: self._page.listing.show_task(added.id))

    def _show_family(self, family: str) -> None:
        self._page.filters.set(TaskFilter(family=family))

    def _open(self, dialog: QDialog) -> None:
        self.shown = dialog
        dialog.finished.connect(dialog.deleteLater)
        dialog.finished.connect(lambda _: self._page.table.setFocus())
        dialog.open()
