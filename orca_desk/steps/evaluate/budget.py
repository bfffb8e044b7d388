"""The answer budget of some evaluations: accuracy against allowed tokens, on the tasks that they share."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from orca_desk.errors import UserError
from orca_desk.library.database import Library
from orca_desk.library.evaluations import get_evaluation, question_outcomes
from orca_desk.method.budget import BudgetCurve, TimedAnswer, budget_curve
from orca_desk.steps.evaluate.candidates import evaluation_names
from orca_desk.steps.evaluate.comparison import Table, distinct
from orca_desk.steps.evaluate.scoring import settled, shared_tasks


@dataclass(frozen=True, kw_only=True)
class ModelBudget:
    """The curve of one evaluation, named as among those that it is compared with."""

    id: str
    name: str
    curve: BudgetCurve


@dataclass(frozen=True, kw_only=True)
class BudgetComparison:
    """Curves on the same `tasks` tasks; `families` can be chosen, `family` is the chosen one, None: all."""

    models: tuple[ModelBudget, ...]
    tasks: int
    families: tuple[str, ...]
    family: str | None


def compare_budgets(
    library: Library,
    evaluation_ids: Sequence[str],
    *,
    family: str | None = None,
    budgets: Sequence[int] | None = None,
) -> BudgetComparison:
    """Return the curves of some evaluations on the tasks that all of them settled, of one family or of all.

    Raises UserError for an unknown evaluation, and for a family that they do not share.
    """
    names = distinct(evaluation_names([get_evaluation(library, one) for one in evaluation_ids]))
    shared = shared_tasks([settled(library, one) for one in evaluation_ids])
    families = tuple(sorted(set(shared.values())))
    if family is not None and family not in families:
        known = ", ".join(families) or "none"
        raise UserError(
            f"These evaluations share no task of the family {family}.", f"Choose one of: {known}."
        )
    chosen = {task for task, name in shared.items() if family in (None, name)}
    return BudgetComparison(
        models=tuple(
            ModelBudget(id=one, name=names[one], curve=_curve(library, one, chosen, budgets))
            for one in evaluation_ids
        ),
        tasks=len(chosen),
        families=families,
        family=family,
    )


def budget_table(found: BudgetComparison) -> Table:
    """Return a row per model and point of its curve."""
    headers = ("evaluation", "model", "tokens", "correct", "n", "share", "low", "high")
    rows: list[Sequence[Any]] = [
        (model.id, model.name, point.tokens, *(getattr(point.accuracy, name) for name in headers[3:]))
        for model in found.models
        for point in model.curve.points
    ]
    return headers, rows


def _curve(
    library: Library, evaluation_id: str, tasks: set[str], budgets: Sequence[int] | None
) -> BudgetCurve:
    return budget_curve(
        (
            TimedAnswer(
                correct=bool(one.correct), tokens=one.completion_tokens, ended=one.finish_reason == "stop"
            )
            for one in question_outcomes(library, evaluation_id)
            if one.task_id in tasks
        ),
        budgets=budgets,
    )
