"""Everything that was made from some tasks: what goes with them, and what cannot be taken back."""

import json
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from orca_desk.errors import UserError
from orca_desk.library.backups.keeping_settings import BACKUPS, KEPT, SETTINGS, keeping_of, store_folder
from orca_desk.library.backups.kept import kept_backups
from orca_desk.library.backups.opened import opened
from orca_desk.library.conditions import json_list
from orca_desk.library.connections import connect
from orca_desk.library.database import Library
from orca_desk.library.deleting.mentions import Mentions
from orca_desk.library.deleting.trash import list_trash
from orca_desk.library.locations import CHECKPOINT_FOLDERS, log_folder, resolve_path, training_folder
from orca_desk.method.turns import turns_from_json

WORKED_ON = "records.jsonl"  # what a training was given, beside its checkpoints
CHOSEN = "(SELECT value FROM json_each(:ids))"
# Records of the tasks, and of what they ask where no other task has them
RECORDS = f"""(SELECT n FROM records WHERE task_id IN {CHOSEN}
    OR (question IN (SELECT q.question FROM task_questions AS q JOIN tasks AS t ON t.n = q.task
          WHERE t.id IN {CHOSEN})
        AND task_id NOT IN (SELECT id FROM tasks)))"""
RECORD_IDS = f"(SELECT id FROM records WHERE n IN {RECORDS})"
SNAPSHOTS = f"""(SELECT snapshot FROM snapshot_records
    WHERE task_id IN {CHOSEN} OR teacher_record_id IN {RECORD_IDS})"""
# What follows also asks `mentioned` (mentions.py): texts outlive the tasks that they were copied from
CHATS = f"""(SELECT coalesce(c.beside, c.n) FROM messages AS m JOIN chats AS c ON c.n = m.chat
    WHERE m.task IN {CHOSEN} OR mentioned(m.content) OR mentioned(m.turns))"""
PROPOSALS = f"(accepted IN {CHOSEN} OR mentioned(task) OR mentioned(ancestry) OR mentioned(checks))"
ASKED = f"""(task_id IN {CHOSEN}
    OR (task_id NOT IN (SELECT id FROM tasks) AND (mentioned(user) OR mentioned(turns))))"""


@dataclass(frozen=True, kw_only=True)
class SnapshotTrace:
    """A snapshot that contains records of the tasks, and how many."""

    id: str
    name: str
    records: int
    of: int


@dataclass(frozen=True, kw_only=True)
class TrainingTrace:
    """A training on such a snapshot. `weights` are the files in the library that have learned from it."""

    id: str
    snapshot: str
    weights: tuple[Path, ...]


@dataclass(frozen=True, kw_only=True)
class Traces:
    """What was made from some tasks.

    `twins` are other tasks that ask the same, which stay. `evaluations` and `chats` are their ids; of an
    evaluation the texts go and the figures stay. `benchmark_questions` are questions of files that were named
    as benchmarks; freezing no longer looks for them. `backups` are
    files that hold a task or a record of it, kept backups by their lists; `unread_backups` are those that
    nobody can look into here.
    `files` are working files and logs in the library's folder with the text of a task. `written` are files
    that were exported or merged since, anywhere, which may hold it: nothing of them is deleted. `trash`
    counts the deletions that wait in the trash, which goes as a whole: its files may hold the text.
    """

    tasks: int
    twins: int
    records: int
    edits: int
    snapshots: tuple[SnapshotTrace, ...]
    trainings: tuple[TrainingTrace, ...]
    answers: int
    evaluations: tuple[str, ...]
    chats: tuple[str, ...]
    proposals: int
    benchmark_questions: int
    backups: tuple[Path, ...]
    unread_backups: tuple[Path, ...]
    files: tuple[Path, ...]
    written: tuple[Path, ...]
    trash: int = 0


def traces_of(library: Library, ids: Sequence[str]) -> Traces:
    """Return everything that was made from the tasks with these ids, as far as the library knows."""
    chosen = {"ids": json_list(ids)}

    mentions = Mentions(task_texts(library, ids))

    def names(sql: str) -> tuple[Any, ...]:
        with library.read() as db, mentions.in_sql(db):
            return tuple(row[0] for row in db.execute(sql, chosen).fetchall())

    def count(sql: str) -> int:
        return int(names(sql)[0])

    snapshots = library.rows(
        f"SELECT s.id, s.name, s.records AS total, count(*) AS here FROM snapshot_records AS r"
        f" JOIN snapshots AS s ON s.id = r.snapshot"
        f" WHERE r.task_id IN {CHOSEN} OR r.teacher_record_id IN {RECORD_IDS}"
        " GROUP BY s.id ORDER BY s.created_at",
        chosen,
    )
    trainings = _trainings(library, chosen)
    backups, unread = _backups(library, ids)
    return Traces(
        tasks=count(f"SELECT count(*) FROM tasks WHERE id IN {CHOSEN}"),
        twins=count(
            "SELECT count(DISTINCT q.task) FROM task_questions AS q JOIN tasks AS t ON t.n = q.task"
            f" WHERE t.id NOT IN {CHOSEN} AND q.question IN (SELECT mine.question FROM task_questions AS mine"
            f"  JOIN tasks AS one ON one.n = mine.task WHERE one.id IN {CHOSEN})"
        ),
        records=count(f"SELECT count(*) FROM records WHERE n IN {RECORDS}"),
        edits=count(f"SELECT count(*) FROM revisions WHERE record IN {RECORDS}"),
        snapshots=tuple(
            SnapshotTrace(id=row["id"], name=row["name"], records=row["here"], of=row["total"])
            for row in snapshots
        ),
        trainings=trainings,
        answers=count(
            "SELECT count(*) FROM answers WHERE (evaluation, task_id) IN"
            f" (SELECT evaluation, task_id FROM questions WHERE {ASKED})"
        ),
        evaluations=names(f"SELECT DISTINCT evaluation FROM questions WHERE {ASKED}"),
        chats=names(f"SELECT id FROM chats WHERE n IN {CHATS} ORDER BY n"),
        proposals=count(f"SELECT count(*) FROM proposals WHERE {PROPOSALS}"),
        benchmark_questions=count("SELECT count(*) FROM benchmark_questions WHERE mentioned(user)"),
        backups=backups,
        unread_backups=unread,
        files=_files(library, mentions, trainings),
        written=_written(library),
        trash=len(list_trash(library)),
    )


def task_texts(library: Library, ids: Sequence[str]) -> list[str]:
    """Return the questions, contexts and earlier turns of tasks as they are and as they were before edits.

    Without those that another task has too: they stay in the library with it.
    """
    chosen = {"ids": json_list(ids)}
    found: set[str] = set()
    for row in library.rows(f"SELECT query, context, turns FROM tasks WHERE id IN {CHOSEN}", chosen):
        found |= {row["query"], row["context"], *_said(row["turns"])}
    for row in library.rows(f"SELECT former FROM task_events WHERE task IN {CHOSEN}", chosen):
        former = json.loads(row["former"])
        found |= {former.get("query"), former.get("context"), *_said(former.get("turns"))}
    asked = {**chosen, "texts": json.dumps([text for text in found if text])}
    wanted = "IN (SELECT value FROM json_each(:texts))"
    others = library.rows(
        f"SELECT query AS text FROM tasks WHERE id NOT IN {CHOSEN} AND query {wanted}"
        f" UNION SELECT context FROM tasks WHERE id NOT IN {CHOSEN} AND context {wanted}"
        " UNION SELECT turn.value ->> 1 FROM tasks, json_each(tasks.turns) AS turn"
        f"  WHERE tasks.turns <> '[]' AND tasks.id NOT IN {CHOSEN} AND turn.value ->> 1 {wanted}",
        asked,
    )
    return sorted(text for text in found - {row["text"] for row in others} if text)


def _said(turns: str | None) -> list[str]:
    return [text for _, text in turns_from_json(turns or "[]")]


def _files(library: Library, mentions: Mentions, trainings: Sequence[TrainingTrace]) -> tuple[Path, ...]:
    """Return what these trainings were given, and the logs and such files of others that mention the tasks.

    Nothing beside them is looked at: a word of a task may well be in the files of any model.
    """
    given = {training_folder(library, training.id) / WORKED_ON for training in trainings}
    others = {
        *(library.folder / "trainings").rglob(WORKED_ON),
        *(path for path in log_folder(library).rglob("*") if path.is_file()),
    }
    found = {path for path in others - given if mentions.in_file(path)}
    return tuple(sorted(found | {path for path in given if path.exists()}))


def _trainings(library: Library, chosen: dict[str, str]) -> tuple[TrainingTrace, ...]:
    rows = library.rows(
        f"SELECT id, snapshot, adapter, adapter_gguf FROM trainings WHERE snapshot IN {SNAPSHOTS}", chosen
    )
    found = []
    for row in rows:
        named = [resolve_path(library, row[name]) for name in ("adapter", "adapter_gguf") if row[name]]
        folder = training_folder(library, row["id"])
        places = dict.fromkeys([*named, *(folder / name for name in CHECKPOINT_FOLDERS)])
        there = tuple(path for path in places if path.exists())
        found.append(TrainingTrace(id=row["id"], snapshot=row["snapshot"], weights=there))
    return tuple(found)


def _backups(library: Library, ids: Sequence[str]) -> tuple[tuple[Path, ...], tuple[Path, ...]]:
    """Return the library's backups that hold one of the tasks, and those that nobody can look into here."""
    holding, unread = [], []
    stores = {store_folder(library.folder), library.folder / BACKUPS / KEPT}  # also those of before a choice
    kept, damaged = [], []
    for store in stores:
        found, unreadable = kept_backups(store)
        kept += found
        damaged += unreadable
    chosen = keeping_of(library.folder).folder
    if chosen and not store_folder(library.folder).is_dir():
        unread.append(Path(chosen))
    there = [*(library.folder / BACKUPS).glob("*")]
    looked_into = [one for one in there if one.suffix in (".db", ".zip")]
    for path in [*looked_into, *(one.path for one in kept)]:
        try:
            if _holds(path, ids):
                holding.append(path)
        except (sqlite3.Error, UserError):
            unread.append(path)
    ours = {KEPT, SETTINGS, *(path.name for path in looked_into)}
    unread += [path for path in there if path.name not in ours and not path.name.startswith(".")]
    return tuple(sorted(holding)), tuple(sorted([*unread, *damaged]))


def _holds(path: Path, ids: Sequence[str]) -> bool:
    with opened(path) as backup, closing(connect(backup.database, "immutable")) as db:
        found = db.execute(
            f"SELECT 1 FROM tasks WHERE id IN {CHOSEN} UNION ALL"
            f" SELECT 1 FROM records WHERE task_id IN {CHOSEN} LIMIT 1",
            {"ids": json_list(ids)},
        ).fetchone()
    return found is not None


def _written(library: Library) -> tuple[Path, ...]:
    """Return the files that runs were asked to write: data handed over, and exported models."""
    rows = library.rows(
        "SELECT DISTINCT coalesce(json_extract(settings, '$.path'), json_extract(request, '$.path'),"
        "  json_extract(request, '$.folder'), json_extract(settings, '$.folder')) AS path"
        " FROM runs WHERE kind IN ('hand-over', 'export')"
    )
    return tuple(resolve_path(library, row["path"]) for row in rows if row["path"])
