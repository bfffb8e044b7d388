"""`orca-desk records freeze`, `snapshots`, `manifest`, `compare-snapshots`: what is trained on."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import click

from orca_desk.cli.options import (
    NumberRange,
    examples,
    instruction_options,
    json_option,
    library_option,
    open_library,
    student_message,
)
from orca_desk.cli.output import complain, print_json, say, table
from orca_desk.cli.own_families import TAKE_SAMPLES, with_samples_option
from orca_desk.cli.rule_options import rule_options, rules_from
from orca_desk.counting import counted
from orca_desk.errors import UserError
from orca_desk.library import snapshots
from orca_desk.library.database import Library
from orca_desk.library.ids import full_id, snapshot_id
from orca_desk.library.manifests import manifest, newest_account, write_manifest
from orca_desk.library.overlaps import OverlapPair
from orca_desk.library.record_rules import current_rules
from orca_desk.library.selection import Selection
from orca_desk.library.snapshot_comparison import Counterparts, compare_snapshots
from orca_desk.library.snapshots import Snapshot, freeze_choices
from orca_desk.library.strategies import current_strategies
from orca_desk.library.tasks import get_tasks
from orca_desk.method.erasure import revealed_strategies
from orca_desk.method.mixing import group_name
from orca_desk.method.records import question_key
from orca_desk.method.snapshot_rules import Balance, Learnable, OverlapRule, SnapshotRules, Targets
from orca_desk.steps.train.base_measure import base_named
from orca_desk.steps.votes import vote
from orca_desk.ui.words.fitness import describe_left_out, frozen_sentence
from orca_desk.ui.words.library import left_out_sentence, own_only_sentence
from orca_desk.ui.words.record_rules import uncounted_text
from orca_desk.ui.words.snapshots import (
    asked_once_text,
    cell_rows,
    compared_names,
    comparison_sentence,
    overlap_line,
    pair_line,
    selection_lines,
    setting_rows,
)

OVER = {"family": "family", "strategy": "strategy", "both": "family-and-strategy"}
PAIRS = 5  # overlapping questions that are named


def mix_options(command: Any) -> Any:
    """Add the options that say which of the fit records get in."""
    options = (
        with_samples_option,
        click.option("--family", "families", multiple=True, help="Only this family; can be repeated."),
        click.option("--cap", type=click.IntRange(1), help="Maximum records per family."),
        click.option("--total", type=click.IntRange(1), help="Maximum records in all."),
        click.option(
            "--balance",
            type=click.Choice(get_args(Targets)),
            help="The shares of the groups: all even, by the square root of their size, or as they come.",
        ),
        click.option(
            "--over",
            type=click.Choice(tuple(OVER)),
            help="What --balance gives shares to: families, strategies, or each pair. [default: family]",
        ),
        click.option(
            "--weight",
            "weights",
            multiple=True,
            metavar="NAME=NUMBER",
            help="The weight of a group, 1 for the others; can be repeated. Implies --balance weights.",
        ),
        click.option(
            "--long-share",
            type=NumberRange(0, 1),
            help="Maximum share of long answers, as 0.2. Small students learn better from short ones.",
        ),
        click.option(
            "--long-over",
            type=click.IntRange(1),
            metavar="TOKENS",
            help="An answer of more tokens is long. [default: the median of its family]",
        ),
        click.option(
            "--learnable",
            metavar="STUDENT",
            help="Leave out tasks that this untrained student always or never solves. See measure-base.",
        ),
        click.option("--with-always-solved", is_flag=True, help="Keep the tasks it always solves."),
        click.option("--with-never-solved", is_flag=True, help="Keep the tasks it never solves."),
        click.option(
            "--overlap",
            type=click.Choice(get_args(OverlapRule)),
            default="refuse",
            show_default=True,
            help="Records whose question repeats a held-out one, exactly or nearly.",
        ),
        click.option(
            "--near",
            type=NumberRange(0.05, 1),
            default=SnapshotRules().near,
            show_default=True,
            help="How similar questions are near: the share of word 5-grams in common.",
        ),
        click.option(
            "--take-overlap",
            "taken",
            multiple=True,
            metavar="TASK",
            help="Take this task's records although it overlaps; can be repeated. It is recorded.",
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command


@click.command(
    "freeze",
    epilog=examples(
        "orca-desk records freeze first-try",
        "orca-desk records freeze even --balance even --total 2000",
        "orca-desk records freeze short --long-share 0.2 --per-task 1",
        "orca-desk records freeze mixed --weight arithmetic=2 --weight belief=1 --preview",
        "orca-desk records freeze learnable --learnable models/mini-student",
        "orca-desk records freeze plain --instruction empty --with-incorrect",
    ),
)
@click.argument("name")
@instruction_options
@rule_options
@mix_options
@click.option("--preview", is_flag=True, help="Count what gets in, and freeze nothing.")
@library_option
@json_option
def freeze(*, name: str, instruction: str, preview: bool, folder: Path, as_json: bool, **values: Any) -> None:
    """Erase the instructions and freeze the training records as snapshot NAME.

    The rules in force (see records rules) decide which records are usable; options here change them for this
    snapshot. What was asked for and what got in stand in the snapshot's manifest.
    """
    text = student_message(instruction)
    with open_library(folder) as library:
        _warn_about_quotes(library, text)
        base = SnapshotRules(**vars(current_rules(library)))
        rules = _mix_rules(library, rules_from(base, values), values, text)
        if preview:
            found = snapshots.preview_freeze(library, instruction=text, rules=rules, vote=vote)
            _show_preview(found, rules, as_json)
            return
        made = snapshots.freeze(library, name=name, instruction=text, rules=rules, vote=vote)
        account = newest_account(library, made.id)
    if as_json:
        print_json({**vars(made), "account": account})
        return
    _show_snapshots([made])
    _show_account(account)
    say(frozen_sentence(made.name, name))


@click.command("snapshots")
@click.option("--derived", is_flag=True, help="Also those that experiments derived from others.")
@library_option
@json_option
def list_snapshots(derived: bool, folder: Path, as_json: bool) -> None:
    """List the snapshots."""
    with open_library(folder) as library:
        found = snapshots.list_snapshots(library, derived=derived)
    print_json(found) if as_json else _show_snapshots(found)


@click.command("manifest")
@click.argument("snapshot")
@click.argument("file", required=False, type=click.Path(dir_okay=False, path_type=Path))
@library_option
@json_option
def show_manifest(snapshot: str, file: Path | None, folder: Path, as_json: bool) -> None:
    """Show the whole account of SNAPSHOT as JSON, or write it to FILE.

    Rules, counts asked for and taken, teachers, strategies with their versions and instructions, the
    student's message, lengths, overlap, and the hash that identifies the records.
    """
    with open_library(folder) as library:
        found = manifest(library, snapshot_id(library, snapshot))
    if file is None:
        print_json(found)
        return
    write_manifest(file, found)
    print_json({"written": file}) if as_json else say(f"Wrote {file}.")


@click.command(
    "compare-snapshots", epilog=examples("orca-desk records compare-snapshots first-try even --json")
)
@click.argument("first")
@click.argument("second")
@library_option
@json_option
def compare(first: str, second: str, folder: Path, as_json: bool) -> None:
    """Compare two snapshots: which records only one has, how each is mixed, and what their rules are."""
    with open_library(folder) as library:
        found = compare_snapshots(library, snapshot_id(library, first), snapshot_id(library, second))
    if as_json:
        print_json(found)
        return
    say(comparison_sentence(found))
    names = compared_names(found)
    _show_counterparts("Families", "family", names, found.families)
    _show_counterparts("Strategies", "strategy", names, found.strategies)
    if found.settings:
        table(
            "Frozen differently",
            {"setting": "left", f"1: {names[0]}": "left", f"2: {names[1]}": "left"},
            setting_rows(found),
        )


def _mix_rules(
    library: Library, rules: SnapshotRules, values: dict[str, Any], instruction: str
) -> SnapshotRules:
    """Return `rules` with the mix that the options ask for."""
    weights = tuple(map(_weight, values["weights"]))
    targets = values["balance"] or ("weights" if weights else None)
    if weights and targets != "weights":
        raise UserError(f"--weight has no effect with --balance {targets}.", "Leave one of them out.")
    _check_partners(values, targets)
    over = values["over"] or "family"
    _check_names(library, [name for name, _ in weights], over)
    learnable = None
    if values["learnable"]:
        learnable = Learnable(
            base=base_named(library, values["learnable"], instruction),
            drop_always=not values["with_always_solved"],
            drop_never=not values["with_never_solved"],
        )
    return replace(
        rules,
        **_sources(library, values),
        cap=values["cap"],
        total=values["total"],
        balance=Balance(over=OVER[over], targets=targets, weights=weights) if targets else None,  # type: ignore[arg-type]
        long_share=values["long_share"],
        long_over=values["long_over"],
        learnable=learnable,
        overlap=values["overlap"],
        near=values["near"],
        overlaps_taken=_questions(library, values["taken"]),
    )


def _sources(library: Library, values: dict[str, Any]) -> dict[str, Any]:
    """Return the rules for the families to freeze: the named ones, or what all families means.

    Says on stderr which samples are left out of that.
    """
    if values["families"] or values["with_samples"]:
        return {"families": values["families"] or None}
    choices = freeze_choices(library)
    if choices.samples:
        complain(own_only_sentence(choices.samples, TAKE_SAMPLES), "dim")
    families = None
    if choices.left_out:
        complain(left_out_sentence(sorted(choices.left_out), TAKE_SAMPLES), "dim")
        families = tuple(name for name in choices.families if name not in choices.left_out)
    return {"families": families, "own_only": tuple(choices.samples)}


def _check_partners(values: dict[str, Any], targets: str | None) -> None:
    """Raise UserError for an option that would do nothing for lack of another one."""
    if values["long_over"] and values["long_share"] is None:
        raise UserError("--long-over has no effect without a share.", "Add --long-share, as 0.2.")
    if values["over"] and not targets:
        raise UserError("--over has no effect without shares.", "Add --balance, as --balance even.")
    for name in ("with_always_solved", "with_never_solved"):
        if values[name] and not values["learnable"]:
            raise UserError(
                f"--{name.replace('_', '-')} has no effect without a student.", "Add --learnable STUDENT."
            )


def _weight(text: str) -> tuple[str, float]:
    name, _, number = text.rpartition("=")
    try:
        if name:
            return name, float(number)
    except ValueError:
        pass
    raise UserError(f"{text!r} is not a weight.", "Give a name and a number, as --weight belief=2.")


def _check_names(library: Library, names: Sequence[str], over: str) -> None:
    """Raise UserError for a weight of a group that no record is in."""
    families, strategies = freeze_choices(library).families, current_strategies(library)
    known = {
        "family": families.keys(),
        "strategy": strategies.keys(),
        "both": {group_name("both", family, strategy) for family in families for strategy in strategies},
    }[over]
    if unknown := [name for name in names if name not in known]:
        raise UserError(
            f"There is no group named {unknown[0]} to weigh.",
            f"Choose from: {', '.join(list(known)[:10])}." if known else "There are no records yet.",
        )


def _questions(library: Library, starts: Sequence[str]) -> tuple[str, ...]:
    """Return the keys of what tasks ask, by the beginnings of their ids."""
    ids = [full_id(library, "task", start) for start in starts]
    return tuple(question_key(task.user_text) for task in get_tasks(library, ids).values())


def _show_preview(found: Selection, rules: SnapshotRules, as_json: bool) -> None:
    if as_json:
        print_json({
            "records": found.records, "families": found.families, "left_out": found.left_out, **found.account
        })  # fmt: skip
        return
    table(
        f"{counted(found.records, 'record')} of {found.considered:,} would get in",
        {"family": "left", "strategy": "left", "fit": "right", "taken": "right"},
        cell_rows(found.cells),
    )
    say(f"Left out: {describe_left_out(found.left_out)}.")
    for line in selection_lines(found, learnable=rules.learnable is not None):
        say(line)
    if line := overlap_line(found):
        say(line)
    for pair in found.overlaps[:PAIRS]:
        say(pair_line(pair))
    if len(found.overlaps) > PAIRS:
        say(f"… and {len(found.overlaps) - PAIRS:,} more: see --json.")


def _show_account(account: dict[str, Any]) -> None:
    """Show what was asked for beside what got in, where something was asked for."""
    if groups := account["mix"]["groups"]:
        table(
            "Asked for and taken",
            {"group": "left", "fit": "right", "asked for": "right", "taken": "right"},
            [[one["name"], *(f"{one[key]:,}" for key in ("available", "asked", "taken"))] for one in groups],
        )
    if pairs := account["overlap"]["pairs"]:
        _show_overlap(pairs)
    if line := asked_once_text(account["mix"].get("asked_once", 0)):
        complain(line, "yellow")
    if line := uncounted_text(account.get("not_limited_in_tokens", 0)):
        complain(line, "yellow")


def _show_overlap(pairs: Sequence[dict[str, Any]]) -> None:
    """Name the questions that overlap with held-out ones, and say how they can be taken."""
    overlap = counted(len(pairs), "question overlaps", "questions overlap")
    complain(f"{overlap} with held-out ones or those of a benchmark:", "yellow")
    for pair in pairs[:PAIRS]:
        complain(pair_line(OverlapPair(**pair)), "yellow")
    more = f"… and {len(pairs) - PAIRS:,} more: see records manifest. " if len(pairs) > PAIRS else ""
    complain(
        f"{more}A record of such a question gets in by --take-overlap TASK, all by --overlap allow.", "yellow"
    )


def _show_counterparts(title: str, what: str, names: tuple[str, str], found: Sequence[Counterparts]) -> None:
    table(
        title,
        {what: "left", f"1: {names[0]}": "right", f"2: {names[1]}": "right"},
        [[one.name, f"{one.first:,}", f"{one.second:,}"] for one in found],
    )


def _warn_about_quotes(library: Library, instruction: str) -> None:
    """Warn if the student's message reveals a strategy."""
    for name in revealed_strategies(instruction, current_strategies(library).values()):
        complain(
            f"Warning: the student's message quotes the instruction of {name}, so nothing is erased there."
        )


def _show_snapshots(found: Sequence[Snapshot]) -> None:
    if not found:
        say("No snapshots yet. Create one: orca-desk records freeze NAME")
        return
    table(
        "Snapshots",
        {"id": "left", "name": "left", "records": "right", "families": "left", "left out": "left"},
        [
            [
                each.id[:8],
                each.name,
                f"{each.records:,}",
                ", ".join(f"{family} {count}" for family, count in each.families.items()),
                describe_left_out(each.left_out),
            ]
            for each in found
        ],
    )
