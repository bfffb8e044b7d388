"""`orca-desk evaluate budget`: accuracy against allowed answer tokens."""

from pathlib import Path

import click

from orca_desk.cli.options import examples, existing_library_option, json_option, open_library
from orca_desk.cli.output import percent, print_json, say, table
from orca_desk.steps.evaluate.budget import BudgetComparison, compare_budgets
from orca_desk.ui.words.budgets import RULE, budget_notes

STEPS = (16, 32, 64, 128, 256, 512, 1024, 2048, 4096)  # tokens, of the table


@click.command(
    "budget",
    epilog=examples(
        "orca-desk evaluate budget evaluate-1 evaluate-2",
        "orca-desk evaluate budget evaluate-2 --family algebra --tokens 64 --tokens 256 --json",
    ),
)
@click.argument("evaluations", nargs=-1, required=True)
@click.option("--family", help="Only the tasks of this family.")
@click.option(
    "--tokens", multiple=True, type=click.IntRange(1),
    help="A budget to report. Can be repeated. [default: where the curve rises]",
)  # fmt: skip
@existing_library_option
@json_option
def budget(
    evaluations: tuple[str, ...], family: str | None, tokens: tuple[int, ...], folder: Path, as_json: bool
) -> None:
    """Show how many tasks each of some EVALUATIONS answers correctly within a number of tokens.

    An answer counts at a budget only if it is correct and ended by itself within it. All are scored on the
    tasks that they share.
    """
    with open_library(folder, create=False) as library:
        ids = tuple(dict.fromkeys(evaluations))
        found = compare_budgets(library, ids, family=family, budgets=tokens or None)
        if not as_json and not tokens:
            found = compare_budgets(library, ids, family=family, budgets=_steps(found))
    if as_json:
        print_json(found)
        return
    _show(found)


def _steps(found: BudgetComparison) -> list[int]:
    """Return the budgets of a table: powers of two up to the longest answer, and that."""
    longest = max((model.curve.longest for model in found.models), default=0)
    return [*(step for step in STEPS if step < longest), longest]


def _show(found: BudgetComparison) -> None:
    budgets = [point.tokens for point in found.models[0].curve.points]
    table(
        f"Correct answers within a budget, {found.tasks:,} tasks",
        {"tokens": "right", **{model.name: "right" for model in found.models}},
        [
            [
                f"{budget:,}",
                *(
                    f"{percent(share.share)} ({percent(share.low)} to {percent(share.high)})"
                    for share in (model.curve.at(budget) for model in found.models)
                ),
            ]
            for budget in budgets
        ],
    )
    say(RULE)
    for note in budget_notes(found):
        say(note)
