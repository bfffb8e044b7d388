"""The user's edit of an answer, graded and checked for leaks like the teacher's answer."""

from orca_desk.errors import UserError
from orca_desk.library.database import Library
from orca_desk.library.record_edits import revise
from orca_desk.library.records import StoredRecord, get_record
from orca_desk.library.tasks import get_tasks
from orca_desk.method.grading import Verdict
from orca_desk.method.leaks import find_leaks
from orca_desk.method.records import TeacherRecord, is_blank
from orca_desk.steps.grading import grade_answer
from orca_desk.steps.votes import keep_ready


def edit_answer(library: Library, record_id: str, text: str) -> StoredRecord:
    """Grade `text` and store it as a new revision of a record's answer; return the earlier record.

    Without a reference answer, or if the task was deleted, the text is not graded. Raises UserError for a
    text that is blank, or blank after its thoughts, which teaches nothing, and if the record does not exist.
    """
    if is_blank(text):
        raise UserError("The answer is empty.", "Enter an answer, or drop the record.")
    record = get_record(library, record_id).record
    verdict = _judge(library, record, text, deleted=None)
    leaks = find_leaks(record.system, text, question=record.user)
    before = revise(library, record_id, text, verdict=verdict, leaks=leaks)
    keep_ready(library)
    return before


def undo_edit(library: Library, before: StoredRecord) -> None:
    """Restore the record that `edit_answer` returned, by another revision.

    Its verdict is by the reference that the task has now, or the earlier one if the task was deleted.
    """
    text = before.current.response
    verdict = _judge(library, before.record, text, deleted=before.verdict)
    revise(library, before.record.id, text, verdict=verdict, leaks=before.leaks)
    keep_ready(library)


def _judge(library: Library, record: TeacherRecord, text: str, *, deleted: Verdict | None) -> Verdict | None:
    """Return the verdict by the task as it is now; `deleted` is the one for a task that was deleted."""
    task = get_tasks(library, [record.task_id]).get(record.task_id)
    return deleted if task is None else grade_answer(task, text, question=record.user)
