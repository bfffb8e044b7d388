"""The scores of evaluations, and the paired differences of two, always over questions that both settled.

A question is settled once its answer is graded, or once a finished evaluation could not ask it, most often as
it was too long for the model's context: it then counts as incorrect. Otherwise a model would be scored on the
questions that suit it. A stopped evaluation leaves the questions unsettled that it has not come to.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from orca_desk.errors import UserError
from orca_desk.library.database import Library
from orca_desk.library.evaluations import (
    QuestionOutcome,
    asked_keys,
    get_evaluation,
    question_outcomes,
)
from orca_desk.library.repeats import Repeats
from orca_desk.library.runs import Run
from orca_desk.method.statistics import Comparison, Share, compare, share_of
from orca_desk.steps.evaluate.outcome import evaluation_from_json

OVERALL = "overall"


@dataclass(frozen=True, kw_only=True)
class Score:
    """The share of correct answers in one family or overall, and the mean number of tokens per answer."""

    accuracy: Share
    mean_tokens: float


@dataclass(frozen=True, kw_only=True)
class Evaluated:
    """The results of an evaluation.

    `adherence` is the share of answers that follow the paired strategy, among tasks that have one. `cut`
    counts the answers that ended at the length limit. `unasked` counts the questions that could not be asked,
    which count as incorrect; `failed` counts them by reason, as far as the reasons were stored. `unanswered`
    counts the questions that a stopped evaluation has not come to, `ungraded` the answers without a verdict:
    both are in no score. `seconds` is the duration of this call. `finished` is False after a stop. `repeats`
    tells how many of all its questions the model was trained on, once that was counted.
    """

    run: str
    families: Mapping[str, Score]
    overall: Score
    adherence: Share
    cut: int
    unasked: int
    failed: Mapping[str, int]
    unanswered: int
    ungraded: int
    seconds: float
    finished: bool
    repeats: Repeats | None = None


@dataclass(frozen=True, kw_only=True)
class Settled:
    """A settled question: whether it counts as correct, and the key of what was asked, if that is known."""

    family: str
    correct: bool
    asked: str | None = None


def score(library: Library, evaluation_id: str, among: Mapping[str, str] | None = None) -> Evaluated:
    """Return the results so far of an evaluation in the library, or those on some tasks.

    `among` gives those tasks, each with the family to count it in: families are renamed between evaluations.
    """
    run = get_evaluation(library, evaluation_id).run
    found = question_outcomes(library, evaluation_id)
    if among is not None:
        found = [replace(one, family=among[one.task_id]) for one in found if one.task_id in among]
    return score_outcomes(run, found, is_complete=run.status == "done")


def score_outcomes(run: Run, found: Sequence[QuestionOutcome], *, is_complete: bool) -> Evaluated:
    """Return the results of some questions; `is_complete`: those without an answer could not be asked."""
    families: dict[str, list[QuestionOutcome]] = {}
    for one in sorted(found, key=lambda one: one.family):
        families.setdefault(_beside_total(one.family), []).append(one)
    answered = [one for one in found if one.is_answered]
    following = [one.recognised == one.paired for one in answered if one.paired is not None]
    missing = len(found) - len(answered)
    stored = evaluation_from_json(run.outcome)
    return Evaluated(
        run=run.id,
        families={name: _score(group, is_complete) for name, group in families.items()},
        overall=_score(found, is_complete),
        adherence=share_of(sum(following), len(following)),
        cut=sum(one.finish_reason == "length" for one in answered),
        unasked=missing if is_complete else 0,
        failed=stored.failed if stored and is_complete else {},
        unanswered=0 if is_complete else missing,
        ungraded=sum(one.correct is None for one in answered),
        seconds=0.0,
        finished=is_complete,
        repeats=stored.repeats if stored else None,
    )


def settled(library: Library, evaluation_id: str) -> dict[str, Settled]:
    """Return the settled questions of an evaluation by the ids of their tasks, in order."""
    is_complete = get_evaluation(library, evaluation_id).run.status == "done"
    asked = asked_keys(library, evaluation_id)
    return {
        one.task_id: Settled(family=one.family, correct=verdict, asked=asked.get(one.task_id))
        for one in question_outcomes(library, evaluation_id)
        if (verdict := _verdict(one, is_complete)) is not None
    }


def shared_tasks(questions: Sequence[Mapping[str, Settled]]) -> dict[str, str]:
    """Return the tasks that are settled in every one of some evaluations, with their families in the last.

    A task that was edited between two of them is another question, and not shared.
    """
    return {
        task: one.family
        for task, one in questions[-1].items()
        if all(task in other for other in questions)
        and len({other[task].asked for other in questions} - {None}) <= 1
    }


def compare_evaluations(library: Library, first: str, second: str) -> dict[str, Comparison]:
    """Compare two evaluations on the tasks that both settled, by family and "overall".

    Raises UserError if they share no such task.
    """
    one, other = settled(library, first), settled(library, second)
    shared = shared_tasks([other, one])
    if not shared:
        raise UserError(f"{first} and {second} share no task.", "Evaluate both on the same tasks.")
    return compare_settled(one, other, shared)


def compare_settled(
    first: Mapping[str, Settled], second: Mapping[str, Settled], among: Mapping[str, str]
) -> dict[str, Comparison]:
    """Compare two evaluations on some tasks, given with their families: by family, then "overall"."""
    families: dict[str, list[str]] = {}
    for task, family in among.items():
        families.setdefault(_beside_total(family), []).append(task)
    groups = {**dict(sorted(families.items())), OVERALL: list(among)}
    return {
        name: compare([first[task].correct for task in tasks], [second[task].correct for task in tasks])
        for name, tasks in groups.items()
    }


def _beside_total(family: str) -> str:
    """Return a family's name in tables that have a total: one that is called "overall" must not hide it."""
    return f"{family} (family)" if family == OVERALL else family


def _score(found: Sequence[QuestionOutcome], is_complete: bool) -> Score:
    verdicts = [_verdict(one, is_complete) for one in found]
    graded = [one for one in verdicts if one is not None]
    tokens = [one.completion_tokens for one in found if one.is_answered]
    return Score(
        accuracy=share_of(sum(graded), len(graded)), mean_tokens=sum(tokens) / len(tokens) if tokens else 0.0
    )


def _verdict(one: QuestionOutcome, is_complete: bool) -> bool | None:
    """Return whether a question counts as correct; None while it is not settled."""
    if one.is_answered:
        return one.correct
    return False if is_complete else None
