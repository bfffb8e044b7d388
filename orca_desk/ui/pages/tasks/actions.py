"""What the user does with tasks: each a small function on the library, with its undo."""

from array import array
from collections.abc import Callable

from orca_desk.library.task_changes import TaskEdit, change_tasks, take_back
from orca_desk.library.tasks import add_tasks, delete_tasks, restore_tasks, task_ids, update_task
from orca_desk.method.records import Task
from orca_desk.ui.desk import Desk
from orca_desk.ui.writes import Writes


class TaskActions:
    """Adding, editing and deleting, off the event loop, each on the undo stack."""

    def __init__(self, desk: Desk, writes: Writes) -> None:
        self._desk, self._library, self._writes = desk, desk.library, writes

    def add(self, task: Task, then: Callable[[Task], None]) -> None:
        """Add a task; `then` gets it when it is there."""
        self._writes.do(
            "add a task",
            lambda: add_tasks(self._library, [task]),
            lambda added: delete_tasks(self._library, added.added),
            "tasks",
            then=lambda _: then(task),
        )

    def edit(self, task: Task) -> None:
        """Store an edited task."""
        self._writes.do(
            "edit a task",
            lambda: update_task(self._library, task),
            lambda before: update_task(self._library, before),
            "tasks",
        )

    def edit_all(self, numbers: "array[int]", edit: TaskEdit) -> None:
        """Make one edit in the tasks at some places."""
        self._writes.do(
            f"edit {len(numbers):,} tasks",
            lambda: change_tasks(self._library, numbers, edit),
            lambda changed: take_back(self._library, changed),
            "tasks",
            then=lambda changed: self._desk.say(f"Changed: {changed.count:,}. Ctrl+Z takes it back."),
        )

    def delete(self, numbers: "array[int]") -> None:
        """Delete the tasks at some places; records that were made from them stay."""
        text = "delete a task" if len(numbers) == 1 else "delete {:,} tasks"
        self._writes.do(
            text.format(len(numbers)),
            lambda: delete_tasks(self._library, task_ids(self._library, numbers)),
            lambda deleted: restore_tasks(self._library, deleted),
            "tasks",
            then=lambda deleted: self._desk.say(f"Deleted: {len(deleted.tasks):,}. Ctrl+Z brings them back."),
        )
