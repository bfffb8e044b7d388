"""Which rows make up a thing that can be deleted, and what in the library was made of it."""

import json
from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import Any

from orca_desk.library.conditions import json_list
from orca_desk.library.database import Library
from orca_desk.library.deleting.trash_rows import Rows
from orca_desk.library.evaluations import OF_CHECKPOINT

CHOSEN = "(SELECT value FROM json_each(:ids))"
RECORDS = f"(SELECT n FROM records WHERE id IN {CHOSEN})"
# The columns of chats, which go by the id of their first one
CHATS = f"(SELECT n FROM chats WHERE coalesce(beside, n) IN (SELECT n FROM chats WHERE id IN {CHOSEN}))"
OF_EXPERIMENT = "experiment."  # begins the keys of the settings that hold what experiments have done


class Kind(StrEnum):
    """What can be deleted. Every training, evaluation and experiment is a run too; `RUN` is any other.

    Checkpoints go by the trainings that they are of, which stay.
    """

    TRAINING = "training"
    SNAPSHOT = "snapshot"
    EVALUATION = "evaluation"
    EXPERIMENT = "experiment"
    RECORD = "record"
    RUN = "run"
    CHECKPOINTS = "checkpoints"
    CHAT = "chat"


# The tables in which each kind has rows, and which of them, in an order in which they can go
_RUN = (("base_answers", "run IN {ids}"), ("import_states", "run IN {ids}"), ("runs", "id IN {ids}"))
_TABLES: dict[Kind, tuple[tuple[str, str], ...]] = {
    Kind.TRAINING: (
        ("metrics", "training IN {ids}"),
        ("trainings", "id IN {ids}"),
        *_RUN,
    ),
    Kind.SNAPSHOT: (
        ("manifests", "snapshot IN {ids}"),
        ("snapshot_losses", "snapshot IN {ids}"),
        ("snapshot_records", "snapshot IN {ids}"),
        ("snapshots", "id IN {ids}"),
    ),
    Kind.EVALUATION: (
        ("forgetting", "evaluation IN {ids}"),
        ("answers", "evaluation IN {ids}"),
        ("questions", "evaluation IN {ids}"),
        ("evaluations", "id IN {ids}"),
        *_RUN,
    ),
    Kind.EXPERIMENT: (
        ("settings", f"key IN (SELECT '{OF_EXPERIMENT}' || value FROM json_each(:ids))"),
        *_RUN,
    ),
    Kind.RECORD: (
        ("revisions", "record IN {records}"),
        ("decisions", "record IN {records}"),
        ("verdicts", "record IN {records}"),
        ("record_aliases", "record IN {ids}"),
        ("records", "id IN {ids}"),
    ),
    Kind.RUN: _RUN,
    Kind.CHECKPOINTS: (),
    Kind.CHAT: (("messages", "chat IN {chats}"), ("chats", "n IN {chats}")),
}


def rows_of(kind: Kind, ids: Sequence[str]) -> list[Rows]:
    """Return the rows of the things of one kind, without those that were made of them."""
    parameters = {"ids": json_list(ids)}
    if kind is Kind.CHECKPOINTS:
        return []
    rows = [
        Rows(table, where.format(ids=CHOSEN, records=RECORDS, chats=CHATS), parameters)
        for table, where in _TABLES[kind]
    ]
    noted = Kind.RUN if kind in (Kind.TRAINING, Kind.EVALUATION, Kind.EXPERIMENT) else kind
    return [*rows, Rows("notes", f"kind = :kind AND item IN {CHOSEN}", {**parameters, "kind": noted.value})]


def parts_of_evaluations(library: Library, ids: Sequence[str], size: int) -> Iterator[list[Rows]]:
    """Yield the questions and answers of evaluations with more than `size` questions, so many at a time.

    They can go one part after the other, before all other rows of the evaluations.
    """
    rows = library.rows(
        f"SELECT evaluation, max(position) AS last FROM questions WHERE evaluation IN {CHOSEN} GROUP BY 1"
        " HAVING count(*) > :size",
        {"ids": json_list(ids), "size": size},
    )
    chosen = "evaluation = :evaluation AND position BETWEEN :first AND :last"
    for row in rows:
        for first in range(0, row["last"] + 1, size):
            part = {"evaluation": row["evaluation"], "first": first, "last": first + size - 1}
            asked = f"(SELECT task_id FROM questions WHERE {chosen})"
            yield [
                Rows("answers", f"evaluation = :evaluation AND task_id IN {asked}", part),
                Rows("questions", chosen, part),
            ]


def questions_of(library: Library, evaluations: Sequence[str]) -> int:
    """Return how many questions some evaluations ask."""
    row = library.row(
        f"SELECT count(*) FROM questions WHERE evaluation IN {CHOSEN}", {"ids": json_list(evaluations)}
    )
    return int(row[0]) if row else 0


def trainings_on(library: Library, snapshots: Sequence[str]) -> list[str]:
    """Return the trainings on some snapshots, the oldest first."""
    return _ids(
        library,
        "SELECT t.id FROM trainings AS t JOIN runs AS r USING (id)"
        f" WHERE t.snapshot IN {CHOSEN} ORDER BY r.n",
        snapshots,
    )


def derived_from(library: Library, snapshots: Sequence[str]) -> list[str]:
    """Return the snapshots that an experiment derived from some snapshots."""
    return _ids(
        library,
        f"SELECT DISTINCT snapshot FROM manifests WHERE source IN {CHOSEN} ORDER BY snapshot",
        snapshots,
    )


def evaluations_of_checkpoints(library: Library, trainings: Sequence[str]) -> list[str]:
    """Return the evaluations that a look at a training's checkpoints made; no list shows them."""
    return _ids(
        library,
        "SELECT e.id FROM evaluations AS e JOIN json_each(:ids) AS t"
        f" ON e.name LIKE '{OF_CHECKPOINT}' || t.value || ',%' ORDER BY e.id",
        trainings,
    )


def evaluations_with(library: Library, trainings: Sequence[str]) -> list[str]:
    """Return the other evaluations of the adapters of some trainings."""
    return _ids(
        library,
        "SELECT e.id FROM evaluations AS e JOIN runs AS r USING (id) JOIN json_each(:ids) AS t"
        " ON e.adapter LIKE 'trainings/' || t.value || '/%'"
        f" WHERE e.name NOT LIKE '{OF_CHECKPOINT}%' ORDER BY r.n",
        trainings,
    )


def chats_with(library: Library, trainings: Sequence[str]) -> list[str]:
    """Return the titles of the chats with the adapters of some trainings."""
    return _ids(
        library,
        "SELECT DISTINCT b.title FROM chats AS c JOIN chats AS b ON b.n = coalesce(c.beside, c.n)"
        " JOIN json_each(:ids) AS t ON c.adapter LIKE 'trainings/' || t.value || '/%' ORDER BY b.n",
        trainings,
    )


def frozen_records(library: Library, records: Sequence[str]) -> dict[str, str]:
    """Return those of some records that a snapshot holds, and the name of such a snapshot."""
    rows = library.rows(
        "SELECT c.teacher_record_id AS id, min(s.name) AS name FROM snapshot_records AS c"
        f" JOIN snapshots AS s ON s.id = c.snapshot WHERE c.teacher_record_id IN {CHOSEN} GROUP BY 1",
        {"ids": json_list(records)},
    )
    return {row["id"]: row["name"] for row in rows}


def records_of_runs(library: Library, runs: Sequence[str]) -> dict[str, list[str]]:
    """Return the records that each of some runs made."""
    rows = library.rows(
        f"SELECT run, id FROM records WHERE run IN {CHOSEN} ORDER BY n", {"ids": json_list(runs)}
    )
    found: dict[str, list[str]] = {}
    for row in rows:
        found.setdefault(row["run"], []).append(row["id"])
    return found


def asked_of_running(library: Library) -> dict[str, str]:
    """Return the id of the running job by each text in its request."""
    rows = library.rows(
        "SELECT r.id, t.atom FROM runs AS r JOIN json_tree(r.request) AS t ON t.type = 'text'"
        " WHERE r.status = 'running' AND r.request IS NOT NULL"
    )
    return {row["atom"]: row["id"] for row in rows}


def measured_answers(library: Library, runs: Sequence[str]) -> int:
    """Return how many answers of untrained students some runs measured: they go with their run."""
    row = library.row(f"SELECT count(*) FROM base_answers WHERE run IN {CHOSEN}", {"ids": json_list(runs)})
    return int(row[0]) if row else 0


def in_experiments(library: Library) -> dict[str, str]:
    """Return which experiment each training, evaluation and snapshot belongs to that one made or used."""
    return {item: experiment for experiment, items in _experiments(library) for item in items}


def made_by_experiments(library: Library, experiments: Sequence[str]) -> dict[str, Any]:
    """Return what some experiments made, and no other one uses: "training", "evaluation" and "snapshot"."""
    kept: set[str] = set()
    made: list[tuple[str, str]] = []
    for row in library.rows(f"SELECT key, value FROM settings WHERE key LIKE '{OF_EXPERIMENT}%'"):
        state = json.loads(row["value"]) or {}
        if row["key"].removeprefix(OF_EXPERIMENT) not in experiments:
            kept |= {item for _, item in _items(state, reused=True)}
        else:
            made += _items(state, reused=False)
    return {
        kind: sorted({item for one, item in made if one == kind and item not in kept})
        for kind in ("training", "evaluation", "snapshot")
    }


def _experiments(library: Library) -> list[tuple[str, list[str]]]:
    rows = library.rows(f"SELECT key, value FROM settings WHERE key LIKE '{OF_EXPERIMENT}%'")
    return [
        (
            row["key"].removeprefix(OF_EXPERIMENT),
            [item for _, item in _items(json.loads(row["value"]) or {}, reused=True)],
        )
        for row in rows
    ]


def _items(state: dict[str, Any], *, reused: bool) -> list[tuple[str, str]]:
    """Return what a stored experiment names, as pairs of kind and id; `reused` ones were there before it."""
    found = [("snapshot", one["snapshot"]) for one in state.get("arms", {}).values()]
    for cell in state.get("cells", {}).values():
        named = [("training", cell["training"])] if cell["training"] else []
        named += [("evaluation", run) for run in cell["evaluations"].values()]
        found += [each for each in named if reused or each[1] not in cell["reused"]]
    return found


def _ids(library: Library, sql: str, ids: Sequence[str]) -> list[str]:
    return [row[0] for row in library.rows(sql, {"ids": json_list(ids)})]
