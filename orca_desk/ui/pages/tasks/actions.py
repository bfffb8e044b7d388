"""The changes that the user makes to tasks. Each of them can be undone."""

from array import array
from collections.abc import Callable, Sequence

from orca_desk.counting import counted
from orca_desk.library.samples import add_samples, delete_samples
from orca_desk.library.task_changes import ChangedTasks, TaskEdit, change_tasks, undo_change
from orca_desk.library.tasks import (
    Added,
    add_tasks,
    delete_rows,
    remove_added,
    task_ids,
    tasks_at,
)
from orca_desk.method.records import Task
from orca_desk.steps.regrading import ReplacedTasks, bring_back, regrade, replace_tasks, undo_replacement
from orca_desk.ui.desk import Desk
from orca_desk.ui.words.tasks import regraded_sentence

MARKED = "marked"  # the tag of a mark
GRADES = ("tasks", "records", "pairings")  # what a change of a reference answer changes


class TaskActions:
    """Adds, edits and deletes tasks. `failed` receives the error of a change that fails."""

    def __init__(self, desk: Desk, *, failed: Callable[[Exception], None]) -> None:
        self._desk, self._library, self._failed = desk, desk.library, failed

    def add(self, task: Task, then: Callable[[Task], None]) -> None:
        """Add a task, then call `then` with it. Records of one that was deleted are graded by it."""

        def add() -> Added:
            added = add_tasks(self._library, [task])
            regrade(self._library, added.added)
            return added

        self._desk.do(
            "add a task",
            add,
            lambda added: remove_added(self._library, added),
            *GRADES,
            then=lambda _: then(task),
            failed=self._failed,
        )

    def edit(self, task: Task) -> None:
        """Store an edited task; its records are graded by its new reference answer, if it has another."""

        def tell(done: ReplacedTasks) -> None:
            if done.regraded:
                self._desk.say(regraded_sentence(done.regraded))

        self._desk.do(
            "edit a task",
            lambda: replace_tasks(self._library, [task]),
            lambda done: undo_replacement(self._library, done),
            *GRADES,
            then=tell,
            failed=self._failed,
            shows=lambda _: _first([task.id]),
        )

    def edit_all(self, rowids: "array[int]", edit: TaskEdit) -> None:
        """Apply one edit to the tasks with these row ids."""
        first: list[str] = []

        def change() -> ChangedTasks:
            first[:] = task_ids(self._library, rowids[:1])
            return change_tasks(self._library, rowids, edit)

        self._desk.do(
            f"edit {counted(len(rowids), 'task')}",
            change,
            lambda changed: undo_change(self._library, changed),
            "tasks",
            then=lambda changed: self._desk.say(
                f"Edited {counted(changed.count, 'task')}. Press Ctrl+Z to undo."
            ),
            failed=self._failed,
            shows=lambda _: _first(first),
        )

    def mark(self, rowids: "array[int]") -> None:
        """Give the tasks with these row ids the tag of a mark; take it from all if the first one has it."""
        first: list[str] = []

        def change() -> tuple[bool, ChangedTasks]:
            (task,) = tasks_at(self._library, rowids[:1])
            is_marked = task is not None and MARKED in task.tags
            first[:] = task_ids(self._library, rowids[:1])
            edit = TaskEdit(remove_tags=(MARKED,)) if is_marked else TaskEdit(add_tags=(MARKED,))
            return is_marked, change_tasks(self._library, rowids, edit)

        def say(found: tuple[bool, ChangedTasks]) -> None:
            was_marked, changed = found
            how = "No longer marked" if was_marked else f"Marked, to be found by tag:{MARKED}"
            self._desk.say(f"{how}: {counted(changed.count, 'task')}. Press Ctrl+Z to undo.")

        self._desk.do(
            f"mark {counted(len(rowids), 'task')}",
            change,
            lambda found: undo_change(self._library, found[1]),
            "tasks",
            then=say,
            failed=self._failed,
            shows=lambda _: _first(first),
        )

    def delete(self, rowids: "array[int]") -> None:
        """Delete the tasks with these row ids. Records that were made from them stay."""
        self._desk.do(
            f"delete {counted(len(rowids), 'task')}",
            lambda: delete_rows(self._library, rowids),
            lambda deleted: bring_back(self._library, deleted),
            *GRADES,
            then=lambda deleted: self._desk.say(
                f"Deleted {counted(len(deleted), 'task')}. Press Ctrl+Z to undo."
            ),
            failed=self._failed,
            shows=lambda deleted: _first([deleted.first] if deleted else []),
        )

    def add_samples(self) -> None:
        """Add the bundled tasks that the library lacks; all families does not mean them beside own ones."""
        self._desk.do(
            "add the sample tasks",
            lambda: add_samples(self._library),
            lambda added: remove_added(self._library, added),
            *GRADES,
            then=lambda added: self._desk.say(
                f"Added {counted(len(added.added), 'sample task')}. Press Ctrl+Z to undo."
            ),
            failed=self._failed,
        )

    def remove_samples(self) -> None:
        """Delete the sample tasks. Records that were made from them stay."""
        self._desk.do(
            "remove the sample tasks",
            lambda: delete_samples(self._library),
            lambda deleted: bring_back(self._library, deleted),
            *GRADES,
            then=lambda deleted: self._desk.say(
                f"Removed {counted(len(deleted), 'sample task')}. Press Ctrl+Z to undo."
            ),
            failed=self._failed,
        )


def _first(ids: Sequence[str]) -> tuple[str, dict[str, str]]:
    """Return where an undone change of tasks is seen: the page, and the first of them if there is any."""
    return "tasks", {"task": ids[0]} if ids else {}
