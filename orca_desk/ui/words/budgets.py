"""The answer budget in words."""

from typing import TYPE_CHECKING

from orca_desk.counting import counted

if TYPE_CHECKING:
    from orca_desk.steps.evaluate.budget import BudgetComparison

RULE = (
    "An answer counts at a budget only if it is correct and ended by itself within that many tokens. "
    "Intervals are 95% (Wilson)."
)


def budget_notes(found: "BudgetComparison") -> list[str]:
    """Return what the curves leave out, a line per model."""
    if not found.tasks:
        return ["These evaluations share no task."]
    lines = []
    for model in found.models:
        if cut := model.curve.cut:
            credited = model.curve.cut_correct
            verb = "was" if credited == 1 else "were"
            which = "it" if cut == 1 else f"{credited:,} of them"
            extra = f", although {which} {verb} graded correct" if credited else ""
            count = "counts" if cut == 1 else "count"
            lines.append(
                f"{model.name}: {counted(cut, 'answer')} cut off by the evaluation's own limit {count} at no"
                f" budget{extra}."
            )
    return lines
