"""Which tasks the table lists: the first that match at once, and all of them soon after."""

from array import array
from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer, Signal

from orca_desk.library.task_order import first_ordered, ordered_rowids
from orca_desk.library.tasks import TaskFilter, count_tasks, first_rowids, task_rowids
from orca_desk.processes.progress import StoppedError
from orca_desk.ui.desk import Desk
from orca_desk.ui.pages.tasks.table import row_of
from orca_desk.ui.pages.tasks.view import TaskView

FIRST = 500  # tasks that are shown before all are found
REST_DELAY_MS = 150  # between the first tasks and all: whoever types on wants neither


class TaskListing(QObject):
    """Reads the tasks that match the filters of `view` and shows them in its table.

    `changed` follows each new list; `gone` says that the library no longer has the task to select.
    """

    changed = Signal()
    gone = Signal()

    def __init__(self, desk: Desk, view: TaskView) -> None:
        super().__init__(view)
        self._desk, self._view = desk, view
        self.total = 0  # tasks in the library
        self.is_all = True  # whether all that match are listed, not just the first ones
        self._wanted_task: str | None = None
        self._asked = object()  # what was asked for last: reading something else is in vain
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(REST_DELAY_MS)
        self._rest.timeout.connect(self.reload)

    def refresh(self) -> None:
        """Read the tasks again after the library has changed."""
        if self._view.table.tasks.rowids and self.is_all:
            self.reload()
        else:
            self.show_first()

    def show_first(self) -> None:
        """Show the first tasks that match the filters at once, and all of them soon after."""
        library, wanted = self._desk.library, self._view.filters.value()
        self._rest.stop()
        if self._wanted_task is not None:
            self.reload()
            return
        order, check = self._view.table.field_order, self._begin()

        def read() -> tuple["array[int]", bool, int]:
            if order is None:
                first = first_rowids(library, wanted, limit=FIRST, check=check)
            else:
                first = first_ordered(library, wanted, order[0], descending=order[1], limit=FIRST)
            return *first, count_tasks(library)

        self._desk.background.run(self, read, lambda found: self._show_first(*found), only_newest="tasks")

    def reload(self) -> None:
        """Read all tasks that match the filters."""
        library, wanted, find = self._desk.library, self._view.filters.value(), self._wanted_task
        self._rest.stop()
        order, check = self._view.table.field_order, self._begin()

        def read() -> tuple["array[int]", int, "array[int]"]:
            found = task_rowids(library, TaskFilter(ids=(find,))) if find else array("q")
            if order is None:
                return task_rowids(library, wanted, check=check), count_tasks(library), found
            field, descending = order
            rowids = ordered_rowids(library, wanted, field, descending=descending, check=check)
            return rowids, count_tasks(library), found

        self._desk.background.run(self, read, lambda found: self._show(*found), only_newest="tasks")

    def sort(self) -> None:
        """Show the first tasks in the new order at once, and say that the others are being sorted."""
        self._view.count_label.setText("Sorting…")
        self.show_first()

    def show_task(self, task_id: str) -> None:
        """Select a task, clearing the filters if they hide it."""
        self._wanted_task = task_id
        self.reload()

    def show_counts(self) -> None:
        """Say how many tasks match, and how many are selected."""
        self._view.show_counts(self.total, self._view.table.selected_count(), is_all=self.is_all)

    def _begin(self) -> Callable[[], None]:
        """Return what raises StoppedError as soon as something else is asked for.

        Of millions of tasks, a search or a sort takes seconds, and keeps a thread.
        """
        self._asked = asked = object()

        def check() -> None:
            if self._asked is not asked:
                raise StoppedError

        return check

    def _show_first(self, rowids: "array[int]", is_all: bool, total: int) -> None:
        if is_all:
            self._show(rowids, total, array("q"))
            return
        self.total, self.is_all = total, False
        self._view.show_content(len(rowids), total)
        self._view.table.show_rowids(rowids, more_follow=True)
        self.changed.emit()
        self._rest.start()

    def _show(self, rowids: "array[int]", total: int, found: "array[int]") -> None:
        had_first = not self.is_all
        self.total, self.is_all = total, True
        self._view.show_content(len(rowids), total)
        wanted, hidden = None, False
        if self._wanted_task is not None:
            wanted = found[0] if found else None
            if wanted is None:
                self.gone.emit()
            in_order = self._view.table.order is None
            hidden = wanted is not None and row_of(rowids, wanted, in_order=in_order) is None
            if not hidden:
                self._wanted_task = None
        if had_first and wanted is None:
            self._view.table.show_more(rowids)
        else:
            self._view.table.show_rowids(rowids, select=None if hidden else wanted)
        self.changed.emit()
        if hidden:
            self._view.filters.clear()  # reads again, and then finds the task
