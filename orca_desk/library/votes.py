"""The votes of answers that no reference grades: which answer most samples of one question gave.

A vote is counted again whenever the answers to its question have changed: one more, an edit, a dropped one.
"""

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from typing import Any, Protocol

from orca_desk.library.conditions import json_list
from orca_desk.library.database import Library
from orca_desk.library.fill_facts import OnProgress, unwatched
from orca_desk.library.records import CONTENT, CORRECT, TABLES, TEXT
from orca_desk.method.agreement import Agreement, agree
from orca_desk.method.records import AnswerKind, digest
from orca_desk.yielding import yielding

LEAST = 2  # votes that make an agreement: one sample always agrees with itself
STORED = 100  # votes in one transaction
_VOTERS = f"""{TABLES} WHERE {CORRECT} IS NULL AND d.decision IS NOT 'drop' AND NOT r.held_out"""
_KIND = "(SELECT answer_kind FROM tasks WHERE id = r.task_id)"


class Vote(Protocol):
    """Counts the vote of some responses to one question; `agree` does."""

    def __call__(self, responses: Sequence[str], kind: AnswerKind | None, *, question: str) -> Agreement:
        """Return the vote."""
        ...


@dataclass(frozen=True, kw_only=True)
class StoredVote:
    """The vote on one question: `won` of `answers` gave the winner, and those have the contents `winners`."""

    answers: int
    won: int
    winners: frozenset[str]

    def share_of(self, content: str) -> float:
        """Return the share of the votes that an answer won; 0 for one that lost, or with too few votes."""
        return self.won / self.answers if self.won >= LEAST and content in self.winners else 0.0


@dataclass(frozen=True, kw_only=True)
class _Poll:
    question: str
    asked: str
    rowids: tuple[int, ...]
    kind: AnswerKind | None


def count_votes(library: Library, *, vote: Vote = agree, on_progress: OnProgress = unwatched) -> None:
    """Count the votes that are new or have changed. Questions with a single answer have none.

    Without a worker for mathematics (`steps/votes.py` has one), answers that only algebra shows to be equal
    count as different.
    """
    with library.read() as db:
        polls = list(_outdated(db))
    found: list[dict[str, Any]] = []
    for done, poll in enumerate(yielding(polls), 1):
        found.append(_counted(library, poll, vote))
        if len(found) == STORED or done == len(polls):
            library.write(partial(_store, rows=found))
            found = []
        on_progress(done, len(polls))


def stored_votes(db: sqlite3.Connection) -> dict[str, StoredVote]:
    """Return all votes by the key of their question."""
    return {row["question"]: _vote(row) for row in db.execute("SELECT * FROM votes")}


def stored_vote(db: sqlite3.Connection, question: str) -> StoredVote | None:
    """Return the vote on one question, by its key."""
    row = db.execute("SELECT * FROM votes WHERE question = ?", (question,)).fetchone()
    return None if row is None else _vote(row)


def _vote(row: sqlite3.Row) -> StoredVote:
    winners = frozenset(json.loads(row["winners"]))
    return StoredVote(answers=row["answers"], won=row["won"], winners=winners)


def _outdated(db: sqlite3.Connection) -> Iterator[_Poll]:
    """Yield the questions whose stored vote, if any, is not the one of the answers that there are now."""
    known = {row[0]: row[1] for row in db.execute("SELECT question, asked FROM votes")}
    rows = db.execute(
        f"SELECT r.question, r.n, {CONTENT} AS content, {_KIND} AS kind {_VOTERS} ORDER BY r.question, r.n"
    )
    for question, answers in groupby(yielding(rows), key=lambda row: row["question"]):
        voters = list(answers)
        if len(voters) < LEAST:
            continue
        kind = next((row["kind"] for row in voters if row["kind"]), None)
        asked = digest([kind, *(row["content"] for row in voters)])
        if known.get(question) != asked:
            rowids = tuple(row["n"] for row in voters)
            yield _Poll(question=question, asked=asked, rowids=rowids, kind=kind)


def _counted(library: Library, poll: _Poll, vote: Vote) -> dict[str, Any]:
    rows = library.rows(
        f"SELECT r.user, {CONTENT} AS content, {TEXT} AS text {TABLES}"
        " WHERE r.n IN (SELECT value FROM json_each(?)) ORDER BY r.n",
        (json_list(poll.rowids),),
    )
    result = vote([row["text"] for row in rows], poll.kind, question=rows[0]["user"])
    samples = result.winner.samples if result.winner else ()
    return {
        "question": poll.question,
        "asked": poll.asked,
        "answers": result.n,
        "won": len(samples),
        "winners": json.dumps(sorted({rows[sample]["content"] for sample in samples})),
    }


def _store(db: sqlite3.Connection, rows: Iterable[dict[str, Any]]) -> None:
    db.executemany("INSERT OR REPLACE INTO votes VALUES (:question, :asked, :answers, :won, :winners)", rows)
