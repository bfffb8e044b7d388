"""Which tasks are held out: the task's identity decides, so that the split never changes between runs."""

from dataclasses import replace

from orca_desk.method.records import Task


def hold_out(task: Task, percent: float) -> Task:
    """Return `task` in the split "heldout" for `percent` of all ids (0 to 100), in "train" for the rest."""
    place = int(task.id[:8], 16) / 16**8 * 100
    return replace(task, split="heldout" if place < percent else "train")
