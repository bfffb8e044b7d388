"""The prompts on which a tuned student's files are compared with what was trained."""

from itertools import islice

from orca_desk.library.database import Library
from orca_desk.library.snapshots import get_snapshot, snapshot_records
from orca_desk.library.tasks import TaskFilter, iterate_tasks
from orca_desk.prompts.messages import Message, conversation


def gate_prompts(library: Library, snapshot: str, limit: int) -> list[list[Message]]:
    """Return held-out questions as messages to the student, or, without any, its training questions."""
    system = get_snapshot(library, snapshot).instruction
    heldout = iterate_tasks(library, TaskFilter(split="heldout", limit=limit))
    asked = [(task.user_text, task.turns) for task in heldout]
    asked = asked or [(one.user, one.turns) for one in islice(snapshot_records(library, snapshot), limit)]
    return [conversation(system, user, turns) for user, turns in asked]
