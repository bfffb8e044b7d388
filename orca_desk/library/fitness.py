"""How each stored record stands: the facts by SQL, judged by `method/fitness.py` and `method/best.py`.

So there is no second copy of the rules.
"""

import json
import sqlite3
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from typing import Any

from orca_desk.errors import UserError
from orca_desk.library.answer_facts import COLUMNS, facts_in
from orca_desk.library.conditions import Conditions, json_list
from orca_desk.library.database import Library
from orca_desk.library.fill_facts import FACT_TABLES, OnProgress, fill_answer_facts, unwatched
from orca_desk.library.record_rules import current_rules, rules_in
from orca_desk.library.records import CONTENT, CORRECT, FAMILY, LEAKED, TABLES, TEXT, RecordFilter
from orca_desk.library.samples import RECORD_OF_SAMPLE
from orca_desk.library.votes import StoredVote, Vote, count_votes, stored_vote, stored_votes
from orca_desk.method.agreement import agree
from orca_desk.method.answer_format import LIMIT_S, Format
from orca_desk.method.best import Contender, beaten
from orca_desk.method.fitness import (
    Decision,
    FitnessRules,
    RecordFacts,
    RecordStanding,
    Unfit,
    standing_of,
    why_unfit,
)
from orca_desk.method.records import FinishReason
from orca_desk.yielding import yielding

MOST_UNCHECKED = 10  # answers on which an expression takes too long; more would take minutes
FITNESS_TABLES = f"""{TABLES}
    LEFT JOIN tasks AS t INDEXED BY tasks_own_strategy ON t.id = r.task_id AND t.strategy IS NOT NULL
    LEFT JOIN (SELECT family_id, strategy, max(n) FROM pairings GROUP BY family_id) AS p
      ON p.family_id = r.family_id"""
_NO_SAMPLES = f"""NOT (r.family_id IN
    (SELECT id FROM families WHERE name IN (SELECT value FROM json_each(?))) AND {RECORD_OF_SAMPLE})"""
_OF_FAMILIES = "r.family_id IN (SELECT id FROM families WHERE name IN (SELECT value FROM json_each(?)))"
# The fields of RecordFacts in order
_FIELDS = f"""r.finish_reason, {CORRECT}, {LEAKED}, e.record IS NOT NULL, d.decision, r.held_out,
      coalesce(r.strategy <> coalesce(t.strategy, p.strategy), 0),
      iif(e.record IS NULL, r.is_blank, is_blank(e.response))"""
FACTS = f"json_array({_FIELDS})"  # as one value
# Of an edit, and of most imported answers, the tokens were not counted
_TOKENS = "iif(e.record IS NULL AND r.completion_tokens > 0, r.completion_tokens, NULL)"
_CANDIDATES = f"""SELECT r.n, r.id, r.task_id, {FAMILY} AS family, r.strategy, {FACTS} AS facts,
    {CONTENT} AS content, {_TOKENS} AS tokens, iif({_TOKENS} IS NULL, length({TEXT}), NULL) AS uncounted"""
# The records that can make a difference to how some stand: those of the same task, and equal ones of these
_RELATED = """r.n IN (
    WITH own AS (SELECT task_id FROM records WHERE n IN (SELECT value FROM json_each(?))),
      same_task AS (SELECT n, question FROM records WHERE task_id IN own)
    SELECT n FROM same_task UNION SELECT n FROM records WHERE question IN (SELECT question FROM same_task))"""


@dataclass(frozen=True, kw_only=True, slots=True)
class JudgedRecord:
    """How a record stands. `n` is its row, `run` the one that made it, `content` equal for equal records.

    `tokens` is the number of tokens of its answer; None where they were not counted, and `uncounted` the
    number of characters.
    """

    n: int
    id: str
    task_id: str
    family: str
    strategy: str
    run: str | None
    content: str
    tokens: int | None
    uncounted: int | None = None
    standing: RecordStanding


def prepare_facts(
    library: Library, rules: FitnessRules, *, vote: Vote = agree, on_progress: OnProgress = unwatched
) -> None:
    """Find out what `rules` ask of texts and votes, if that is not known yet.

    Nothing for the default rules. Texts from before there were rules are read once, about 0.3 ms each.
    """
    if rules.need_text:
        fill_answer_facts(library, on_progress)
    if rules.agreement is not None:
        count_votes(library, vote=vote, on_progress=on_progress)


def judge(
    db: sqlite3.Connection,
    rules: FitnessRules,
    *,
    families: Iterable[str] | None = None,
    runs: Iterable[str] | None = None,
    own_only: Collection[str] = (),
    rowids: Iterable[int] | None = None,
) -> list[JudgedRecord]:
    """Return how records stand under `rules`, in the order of their ids.

    Only those of `families` and `runs` are considered at all, and of the families `own_only` none of sample
    tasks: so the best of several are the best of these. `rowids` asks for some records; the others matter as
    they do without it. What `prepare_facts` has not found out counts in an answer's favour, but for votes.
    Once a regular expression has taken too long on more than a few answers, the format of the others counts
    as unchecked too (see `require_checked`).
    """
    considered = _considered(db, rules, families=families, runs=runs, own_only=own_only, rowids=rowids)
    judged = _compete(considered, rules.per_task)
    if rowids is None:
        return judged
    wanted = set(rowids)
    return [one for one in judged if one.n in wanted]


def require_checked(judged: Iterable[JudgedRecord]) -> None:
    """Raise UserError if the format of too many records could not be checked to choose by."""
    unchecked = sum(Unfit.FORMAT_UNCHECKED in one.standing.reasons for one in judged)
    if unchecked > MOST_UNCHECKED:
        raise UserError(
            f"The regular expressions for the format take more than {LIMIT_S:g} seconds on each of more "
            f"than {MOST_UNCHECKED} answers.",
            "Change the rules for records: repeat no group that itself holds a repetition, as in (a+)+.",
        )


def judge_all(library: Library, rules: FitnessRules) -> list[JudgedRecord]:
    """Do what `judge` does for the whole library."""
    with library.read() as db:
        return judge(db, rules)


def judge_and_ask(
    library: Library, rules: FitnessRules, *, off: frozenset[Unfit]
) -> list[tuple[JudgedRecord, tuple[Unfit, ...]]]:
    """Do what `judge_all` does under `rules` without those that give the reasons `off`.

    Beside each record stand those of `off` that would speak against it.
    """
    with library.read() as db:
        considered = _considered(db, rules)
    without = [
        replace(one, standing=replace(one.standing, reasons=kept))
        if (kept := tuple(reason for reason in one.standing.reasons if reason not in off))
        != one.standing.reasons
        else one
        for one in considered
    ]
    return [
        (judged, tuple(reason for reason in one.standing.reasons if reason in off))
        for judged, one in zip(_compete(without, rules.per_task), considered, strict=True)
    ]


def _compete(considered: list[JudgedRecord], per_task: int | None) -> list[JudgedRecord]:
    """Let the records that are fit on their own compete for the places of their task."""
    contenders = [
        Contender(
            id=one.id,
            basis=one.standing.basis,
            content=one.content,
            group=(one.task_id, one.strategy),
            tokens=one.tokens,
            characters=one.uncounted,
        )
        for one in considered
        if not one.standing.reasons
    ]
    left_out = beaten(contenders, per_task=per_task)
    return [
        replace(one, standing=replace(one.standing, reasons=(left_out[one.id],)))
        if one.id in left_out
        else one
        for one in considered
    ]


def standings(
    db: sqlite3.Connection, rules: FitnessRules, rowids: Sequence[int]
) -> dict[int, RecordStanding]:
    """Return how the records in these rows stand, by row."""
    return {one.n: one.standing for one in judge(db, rules, rowids=rowids)}


def by_rowids(library: Library, wanted: RecordFilter, *, vote: Vote = agree) -> RecordFilter:
    """Return a filter whose `used` and `reason`, if any, have become the rows of the records that match them.

    A record has a reason if that is one of those against it, not only the first.
    """
    if wanted.used is None and wanted.reason is None:
        return wanted
    rules = current_rules(library)
    prepare_facts(library, rules, vote=vote)
    with library.read() as db:
        judged = judge(db, rules)
    rowids = tuple(
        one.n
        for one in judged
        if wanted.used in (None, not one.standing.reasons)
        and (wanted.reason is None or wanted.reason in one.standing.reasons)
    )
    return replace(wanted, used=None, reason=None, rowids=rowids)


def facts_of(stored: str) -> RecordFacts:
    """Return the facts that the SQL expression FACTS gave."""
    return _facts(*json.loads(stored))


def count_usable(
    db: sqlite3.Connection, rules: FitnessRules, *, families: Sequence[str] | None = None
) -> int:
    """Count the records that a snapshot under `rules` takes; with `families`, those of own tasks of these."""
    if not (rules.need_text or rules.need_format or rules.agreement or rules.limit_tokens):
        # One scan of an index, in which few records differ in their facts
        db.create_function("is_fit", 8, lru_cache(maxsize=None)(_is_fit(rules)), deterministic=True)
        fit = f"{FITNESS_TABLES} WHERE is_fit({_FIELDS})"
        if not _exceeds(db, fit, rules.per_task):
            among, names = "", []
            if families is not None:
                among = f" AND {_OF_FAMILIES} AND {_NO_SAMPLES}"
                names = [json_list(families)] * 2
            counted = db.execute(f"SELECT count(DISTINCT {CONTENT}) {fit}{among}", names)
            return int(counted.fetchone()[0])
    judged = judge(db, rules, families=families, own_only=families or ())
    return sum(one.standing.reason is None for one in judged)


def usable_now(db: sqlite3.Connection, *, families: Sequence[str] | None = None) -> int:
    """Do what `count_usable` does under the library's own rules."""
    return count_usable(db, rules_in(db), families=families)


def _exceeds(db: sqlite3.Connection, fit: str, per_task: int | None) -> bool:
    """Return whether some task has more fit records under one strategy than the rules take."""
    if per_task is None:
        return False
    most = f"SELECT 1 {fit} GROUP BY r.task_id, r.strategy HAVING count(*) > ? LIMIT 1"
    return db.execute(most, (per_task,)).fetchone() is not None


def _considered(
    db: sqlite3.Connection,
    rules: FitnessRules,
    *,
    families: Iterable[str] | None = None,
    runs: Iterable[str] | None = None,
    own_only: Collection[str] = (),
    rowids: Iterable[int] | None = None,
) -> list[JudgedRecord]:
    """Return the records to consider by id, each as it stands on its own."""
    conditions = Conditions()
    if families is not None:
        conditions.add(_OF_FAMILIES, json_list(families))
    conditions.among("r.run", runs)
    if own_only:
        conditions.add(_NO_SAMPLES, json_list(own_only))
    if rowids is not None:
        conditions.add(_RELATED, json_list(rowids))
    columns = f"{_CANDIDATES}, r.run"
    tables = FITNESS_TABLES
    if rules.need_text:
        columns, tables = f"{columns}, {COLUMNS}", f"{tables} {FACT_TABLES}"
    if rules.need_format:
        columns += f", {TEXT} AS text"
    if rules.agreement is not None:
        columns += ", r.question"
    rows = db.execute(f"{columns} {tables} {conditions.where} ORDER BY r.id", conditions.parameters)
    # A few records need not wait until all votes are read
    few = partial(stored_vote, db)
    judge_one = _Judge(rules, few if rowids is not None or rules.agreement is None else stored_votes(db).get)
    return [judge_one(row) for row in yielding(rows)]


class _Judge:
    """Judges rows of one query, and remembers how facts stand that many rows share."""

    def __init__(self, rules: FitnessRules, vote_on: Callable[[str], StoredVote | None]) -> None:
        self._rules, self._vote_on = rules, vote_on
        self._plain = not (
            rules.need_text or rules.need_format or rules.agreement is not None or rules.limit_tokens
        )
        self._unchecked = 0
        self._known: dict[str, RecordStanding] = {}
        self._read = lru_cache(maxsize=None)(facts_of)

    def __call__(self, row: sqlite3.Row) -> JudgedRecord:
        return JudgedRecord(
            n=row["n"],
            id=row["id"],
            task_id=row["task_id"],
            family=row["family"],
            strategy=row["strategy"],
            run=row["run"],
            content=row["content"],
            tokens=row["tokens"],
            uncounted=row["uncounted"],
            standing=self._standing(row),
        )

    def _standing(self, row: sqlite3.Row) -> RecordStanding:
        stored = row["facts"]
        if not self._plain:
            return standing_of(self._all_facts(row), self._rules)
        if stored not in self._known:
            self._known[stored] = standing_of(self._read(stored), self._rules)
        return self._known[stored]

    def _all_facts(self, row: sqlite3.Row) -> RecordFacts:
        facts, rules = self._read(row["facts"]), self._rules
        agreed = None
        if rules.agreement is not None and facts.correct is None:
            vote = self._vote_on(row["question"])
            agreed = vote.share_of(row["content"]) if vote else None
        return replace(
            facts,
            tokens=row["tokens"],
            agreed=agreed,
            text=facts_in(row) if rules.need_text else None,
            format=self._format(row["text"]) if rules.need_format else "right",
        )

    def _format(self, answer: str) -> Format:
        if self._unchecked > MOST_UNCHECKED:
            return "unchecked"
        found = self._rules.format_of(answer)
        self._unchecked += found == "unchecked"
        return found


def _is_fit(rules: FitnessRules) -> Any:
    def is_fit(*values: Any) -> bool:
        return why_unfit(_facts(*values), rules) is None

    return is_fit


def _facts(
    finish_reason: FinishReason,
    correct: int | None,
    leaked: int,
    edited: int,
    decision: Decision | None,
    held_out: int,
    other_strategy: int,
    empty: int,
) -> RecordFacts:
    return RecordFacts(
        finish_reason=finish_reason,
        correct=None if correct is None else bool(correct),
        leaked=bool(leaked),
        edited=bool(edited),
        decision=decision,
        held_out=bool(held_out),
        other_strategy=bool(other_strategy),
        empty=bool(empty),
    )
