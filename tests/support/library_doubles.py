"""Small real records for the tests of the library."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from orca_desk.library.chats import Chat, create_columns
from orca_desk.library.database import Library
from orca_desk.library.deleting.kinds import Kind
from orca_desk.library.new_records import NewRecord
from orca_desk.library.settings import FORMER, PLACE
from orca_desk.library.tasks import store_tasks
from orca_desk.method.grading import grade
from orca_desk.method.leaks import Leak
from orca_desk.method.records import Provenance, Sampling, Task, TeacherRecord
from orca_desk.steps.tidy.deletion import delete, plan_deletion

LEAK = Leak(start=0, end=4, text="told", why="speaks of instructions")


def make_task(number: int, **fields: object) -> Task:
    """A task whose answer is its number."""
    return Task(**{"family": "sums", "query": f"What is {number} plus 0?", "answer": str(number), **fields})


def update_tasks(library: Library, tasks: Sequence[Task]) -> list[Task]:
    """Replace the tasks with the same ids, all or none; return the earlier ones."""
    return library.write(lambda db: store_tasks(db, tasks))


def make_record(number: int, **fields: object) -> TeacherRecord:
    """A teacher record that answers task `number` correctly."""
    made_with = Provenance(
        model_sha256="model",
        quantisation="F16",
        template_sha256="template",
        sampling=Sampling(stop=("\n\n",), seed=number),
        engine="engine 1",
        batch=4,
        prompt_tokens=10,
        completion_tokens=number,
        finish_reason="stop",
        created_at="2026-01-31T12:00:00.000+00:00",
    )
    task = make_task(number)
    default = {
        "id": f"record-{number:05}",
        "task_id": task.id,
        "family": "sums",
        "strategy": "direct",
        "strategy_version": 1,
        "sample": 0,
        "system": "Answer at once.",
        "user": task.user_text,
        "response": f"Answer: {number}",
        "provenance": made_with,
    }
    return TeacherRecord(**{**default, **fields})


def judged(record: TeacherRecord, reference: object, *leaks: Leak) -> NewRecord:
    """The record with the verdict that grading it against `reference` gives."""
    return NewRecord(record=record, verdict=grade(record.response, str(reference)), leaks=leaks)


def own_verdicts(library: Library) -> dict[str, bool]:
    """Whether the teacher's own words were correct, by task, whatever the user made of them."""
    rows = library.rows(
        "SELECT r.task_id, v.correct FROM records AS r JOIN verdicts AS v ON v.record = r.n"
        " WHERE v.correct IS NOT NULL"
    )
    return {row["task_id"]: bool(row["correct"]) for row in rows}


def all_settings(library: Library) -> dict[str, Any]:
    """Every stored setting, by key, but for where the library lies and lay."""
    rows = library.rows("SELECT * FROM settings WHERE key NOT IN (?, ?)", (PLACE, FORMER))
    return {row["key"]: json.loads(row["value"]) for row in rows}


def make_chat(
    library: Library, *, title: str, model: Path, adapter: Path | None = None, system: str = ""
) -> Chat:
    """Store a conversation with one model."""
    return create_columns(library, title=title, models=[(model, adapter)], system=system)[0]


def delete_chat(library: Library, chat_id: str) -> int:
    """Delete a conversation as the desktop does; return its entry in the trash."""
    return delete(library, plan_deletion(library, Kind.CHAT, [chat_id]))
