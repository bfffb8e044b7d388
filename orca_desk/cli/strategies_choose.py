"""`orca-desk strategies choose`: the strategy of each family by recorded outcomes alone."""

import io
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import click

from orca_desk.cli.options import NumberRange, examples, json_option
from orca_desk.cli.output import percent, print_json, say, table
from orca_desk.formats.packed import unpacked
from orca_desk.formats.tasks import opened
from orca_desk.method.pairing import ChoiceRule, Decision
from orca_desk.steps.pair.recorded import RecordedChoice, choose_from, shared_with_all
from orca_desk.ui.words.choices import choice_word, decision_reason, legend, recorded_notes
from orca_desk.ui.words.pairing import held_out_text

STDIN = Path("standard input")


def rule_options(command: Any) -> Any:
    """Add --margin and --confidence, which say when a strategy is not worse than the best."""
    for option in (
        click.option(
            "--confidence",
            type=NumberRange(0.5, 0.999),
            default=ChoiceRule.confidence,
            show_default=True,
            help="How sure a choice must be.",
        ),
        click.option(
            "--margin",
            type=NumberRange(0.0, 0.5),
            default=ChoiceRule.margin,
            show_default=True,
            help="A strategy that is worse than the best by less may be chosen for its shorter answers.",
        ),
    ):
        command = option(command)
    return command


@click.command(
    "choose",
    epilog=examples(
        "orca-desk strategies choose outcomes.jsonl",
        "orca-desk strategies choose outcomes.jsonl --json",
        "orca-desk strategies outcomes | orca-desk strategies choose -",
    ),
)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path, allow_dash=True))
@rule_options
@json_option
def choose_strategies(file: Path, margin: float, confidence: float, as_json: bool) -> None:
    """Choose the strategy of each family by the outcomes in FILE; no model and no library are needed.

    FILE is JSONL, a JSON list or CSV: {"family": ..., "task": ..., "strategy": ..., "correct": true,
    "tokens": 12, "sample": 0} per row; "tokens" and "sample" are optional. "-" reads standard input. A family
    gets the strategy with the fewest tokens per answer among those that are not worse than the best one: a
    paired test, corrected for the number of strategies, must show that they are worse by less than the
    margin. Where it shows this for none, there is no choice, and the family keeps the strategy that it has.
    Rows that cannot be used are listed and not counted.
    """
    rule = ChoiceRule(margin=margin, confidence=confidence)
    with _opened(file) as (stream, name):
        found = choose_from(stream, name, rule)
    if as_json:
        print_json(choice_json(found, rule))
        return
    for decision in found.decisions.values():
        _show(decision, found)
    say(legend(rule))
    say("")
    _summary(found)
    for note in recorded_notes(found):
        say(note)


@contextmanager
def _opened(file: Path) -> Iterator[tuple[BinaryIO, Path]]:
    """Open a file, or standard input, as a stream that can seek. Raises UserError if it cannot be read."""
    if str(file) == "-":
        with unpacked(io.BytesIO(sys.stdin.buffer.read()), STDIN) as stream:
            yield stream, STDIN
        return
    with opened(file) as found:
        yield found


def choice_json(found: RecordedChoice, rule: ChoiceRule) -> dict[str, Any]:
    """Return what was found as JSON types."""
    return {
        "rule": rule,
        "choices": {family: one.strategy for family, one in found.decisions.items()},
        "families": {family: _family_json(one, found) for family, one in found.decisions.items()},
        "rows": {"read": found.read, "used": found.used, "left_out": len(found.unused)},
        "further_samples": found.repeated,
        "left_out": list(found.unused),
        "notes": recorded_notes(found),
    }


def _family_json(decision: Decision, found: RecordedChoice) -> dict[str, Any]:
    family, standings = decision.family, {one.strategy: one for one in decision.standings}
    strategies = {}
    for item in decision.evidence:
        low, high = item.interval
        standing = standings.get(item.strategy)
        strategies[item.strategy] = {
            "n": item.n,
            "correct": item.correct,
            "tasks": item.tasks,
            "shared_tasks": shared_with_all(item, decision.evidence),
            "accuracy": item.accuracy,
            "low": low,
            "high": high,
            "mean_tokens": found.lengths.get((family, item.strategy)),
            "against_best": standing,
        }
    return {
        "choice": decision.strategy,
        "reason": decision.reason,
        "why": decision_reason(decision),
        "most_accurate": decision.leader,
        "more_tasks": decision.more_tasks,
        "more_answers": decision.more_answers,
        "held_out": found.held_out.get(family),
        "strategies": strategies,
    }


def _show(decision: Decision, found: RecordedChoice) -> None:
    standings = {one.strategy: one for one in decision.standings}
    rows = []
    for item in decision.evidence:
        low, high = item.interval
        tokens = found.lengths.get((decision.family, item.strategy))
        standing = standings.get(item.strategy)
        rows.append(
            [
                f"{item.strategy} *" if item.strategy == decision.strategy else item.strategy,
                f"{item.correct:,} of {item.n:,}",
                percent(item.accuracy),
                f"{low:.0%} to {high:.0%}",
                "–" if tokens is None else f"{tokens:,.1f}",
                f"{standing.adjusted_p:.3f}" if standing else "–",
            ]
        )
    columns = {
        "strategy": "left",
        "correct": "right",
        "accuracy": "right",
        "95% interval": "right",
        "tokens": "right",
        "p (worse)": "right",
    }
    table(decision.family, columns, rows)
    say(decision_reason(decision))
    if decision.strategy and (score := found.held_out.get(decision.family)):
        say(held_out_text(score))
    say("")


def _summary(found: RecordedChoice) -> None:
    rows = [[family, choice_word(one)] for family, one in found.decisions.items()]
    table("Choices", {"family": "left", "strategy": "left"}, rows)
