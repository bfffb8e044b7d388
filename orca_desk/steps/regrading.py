"""One rule for verdicts: they are by the references that the tasks have now.

Whatever changes a task's reference answer, or its type, grades what was answered to it in the same
transaction: the teacher's words, the user's edit of them, and the evidence for strategies.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from orca_desk.library.database import Library
from orca_desk.library.deleted_tasks import DeletedTasks
from orca_desk.library.tasks import get_tasks, restore_by_parts
from orca_desk.library.verdicts import (
    FormerTasks,
    OutdatedError,
    Regraded,
    graded_texts,
    store_regraded,
)
from orca_desk.method.records import Task
from orca_desk.steps.grading import grade_answer
from orca_desk.yielding import yielding

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class ReplacedTasks:
    """The earlier tasks, with which to undo a replacement, and how many records got another verdict.

    `held_out` tells which records of tasks that changed sides, or ask another question, were held out.
    """

    before: tuple[Task, ...]
    held_out: dict[int, bool]
    regraded: int


def replace_tasks(
    library: Library, tasks: Sequence[Task], *, held_out: Mapping[int, bool] = {}
) -> ReplacedTasks:
    """Replace the tasks with the same ids, all or none, and grade their records by the new references.

    `held_out` of an earlier replacement, which this one undoes, frees the records that it held out.
    A reference in mathematics may take seconds: never call this in the event loop of a window. Raises
    UserError if there is no such task.
    """

    def attempt() -> ReplacedTasks:
        stored = get_tasks(library, [task.id for task in tasks])
        changed = [
            task for task in tasks if task.id in stored and _reference(task) != _reference(stored[task.id])
        ]
        former, regraded = _grade(
            library, changed, seen=list(stored.values()), replaced_by=tasks, held_out=held_out
        )
        return ReplacedTasks(before=former.tasks, held_out=former.held_out, regraded=regraded)

    return _until_current(attempt)


def undo_replacement(library: Library, done: ReplacedTasks) -> ReplacedTasks:
    """Undo `replace_tasks`; records that it held out can be trained on again."""
    return replace_tasks(library, done.before, held_out=done.held_out)


def bring_back(library: Library, deleted: DeletedTasks) -> None:
    """Restore deleted tasks; their records are graded by them, if others had their place meanwhile."""
    for part in restore_by_parts(library, deleted):
        regrade(library, part.added)


def regrade(library: Library, task_ids: Iterable[str]) -> int:
    """Grade the records of these tasks by the references that they have now; return how many changed.

    Records of deleted tasks keep their verdicts.
    """
    ids = list(task_ids)

    def attempt() -> int:
        stored = list(get_tasks(library, ids).values())
        return _grade(library, stored, seen=stored)[1]

    return _until_current(attempt)


def _grade(
    library: Library,
    tasks: Sequence[Task],
    *,
    seen: Sequence[Task],
    replaced_by: Sequence[Task] = (),
    held_out: Mapping[int, bool] = {},
) -> tuple[FormerTasks, int]:
    """Grade by the references of `tasks`; return the replaced tasks and how many records changed.

    Raises OutdatedError if the library no longer has the tasks as they were `seen`, or has other answers.
    """
    by_id = {task.id: task for task in tasks}
    texts = graded_texts(library, by_id)
    graded = [
        Regraded(text=text, verdict=grade_answer(by_id[text.task_id], text.response, question=text.user))
        for text in yielding(texts)
    ]
    changed = [one for one in graded if one.verdict != one.text.verdict]
    former = store_regraded(
        library, changed, tasks=by_id, texts=texts, seen=seen, replaced_by=replaced_by, held_out=held_out
    )
    return former, len({one.text.record for one in changed})


def _until_current(attempt: Callable[[], T]) -> T:
    while True:
        try:
            return attempt()
        except OutdatedError:
            continue  # once for each change that comes between


def _reference(task: Task) -> tuple[str | None, str | None]:
    return task.answer, task.answer_kind
