"""The reference answer of a task, in words."""

from orca_desk.method.records import Task


def reference_text(task: Task | None) -> str:
    """Return a task's reference answer, or why there is none; `task` is None for a deleted one."""
    if task is None:
        return "This task has since been deleted."
    return task.answer if task.answer is not None else "This task no longer has a reference answer."
