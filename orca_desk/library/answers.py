"""The answers of several evaluations to the same tasks, side by side."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from orca_desk.library.conditions import json_list
from orca_desk.library.database import Library
from orca_desk.library.evaluations import Answered, Question
from orca_desk.library.families import NAME
from orca_desk.method.records import FinishReason
from orca_desk.method.turns import Turns, conversation_text, turns_from_json

BEGINNING = 200  # characters of a question in a list
Pattern = Literal["all", "differ", "all correct", "all incorrect", "unanswered", "pair"]


@dataclass(frozen=True, kw_only=True)
class AnswerCounts:
    """The progress of an evaluation, and how many of its graded answers are correct."""

    questions: int
    answered: int
    graded: int
    correct: int


@dataclass(frozen=True, kw_only=True)
class AnswerOutcome:
    """One model's answer to one task, without its text; `correct` is None for an ungraded answer.

    `paired` is the strategy that the task was paired with at the time, if any.
    """

    correct: bool | None
    paired: str | None
    recognised: str | None
    completion_tokens: int
    finish_reason: FinishReason


@dataclass(frozen=True, kw_only=True)
class AskedTask:
    """A task of some evaluations, and its outcome in each of them: None where it has no answer.

    `question` is the beginning of what was asked: of the task's query, while the task asks that. Empty for a
    task that was deleted before questions were stored.
    """

    task_id: str
    family: str
    question: str
    outcomes: tuple[AnswerOutcome | None, ...]


@dataclass(frozen=True, kw_only=True)
class AskedQuestion:
    """What an evaluation asked, and the reference answer at that time, if there was one."""

    user: str
    answer: str | None
    turns: Turns = ()

    @property
    def conversation(self) -> str:
        """All that was asked, with the turns before the question, as `Task.conversation`."""
        return conversation_text(self.turns, self.user)


@dataclass(frozen=True, kw_only=True)
class AskedFilter:
    """Which tasks: those in `family`, with `text` in question or answers, and outcomes of a `pattern`.

    "pair" means that the evaluation at index `first` is correct and the one at `second` is not.
    """

    pattern: Pattern = "all"
    first: int = 0
    second: int = 0
    family: str | None = None
    text: str = ""


def answer_counts(library: Library) -> dict[str, AnswerCounts]:
    """Return the counts of every evaluation, by id."""
    rows = library.rows(
        "SELECT q.evaluation AS id, count(*) AS questions, count(a.task_id) AS answered,"
        " count(a.correct) AS graded, coalesce(sum(a.correct), 0) AS correct"
        " FROM questions AS q LEFT JOIN answers AS a USING (evaluation, task_id) GROUP BY q.evaluation"
    )
    return {
        row["id"]: AnswerCounts(**{name: row[name] for name in AnswerCounts.__dataclass_fields__})
        for row in rows
    }


def questions(library: Library, evaluation_id: str) -> list[Question]:
    """Return all questions of an evaluation, in their order."""
    rows = library.rows(
        f"SELECT task_id, {NAME} AS family, paired, user, answer, turns"
        " FROM questions WHERE evaluation = ? ORDER BY position",
        (evaluation_id,),
    )
    return [Question.from_row(row) for row in rows]


def asked_tasks(
    library: Library, evaluation_ids: Sequence[str], wanted: AskedFilter = AskedFilter()
) -> list[AskedTask]:
    """Return the tasks that match, in the order of the first evaluation's questions, then the next one's."""
    asked: dict[str, sqlite3.Row] = {}
    outcomes: dict[str, list[AnswerOutcome | None]] = {}
    for index, evaluation_id in enumerate(evaluation_ids):
        for row in _outcome_rows(library, evaluation_id, wanted.family):
            task_id = row["task_id"]
            asked.setdefault(task_id, row)
            if row["completion_tokens"] is not None:
                outcomes.setdefault(task_id, [None] * len(evaluation_ids))[index] = _outcome(row)
    nothing: list[AnswerOutcome | None] = [None] * len(evaluation_ids)
    chosen = [task_id for task_id in asked if _fits(outcomes.get(task_id, nothing), wanted)]
    if wanted.text.strip():
        named = _with_text(library, evaluation_ids, wanted.text.strip())
        chosen = [task_id for task_id in chosen if task_id in named]
    beginnings = _beginnings(library, evaluation_ids, chosen)
    return [
        AskedTask(
            task_id=task_id,
            family=asked[task_id]["family"],
            question=beginnings.get(task_id, ""),
            outcomes=tuple(outcomes.get(task_id, nothing)),
        )
        for task_id in chosen
    ]


def answers_to(library: Library, evaluation_ids: Sequence[str], task_id: str) -> list[Answered | None]:
    """Return each evaluation's answer to one task in full, or None."""
    return all_answers(library, evaluation_ids, [task_id])[task_id]


def all_answers(
    library: Library, evaluation_ids: Sequence[str], task_ids: Sequence[str]
) -> dict[str, list[Answered | None]]:
    """Return each evaluation's answers to tasks in full, by task, in one query; None where there is none."""
    rows = library.rows(
        "SELECT * FROM answers WHERE evaluation IN (SELECT value FROM json_each(?))"
        " AND task_id IN (SELECT value FROM json_each(?))",
        (json_list(evaluation_ids), json_list(task_ids)),
    )
    found = {(row["task_id"], row["evaluation"]): _answered(row) for row in rows}
    return {task_id: [found.get((task_id, one)) for one in evaluation_ids] for task_id in task_ids}


def asked_questions(
    library: Library, evaluation_ids: Sequence[str], task_ids: Sequence[str]
) -> dict[str, AskedQuestion]:
    """Return what the evaluations asked, by task: also for tasks that were edited or deleted since.

    Where evaluations asked differently, the first of them counts. A task is missing if its text is unknown.
    """
    rows = library.rows(
        "SELECT evaluation, task_id, user, answer, turns FROM questions WHERE user <> ''"
        " AND evaluation IN (SELECT value FROM json_each(?))"
        " AND task_id IN (SELECT value FROM json_each(?))",
        (json_list(evaluation_ids), json_list(task_ids)),
    )
    by_evaluation = sorted(rows, key=lambda row: evaluation_ids.index(row["evaluation"]), reverse=True)
    return {
        row["task_id"]: AskedQuestion(
            user=row["user"], answer=row["answer"], turns=turns_from_json(row["turns"])
        )
        for row in by_evaluation
    }


def heldout_families(library: Library) -> dict[str, int]:
    """Return the number of held-out tasks with a reference answer per family, by name."""
    rows = library.rows(
        f"SELECT {NAME} AS family, count(*) FROM tasks WHERE split = 'heldout' AND answer IS NOT NULL"
        " GROUP BY family_id ORDER BY family"
    )
    return {row[0]: row[1] for row in rows}


def _outcome_rows(library: Library, evaluation_id: str, family: str | None) -> list[sqlite3.Row]:
    return library.rows(
        f"SELECT q.task_id, {NAME} AS family, q.paired, a.correct, a.recognised,"
        " a.completion_tokens, a.finish_reason"
        " FROM questions AS q LEFT JOIN answers AS a USING (evaluation, task_id)"
        " WHERE q.evaluation = ?1 AND (?2 IS NULL OR q.family_id = (SELECT id FROM families WHERE name = ?2))"
        " ORDER BY q.position",
        (evaluation_id, family),
    )


def _outcome(row: sqlite3.Row) -> AnswerOutcome:
    return AnswerOutcome(
        correct=_truth(row["correct"]),
        paired=row["paired"],
        recognised=row["recognised"],
        completion_tokens=row["completion_tokens"],
        finish_reason=row["finish_reason"],
    )


def _answered(row: sqlite3.Row) -> Answered:
    fields = {name: row[name] for name in Answered.__dataclass_fields__}
    return Answered(**{**fields, "correct": _truth(row["correct"])})


def _truth(value: int | None) -> bool | None:
    return None if value is None else bool(value)


def _fits(outcomes: Sequence[AnswerOutcome | None], wanted: AskedFilter) -> bool:
    graded = [None if one is None else one.correct for one in outcomes]
    match wanted.pattern:
        case "differ":
            return True in graded and False in graded
        case "all correct":
            return all(one is True for one in graded)
        case "all incorrect":
            return all(one is False for one in graded)
        case "unanswered":
            return None in outcomes
        case "pair":
            return graded[wanted.first] is True and graded[wanted.second] is False
    return True


def _with_text(library: Library, evaluation_ids: Sequence[str], text: str) -> set[str]:
    """Return the tasks with `text` in question, reference or answers, in any case of letters."""
    rows = library.rows(
        "SELECT task_id FROM answers WHERE evaluation IN (SELECT value FROM json_each(:ids))"
        " AND instr(casefold(response), :text)"
        " UNION SELECT task_id FROM questions WHERE evaluation IN (SELECT value FROM json_each(:ids))"
        " AND (instr(casefold(user), :text) OR instr(casefold(answer), :text))",
        {"ids": json_list(evaluation_ids), "text": text.casefold()},
    )
    return {row[0] for row in rows}


def _beginnings(library: Library, evaluation_ids: Sequence[str], task_ids: Sequence[str]) -> dict[str, str]:
    wanted = json_list(task_ids)
    asked = library.rows(
        "SELECT task_id, substr(user, 1, ?) FROM questions"
        " WHERE evaluation IN (SELECT value FROM json_each(?))"
        " AND task_id IN (SELECT value FROM json_each(?))",
        (BEGINNING, json_list(evaluation_ids), wanted),
    )
    queries = library.rows(
        "SELECT t.id, substr(t.query, 1, ?) FROM tasks AS t JOIN questions AS q ON q.task_id = t.id"
        " WHERE q.evaluation IN (SELECT value FROM json_each(?))"
        " AND q.task_id IN (SELECT value FROM json_each(?))"
        " AND q.user = iif(t.context = '', t.query, t.context || char(10, 10) || t.query)",
        (BEGINNING, json_list(evaluation_ids), wanted),
    )
    return {row[0]: row[1] for row in (*asked, *queries)}
