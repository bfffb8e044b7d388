"""The selected task in the reading pane, with its history."""

from PySide6.QtCore import QObject

from orca_desk.library.history import task_history
from orca_desk.steps.collect.task_facts import TaskFacts, task_facts
from orca_desk.ui.desk import Desk
from orca_desk.ui.pages.tasks.view import TaskView


class SelectedTask(QObject):
    """Reads what is selected in the table of `view`, and shows it beside."""

    def __init__(self, desk: Desk, view: TaskView) -> None:
        super().__init__(view)
        self._desk, self._table, self._detail = desk, view.table, view.detail

    def read(self) -> None:
        """Show the selected task as it is now; for several, their number."""
        rowid, count = self._table.current_rowid(), self._table.selected_count()
        if count > 1:
            self._detail.show_many(count)
        if rowid is None or count != 1:
            if count == 0:
                self._detail.show_none()
            rowid = None  # a read is still needed: it replaces one that is under way
        library = self._desk.library
        self._desk.background.run(
            self,
            lambda: None if rowid is None else task_facts(library, rowid),
            self._show,
            only_newest="task",
        )

    def _show(self, facts: TaskFacts | None) -> None:
        if facts is not None:
            self._detail.show_task(facts)
            self._read_history(facts.task.id)

    def _read_history(self, task_id: str) -> None:
        library = self._desk.library
        self._desk.background.run(
            self,
            lambda: task_history(library, task_id),
            self._detail.show_history,
            failed=lambda _: None,  # it was deleted meanwhile
            only_newest="history",
        )
