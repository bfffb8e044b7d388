"""`orca-desk records`: teacher records, the training records that erasure makes of them, and snapshots."""

from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from typing import Literal

import click
from rich.columns import Columns
from rich.panel import Panel
from rich.text import Text

from orca_desk.cli.options import (
    examples,
    instruction_options,
    json_option,
    library_option,
    open_library,
    student_message,
)
from orca_desk.cli.output import console, escape_controls, print_json, say, table
from orca_desk.cli.records_base import measure
from orca_desk.cli.records_export import export
from orca_desk.cli.records_import import import_records
from orca_desk.cli.records_rules import rules
from orca_desk.cli.records_snapshots import compare, freeze, list_snapshots, show_manifest
from orca_desk.counting import counted
from orca_desk.inventory.templates import Overrides
from orca_desk.library import record_edits, records
from orca_desk.library.fitness import by_rowids
from orca_desk.library.ids import full_id
from orca_desk.library.record_rules import current_rules
from orca_desk.library.records import RecordFilter
from orca_desk.library.review import rowid_of, standings_by_id
from orca_desk.method.erasure import Segment, SegmentState
from orca_desk.method.fitness import RECORD_REASONS, RecordStanding, Unfit
from orca_desk.steps.erase.inspect import InspectedToken, Inspector
from orca_desk.steps.erase.review import ReviewItem, review_item
from orca_desk.steps.votes import prepare
from orca_desk.ui.words.fitness import standing_text
from orca_desk.ui.words.grading import verdict_reason
from orca_desk.ui.words.provenance import made_summary
from orca_desk.ui.words.records import DECISIONS, record_state
from orca_desk.ui.words.shorten import shorten

STYLES: dict[SegmentState, str] = {"kept": "", "erased": "red strike", "inserted": "green"}
NO_LIMIT = 1_000_000_000  # tokens


@click.group(
    "records",
    epilog=examples(
        "orca-desk records list --family belief --incorrect",
        "orca-desk records list --out --reason incorrect",
        "orca-desk records show 3f2a",
        "orca-desk records rules --max-tokens 400 --no-refusals",
        "orca-desk records drop 3f2a 77b0",
        "orca-desk records freeze first-try",
        "orca-desk records freeze even --balance even --long-share 0.2",
        "orca-desk records export SNAPSHOT training.jsonl",
        "orca-desk records import openorca.jsonl --model gpt-4",
        "orca-desk records inspect 3f2a --student models/mini-student",
    ),
)
def command() -> None:
    """List, compare and review teacher records, and freeze snapshots to train on."""


for subcommand in (import_records, rules, measure, freeze, list_snapshots, show_manifest, compare, export):
    command.add_command(subcommand)


@command.command("list")
@click.option("--family", help="Only records of this family.")
@click.option("--strategy", help="Only answers that follow this strategy.")
@click.option(
    "--correct/--incorrect",
    "correct",
    default=None,
    help="Only answers that were graded correct or incorrect.",
)
@click.option(
    "--leaked", is_flag=True, default=None, help="Only answers that quote or mention their instruction."
)
@click.option(
    "--in/--out", "used", default=None, help="Only records that the rules in force use, or leave out."
)
@click.option(
    "--reason",
    type=click.Choice([reason.value for reason in RECORD_REASONS]),
    help="Only records with this reason against them, under the rules in force.",
)
@click.option("--text", default="", help="Only records that this search finds; see: orca-desk find --fields.")
@click.option(
    "--limit", type=click.IntRange(1), default=50, show_default=True, help="Maximum number to list."
)
@library_option
@json_option
def list_records(
    family: str | None,
    strategy: str | None,
    correct: bool | None,
    leaked: bool | None,
    used: bool | None,
    reason: str | None,
    text: str,
    limit: int,
    folder: Path,
    as_json: bool,
) -> None:
    """List teacher records with their verdicts, and why each is in or out under the rules in force."""
    wanted = RecordFilter(
        family=family,
        strategy=strategy,
        correct=correct,
        leaked=leaked,
        used=used,
        reason=Unfit(reason) if reason else None,
        text=text,
        limit=limit,
    )
    with open_library(folder) as library:
        prepare(library, current_rules(library))
        wanted = by_rowids(library, wanted)
        total = records.count_records(library, wanted)
        found = list(records.iterate_records(library, wanted))
        standing = standings_by_id(library, [each.record.id for each in found])
    if as_json:
        print_json({
            "total": total,
            "records": [{**vars(each), "standing": _plain(standing[each.record.id])} for each in found],
        })  # fmt: skip
        return
    table(
        counted(total, "record") + (f" (first {limit:,} shown)" if total > limit else ""),
        {
            "id": "left",
            "family": "left",
            "strategy": "left",
            "verdict": "left",
            "training": "left",
            "answer": "left",
        },
        [
            [
                each.record.id[:8],
                each.record.family,
                each.record.strategy,
                record_state(each),
                standing_text(standing[each.record.id]),
                shorten(each.current.response, 60),
            ]
            for each in found
        ],
    )


@command.command("show")
@click.argument("record_id")
@instruction_options
@library_option
@json_option
def show(record_id: str, instruction: str, folder: Path, as_json: bool) -> None:
    """Show a teacher record and its training record side by side. Erased text is struck through."""
    item = _review_item(folder, record_id, instruction)
    stored, segments = item.stored, item.segments
    if as_json:
        print_json({
            "teacher": stored,
            "training": item.training,
            "difference": segments,
            "standing": _plain(item.standing) if item.standing else None,
        })  # fmt: skip
        return
    left = _panel("Teacher record", segments, hidden="inserted")
    right = _panel("Training record", segments, hidden="erased")
    console.print(Columns([left, right], equal=True, expand=True))
    record, made = stored.record, stored.record.provenance
    say(f"{record.family}, {record.strategy} (version {record.strategy_version}): {record_state(stored)}.")
    if stored.verdict:
        say(verdict_reason(stored.verdict.reason))
    if item.standing:
        say(f"{standing_text(item.standing)}.")
    for leak in stored.leaks:
        say(f"Leak: {leak.text!r}: {leak.why}")
    if made.imported is not None:
        say(f"{made_summary(record, model=None, time=made.created_at)}.")
        return
    say(
        f"Model {made.model_sha256[:12]} ({made.quantisation}), engine {made.engine}, batch {made.batch}, "
        f"{counted(made.completion_tokens or 0, 'token')}, finish reason {made.finish_reason},"
        f" {made.created_at}."
    )


@command.command("inspect")
@click.argument("record_id")
@click.option(
    "--student",
    required=True,
    type=click.Path(exists=True, path_type=Path),
    help="The student, a model folder or a GGUF file, for its tokenizer and chat template.",
)
@instruction_options
@library_option
@json_option
def inspect(record_id: str, student: Path, instruction: str, folder: Path, as_json: bool) -> None:
    """Show exactly what the student learns: trained text bright, masked text dim, control tokens blue."""
    training = _review_item(folder, record_id, instruction).training
    template = Overrides.in_folder(folder).find(student)
    inspection = Inspector(student, template).inspect(training, limit=NO_LIMIT)
    if as_json:
        print_json({
            "trained_tokens": inspection.trained,
            "masked_tokens": inspection.masked,
            "ids": [token.id for token in inspection.tokens],
            "mask": [token.trained for token in inspection.tokens],
            "spans": _spans(inspection.tokens),
        })  # fmt: skip
        return
    text = Text()
    for token in inspection.tokens:
        style = "blue" if token.role in ("control", "end") else ""
        dim = "" if token.trained else "dim "
        text.append(escape_controls(token.text), style=f"{dim}{style}".strip())
    console.print(Panel(text, title="What the student learns"))
    say(f"{counted(inspection.trained, 'trained token')}, {counted(inspection.masked, 'masked token')}.")


def _decision(name: str, decision: Literal["keep", "drop"] | None, text: str) -> None:
    """Add the command `name`, which stores a decision for records."""

    @command.command(name, help=text)
    @click.argument("record_ids", nargs=-1, required=True)
    @library_option
    @json_option
    def decide(record_ids: tuple[str, ...], folder: Path, as_json: bool) -> None:
        with open_library(folder) as library:
            ids = list(dict.fromkeys(full_id(library, "record", start) for start in record_ids))
            record_edits.decide(library, ids, decision)
        if as_json:
            print_json({"records": ids, "decision": decision})
        else:
            say(f"{counted(len(ids), 'record')}: {DECISIONS[decision]}.")


_decision("keep", "keep", "Keep records: use them for training, whatever their verdict.")
_decision("drop", "drop", "Drop records: leave them out of every later snapshot.")
_decision("undecide", None, "Remove the decision to keep or drop records.")


def _review_item(folder: Path, record_id: str, instruction: str) -> ReviewItem:
    with open_library(folder) as library:
        prepare(library, current_rules(library))
        rowid = rowid_of(library, full_id(library, "record", record_id))
        assert rowid is not None
        return review_item(library, rowid, student_message(instruction))


def _plain(standing: RecordStanding) -> dict[str, object]:
    """Return how a record stands as JSON has it."""
    return {"used": not standing.reasons, "reasons": standing.reasons, "basis": standing.basis}


def _spans(tokens: Sequence[InspectedToken]) -> list[dict[str, object]]:
    """Return the runs of tokens with the same role as {"start", "end", "role"}, `end` exclusive."""
    runs = [
        (role, [place for place, _ in run])
        for role, run in groupby(enumerate(tokens), lambda one: one[1].role)
    ]
    return [{"start": places[0], "end": places[-1] + 1, "role": role} for role, places in runs]


def _panel(title: str, segments: Sequence[Segment], *, hidden: str) -> Panel:
    """Return one of the two records as a panel, without the segments in the state `hidden`."""
    text = Text()
    role = ""
    for segment in segments:
        if segment.state == hidden:
            continue
        if segment.role != role:
            text.append(("\n\n" if role else "") + f"{segment.role}\n", style="bold")
            role = segment.role
        text.append(escape_controls(segment.text), style=STYLES[segment.state])
    return Panel(text, title=title)
