"""Evaluations: runs of kind "evaluate" in which one model answers held-out tasks under one system message."""

import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from orca_desk.errors import UserError
from orca_desk.library.clock import now
from orca_desk.library.database import Library
from orca_desk.library.families import NAME, family_ids
from orca_desk.library.locations import resolve_path, stored_path
from orca_desk.library.rows import table
from orca_desk.library.runs import Run, get_run, insert_run, runs_of
from orca_desk.method.records import FinishReason, Task, content_key
from orca_desk.method.turns import Turns, conversation_text, turns_from_json, turns_to_json

KIND = "evaluate"
OF_EXPERIMENT = "experiment-"  # begins the names of the evaluations that an experiment made
SHOWN_IDS = 5  # of evaluations, where an unknown one was named
OF_CHECKPOINT = "checkpoint "  # begins the name of an evaluation of a training's checkpoint


@dataclass(frozen=True, kw_only=True)
class Question:
    """A task of an evaluation, with its family, and the strategy that it was `paired` with then, if any.

    `user` is what was asked, after the earlier `turns`, and `answer` the reference that it is graded by: the
    task may be edited later. An evaluation of an early version may lack both.
    """

    task_id: str
    family: str
    paired: str | None = None
    user: str = ""
    answer: str | None = None
    turns: Turns = ()

    @property
    def conversation(self) -> str:
        """All that was asked, as `Task.conversation`."""
        return conversation_text(self.turns, self.user)

    @classmethod
    def from_row(cls, row: sqlite3.Row) -> Self:
        """Return the question in a row with its columns, and the name of its family."""
        return cls(**{**dict(row), "turns": turns_from_json(row["turns"])})

    @classmethod
    def of(cls, task: Task, paired: str | None) -> Self:
        """Return the question that a task asks now."""
        return cls(
            task_id=task.id,
            family=task.family,
            paired=paired,
            user=task.user_text,
            answer=task.answer,
            turns=task.turns,
        )


@dataclass(frozen=True, kw_only=True)
class Answered:
    """A model's answer to a task. `correct` is None without a reference; `recognised` names its strategy."""

    task_id: str
    response: str
    correct: bool | None
    reason: str
    recognised: str | None
    completion_tokens: int
    finish_reason: FinishReason


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """`run` has the status, settings and times; the id is the run's, e.g. evaluate-2.

    `system` is the system message, None where it differs from task to task (kind "strategy"). `name` is what
    the user called it, or "".
    """

    id: str
    name: str
    run: Run
    model: Path
    adapter: Path | None
    system_kind: str
    system: str | None

    @property
    def of_experiment(self) -> bool:
        """Whether an experiment, or a look at a training's checkpoints, made it: it is one of many there."""
        return self.name.startswith((OF_EXPERIMENT, OF_CHECKPOINT))


@dataclass(frozen=True, kw_only=True)
class QuestionOutcome:
    """A question with what became of it, without the texts.

    `is_answered` is False where no answer is stored; `correct` is None for that, and for an ungraded answer.
    """

    task_id: str
    family: str
    paired: str | None
    is_answered: bool
    correct: bool | None
    recognised: str | None
    completion_tokens: int
    finish_reason: FinishReason | None


def create_evaluation(
    library: Library,
    *,
    model: Path,
    adapter: Path | None,
    system_kind: str,
    system: str | None,
    questions: Sequence[Question],
    settings: Mapping[str, Any],
    name: str = "",
    request: Mapping[str, Any] | None = None,
) -> Evaluation:
    """Store a new evaluation, as running; return it.

    `settings` is whatever makes it this one (hashes of model and adapter, sampling, ...): `find_unfinished`
    with kind "evaluate" and the same settings finds it again. Raises UserError without any question.
    """
    if not questions:
        raise UserError(
            "There are no tasks to evaluate on.", "Choose held-out tasks, or mark some as held out."
        )

    def store(db: sqlite3.Connection) -> str:
        run_id = str(insert_run(db, KIND, settings, request)["id"])
        row = {
            "id": run_id,
            "name": name,
            "model": stored_path(library, model),
            "adapter": adapter and stored_path(library, adapter),
            "system_kind": system_kind,
            "system": system,
        }
        table(db, "evaluations").insert(row)
        families = family_ids(db, [question.family for question in questions])
        table(db, "questions").insert_all(
            {
                "evaluation": run_id,
                "position": position,
                "task_id": question.task_id,
                "family_id": families[question.family],
                "paired": question.paired,
                "user": question.user,
                "answer": question.answer,
                "turns": turns_to_json(question.turns),
            }
            for position, question in enumerate(questions)
        )
        return run_id

    return get_evaluation(library, library.write(store))


def get_evaluation(library: Library, evaluation_id: str) -> Evaluation:
    """Return one evaluation. Raises UserError if it does not exist."""
    row = library.row("SELECT * FROM evaluations WHERE id = ?", (evaluation_id,))
    if row is None:
        newest = [one.id for one in list_evaluations(library)[:SHOWN_IDS]]
        hint = f"The newest evaluations are {', '.join(newest)}." if newest else "Evaluate a model first."
        raise UserError(f"There is no evaluation {evaluation_id}.", hint)
    return _evaluation(library, row, get_run(library, row["id"]))


def list_evaluations(library: Library) -> list[Evaluation]:
    """Return all evaluations, the newest first."""
    rows = library.rows("SELECT e.* FROM evaluations AS e JOIN runs AS r USING (id) ORDER BY r.n DESC")
    runs = runs_of(library, [row["id"] for row in rows])
    return [_evaluation(library, row, runs[row["id"]]) for row in rows]


def take_up(library: Library, evaluation_id: str, name: str, request: Mapping[str, Any] | None) -> Evaluation:
    """Give an unfinished evaluation the name and the request that it is resumed with; return it.

    Without a name or a request it retains its own.
    """

    def store(db: sqlite3.Connection) -> int:
        if request is not None:
            db.execute("UPDATE runs SET request = ? WHERE id = ?", (json.dumps(request), evaluation_id))
        return db.execute(
            "UPDATE evaluations SET name = coalesce(nullif(?, ''), name) WHERE id = ?", (name, evaluation_id)
        ).rowcount

    library.write(store)
    return get_evaluation(library, evaluation_id)


def set_model(library: Library, evaluation_id: str, model: Path) -> Evaluation:
    """Note that the file of the evaluated model has moved to `model`; return the evaluation."""
    path = stored_path(library, model)
    library.write(
        lambda db: db.execute("UPDATE evaluations SET model = ? WHERE id = ?", (path, evaluation_id)).rowcount
    )
    return get_evaluation(library, evaluation_id)


def add_answers(library: Library, evaluation_id: str, answers: Sequence[Answered]) -> int:
    """Store answers in one transaction; existing ones stay. Returns the number of new ones."""

    def store(db: sqlite3.Connection) -> int:
        return db.executemany(
            "INSERT INTO answers VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
            [
                (
                    evaluation_id,
                    one.task_id,
                    one.response,
                    one.correct,
                    one.reason,
                    one.recognised,
                    one.completion_tokens,
                    one.finish_reason,
                    now(),
                )
                for one in answers
            ],
        ).rowcount

    return library.write(store)


def unanswered(library: Library, evaluation_id: str) -> list[Question]:
    """Return the questions without an answer, in order."""
    rows = library.rows(
        f"SELECT q.task_id, {NAME} AS family, q.paired, q.user, q.answer, q.turns"
        " FROM questions AS q LEFT JOIN answers AS a USING (evaluation, task_id)"
        " WHERE q.evaluation = ? AND a.task_id IS NULL ORDER BY q.position",
        (evaluation_id,),
    )
    return [Question.from_row(row) for row in rows]


def answers(library: Library, evaluation_id: str) -> list[Answered]:
    """Return all answers of an evaluation, in the order of its questions."""
    rows = library.rows(
        "SELECT a.* FROM questions AS q JOIN answers AS a USING (evaluation, task_id)"
        " WHERE q.evaluation = ? ORDER BY q.position",
        (evaluation_id,),
    )
    return [_answered(row) for row in rows]


def asked_keys(library: Library, evaluation_id: str) -> dict[str, str]:
    """Return a key of what was asked and expected, by task: equal ones are the same question.

    A task is missing if its text is no longer known.
    """
    rows = library.rows(
        "SELECT task_id, user, answer, turns FROM questions WHERE evaluation = ? AND user <> ''",
        (evaluation_id,),
    )
    asked = {row["task_id"]: conversation_text(turns_from_json(row["turns"]), row["user"]) for row in rows}
    return {row["task_id"]: content_key(asked[row["task_id"]], row["answer"] or "") for row in rows}


def question_outcomes(library: Library, evaluation_id: str) -> list[QuestionOutcome]:
    """Return every question of an evaluation, in order, with what became of it."""
    rows = library.rows(
        f"""
        SELECT q.task_id, {NAME} AS family, q.paired, a.task_id IS NOT NULL AS is_answered,
          a.correct, a.recognised, coalesce(a.completion_tokens, 0) AS completion_tokens, a.finish_reason
        FROM questions AS q LEFT JOIN answers AS a USING (evaluation, task_id)
        WHERE q.evaluation = ? ORDER BY q.position
        """,
        (evaluation_id,),
    )
    return [
        QuestionOutcome(
            **{
                **dict(row),
                "is_answered": bool(row["is_answered"]),
                "correct": None if row["correct"] is None else bool(row["correct"]),
            }
        )
        for row in rows
    ]


def _evaluation(library: Library, row: sqlite3.Row, run: Run) -> Evaluation:
    return Evaluation(
        id=row["id"],
        name=row["name"],
        run=run,
        model=resolve_path(library, row["model"]),
        adapter=None if row["adapter"] is None else resolve_path(library, row["adapter"]),
        system_kind=row["system_kind"],
        system=row["system"],
    )


def _answered(row: sqlite3.Row) -> Answered:
    fields = {name: row[name] for name in Answered.__dataclass_fields__}
    return Answered(**{**fields, "correct": None if row["correct"] is None else bool(row["correct"])})
