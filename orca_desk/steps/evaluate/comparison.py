"""Several evaluations compared: scores, paired differences and strategies, also as tables for export."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from orca_desk.library.answers import (
    AnswerCounts,
    AskedFilter,
    all_answers,
    answer_counts,
    asked_questions,
    asked_tasks,
)
from orca_desk.library.database import Library
from orca_desk.library.evaluations import Evaluation, get_evaluation, list_evaluations, question_outcomes
from orca_desk.method.adherence import confusion
from orca_desk.method.statistics import Comparison, Share, share_of
from orca_desk.steps.evaluate.candidates import evaluation_names
from orca_desk.steps.evaluate.outcome import evaluation_from_json
from orca_desk.steps.evaluate.scoring import (
    OVERALL,
    Evaluated,
    Score,
    compare_settled,
    score,
    settled,
    shared_tasks,
)

ORDER = ("base", "tuned", "teacher")  # others follow, the oldest first
Table = tuple[Sequence[str], list[Sequence[Any]]]


@dataclass(frozen=True, kw_only=True)
class ListedEvaluation:
    """An evaluation in a list: its name, its progress, and its share of correct answers.

    Questions that a finished evaluation could not ask count as incorrect.
    """

    evaluation: Evaluation
    name: str
    questions: int
    answered: int
    accuracy: Share

    @property
    def id(self) -> str:
        """The evaluation's id."""
        return self.evaluation.id


@dataclass(frozen=True, kw_only=True)
class EvaluationSummary:
    """The results of one evaluation on the tasks that are compared.

    `name` differs from the names of the evaluations that it is compared with. `matrix[paired][recognised]`
    counts answers by strategy. `left_out` counts its other questions: those that another one of the compared
    evaluations was not asked, was asked in other words or has not come to, and its own that are not settled.
    `engines` says what computed the answers of `model`; empty if that was not noted.
    """

    id: str
    name: str
    results: Evaluated
    left_out: int
    unanswered: int
    ungraded: int
    matrix: Mapping[str, Mapping[str | None, int]]
    model: Path
    engines: frozenset[str]

    @property
    def scores(self) -> dict[str, Score]:
        """The score of each family, then of all under "overall"."""
        return {**self.results.families, OVERALL: self.results.overall}


@dataclass(frozen=True, kw_only=True)
class ModelComparison:
    """Several evaluations compared on the `tasks` tasks that are settled in every one of them.

    `edited` counts the tasks that are left out as they were edited between two of the evaluations.
    `differences[id]` is that evaluation minus the `reference`, by family; empty if they share no task.
    """

    summaries: tuple[EvaluationSummary, ...]
    reference: str
    tasks: int
    edited: int
    differences: Mapping[str, Mapping[str, Comparison]]

    @property
    def families(self) -> list[str]:
        """The families of all evaluations by name, then "overall"."""
        names = {family for one in self.summaries for family in one.results.families}
        return [*sorted(names), OVERALL]


def list_with_answers(library: Library) -> list[ListedEvaluation]:
    """Return every evaluation that has an answer, the newest first."""
    evaluations = list_evaluations(library)
    counts, names = answer_counts(library), evaluation_names(evaluations)
    return [
        ListedEvaluation(
            evaluation=one,
            name=names[one.id],
            questions=counts[one.id].questions,
            answered=counts[one.id].answered,
            accuracy=share_of(counts[one.id].correct, _settled_count(one, counts[one.id])),
        )
        for one in evaluations
        if one.id in counts and counts[one.id].answered
    ]


def companions(rows: Sequence[ListedEvaluation], chosen: str | None = None) -> list[str]:
    """Return `chosen`, or the newest, and the newest one of each other name that answered the same tasks.

    The many evaluations of an experiment come in only where one of them is chosen.
    """
    own = [one for one in rows if not one.evaluation.of_experiment]
    newest = next(iter([*own, *rows]), None)
    first = next((one for one in rows if one.id == chosen), newest)
    if first is None:
        return []
    found = {first.name: first.id}
    for one in own:
        if _asked_alike(one, first):
            found.setdefault(one.name, one.id)
    return in_order({one.id: one.name for one in rows if one.id in found.values()})


def best_comparison(library: Library, evaluation_id: str) -> ModelComparison:
    """Compare an evaluation with the newest of each other model that was asked the same tasks.

    Differences are to the base, where it is among them.
    """
    rows = list_with_answers(library)
    ids = companions(rows, evaluation_id)
    base = next((row.id for row in rows if row.id in ids and row.name == "base"), None)
    return compare_models(library, ids, base)


def in_order(names: Mapping[str, str]) -> list[str]:
    """Return the ids with base, tuned and teacher first, then the others, the oldest first."""

    def key(evaluation_id: str) -> tuple[int, int]:
        name = names[evaluation_id]
        return ORDER.index(name) if name in ORDER else len(ORDER), _number(evaluation_id)

    return sorted(names, key=key)


def compare_models(
    library: Library, evaluation_ids: Sequence[str], reference: str | None = None
) -> ModelComparison:
    """Compare some evaluations on the tasks that all of them settled (see scoring.py).

    What one of them was not asked, or has not come to, is left out for all: shares of different tasks do not
    compare. Differences are to `reference`, or to the first of the evaluations.
    """
    evaluations = [get_evaluation(library, one) for one in evaluation_ids]
    names = distinct(evaluation_names(evaluations))
    questions = {one.id: settled(library, one.id) for one in evaluations}
    newest_last = sorted(questions, key=_number)
    shared = shared_tasks([questions[one] for one in newest_last])
    summaries = tuple(_summary(library, one.id, names[one.id], shared) for one in evaluations)
    against = reference if reference is not None and reference in evaluation_ids else evaluation_ids[0]
    differences = {
        one: compare_settled(questions[one], questions[against], shared)
        for one in evaluation_ids
        if one != against and shared
    }
    return ModelComparison(
        summaries=summaries,
        reference=against,
        tasks=len(shared),
        edited=len(set.intersection(*map(set, questions.values()))) - len(shared),
        differences=differences,
    )


def distinct(names: Mapping[str, str]) -> dict[str, str]:
    """Return unique names: equal ones get their ids appended."""
    given = list(names.values())
    return {key: name if given.count(name) == 1 else f"{name} {key}" for key, name in names.items()}


def family_table(found: ModelComparison) -> Table:
    """Return a row per model and family: its share of correct answers, interval, counts and tokens."""
    headers = ("evaluation", "model", "family", "correct", "n", "share", "low", "high", "mean_tokens")
    rows: list[Sequence[Any]] = []
    for one in found.summaries:
        for family, at in one.scores.items():
            share = at.accuracy
            rows.append((one.id, one.name, family, share.correct, share.n, share.share, share.low, share.high,
                         at.mean_tokens))  # fmt: skip
    return headers, rows


def difference_table(found: ModelComparison) -> Table:
    """Return a row per paired difference to the reference."""
    names = {one.id: one.name for one in found.summaries}
    headers = ("model", "minus", "family", "tasks", "difference", "low", "high", "p", "only_model_correct",
               "only_other_correct", "both_correct", "both_incorrect")  # fmt: skip
    rows: list[Sequence[Any]] = [
        (names[evaluation], names[found.reference], family, one.n, one.difference, one.low, one.high, one.p,
         one.only_first, one.only_second, one.both, one.neither)
        for evaluation, families in found.differences.items()
        for family, one in families.items()
    ]  # fmt: skip
    return headers, rows


def matrix_table(one: EvaluationSummary) -> Table:
    """Return a row per paired and recognised strategy, with the count of answers."""
    rows: list[Sequence[Any]] = [
        (one.name, paired, recognised or "none", count)
        for paired, counts in sorted(one.matrix.items())
        for recognised, count in sorted(counts.items(), key=lambda item: item[0] or "")
    ]
    return ("model", "paired", "recognised", "answers"), rows


def answer_table(
    library: Library,
    evaluation_ids: Sequence[str],
    wanted: AskedFilter,
    *,
    in_words: Callable[[str], str],
) -> Table:
    """Return a row per answer to the tasks that match, with the whole texts and the reason `in_words`."""
    names = distinct(evaluation_names([get_evaluation(library, one) for one in evaluation_ids]))
    headers = ("task", "family", "question", "reference", "evaluation", "model", "correct", "reason",
               "paired", "recognised", "tokens", "finish", "answer")  # fmt: skip
    rows: list[Sequence[Any]] = []
    asked = asked_tasks(library, evaluation_ids, wanted)
    questions = asked_questions(library, evaluation_ids, [one.task_id for one in asked])
    answers = all_answers(library, evaluation_ids, [one.task_id for one in asked])
    for one in asked:
        question = questions.get(one.task_id)
        found = zip(evaluation_ids, answers[one.task_id], one.outcomes, strict=True)
        for evaluation, answer, outcome in found:
            if answer is not None and outcome is not None:
                rows.append((one.task_id, one.family, question.user if question else "",
                             question.answer if question else "", evaluation, names[evaluation],
                             answer.correct, in_words(answer.reason), outcome.paired, answer.recognised,
                             answer.completion_tokens, answer.finish_reason, answer.response))  # fmt: skip
    return headers, rows


def strategies_of(matrix: Mapping[str, Mapping[str | None, int]]) -> list[str | None]:
    """Return the columns of a matrix: the paired strategies, others that were recognised, then None."""
    recognised = {name for counts in matrix.values() for name in counts if name is not None}
    return [*sorted(matrix), *sorted(recognised - set(matrix)), None]


def _summary(library: Library, evaluation_id: str, name: str, shared: Mapping[str, str]) -> EvaluationSummary:
    evaluation, whole = get_evaluation(library, evaluation_id), score(library, evaluation_id)
    found = question_outcomes(library, evaluation_id)
    compared = [one for one in found if one.task_id in shared]
    return EvaluationSummary(
        id=evaluation_id,
        name=name,
        results=score(library, evaluation_id, shared),
        left_out=len(found) - len(compared),
        unanswered=whole.unanswered,
        ungraded=whole.ungraded,
        matrix=confusion(
            [(one.paired, one.recognised) for one in compared if one.is_answered and one.paired is not None]
        ),
        model=evaluation.model,
        engines=_engines(evaluation),
    )


def _engines(evaluation: Evaluation) -> frozenset[str]:
    outcome = evaluation_from_json(evaluation.run.outcome)
    return frozenset(outcome.engines if outcome else ())


def _number(evaluation_id: str) -> int:
    """Return the number at the end of an id: a later evaluation has a greater one."""
    return int(evaluation_id.rsplit("-", 1)[-1])


def _settled_count(evaluation: Evaluation, counts: AnswerCounts) -> int:
    """Return how many questions count: the graded ones, and those that could not be asked."""
    unasked = counts.questions - counts.answered if evaluation.run.status == "done" else 0
    return counts.graded + unasked


def _asked_alike(one: ListedEvaluation, other: ListedEvaluation) -> bool:
    key: Callable[[ListedEvaluation], Any] = lambda row: row.evaluation.run.settings.get("questions")  # noqa: E731
    return one.id == other.id or (one.evaluation.run.status == "done" and key(one) == key(other))
