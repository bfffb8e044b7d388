"""Several evaluations beside each other: scores, differences, chosen strategies, and all that as tables."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from orca_desk.errors import UserError
from orca_desk.library.answers import AskedFilter, answers_to, asked_tasks, answer_counts, strategy_pairs
from orca_desk.library.database import Library
from orca_desk.library.evaluations import Evaluation, get_evaluation, list_evaluations, results
from orca_desk.library.tasks import get_tasks
from orca_desk.method.adherence import confusion
from orca_desk.method.statistics import Comparison, Share, share_of
from orca_desk.steps.evaluate.candidates import evaluation_names
from orca_desk.steps.evaluate.evaluation import Evaluated, Score, compare_evaluations, score

OVERALL = "overall"
ORDER = ("base", "tuned", "teacher")  # then whatever else, the oldest first
Table = tuple[Sequence[str], list[Sequence[Any]]]


@dataclass(frozen=True, kw_only=True)
class Listed:
    """An evaluation in a list: what it is called, how far it is, and its share of right answers."""

    evaluation: Evaluation
    name: str
    questions: int
    answered: int
    right: Share

    @property
    def id(self) -> str:
        """The evaluation's id."""
        return self.evaluation.id


@dataclass(frozen=True, kw_only=True)
class Summary:
    """What one evaluation found; `matrix[paired][recognised]` counts answers by strategy.

    `name` is unlike that of every other summary beside it. `unanswered` are the questions without answer.
    """

    id: str
    name: str
    found: Evaluated
    unanswered: int
    matrix: Mapping[str, Mapping[str | None, int]]

    @property
    def scores(self) -> dict[str, Score]:
        """The score of each family, then "overall"."""
        return {**self.found.families, OVERALL: self.found.overall}


@dataclass(frozen=True, kw_only=True)
class Compared:
    """Some evaluations beside each other; `differences[id]` is that one minus the `reference`, by family.

    An evaluation that shares no task with the reference is not in `differences`.
    """

    summaries: tuple[Summary, ...]
    reference: str
    differences: Mapping[str, Mapping[str, Comparison]]

    @property
    def families(self) -> list[str]:
        """The families of all evaluations by name, then "overall"."""
        names = {family for one in self.summaries for family in one.found.families}
        return [*sorted(names), OVERALL]


def listed(library: Library) -> list[Listed]:
    """Return every evaluation that has an answer, the newest first."""
    evaluations = list_evaluations(library)
    counts, names = answer_counts(library), evaluation_names(evaluations)
    return [
        Listed(
            evaluation=one,
            name=names[one.id],
            questions=counts[one.id].questions,
            answered=counts[one.id].answered,
            right=share_of(counts[one.id].correct, counts[one.id].graded),
        )
        for one in evaluations
        if one.id in counts and counts[one.id].answered
    ]


def companions(rows: Sequence[Listed], chosen: str | None = None) -> list[str]:
    """Return `chosen` (the newest, if None) and the newest of other names that answered the same tasks."""
    first = next((one for one in rows if one.id == chosen), rows[0] if rows else None)
    if first is None:
        return []
    found = {first.name: first.id}
    for one in rows:
        if _asked_alike(one, first):
            found.setdefault(one.name, one.id)
    return in_order({one.id: one.name for one in rows if one.id in found.values()})


def in_order(names: Mapping[str, str]) -> list[str]:
    """Return the ids with base, tuned and teacher first, then by the time they were made."""

    def key(evaluation_id: str) -> tuple[int, int]:
        name = names[evaluation_id]
        return ORDER.index(name) if name in ORDER else len(ORDER), int(evaluation_id.rsplit("-", 1)[-1])

    return sorted(names, key=key)


def compared(library: Library, evaluation_ids: Sequence[str], reference: str | None = None) -> Compared:
    """Return what some evaluations found; differences are to `reference`, or to the first."""
    evaluations = [get_evaluation(library, one) for one in evaluation_ids]
    names = distinct(evaluation_names(evaluations))
    summaries = tuple(_summary(library, one.id, names[one.id]) for one in evaluations)
    against = reference if reference is not None and reference in evaluation_ids else evaluation_ids[0]
    differences = {}
    for one in evaluation_ids:
        if one != against:
            try:
                differences[one] = compare_evaluations(library, one, against)
            except UserError:
                continue  # no task in common: there is nothing to compare
    return Compared(summaries=summaries, reference=against, differences=differences)


def distinct(names: Mapping[str, str]) -> dict[str, str]:
    """Return names of which no two are equal: equal ones get their ids."""
    given = list(names.values())
    return {key: name if given.count(name) == 1 else f"{name} {key}" for key, name in names.items()}


def family_table(found: Compared) -> Table:
    """Return a row for each model and family: its share, interval, counts and tokens."""
    headers = ("evaluation", "model", "family", "right", "n", "share", "low", "high", "mean_tokens")
    rows: list[Sequence[Any]] = []
    for one in found.summaries:
        for family, at in one.scores.items():
            right = at.right
            rows.append((one.id, one.name, family, right.correct, right.n, right.share, right.low, right.high,
                         at.mean_tokens))  # fmt: skip
    return headers, rows


def difference_table(found: Compared) -> Table:
    """Return a row for each paired difference to the reference."""
    names = {one.id: one.name for one in found.summaries}
    headers = ("model", "minus", "family", "tasks", "difference", "low", "high", "p", "only_model_right",
               "only_other_right", "both_right", "both_wrong")  # fmt: skip
    rows: list[Sequence[Any]] = [
        (names[evaluation], names[found.reference], family, one.n, one.difference, one.low, one.high, one.p,
         one.only_first, one.only_second, one.both, one.neither)
        for evaluation, families in found.differences.items()
        for family, one in families.items()
    ]  # fmt: skip
    return headers, rows


def matrix_table(one: Summary) -> Table:
    """Return a row for each paired and recognised strategy, with how many answers."""
    rows: list[Sequence[Any]] = [
        (one.name, paired, recognised or "none", count)
        for paired, counts in sorted(one.matrix.items())
        for recognised, count in sorted(counts.items(), key=lambda item: item[0] or "")
    ]
    return ("model", "paired", "recognised", "answers"), rows


def answer_table(library: Library, evaluation_ids: Sequence[str], wanted: AskedFilter) -> Table:
    """Return a row for each answer to the tasks that match, whole texts and all."""
    names = distinct(evaluation_names([get_evaluation(library, one) for one in evaluation_ids]))
    headers = ("task", "family", "question", "reference", "evaluation", "model", "right", "reason", "paired",
               "recognised", "tokens", "finish", "answer")  # fmt: skip
    rows: list[Sequence[Any]] = []
    asked = asked_tasks(library, evaluation_ids, wanted)
    tasks = get_tasks(library, [one.task_id for one in asked])
    for one in asked:
        task = tasks.get(one.task_id)
        for evaluation, answer in zip(
            evaluation_ids, answers_to(library, evaluation_ids, one.task_id), strict=True
        ):
            if answer is not None:
                rows.append((one.task_id, one.family, task.user_text if task else "",
                             task.answer if task else "", evaluation, names[evaluation], answer.correct,
                             answer.reason, one.paired, answer.recognised, answer.completion_tokens,
                             answer.finish_reason, answer.response))  # fmt: skip
    return headers, rows


def strategies_of(matrix: Mapping[str, Mapping[str | None, int]]) -> list[str | None]:
    """Return the columns of a matrix: the paired strategies, others that were recognised, then None."""
    recognised = {name for counts in matrix.values() for name in counts if name is not None}
    return [*sorted(matrix), *sorted(recognised - set(matrix)), None]


def _summary(library: Library, evaluation_id: str, name: str) -> Summary:
    counts = results(library, evaluation_id)
    return Summary(
        id=evaluation_id,
        name=name,
        found=score(library, evaluation_id),
        unanswered=sum(one.questions - one.answered for one in counts),
        matrix=confusion(strategy_pairs(library, evaluation_id)),
    )


def _asked_alike(one: Listed, other: Listed) -> bool:
    key: Callable[[Listed], Any] = lambda row: row.evaluation.run.settings.get("questions")  # noqa: E731
    return one.id == other.id or (one.evaluation.run.status == "done" and key(one) == key(other))
