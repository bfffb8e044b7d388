"""Proposed tasks, as they were made, until a person accepts or rejects them and after."""

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace

from orca_desk.errors import UserError
from orca_desk.library.clock import now
from orca_desk.library.conditions import PAGE, Conditions, ResultPage, json_list
from orca_desk.library.database import Library
from orca_desk.library.tasks import insert_tasks
from orca_desk.method.proposals import Proposal, ProposalState
from orca_desk.method.records import FinishReason, Split, Task
from orca_desk.method.turns import turns_of


@dataclass(frozen=True, kw_only=True)
class StoredProposal:
    """A proposal with its row `n`, the run that made it, and what became of it.

    `id` is that of the proposal as it was made; editing it does not change it.
    """

    n: int
    id: str
    run: str
    proposal: Proposal
    state: ProposalState
    accepted: str | None


@dataclass(frozen=True, kw_only=True)
class ProposalFilter:
    """Which proposals: those that match every field that is not None. See `TaskFilter` for the last two.

    All words of `text` occur in the question, the answer or the family.
    """

    state: ProposalState | None = None
    run: str | None = None
    confirmed: bool | None = None
    ids: tuple[str, ...] | None = None
    id_start: str | None = None
    text: str = ""
    limit: int | None = None
    after: int = 0


@dataclass(frozen=True, kw_only=True)
class Reviewed:
    """What `accept` or `reject` changed: the former states, to undo it, and which tasks it added.

    `duplicates` are the accepted proposals whose question the library has already: these stay open.
    """

    former: Mapping[str, tuple[ProposalState, str | None]]
    added: tuple[str, ...] = ()
    newly_held: tuple[int, ...] = ()
    duplicates: tuple[str, ...] = ()


def add_proposals(library: Library, run: str, proposals: Sequence[Proposal]) -> int:
    """Store proposals; return how many are new. One that was made before stays as it is."""
    rows = [
        {
            "id": one.id,
            "run": run,
            "task": json.dumps(asdict(one.task), ensure_ascii=False),
            "ancestry": json.dumps(one.ancestry, ensure_ascii=False),
            "checks": json.dumps(one.checks, ensure_ascii=False),
            "confirmed": None if one.confirmed is None else int(one.confirmed),
            "created_at": now(),
        }
        for one in proposals
    ]
    sql = (
        "INSERT INTO proposals (id, run, task, ancestry, checks, confirmed, state, created_at) VALUES"
        " (:id, :run, :task, :ancestry, :checks, :confirmed, 'open', :created_at)"
        " ON CONFLICT (id) DO NOTHING"
    )
    return library.write(lambda db: db.executemany(sql, rows).rowcount)


def count_proposals(library: Library, wanted: ProposalFilter = ProposalFilter()) -> int:
    """Return the number of matching proposals, whatever the filter's `limit`."""
    conditions = _conditions(wanted)
    row = library.row(f"SELECT count(*) FROM proposals {conditions.where}", conditions.parameters)
    return int(row[0]) if row else 0


def list_proposals(library: Library, wanted: ProposalFilter = ProposalFilter()) -> ResultPage[StoredProposal]:
    """Return the first `limit` (500) matching proposals in the order in which they were made."""
    conditions = _conditions(wanted)
    limit = wanted.limit or PAGE
    rows = library.rows(
        f"SELECT * FROM proposals {conditions.where} ORDER BY n LIMIT ?", [*conditions.parameters, limit + 1]
    )
    return ResultPage.of(rows, limit, _from_row)


def ancestry_of(library: Library, task_id: str) -> StoredProposal | None:
    """Return the proposal that a task was, or None if it came from elsewhere."""
    row = library.row("SELECT * FROM proposals WHERE accepted = ? ORDER BY n LIMIT 1", (task_id,))
    return _from_row(row) if row else None


def accept(library: Library, ids: Iterable[str], *, split: Split | None = None) -> Reviewed:
    """Make tasks of these proposals, all or none; `split` overrides theirs."""
    chosen = list(ids)

    def change(db: sqlite3.Connection) -> Reviewed:
        stored = _stored(db, chosen)
        tasks = {
            one.id: replace(one.proposal.task, split=split) if split else one.proposal.task
            for one in stored
            if one.state != "accepted"
        }
        added = insert_tasks(db, list(tasks.values()))
        new = set(added.added)
        taken: dict[str, str] = {}
        for key, task in tasks.items():
            if task.id in new:
                new.discard(task.id)  # a second proposal of the same task is a duplicate
                taken[key] = task.id
        _set_states(db, {key: ("accepted", task) for key, task in taken.items()})
        return Reviewed(
            former={one.id: (one.state, one.accepted) for one in stored if one.id in taken},
            added=added.added,
            newly_held=added.newly_held,
            duplicates=tuple(key for key in tasks if key not in taken),
        )

    return library.write(change)


def reject(library: Library, ids: Iterable[str]) -> Reviewed:
    """Reject these proposals, as far as they are open."""
    chosen = list(ids)

    def change(db: sqlite3.Connection) -> Reviewed:
        stored = [one for one in _stored(db, chosen) if one.state == "open"]
        _set_states(db, {one.id: ("rejected", None) for one in stored})
        return Reviewed(former={one.id: (one.state, one.accepted) for one in stored})

    return library.write(change)


def reopen(library: Library, reviewed: Reviewed) -> None:
    """Restore the former states of proposals. The tasks that were added are the caller's to remove."""
    library.write(lambda db: _set_states(db, reviewed.former))


def edit_proposal(library: Library, proposal_id: str, task: Task) -> StoredProposal:
    """Replace the task of an open proposal; return it as it was. Raises UserError for a decided one.

    What was confirmed is the question and answer as they were: other ones are not.
    """

    def change(db: sqlite3.Connection) -> StoredProposal:
        stored = _stored(db, [proposal_id])
        if not stored or stored[0].state != "open":
            raise UserError("This proposal is no longer open.", "Undo your decision about it first.")
        before = stored[0].proposal
        edited = replace(before, task=task)
        if edited.id != before.id:  # its question or answer
            edited = replace(edited, checks={**before.checks, "edited": True}, confirmed=None)
        _set_proposal(db, proposal_id, edited)
        return stored[0]

    return library.write(change)


def restore_proposal(library: Library, before: StoredProposal) -> None:
    """Undo an edit: the proposal is again what `edit_proposal` returned."""
    library.write(lambda db: _set_proposal(db, before.id, before.proposal))


@dataclass(frozen=True, kw_only=True)
class StoredReply:
    """What a model replied. `id` is the identity of what it was asked, and with which model and sampling."""

    id: str
    model_sha256: str
    system: str
    user: str
    reply: str
    finish_reason: FinishReason


def add_replies(library: Library, replies: Iterable[StoredReply]) -> None:
    """Store replies; one that is stored already stays as it is."""
    rows = [{**vars(one), "created_at": now()} for one in replies]
    sql = (
        "INSERT INTO replies (id, model_sha256, system, user, reply, finish_reason, created_at) VALUES"
        " (:id, :model_sha256, :system, :user, :reply, :finish_reason, :created_at)"
        " ON CONFLICT (id) DO NOTHING"
    )
    library.write(lambda db: db.executemany(sql, rows))


def find_replies(library: Library, ids: Iterable[str]) -> dict[str, StoredReply]:
    """Return the stored replies with these ids, by id."""
    rows = library.rows(
        "SELECT id, model_sha256, system, user, reply, finish_reason FROM replies"
        " WHERE id IN (SELECT value FROM json_each(?))",
        (json_list(ids),),
    )
    return {row["id"]: StoredReply(**dict(row)) for row in rows}


def _stored(db: sqlite3.Connection, ids: Sequence[str]) -> list[StoredProposal]:
    rows = db.execute(
        "SELECT * FROM proposals WHERE id IN (SELECT value FROM json_each(?)) ORDER BY n", (json_list(ids),)
    )
    return [_from_row(row) for row in rows.fetchall()]


def _set_proposal(db: sqlite3.Connection, proposal_id: str, one: Proposal) -> None:
    db.execute(
        "UPDATE proposals SET task = ?, checks = ?, confirmed = ? WHERE id = ?",
        (
            json.dumps(asdict(one.task), ensure_ascii=False),
            json.dumps(one.checks, ensure_ascii=False),
            None if one.confirmed is None else int(one.confirmed),
            proposal_id,
        ),
    )


def _set_states(db: sqlite3.Connection, states: Mapping[str, tuple[ProposalState, str | None]]) -> None:
    db.executemany(
        "UPDATE proposals SET state = ?, accepted = ? WHERE id = ?",
        [(state, task, key) for key, (state, task) in states.items()],
    )


def _from_row(row: sqlite3.Row) -> StoredProposal:
    task = json.loads(row["task"])
    confirmed = row["confirmed"]
    return StoredProposal(
        n=row["n"],
        id=row["id"],
        run=row["run"],
        proposal=Proposal(
            task=Task(**{**task, "tags": tuple(task["tags"]), "turns": turns_of(task.get("turns", ()))}),
            ancestry=json.loads(row["ancestry"]),
            checks=json.loads(row["checks"]),
            confirmed=None if confirmed is None else bool(confirmed),
        ),
        state=row["state"],
        accepted=row["accepted"],
    )


def _conditions(wanted: ProposalFilter) -> Conditions:
    conditions = Conditions()
    conditions.equal("state", wanted.state)
    conditions.equal("run", wanted.run)
    conditions.equal("confirmed", None if wanted.confirmed is None else int(wanted.confirmed))
    conditions.among("id", wanted.ids)
    if wanted.id_start is not None:
        conditions.add("id >= ? AND id < ?", wanted.id_start, f"{wanted.id_start}\U0010ffff")
    for word in wanted.text.casefold().split():
        conditions.add(
            "instr(casefold(task ->> '$.query' || char(10) || coalesce(task ->> '$.answer', '')"
            " || char(10) || coalesce(task ->> '$.family', '')), ?)",
            word,
        )
    if wanted.after:
        conditions.add("n > ?", wanted.after)
    return conditions
