"""`orca-desk records rules`: which records are used, what each rule removes, and other rules."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from orca_desk.cli.options import examples, json_option, library_option, open_library
from orca_desk.cli.output import complain, print_json, say, table
from orca_desk.cli.rule_options import rule_options, rules_from
from orca_desk.counting import counted
from orca_desk.library.record_rules import current_rules, set_rules
from orca_desk.method.fitness import UNFIT, FitnessRules
from orca_desk.steps.erase.rules_preview import RulesPreview, preview_rules
from orca_desk.ui.words.fitness import BASES
from orca_desk.ui.words.record_rules import rules_text, uncounted_text
from orca_desk.ui.words.shorten import shorten


@click.command(
    "rules",
    epilog=examples(
        "orca-desk records rules",
        "orca-desk records rules --max-tokens 400 --language en --no-refusals",
        "orca-desk records rules --per-task 1 --agreement 0.6 --save",
        "orca-desk records rules --match '^Answer: ' --json",
        "orca-desk records rules --default --save",
    ),
)
@rule_options
@click.option("--default", "reset", is_flag=True, help="Start from the default rules, not those in force.")
@click.option("--save", is_flag=True, help="Put these rules in force.")
@library_option
@json_option
def rules(*, reset: bool, save: bool, folder: Path, as_json: bool, **values: Any) -> None:
    """Show which records the rules use and what each rule removes.

    With options, try other rules: nothing changes without --save. The rules in force are what Home counts by
    and what a snapshot starts from.
    """
    with open_library(folder) as library:
        in_force = current_rules(library)
        chosen = rules_from(FitnessRules() if reset else in_force, values)
        found = preview_rules(library, chosen, on_progress=_Told().show)
        if save:
            set_rules(library, chosen)
    if as_json:
        print_json({**asdict(found), "usable": found.usable, "saved": save})
        return
    _show(found)
    if save:
        say("Saved: these rules are in force.")
    elif chosen != in_force:
        say("To put these rules in force, add --save.")


class _Told:
    """Says once that texts are being read: it may take a while the first time."""

    def __init__(self) -> None:
        self._said = False

    def show(self, done: int, total: int) -> None:
        if not self._said:
            self._said = True
            complain(f"Reading the answers for these rules, which is only done once ({total:,}) …", "dim")


def _show(found: RulesPreview) -> None:
    say(rules_text(found.rules))
    used = ", ".join(f"{BASES[basis]}: {count:,}" for basis, count in found.used.items())
    say(f"In: {found.usable:,} of {counted(found.records, 'record')}{f' ({used})' if used else ''}.")
    if text := uncounted_text(found.uncounted):
        say(text)
    if never := ", ".join(f"{UNFIT[reason]}: {count:,}" for reason, count in found.never.items()):
        say(f"Never used: {never}.")
    if found.entering or found.leaving:
        say(f"Compared with the rules in force: {found.entering:,} come in, {found.leaving:,} go out.")
    table(
        "What each rule removes",
        {"rule": "left", "in force": "left", "removes": "right", "alone": "right", "for example": "left"},
        [
            [
                UNFIT[effect.reason],
                "yes" if effect.on else "no: would",
                f"{effect.removed:,}",
                f"{effect.only:,}",
                "; ".join(f"{one.id[:8]} {shorten(one.question, 40)}" for one in effect.examples[:1]),
            ]
            for effect in found.effects
        ],
    )
