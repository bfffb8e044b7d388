"""Searching a whole library by a few words: tasks and records by text, everything else by its name."""

from dataclasses import dataclass
from pathlib import PurePath
from typing import Literal

from orca_desk.library.database import Library
from orca_desk.library.families import NAME
from orca_desk.library.records import RecordFilter, list_records
from orca_desk.library.snapshot_store import LISTED
from orca_desk.library.tasks import TaskFilter, list_tasks
from orca_desk.method.search_query import QueryError

FoundKind = Literal[
    "task",
    "family",
    "record",
    "strategy",
    "snapshot",
    "training",
    "evaluation",
    "experiment",
    "run",
    "chat",
    "model",
]
TEXT = 90  # characters of a task or an outcome
SHORT = (
    3  # letters below which only names that begin so are found: too much has "a" in it; 数学 is long enough
)


@dataclass(frozen=True, kw_only=True)
class Found:
    """A search result: its kind and id, and the title and detail to show.

    The `detail` of a run is its stored outcome, as `Run.outcome`. A model, by its path as the library stores
    it, is found by the note on it alone: all others are known to `inventory`.
    """

    kind: FoundKind
    id: str
    title: str
    detail: str


def look_up(library: Library, text: str, *, limit: int = 6) -> list[Found]:
    """Return what matches `text`, at most `limit` results per kind; nothing for a blank text.

    One or two ASCII letters find only names that begin so. Runs a few indexed queries, and scans the runs
    and chats.
    """
    wanted = text.encode(errors="ignore").decode().strip()  # no name has half a character
    if not wanted:
        return []
    folded = wanted.casefold()
    if is_short(wanted):
        return [one for kind in NAMED for one in kind(library, folded, limit)]
    return [
        *_families(library, folded, limit),
        *_strategies(library, folded, limit),
        *_snapshots(library, folded, limit),
        *_runs(library, folded, limit),
        *_records(library, wanted, limit),
        *_chats(library, folded, limit),
        *_models(library, folded, limit),
        *_by_text(library, wanted, limit),
    ]


def is_short(text: str) -> bool:
    """Return whether a text is so short that only names are looked up."""
    return text.isascii() and len(text) < SHORT


def _has(folded: str, *columns: str) -> str:
    """Return the condition that one of these columns has the text in it, or begins with a short one."""
    test = "= 1" if is_short(folded) else "> 0"
    return " OR ".join(f"instr(casefold({column}), ?1) {test}" for column in columns)


def _strategies(library: Library, folded: str, limit: int) -> list[Found]:
    rows = library.rows(
        f"SELECT name, title, max(version) FROM strategies WHERE {_has(folded, 'name', 'title')}"
        " GROUP BY name ORDER BY name LIMIT ?2",
        (folded, limit),
    )
    return [Found(kind="strategy", id=row[0], title=row[1], detail=row[0]) for row in rows]


def _families(library: Library, folded: str, limit: int) -> list[Found]:
    """Families that have tasks, by their name or the note on them."""
    rows = library.rows(
        "SELECT name, note FROM families LEFT JOIN notes"
        " ON kind = 'family' AND item = CAST(families.id AS TEXT)"
        f" WHERE ({_has(folded, 'name', 'note')})"
        " AND EXISTS (SELECT 1 FROM tasks WHERE family_id = families.id)"
        f" ORDER BY casefold(name) <> ?1, NOT ({_has(folded, 'name')}), name LIMIT ?2",
        (folded, limit),
    )
    return [
        Found(kind="family", id=row[0], title=_short(row[0]), detail=_short(row[1] or "")) for row in rows
    ]


def _models(library: Library, folded: str, limit: int) -> list[Found]:
    """Models by the note on them."""
    rows = library.rows(
        f"SELECT item, note FROM notes WHERE kind = 'model' AND ({_has(folded, 'note')})"
        " ORDER BY item LIMIT ?2",
        (folded, limit),
    )
    return [
        Found(kind="model", id=row[0], title=PurePath(row[0]).name, detail=_short(row[1])) for row in rows
    ]


def _snapshots(library: Library, folded: str, limit: int) -> list[Found]:
    rows = library.rows(
        f"SELECT id, name, created_at FROM snapshots WHERE {_has(folded, 'name')} AND {LISTED}"
        " ORDER BY casefold(name) <> ?1, created_at DESC LIMIT ?2",
        (folded, limit),
    )
    return [Found(kind="snapshot", id=row[0], title=_short(row[1]), detail=row[2][:10]) for row in rows]


def _runs(library: Library, folded: str, limit: int) -> list[Found]:
    """Runs by their id, the name that the user gave them, the name of an evaluated model, or their note."""
    kinds: dict[str, FoundKind] = {"train": "training", "evaluate": "evaluation", "experiment": "experiment"}
    rows = library.rows(
        "SELECT runs.id, kind, status, outcome, coalesce(nullif(label, ''), name) AS called, note FROM runs"
        " LEFT JOIN evaluations USING (id)"
        " LEFT JOIN (SELECT item, note FROM notes WHERE notes.kind = 'run') AS noted ON noted.item = runs.id"
        f" WHERE {_has(folded, 'runs.id', 'name', 'label', 'note')}"
        " ORDER BY casefold(coalesce(called, '')) <> ?1, runs.n DESC LIMIT ?2",
        (folded, limit),
    )
    return [
        Found(
            kind=kinds.get(row["kind"], "run"),
            id=row["id"],
            title=f"{row['id']}  ({_short(row['called'])})" if row["called"] else row["id"],
            detail=_short(row["note"] or "") or row["outcome"] or row["status"],
        )
        for row in rows
    ]


def _records(library: Library, wanted: str, limit: int) -> list[Found]:
    """Records by the beginning of their id, which the index of ids finds."""
    if not all(sign in "0123456789abcdef" for sign in wanted):
        return []
    rows = library.rows(
        f"SELECT id, {NAME} AS family, user FROM records WHERE id >= ? AND id < ? ORDER BY id LIMIT ?",
        (wanted, wanted + "g", limit),
    )
    return [Found(kind="record", id=row[0], title=_short(row[2]), detail=row[1]) for row in rows]


def _chats(library: Library, folded: str, limit: int) -> list[Found]:
    """Conversations: the columns beside the first one are parts of it."""
    rows = library.rows(
        f"SELECT id, title FROM chats WHERE beside IS NULL AND ({_has(folded, 'title')})"
        " ORDER BY casefold(title) <> ?1, n DESC LIMIT ?2",
        (folded, limit),
    )
    return [Found(kind="chat", id=row[0], title=_short(row[1]), detail=row[0]) for row in rows]


def _by_text(library: Library, wanted: str, limit: int) -> list[Found]:
    """Tasks and records by what they say, and by fields; none where a field is unknown: see Find for why."""
    try:
        tasks = list_tasks(library, TaskFilter(text=wanted, limit=limit)).items
        records = list_records(library, RecordFilter(text=wanted, limit=limit)).items
    except QueryError:
        return []
    return [
        *(Found(kind="task", id=one.id, title=_short(one.query), detail=one.family) for one in tasks),
        *(
            Found(kind="record", id=one.record.id, title=_short(one.record.user), detail=one.record.family)
            for one in records
        ),
    ]


NAMED = (_families, _strategies, _snapshots, _runs, _chats, _models)


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= TEXT else f"{line[: TEXT - 1]}…"
