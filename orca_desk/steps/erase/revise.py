"""The user's own version of an answer: graded and checked for leaks just as the teacher's was."""

from orca_desk.errors import UserError
from orca_desk.library.database import Library
from orca_desk.library.records import StoredRecord, get_record, revise
from orca_desk.library.tasks import get_tasks
from orca_desk.method.grading import grade
from orca_desk.method.leaks import find_leaks


def edit_answer(library: Library, record_id: str, text: str) -> StoredRecord:
    """Store `text` as a new revision of a record's answer, graded anew; return the record before.

    Without a reference answer, or where the task was deleted, it is not graded. Raises UserError for a
    blank text, which nothing could be learned from, and when there is no such record.
    """
    if not text.strip():
        raise UserError("The answer is empty.", "Write one, or drop the record.")
    record = get_record(library, record_id).record
    task = get_tasks(library, [record.task_id]).get(record.task_id)
    verdict = None if task is None or task.answer is None else grade(text, task.answer, task.answer_kind)
    leaks = find_leaks(record.system, text, question=record.user)
    return revise(library, record_id, text, verdict=verdict, leaks=leaks)


def undo_edit(library: Library, before: StoredRecord) -> None:
    """Go back to what `edit_answer` returned, verdict and leaks too, by one more revision."""
    revise(library, before.record.id, before.current.response, verdict=before.verdict, leaks=before.leaks)
