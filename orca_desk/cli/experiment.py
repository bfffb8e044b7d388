"""`orca-desk experiment`: does erasing the prompt help on these tasks? Arms, seeds, messages, a report."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from orca_desk.cli.options import device_option, examples, existing_library_option, json_option, open_library
from orca_desk.cli.output import complain, plain, print_json, say, table
from orca_desk.cli.running import running
from orca_desk.errors import UserError
from orca_desk.files import atomic_write
from orca_desk.library.database import Library
from orca_desk.library.ids import snapshot_id
from orca_desk.library.runs import get_run, list_runs
from orca_desk.library.snapshots import list_snapshots, snapshot_names
from orca_desk.method.arms import Arm
from orca_desk.steps.evaluate.scoring import OVERALL
from orca_desk.steps.experiment.estimate import estimate_experiment
from orca_desk.steps.experiment.experiment import experiment
from orca_desk.steps.experiment.plan import KIND, ExperimentPlan, MessageKind, default_plan, stored_plan
from orca_desk.steps.experiment.report import html_report, markdown_report, report_facts
from orca_desk.steps.experiment.report_tables import p_text
from orca_desk.steps.experiment.results import ContrastSet, ExperimentResults, results
from orca_desk.steps.experiment.state import Cell
from orca_desk.steps.experiment.wording import (
    ARM_NAMES,
    MESSAGE_NAMES,
    conclusion,
    contrast_name,
    notes,
)
from orca_desk.student.settings import TrainSettings
from orca_desk.ui.words.experiments import estimate_sentence, share_text
from orca_desk.ui.words.progress import duration
from orca_desk.ui.words.roles import COLOURS
from orca_desk.ui.words.runs import STATUSES


@click.group(
    "experiment",
    epilog=examples(
        "orca-desk experiment estimate",
        "orca-desk experiment run",
        "orca-desk experiment run --snapshot first-try --arm erased --arm not-erased --seed 0",
        "orca-desk experiment run --family algebra --per-family 100 --records 500 --set epochs=2",
        "orca-desk experiment status experiment-1",
        "orca-desk experiment report experiment-1 --html report.html --markdown report.md",
        "orca-desk experiment list",
    ),
)
def command() -> None:
    """Measure whether erasing the prompt helps on your tasks, and what else does.

    Trains students from one snapshot that differ in one thing each, with several seeds, and evaluates all of
    them on the same held-out tasks under four system messages. The report says what the data supports, with
    intervals over tasks and seeds, and what it does not.
    """


def _plan_options(run: Any) -> Any:
    """Add the options that make a plan."""
    for option in (
        device_option,
        click.option(
            "--set",
            "pairs",
            multiple=True,
            metavar="NAME=VALUE",
            help="A training setting for all arms, e.g. epochs=2 (names: orca-desk train --help). "
            "[default: those of the last training]",
        ),
        click.option("--max-tokens", type=click.IntRange(1), help="Maximum answer length in tokens."),
        click.option(
            "--records", type=click.IntRange(1), help="Train each arm on at most this many records."
        ),
        click.option(
            "--per-family", type=click.IntRange(1), help="At most this many held-out tasks per family."
        ),
        click.option(
            "--family",
            "families",
            multiple=True,
            help="Only records and held-out tasks of this family. [default: all]",
        ),
        click.option(
            "--message",
            "messages",
            multiple=True,
            type=click.Choice([str(one) for one in MessageKind]),
            help="A system message to evaluate under. [default: none, cautious, strategy, wrong]",
        ),
        click.option(
            "--seed", "seeds", multiple=True, type=click.IntRange(0, 2**32 - 1), help="[default: 0, 1, 2]"
        ),
        click.option(
            "--arm",
            "arms",
            multiple=True,
            type=click.Choice([str(one) for one in Arm]),
            help="An arm. [default: all that the snapshot allows]",
        ),
        click.option(
            "--student",
            type=click.Path(exists=True, path_type=Path),
            help="The base model: a folder or a GGUF file. [default: the one trained last on the snapshot]",
        ),
        click.option(
            "--snapshot", help="The name or id of the snapshot. [default: the newest in the library]"
        ),
    ):
        run = option(run)
    return run


@command.command(
    "run", epilog=examples("orca-desk experiment run", "orca-desk experiment run --arm erased --arm base")
)
@_plan_options
@existing_library_option
@json_option
def run_experiment(folder: Path, as_json: bool, **chosen: Any) -> None:
    """Train and evaluate all students, then show the table and the conclusion.

    Prints an estimate of the time first. Ctrl-C stops it with all finished work saved; run the same command
    again to resume. Trainings and evaluations that the library already has are used again.
    """
    with open_library(folder, create=False) as library:
        plan = _plan(library, **chosen)
        if not as_json:
            say(estimate_sentence(estimate_experiment(library, plan)))
        with running(quiet=as_json) as (progress, control):
            made = experiment(
                library,
                plan,
                on_cell=(lambda cell: None) if as_json else _show_cell,
                progress=progress,
                control=control,
                request=plan.to_json(),
            )
            control.finished = made.finished
        found = results(library, made.run)
    print_json(_as_json(found)) if as_json else _show(found)


@command.command(
    "estimate",
    epilog=examples("orca-desk experiment estimate", "orca-desk experiment estimate --seed 0 --json"),
)
@_plan_options
@existing_library_option
@json_option
def estimate(folder: Path, as_json: bool, **chosen: Any) -> None:
    """Estimate how long an experiment takes, without running it."""
    with open_library(folder, create=False) as library:
        plan = _plan(library, **chosen)
        found = estimate_experiment(library, plan)
    if as_json:
        print_json({"plan": plan.to_json(), "estimate": found})
    else:
        say(estimate_sentence(found))


@command.command(
    "status", epilog=examples("orca-desk experiment status", "orca-desk experiment status --json")
)
@click.argument("run", required=False)
@existing_library_option
@json_option
def status(run: str | None, folder: Path, as_json: bool) -> None:
    """Show what an experiment has found so far. Without RUN, the newest."""
    with open_library(folder, create=False) as library:
        found = results(library, _run(library, run))
    print_json(_as_json(found)) if as_json else _show(found)


@command.command(
    "report",
    epilog=examples(
        "orca-desk experiment report --html report.html",
        "orca-desk experiment report experiment-1 --markdown report.md",
        "orca-desk experiment report experiment-1 > report.md",
    ),
)
@click.argument("run", required=False)
@click.option("--html", type=click.Path(dir_okay=False, path_type=Path), help="Write one HTML file.")
@click.option("--markdown", type=click.Path(dir_okay=False, path_type=Path), help="Write Markdown.")
@existing_library_option
@json_option
def report(run: str | None, html: Path | None, markdown: Path | None, folder: Path, as_json: bool) -> None:
    """Write the report of an experiment. Without RUN, the newest; without a file, Markdown on stdout."""
    with open_library(folder, create=False) as library:
        found = results(library, _run(library, run))
        facts = report_facts(library, found)
    if html is not None:
        atomic_write(html, html_report(found, facts, COLOURS))
    text = markdown_report(found, facts)
    if markdown is not None:
        atomic_write(markdown, text)
    if as_json:
        print_json(_as_json(found) | {"html": html, "markdown": markdown})
    elif html is None and markdown is None:
        say(text)
    else:
        for path in (html, markdown):
            if path is not None:
                say(f"Report saved to {path}")


@command.command("list", epilog=examples("orca-desk experiment list", "orca-desk experiment list --json"))
@existing_library_option
@json_option
def list_experiments(folder: Path, as_json: bool) -> None:
    """List all experiments, the newest first."""
    with open_library(folder, create=False) as library:
        runs = list_runs(library, kind=KIND)
        names = snapshot_names(library)
    if as_json:
        print_json(runs)
        return
    rows = []
    for one in runs:
        plan = stored_plan(one.settings)
        rows.append(
            [
                one.id,
                STATUSES[one.status].word.lower(),
                f"{one.done:,.0f}/{one.total or 0:,.0f}",
                names.get(plan.snapshot, plan.snapshot[:12]),
                plan.base.name,
                f"{len(plan.trained)} x {len(plan.seeds)}",
                one.created_at[:16].replace("T", " "),
            ]
        )
    heads = dict.fromkeys(
        ("experiment", "status", "done", "snapshot", "base", "arms x seeds", "began"), "left"
    )
    table("", heads, rows)


def _plan(
    library: Library,
    *,
    snapshot: str | None,
    student: Path | None,
    arms: tuple[str, ...],
    seeds: tuple[int, ...],
    messages: tuple[str, ...],
    families: tuple[str, ...],
    per_family: int | None,
    records: int | None,
    max_tokens: int | None,
    pairs: tuple[str, ...],
) -> ExperimentPlan:
    """Return the default plan with what the options change."""
    plan = default_plan(library, _snapshot(library, snapshot), student)
    changes: dict[str, Any] = {"per_family": per_family, "records": records}
    if arms:
        changes["arms"] = tuple(arm for arm in Arm if arm in arms)
    if seeds:
        changes["seeds"] = tuple(seeds)
    if messages:
        changes["messages"] = tuple(one for one in MessageKind if one in messages)
    if families:
        changes["families"] = tuple(sorted(set(families)))
    if max_tokens is not None:
        changes["sampling"] = replace(plan.sampling, max_tokens=max_tokens)
    if pairs:
        changes["settings"] = _settings(plan.settings, pairs)
    return replace(plan, **changes)


def _snapshot(library: Library, text: str | None) -> str:
    if text is not None:
        return snapshot_id(library, text)
    for newest in list_snapshots(library)[:1]:
        return newest.id
    raise UserError("There is no snapshot in this library.", "Freeze one: orca-desk records freeze NAME")


def _settings(settings: TrainSettings, pairs: tuple[str, ...]) -> TrainSettings:
    """Return the settings with the values that are given as NAME=VALUE. Raises UserError for bad ones."""
    values = settings.to_dict()
    defaults = TrainSettings().__dict__
    for pair in pairs:
        name, equals, text = pair.partition("=")
        name = name.strip().replace("-", "_")
        if not equals or name not in defaults or name == "seed":
            hint = "Use --seed for seeds." if name == "seed" else "The names are in: orca-desk train --help"
            raise UserError(f"--set {pair} does not name a training setting.", hint)
        values[name] = _parsed(name, text.strip(), defaults[name])
    return TrainSettings.from_dict(values)


def _parsed(name: str, text: str, default: Any) -> Any:
    try:
        if isinstance(default, bool):
            return {"true": True, "false": False, "yes": True, "no": False}[text.lower()]
        return type(default)(text)
    except (ValueError, KeyError):
        kind = {bool: "true or false", int: "a whole number", float: "a number"}[type(default)]
        raise UserError(f"The setting {name} cannot be {text!r}.", f"Give {kind}.") from None


def _run(library: Library, run: str | None) -> str:
    """Return the id of the experiment that is meant. Raises UserError if there is none."""
    if run is None:
        newest = next(iter(list_runs(library, kind=KIND, limit=1)), None)
        if newest is None:
            raise UserError("There is no experiment in this library.", "Start one: orca-desk experiment run")
        return newest.id
    if get_run(library, run).kind != KIND:
        raise UserError(f"{run} is not an experiment.", "List them: orca-desk experiment list")
    return run


def _show_cell(cell: Cell) -> None:
    """Say what has just come in."""
    who = ARM_NAMES[cell.arm] + ("" if cell.seed is None else f", seed {cell.seed}")
    if cell.failure:
        complain(f"{who}: {cell.failure}", "yellow")
    elif cell.evaluations:
        message, run = list(cell.evaluations.items())[-1]
        reused = " (already in the library)" if run in cell.reused else ""
        say(f"{who}: evaluated under {MESSAGE_NAMES[message].lower()}, {run}{reused}")
    else:
        reused = " (already in the library)" if cell.training in cell.reused else ""
        say(f"{who}: trained, {cell.training}{reused}")


def _show(found: ExperimentResults) -> None:
    messages = found.plan.messages
    rows = [
        [ARM_NAMES[arm], *(share_text(found.share(arm, message)) for message in messages)]
        for arm in found.plan.arms
        if arm not in found.absent
    ]
    heads = {"arm": "left"} | {MESSAGE_NAMES[message].lower(): "right" for message in messages}
    table(f"{found.run}: correct answers (95% interval)", heads, rows)
    contrasts = [
        [
            contrast_name(one),
            f"{one.difference.difference * 100:+.1f}",
            f"{one.difference.low * 100:+.1f} to {one.difference.high * 100:+.1f}",
            p_text(one.p),
            one.finding,
        ]
        for one in found.of_set(ContrastSet.ARMS)
        if one.family == OVERALL
    ]
    columns = {"difference": "left", "points": "right", "95% interval": "right", "corrected p": "right"}
    if contrasts:
        table("", columns | {"finding": "left"}, contrasts)
    say(conclusion(found))
    for note in notes(found):
        say(note)
    say(f"Time so far: {duration(found.seconds)}.")


def _as_json(found: ExperimentResults) -> dict[str, Any]:
    """Return the results with their conclusion and notes; contrasts with their finding."""
    stored: dict[str, Any] = plain(found)
    for value, one in zip(stored["contrasts"], found.contrasts, strict=True):
        value["finding"] = one.finding
    return stored | {"conclusion": conclusion(found), "notes": notes(found)}
