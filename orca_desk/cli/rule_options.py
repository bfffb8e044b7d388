"""The rules for records as options, for the commands that show, change or use them."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar

import click

from orca_desk.cli.options import NumberRange
from orca_desk.method.fitness import FitnessRules

Command = TypeVar("Command", bound=Callable[..., object])
Rules = TypeVar("Rules", bound=FitnessRules)
NONE = 0  # as the value of a number: no limit

_NUMBER = click.IntRange(0)
_OPTIONS = (
    click.option("--with-incorrect/--only-correct", "incorrect", default=None, help="Incorrect answers too."),
    click.option("--with-leaks/--without-leaks", "leaks", default=None, help="Answers with leaks too."),
    click.option(
        "--with-unpaired/--only-paired",
        "unpaired",
        default=None,
        help="Answers that follow a strategy other than the paired one too.",
    ),
    click.option("--with-cut-off/--without-cut-off", "cut_off", default=None, help="Cut-off answers too."),
    click.option(
        "--only-kept/--not-only-kept", "only_kept", default=None, help="Only records kept in review."
    ),
    click.option(
        "--per-task",
        type=_NUMBER,
        help="Best of k: at most this many answers per task and strategy, the correct and then the shortest "
        "first; 0 takes all.",
    ),
    click.option(
        "--agreement",
        type=NumberRange(0, 1),
        help="Answers without a reference only if this share of the samples agrees, as 0.6; 0 takes all.",
    ),
    click.option("--no-refusals/--with-refusals", "no_refusals", default=None, help="No refusals."),
    click.option(
        "--no-repetition/--with-repetition", "no_repetition", default=None, help="No answers in a loop."
    ),
    click.option(
        "--language",
        "languages",
        multiple=True,
        help="Only answers in this language, as en; repeat for several; 'any' removes the rule.",
    ),
    click.option("--min-tokens", type=_NUMBER, help="No shorter answers; 0 removes the rule."),
    click.option("--max-tokens", type=_NUMBER, help="No longer answers; 0 removes the rule."),
    click.option("--min-characters", type=_NUMBER, help="No shorter answers; 0 removes the rule."),
    click.option("--max-characters", type=_NUMBER, help="No longer answers; 0 removes the rule."),
    click.option(
        "--match", "must_match", help="Only answers that match this regular expression; '' removes the rule."
    ),
    click.option(
        "--no-match", "must_not_match", help="No answers that match this regular expression; '' as above."
    ),
)
NAMES = (
    "incorrect", "leaks", "unpaired", "cut_off", "only_kept", "per_task", "agreement", "no_refusals",
    "no_repetition", "languages", "min_tokens", "max_tokens", "min_characters", "max_characters",
    "must_match", "must_not_match",
)  # fmt: skip


def rule_options(command: Command) -> Command:
    """Add an option for each rule; those that are not given come as None."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def rules_from(base: Rules, values: dict[str, Any]) -> Rules:
    """Return `base` changed by the options of `rule_options`, which this takes out of `values`.

    Raises SettingError for a rule that cannot be used.
    """
    given = {name: values.pop(name) for name in NAMES}
    changes: dict[str, Any] = {}
    for name, field, turned in (
        ("incorrect", "only_correct", True),
        ("unpaired", "only_paired", True),
        ("leaks", "allow_leaks", False),
        ("cut_off", "allow_cut_off", False),
    ):
        if (value := given.pop(name)) is not None:
            changes[field] = not value if turned else value
    codes = [code for text in given.pop("languages") for code in text.casefold().replace(",", " ").split()]
    if codes:
        changes["languages"] = None if "any" in codes else tuple(codes)
    for name, value in given.items():
        if value is None:
            continue
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        changes[name] = None if is_number and value == NONE else value
    return replace(base, **changes)
