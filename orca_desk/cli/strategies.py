"""`orca-desk strategies`: the ways of answering, their versions, and the pairings of families with them."""

from collections.abc import Collection, Sequence
from pathlib import Path

import click

from orca_desk.cli.options import (
    examples,
    json_option,
    library_option,
    open_library,
    runner_options,
    sampling_options,
)
from orca_desk.cli.output import print_json, say, table
from orca_desk.cli.running import running, tell_notes
from orca_desk.cli.strategies_choose import choose_strategies
from orca_desk.library import pairings, strategies
from orca_desk.library.pairings import StoredPairing
from orca_desk.method.pairing import Evidence
from orca_desk.method.records import Sampling
from orca_desk.method.strategies import read_strategy, revised, to_toml
from orca_desk.steps.pair.choice import choose_strategy
from orca_desk.steps.pair.request import ProbeRequest
from orca_desk.ui.words.pairing import NO_EVIDENCE, probe_summary


@click.group(
    "strategies",
    epilog=examples(
        "orca-desk strategies list",
        "orca-desk strategies show step-by-step",
        "orca-desk strategies edit direct --instruction 'Answer in one word, after \"Answer:\".'",
        "orca-desk strategies probe --teacher teacher.gguf --tasks 16",
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
@click.option("--family", "families", multiple=True, help="Measure only this family; repeat for more.")
@click.option("--strategy", "names", multiple=True, help="Try only this strategy; repeat for more.")
@click.option(
    "--tasks",
    "per_family",
    type=click.IntRange(1),
    default=20,
    show_default=True,
    help="Training tasks per family to try every strategy on.",
)
@sampling_options
@runner_options
@library_option
@json_option
def probe_strategies(
    teacher: Path,
    families: tuple[str, ...],
    names: tuple[str, ...],
    per_family: int,
    sampling: Sampling,
    batch: int | None,
    context: int | None,
    threads: int | None,
    folder: Path,
    as_json: bool,
) -> None:
    """Measure which strategy serves each family best, and pair the family with it.

    The teacher answers the same few training tasks under every strategy. Of the best strategy and those not
    measurably worse, the family gets the one with the fewest answer tokens. Ctrl-C stops and saves the
    answers; the same command resumes.
    """
    tell_notes(teacher, folder=folder)
    request = ProbeRequest(
        model=str(teacher.resolve()),
        families=list(families) or None,
        strategies=list(names) or None,
        per_family=per_family,
        sampling=sampling,
        batch=batch or 0,
        context=context or 0,
        threads=threads or 0,
    )
    with open_library(folder) as library, running(quiet=as_json) as (progress, control):
        probed = request.probe(library, progress=progress, control=control)
        control.finished = probed.finished
        found = list(pairings.current_pairings(library).values())
    if as_json:
        print_json({"pairings": found, "no_evidence": probed.fruitless, "left_out": probed.left_out})
        return
    pairings_table(found)
    say(probe_summary(len(probed.pairings), probed.fruitless, probed.left_out))
    if probed.fruitless:
        say(NO_EVIDENCE)


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
    """Print each family's strategy and its evidence; `earlier` tells which is of an earlier instruction."""

    def score(one: Evidence) -> str:
        version = " (earlier version)" if (one.family, one.strategy) in earlier else ""
        return f"{one.strategy} {one.correct}/{one.n}{version}"

    table(
        "Pairings",
        {"family": "left", "strategy": "left", "source": "left", "evidence (correct of asked)": "left"},
        [
            [
                each.pairing.family,
                each.strategy,
                each.source,
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
