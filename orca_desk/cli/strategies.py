"""`orca-desk strategies`: the ways of answering, their versions, and the pairings of families with them."""

import dataclasses
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

import click

from orca_desk.cli.options import (
    NumberRange,
    examples,
    json_option,
    library_option,
    open_library,
    runner_options,
    sampling_options,
)
from orca_desk.cli.output import print_json, say, table
from orca_desk.cli.own_families import families_meant, with_samples_option
from orca_desk.cli.running import running, tell_notes
from orca_desk.cli.strategies_choose import choose_strategies, rule_options
from orca_desk.cli.strategies_outcomes import print_outcomes
from orca_desk.errors import UserError
from orca_desk.library import pairings, strategies
from orca_desk.library.pairings import StoredPairing
from orca_desk.method.pairing import Basis, Evidence
from orca_desk.method.records import Sampling
from orca_desk.method.strategies import read_strategy, revised, to_toml
from orca_desk.steps.pair.choice import choose_strategy
from orca_desk.steps.pair.estimate import estimate
from orca_desk.steps.pair.probe_tasks import MOST_TASKS
from orca_desk.steps.pair.probed import Probed
from orca_desk.steps.pair.request import ProbeRequest
from orca_desk.ui.words.choices import decision_reason
from orca_desk.ui.words.pairing import (
    estimate_text,
    held_out_text,
    judge_check_text,
    no_choice,
    probe_summary,
    replaced_text,
    source_word,
)


@click.group(
    "strategies",
    epilog=examples(
        "orca-desk strategies list",
        "orca-desk strategies show step-by-step",
        "orca-desk strategies edit direct --instruction 'Answer in one word, after \"Answer:\".'",
        "orca-desk strategies probe --teacher teacher.gguf --minutes 30",
        "orca-desk strategies pairings",
        "orca-desk strategies pair ordering guess-and-check",
        "orca-desk strategies choose outcomes.jsonl --json",
    ),
)
def command() -> None:
    """List, edit and add strategies, and pair families of tasks with them."""


@command.command("list")
@library_option
@json_option
def list_all(folder: Path, as_json: bool) -> None:
    """List the current version of each strategy."""
    with open_library(folder) as library:
        found = list(strategies.current_strategies(library).values())
    if as_json:
        print_json(found)
        return
    table(
        "Strategies",
        {"name": "left", "version": "right", "purpose": "left"},
        [[each.name, str(each.version), each.description] for each in found],
    )


@command.command("show")
@click.argument("name")
@click.option("--version", type=click.IntRange(1, 10**9), help="Show this version  [default: the newest].")
@library_option
@json_option
def show(name: str, version: int | None, folder: Path, as_json: bool) -> None:
    """Show strategy NAME: its purpose and the teacher's instruction."""
    with open_library(folder) as library:
        strategy = strategies.get_strategy(library, name, version)
    print_json(strategy) if as_json else say(to_toml(strategy))


@command.command("edit")
@click.argument("name")
@click.option("--instruction", help="The instruction that the teacher gets.")
@click.option("--title", help="The name that the desktop shows.")
@click.option("--description", help="What the strategy is for.")
@library_option
@json_option
def edit(
    name: str,
    instruction: str | None,
    title: str | None,
    description: str | None,
    folder: Path,
    as_json: bool,
) -> None:
    """Edit strategy NAME. Each change adds a version; existing records still refer to theirs."""
    with open_library(folder) as library:
        before = strategies.get_strategy(library, name)
        changed = revised(before, instruction=instruction, title=title, description=description)
        saved = strategies.save_strategy(library, changed)
    if as_json:
        print_json(saved)
    elif saved == before:
        say(f"No changes: {saved.name} is still at version {saved.version}.")
    else:
        say(f"{saved.name} is now at version {saved.version}.")


@command.command("add")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@library_option
@json_option
def add(file: Path, folder: Path, as_json: bool) -> None:
    """Add your own strategy from a TOML FILE (`strategies show NAME` prints one to start from)."""
    with open_library(folder) as library:
        saved = strategies.save_strategy(library, read_strategy(file))
    print_json(saved) if as_json else say(f"{saved.name} is now at version {saved.version}.")


@command.command("probe")
@click.option(
    "--teacher",
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The teacher's GGUF file.",
)
@click.option("--family", "families", multiple=True, help="Measure only this family; can be repeated.")
@with_samples_option
@click.option("--strategy", "names", multiple=True, help="Try only this strategy; can be repeated.")
@click.option(
    "--tasks",
    "per_family",
    type=click.IntRange(1),
    default=MOST_TASKS,
    show_default=True,
    help="Maximum training tasks per family; fewer are used where the answers decide sooner.",
)
@click.option(
    "--samples",
    type=click.IntRange(1, 100),
    default=1,
    show_default=True,
    help="Answers per task and strategy; more than one needs a temperature.",
)
@click.option("--answers", type=click.IntRange(1), help="Stop asking after this many answers.")
@click.option("--tokens", type=click.IntRange(1), help="Stop asking after about this many answer tokens.")
@click.option("--minutes", type=NumberRange(0.01), help="Stop asking after this time.")
@click.option(
    "--by",
    type=click.Choice([basis.value for basis in Basis]),
    default=Basis.REFERENCE.value,
    show_default=True,
    help="Judge answers by the tasks' references, by agreement of the --samples, or by a judge model.",
)
@click.option(
    "--judge",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The judge's GGUF file, for --by judge.",
)
@click.option(
    "--judge-prompt",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A text file with the judge's instruction  [default: the built-in one].",
)
@click.option(
    "--replace",
    is_flag=True,
    help="Also replace pairings that were made by hand, or by references where this measurement uses none.",
)
@click.option("--estimate", "only_estimate", is_flag=True, help="Only estimate what it would cost.")
@rule_options
@sampling_options
@runner_options
@library_option
@json_option
def probe_strategies(
    teacher: Path,
    families: tuple[str, ...],
    with_samples: bool,
    names: tuple[str, ...],
    per_family: int,
    samples: int,
    answers: int | None,
    tokens: int | None,
    minutes: float | None,
    by: str,
    judge: Path | None,
    judge_prompt: Path | None,
    replace: bool,
    only_estimate: bool,
    margin: float,
    confidence: float,
    sampling: Sampling,
    batch: int | None,
    context: int | None,
    threads: int | None,
    folder: Path,
    as_json: bool,
) -> None:
    """Measure which strategy serves each family best, and pair the family with it.

    The strategies compete: the teacher answers training tasks under each of them, and answers go where the
    ranking is still open, within the budget. A family gets the strategy with the fewest answer tokens that is
    shown not to be worse than the best by the margin; where none is, there is no choice, and the family keeps
    the strategy that it has. Without references, answers are judged by how far a strategy's samples of a
    task agree, or by a judge model; such results are never compared with others. Ctrl-C stops and saves the
    answers; the same command resumes.
    """
    if (judge is not None) != (by == Basis.JUDGE):
        raise click.UsageError("--judge and --by judge go together.")
    if judge_prompt is not None and judge is None:
        raise click.UsageError("--judge-prompt needs --judge.")
    tell_notes(teacher, folder=folder)
    request = ProbeRequest(
        model=str(teacher.resolve()),
        families=list(families) or None,
        strategies=list(names) or None,
        per_family=per_family,
        samples=samples,
        answers=answers,
        tokens=tokens,
        minutes=minutes,
        by=by,
        judge=str(judge.resolve()) if judge else "",
        judge_prompt=_text(judge_prompt) if judge_prompt else "",
        margin=margin,
        confidence=confidence,
        sampling=sampling,
        batch=batch or 0,
        context=context or 0,
        threads=threads or 0,
        replace=replace,
    )
    with open_library(folder, needs_tasks=not families) as library:
        meant = families_meant(library, families, with_samples=with_samples)
        request = dataclasses.replace(request, families=None if meant is None else list(meant))
        foreseen = estimate(library, request)
        if only_estimate:
            print_json(foreseen) if as_json else say(f"This takes {estimate_text(foreseen)}.")
            return
        if not as_json:
            say(f"This takes {estimate_text(foreseen)}.")
        with running(quiet=as_json) as (progress, control):
            probed = request.probe(library, progress=progress, control=control)
            control.finished = probed.finished
        found = list(pairings.current_pairings(library).values())
    if as_json:
        print_json(_probed_json(probed, found))
        return
    pairings_table(found)
    still_open = sorted(probed.undecided.keys() - set(probed.fruitless))
    say(
        probe_summary(
            len(probed.pairings), probed.fruitless, probed.left_out, still_open, probed.without_verdict
        )
    )
    if probed.replaced:
        say(replaced_text(probed.replaced))
    if probed.judge_check:
        say(judge_check_text(probed.judge_check))
    for family, decision in probed.decisions.items():
        score = held_out_text(probed.held_out.get(family), decision.basis)
        if decision.strategy is None or score:
            say(f"{family}: {score if decision.strategy else no_choice(decision)}")


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise UserError(f"{file} is not UTF-8 text (byte {error.start}).", "Save it as UTF-8.") from error


def _probed_json(probed: Probed, found: Sequence[StoredPairing]) -> dict[str, Any]:
    return {
        "run": probed.run,
        "finished": probed.finished,
        "pairings": found,
        "decisions": {
            family: {
                "choice": one.strategy,
                "reason": one.reason,
                "why": decision_reason(one),
                "ended": probed.ends[family],
                "most_accurate": one.leader,
                "more_tasks": one.more_tasks,
                "basis": one.basis,
                "held_out": probed.held_out.get(family),
                "evidence": one.evidence,
                "standings": one.standings,
            }
            for family, one in probed.decisions.items()
        },
        "no_evidence": sorted((*probed.fruitless, *probed.without_verdict)),
        "judge_check": probed.judge_check,
        "left_out": probed.left_out,
        "replaced": {one.pairing.family: one.strategy for one in probed.replaced},
        "spent": probed.spent,
    }


@command.command("pairings")
@library_option
@json_option
def show_pairings(folder: Path, as_json: bool) -> None:
    """Show each family's strategy, with the measured evidence."""
    with open_library(folder) as library:
        found = list(pairings.current_pairings(library).values())
        earlier = pairings.earlier_evidence(library)
    if as_json:
        print_json(found)
    elif not found:
        say("No family is paired yet. To measure: orca-desk strategies probe --teacher MODEL.gguf")
    else:
        pairings_table(found, earlier)


def pairings_table(
    found: Sequence[StoredPairing], earlier: Collection[tuple[str, str]] = frozenset()
) -> None:
    """Print each family's strategy and its evidence; `earlier` says which is of an earlier instruction."""

    def score(one: Evidence) -> str:
        version = " (earlier version)" if (one.family, one.strategy) in earlier else ""
        return f"{one.strategy} {one.correct}/{one.n}{version}"  # of what, the source tells

    table(
        "Pairings",
        {
            "family": "left",
            "strategy": "left",
            "source": "left",
            "evidence (counted correct, of asked)": "left",
        },
        [
            [
                each.pairing.family,
                each.strategy,
                source_word(each),
                ", ".join(map(score, each.pairing.evidence)),
            ]
            for each in found
        ],
    )


@command.command("pair")
@click.argument("family")
@click.argument("strategy")
@library_option
@json_option
def pair(family: str, strategy: str, folder: Path, as_json: bool) -> None:
    """Pair FAMILY with STRATEGY, whatever was measured."""
    with open_library(folder) as library:
        choice = choose_strategy(library, family, strategy)
    before = choice.before.strategy if choice.before else None
    if as_json:
        print_json({"family": family, "strategy": choice.pairing.strategy, "before": before})
        return
    replaced = f", replacing {before}" if before else ""
    say(f"Paired {family} with {choice.pairing.strategy}{replaced}.")


command.add_command(choose_strategies)
command.add_command(print_outcomes)
