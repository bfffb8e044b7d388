"""Everything that was made from some tasks: what goes with them, and what cannot be taken back."""

import json
import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from orca_desk.library.conditions import json_list
from orca_desk.library.connections import connect
from orca_desk.library.database import Library
from orca_desk.library.locations import log_folder, resolve_path, training_folder

WORKED_ON = ("records.jsonl",)  # what a training was given, beside its checkpoints
CHOSEN = "(SELECT value FROM json_each(:ids))"
# Records of the tasks, and of what they ask where no other task has them
RECORDS = f"""(SELECT n FROM records WHERE task_id IN {CHOSEN}
    OR (question IN (SELECT q.question FROM task_questions AS q JOIN tasks AS t ON t.n = q.task
          WHERE t.id IN {CHOSEN})
        AND task_id NOT IN (SELECT id FROM tasks)))"""
RECORD_IDS = f"(SELECT id FROM records WHERE n IN {RECORDS})"
SNAPSHOTS = f"""(SELECT snapshot FROM snapshot_records
    WHERE task_id IN {CHOSEN} OR teacher_record_id IN {RECORD_IDS})"""
CHATS = f"""(SELECT coalesce(c.beside, c.n) FROM messages AS m JOIN chats AS c ON c.n = m.chat
    WHERE m.task IN {CHOSEN})"""


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

    `evaluations` and `chats` are their ids; of an evaluation the texts go and the figures stay. `backups` are
    database files that hold a task or a record of it; `unread_backups` those that nobody can look into here.
    `files` are working files and logs in the library's folder with the text of a task. `written` are files
    that were exported or merged since, anywhere, which may hold it: nothing of them is deleted.
    """

    tasks: int
    records: int
    edits: int
    snapshots: tuple[SnapshotTrace, ...]
    trainings: tuple[TrainingTrace, ...]
    answers: int
    evaluations: tuple[str, ...]
    chats: tuple[str, ...]
    proposals: int
    backups: tuple[Path, ...]
    unread_backups: tuple[Path, ...]
    files: tuple[Path, ...]
    written: tuple[Path, ...]


def traces_of(library: Library, ids: Sequence[str]) -> Traces:
    """Return everything that was made from the tasks with these ids, as far as the library knows."""
    chosen = {"ids": json_list(ids)}

    def count(sql: str) -> int:
        row = library.row(sql, chosen)
        return int(row[0]) if row else 0

    snapshots = library.rows(
        f"SELECT s.id, s.name, s.records AS total, count(*) AS here FROM snapshot_records AS r"
        f" JOIN snapshots AS s ON s.id = r.snapshot"
        f" WHERE r.task_id IN {CHOSEN} OR r.teacher_record_id IN {RECORD_IDS}"
        " GROUP BY s.id ORDER BY s.created_at",
        chosen,
    )
    texts = task_texts(library, ids)
    backups, unread = _backups(library, ids)
    return Traces(
        tasks=count(f"SELECT count(*) FROM tasks WHERE id IN {CHOSEN}"),
        records=count(f"SELECT count(*) FROM records WHERE n IN {RECORDS}"),
        edits=count(f"SELECT count(*) FROM revisions WHERE record IN {RECORDS}"),
        snapshots=tuple(
            SnapshotTrace(id=row["id"], name=row["name"], records=row["here"], of=row["total"])
            for row in snapshots
        ),
        trainings=_trainings(library, chosen),
        answers=count(f"SELECT count(*) FROM answers WHERE task_id IN {CHOSEN}"),
        evaluations=_names(
            library, f"SELECT DISTINCT evaluation FROM questions WHERE task_id IN {CHOSEN}", chosen
        ),
        chats=_names(library, f"SELECT id FROM chats WHERE n IN {CHATS} ORDER BY n", chosen),
        proposals=count(f"SELECT count(*) FROM proposals WHERE accepted IN {CHOSEN}"),
        backups=backups,
        unread_backups=unread,
        files=tuple(files_with(library, texts)),
        written=_written(library),
    )


def task_texts(library: Library, ids: Sequence[str]) -> list[str]:
    """Return the questions and contexts of tasks as they are and as they were before edits."""
    rows = library.rows(f"SELECT query, context FROM tasks WHERE id IN {CHOSEN}", {"ids": json_list(ids)})
    found = {text for row in rows for text in (row["query"], row["context"]) if text}
    for row in library.rows(
        f"SELECT former FROM task_events WHERE task IN {CHOSEN}", {"ids": json_list(ids)}
    ):
        former = json.loads(row["former"])
        found |= {former[name] for name in ("query", "context") if former.get(name)}
    return sorted(found)


def files_with(library: Library, texts: Iterable[str]) -> list[Path]:
    """Return the logs and working files in the library's folder that contain one of the texts."""
    wanted = [form for text in texts for form in spellings(text)]
    places = [library.folder / "trainings", log_folder(library)]
    files = [
        path for place in places for path in place.rglob("*") if path.suffix in (".jsonl", ".log", ".json")
    ]
    return [path for path in sorted(files) if path.is_file() and holds(path, wanted)]


def spellings(text: str) -> set[bytes]:
    """Return a text as files may have it: as it is, and inside of JSON with and without escapes."""
    return {
        text.encode(),
        json.dumps(text, ensure_ascii=False)[1:-1].encode(),
        json.dumps(text)[1:-1].encode(),
    }


def holds(path: Path, wanted: Sequence[bytes]) -> bool:
    """Return whether a file contains one of these texts; reads a few MiB at a time."""
    longest = max(map(len, wanted), default=0)
    end = b""
    with path.open("rb") as file:
        while block := file.read(1 << 22):
            data = end + block
            if any(one in data for one in wanted):
                return True
            end = data[-longest:] if longest else b""
    return False


def _trainings(library: Library, chosen: dict[str, str]) -> tuple[TrainingTrace, ...]:
    rows = library.rows(
        f"SELECT id, snapshot, adapter, adapter_gguf FROM trainings WHERE snapshot IN {SNAPSHOTS}", chosen
    )
    found = []
    for row in rows:
        named = [resolve_path(library, row[name]) for name in ("adapter", "adapter_gguf") if row[name]]
        folder = training_folder(library, row["id"])
        places = dict.fromkeys([*named, *(folder / name for name in ("checkpoints", "checkpoint-adapters"))])
        there = tuple(path for path in places if path.exists())
        found.append(TrainingTrace(id=row["id"], snapshot=row["snapshot"], weights=there))
    return tuple(found)


def _backups(library: Library, ids: Sequence[str]) -> tuple[tuple[Path, ...], tuple[Path, ...]]:
    """Return the backups in the library's folder that hold one of the tasks, and those that are packed."""
    holding, unread = [], []
    for path in sorted((library.folder / "backups").glob("*")):
        if path.suffix == ".db":
            try:
                with closing(connect(path, "immutable")) as db:
                    found = db.execute(
                        f"SELECT 1 FROM tasks WHERE id IN {CHOSEN} UNION ALL"
                        f" SELECT 1 FROM records WHERE task_id IN {CHOSEN} LIMIT 1",
                        {"ids": json_list(ids)},
                    ).fetchone()
                if found:
                    holding.append(path)
            except sqlite3.Error:
                unread.append(path)
        elif path.is_file():
            unread.append(path)
    return tuple(holding), tuple(unread)


def _written(library: Library) -> tuple[Path, ...]:
    """Return the files that runs were asked to write: data handed over, and exported models."""
    rows = library.rows(
        "SELECT DISTINCT coalesce(json_extract(settings, '$.path'), json_extract(request, '$.path'),"
        "  json_extract(request, '$.folder'), json_extract(settings, '$.folder')) AS path"
        " FROM runs WHERE kind IN ('hand-over', 'export')"
    )
    return tuple(resolve_path(library, row["path"]) for row in rows if row["path"])


def _names(library: Library, sql: str, chosen: dict[str, str]) -> tuple[str, ...]:
    return tuple(row[0] for row in library.rows(sql, chosen))
