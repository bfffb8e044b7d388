"""Deleting tasks for good, with the texts of everything that was made from them.

One transaction deletes the rows and zeroes their pages; then the file is rewritten and the log of writes
emptied, so that no byte of the texts is left in it. What stays has no text: figures of evaluations, ids, and
a note.
"""

import json
import sqlite3
from collections.abc import Callable, Sequence
from typing import Any

from orca_desk.errors import UserError
from orca_desk.library.care.compacting import require_space, rewrite
from orca_desk.library.clock import now
from orca_desk.library.conditions import json_list
from orca_desk.library.database import Library
from orca_desk.library.deleting.mentions import Mentions
from orca_desk.library.deleting.traces import ASKED, CHATS, CHOSEN, PROPOSALS, RECORDS, task_texts
from orca_desk.library.deleting.trash import finish_moves, mark_all_going
from orca_desk.library.earlier_turns import after_turns

# The triggers that keep records and snapshots from being deleted in any other way
KEEPING = ("records_keep_delete", "snapshot_records_keep_delete", "manifests_keep_update")
# Where a question can stand in other words about it: requests, states, accounts
SCRUBBED = {
    "runs": ("settings", "request", "outcome", "label"),
    "notes": ("note",),
    "import_states": ("state",),
    "manifests": ("content",),
    "settings": ("value",),
    "pairings": ("reason", "details"),
    "undecided": ("reason", "details"),
    "forgetting": ("report",),
}
# Texts that a model wrote and that are made again when they are needed, and those of named benchmarks
MENTIONING = {
    "judgements": ("question", "reply"),
    "replies": ("user", "reply"),
    "benchmark_questions": ("user",),
}
INDEXES = ("tasks_text", "turns_text", "records_text", "answers_text", "messages_text")


class TextsLeftError(UserError):
    """The rows are deleted, but some of their bytes are still in the library's files."""


def forget(
    library: Library,
    ids: Sequence[str],
    account: dict[str, Any],
    *,
    remove_files: Callable[[], None] = lambda: None,
) -> None:
    """Delete the tasks and the texts of all that was made from them; note `account`, which has no text.

    Returns when no page of the database file holds any of it. A kill before leaves all or nothing of the
    deletion. `remove_files` is called when all rows are deleted, right before that takes effect: so no file,
    such as a backup, is lost for a database that cannot be changed.

    Raises UserError for an unknown id and without the space to rewrite the database, and TextsLeftError
    where that fails after the deletion.
    """
    require_space(library, "Deleting for good")
    mentions = Mentions(task_texts(library, ids))
    chosen = {"ids": json_list(ids)}

    def delete(db: sqlite3.Connection) -> None:
        (known,) = db.execute(f"SELECT count(*) FROM tasks WHERE id IN {CHOSEN}", chosen).fetchone()
        if known != len(set(ids)):
            raise UserError("Some of the tasks no longer exist.", "List the tasks to see their ids.")
        kept = {
            row["name"]: row["sql"]
            for row in db.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'").fetchall()
            if row["name"] in KEEPING
        }
        for name in kept:
            db.execute(f"DROP TRIGGER {name}")
        mark_all_going(db)  # what was deleted may hold the texts, in its files too
        with mentions.in_sql(db):
            _delete_rows(db, chosen)
            _scrub(db)
        db.execute(
            "INSERT INTO forgotten (account, created_at) VALUES (?, ?)",
            (json.dumps(account, ensure_ascii=False), now()),
        )
        for sql in kept.values():
            db.execute(sql)
        for index in INDEXES:  # else the words stay in old segments
            db.execute(f"INSERT INTO {index} ({index}) VALUES ('optimize')")
        remove_files()

    library.alone(lambda db: db.execute("PRAGMA secure_delete = ON"))
    try:
        library.write(delete)
        finish_moves(library)
        _rewrite(library)
    finally:
        library.alone(lambda db: db.execute("PRAGMA secure_delete = OFF"))


def _delete_rows(db: sqlite3.Connection, chosen: dict[str, str]) -> None:
    def run(sql: str) -> None:
        db.execute(sql, chosen)

    run(f"CREATE TEMP TABLE going AS SELECT n, id, question, content FROM records WHERE n IN {RECORDS}")
    run(
        "CREATE TEMP TABLE asked AS SELECT q.question FROM task_questions AS q"
        f" JOIN tasks AS t ON t.n = q.task WHERE t.id IN {CHOSEN} UNION SELECT question FROM going"
    )
    _delete_from_snapshots(db, chosen)
    run("INSERT INTO records_text (records_text, rowid, user, response)"
        f" SELECT 'delete', n, {after_turns('user')},"
        " coalesce((SELECT response FROM revisions WHERE record = records.n"
        "  ORDER BY revision DESC LIMIT 1), response) FROM records WHERE n IN (SELECT n FROM going)"
        " AND n >= (SELECT below FROM text_indexes WHERE name = 'records')")  # fmt: skip
    contents = (
        "SELECT content FROM going UNION SELECT content FROM revisions WHERE record IN (SELECT n FROM going)"
    )
    run(f"DELETE FROM answer_facts WHERE content IN ({contents})")
    for table in ("verdicts", "decisions", "revisions"):
        run(f"DELETE FROM {table} WHERE record IN (SELECT n FROM going)")
    run("DELETE FROM record_aliases WHERE record IN (SELECT id FROM going)")
    run("DELETE FROM records WHERE n IN (SELECT n FROM going)")
    for table in ("votes", "base_answers"):
        run(f"DELETE FROM {table} WHERE question IN (SELECT question FROM asked)")
    run("DELETE FROM token_scores")  # pieces of answers, by keys that name no task; they are computed again
    _blank_answers(db, chosen)
    run(f"DELETE FROM chats WHERE n IN {CHATS}")
    run(f"DELETE FROM proposals WHERE {PROPOSALS}")
    run(
        f"DELETE FROM task_events WHERE task IN {CHOSEN}"
        " OR (task NOT IN (SELECT id FROM tasks) AND mentioned(former))"
    )
    run(f"DELETE FROM tasks WHERE id IN {CHOSEN}")
    for table in ("going", "asked"):
        run(f"DROP TABLE temp.{table}")


def _delete_from_snapshots(db: sqlite3.Connection, chosen: dict[str, str]) -> None:
    here = f"task_id IN {CHOSEN} OR teacher_record_id IN (SELECT id FROM going)"
    db.execute(
        "INSERT INTO snapshot_losses"
        f" SELECT snapshot, count(*), :now FROM snapshot_records WHERE {here} GROUP BY snapshot"
        " ON CONFLICT (snapshot) DO UPDATE"
        " SET records = records + excluded.records, lost_at = excluded.lost_at",
        {**chosen, "now": now()},
    )
    db.execute(f"DELETE FROM snapshot_records WHERE {here}", chosen)


def _blank_answers(db: sqlite3.Connection, chosen: dict[str, str]) -> None:
    """Remove the texts of evaluations' answers; whether they were correct, and so the result, stays."""
    db.execute(
        f"CREATE TEMP TABLE blanked AS SELECT evaluation, task_id FROM questions WHERE {ASKED}", chosen
    )
    where = "WHERE (evaluation, task_id) IN (SELECT evaluation, task_id FROM blanked)"
    rows = [dict(row) for row in db.execute(f"SELECT * FROM answers {where}").fetchall()]
    db.execute(f"DELETE FROM answers {where}")
    db.execute(f"UPDATE questions SET user = '', answer = NULL, turns = '[]' {where}")
    db.execute("DROP TABLE temp.blanked")
    for row in rows:
        blank = {**row, "response": "", "reason": ""}
        db.execute(f"INSERT INTO answers ({', '.join(blank)}) VALUES (:{', :'.join(blank)})", blank)


def _scrub(db: sqlite3.Connection) -> None:
    """Replace the texts where they were mentioned, and delete what a model wrote about them."""
    for table, columns in SCRUBBED.items():
        for column in columns:
            db.execute(f"UPDATE {table} SET {column} = blanked({column}) WHERE mentioned({column})")
    for table, columns in MENTIONING.items():
        db.execute(f"DELETE FROM {table} WHERE {' OR '.join(f'mentioned({name})' for name in columns)}")


def _rewrite(library: Library) -> None:
    """Rewrite the database: free space inside of pages may still have texts from before an edit."""
    later = "Close all programs that read the library, then run `orca-desk library compact --now`."
    try:
        done = library.alone(lambda db: rewrite(db, library))
    except UserError as error:
        told = f"The tasks are deleted, but the file may still have their texts: {error}"
        raise TextsLeftError(told, later) from error
    if not done:
        told = (
            "The tasks are deleted, but another program is reading the library, "
            "and its -wal file still contains their texts."
        )
        raise TextsLeftError(told, later)
