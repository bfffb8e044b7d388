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
)
from orca_desk.cli.output import complain, console, escape_controls, print_json, say, table
from orca_desk.cli.records_import import import_records
from orca_desk.inventory.templates import Overrides
from orca_desk.library import records, snapshots
from orca_desk.library.database import Library
from orca_desk.library.ids import full_id, snapshot_id
from orca_desk.library.records import RecordFilter
from orca_desk.library.review import rowid_of
from orca_desk.library.snapshots import Snapshot, SnapshotRules
from orca_desk.library.strategies import current_strategies
from orca_desk.method.erasure import Segment, SegmentState, revealed_strategies, student_instruction
from orca_desk.steps.erase.inspect import Inspector, Token
from orca_desk.steps.erase.review import ReviewItem, review_item
from orca_desk.ui.words.counting import counted
from orca_desk.ui.words.fitness import describe_left_out, frozen_sentence
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
        "orca-desk records show 3f2a",
        "orca-desk records drop 3f2a 77b0",
        "orca-desk records freeze first-try",
        "orca-desk records freeze plain --instruction empty --with-incorrect",
        "orca-desk records export SNAPSHOT training.jsonl",
        "orca-desk records import openorca.jsonl --model gpt-4",
        "orca-desk records inspect 3f2a --student models/mini-student",
    ),
)
def command() -> None:
    """List, compare and review teacher records, and freeze snapshots to train on."""


command.add_command(import_records)


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
@click.option("--text", default="", help="Only records with this text in question or answer, in any case.")
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
    text: str,
    limit: int,
    folder: Path,
    as_json: bool,
) -> None:
    """List teacher records with their verdicts."""
    wanted = RecordFilter(
        family=family, strategy=strategy, correct=correct, leaked=leaked, text=text, limit=limit
    )
    with open_library(folder) as library:
        total = records.count_records(library, wanted)
        found = list(records.iterate_records(library, wanted))
    if as_json:
        print_json({"total": total, "records": found})
        return
    table(
        counted(total, "record") + (f" (first {limit:,} shown)" if total > limit else ""),
        {"id": "left", "family": "left", "strategy": "left", "verdict": "left", "answer": "left"},
        [
            [
                each.record.id[:8],
                each.record.family,
                each.record.strategy,
                record_state(each),
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
        print_json({"teacher": stored, "training": item.training, "difference": segments})
        return
    left = _panel("Teacher record", segments, hidden="inserted")
    right = _panel("Training record", segments, hidden="erased")
    console.print(Columns([left, right], equal=True, expand=True))
    record, made = stored.record, stored.record.provenance
    say(f"{record.family}, {record.strategy} (version {record.strategy_version}): {record_state(stored)}.")
    if stored.verdict:
        say(verdict_reason(stored.verdict.reason))
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
            records.decide(library, ids, decision)
        if as_json:
            print_json({"records": ids, "decision": decision})
        else:
            say(f"{counted(len(ids), 'record')}: {DECISIONS[decision]}.")


_decision("keep", "keep", "Keep records: use them for training, whatever their verdict.")
_decision("drop", "drop", "Drop records: leave them out of every later snapshot.")
_decision("undecide", None, "Remove the decision to keep or drop records.")


@command.command("freeze")
@click.argument("name")
@instruction_options
@click.option("--with-incorrect", is_flag=True, help="Include answers that were graded incorrect.")
@click.option("--with-leaks", is_flag=True, help="Include answers that quote or mention their instruction.")
@click.option(
    "--with-unpaired", is_flag=True, help="Include answers that follow a strategy other than the paired one."
)
@click.option("--only-kept", is_flag=True, help="Only records that you kept in review.")
@click.option("--family", "families", multiple=True, help="Only this family; repeat for several.")
@click.option("--cap", type=click.IntRange(1), help="Maximum records per family.")
@library_option
@json_option
def freeze(
    name: str,
    instruction: str,
    with_incorrect: bool,
    with_leaks: bool,
    with_unpaired: bool,
    only_kept: bool,
    families: tuple[str, ...],
    cap: int | None,
    folder: Path,
    as_json: bool,
) -> None:
    """Erase the instructions and freeze the training records as snapshot NAME."""
    rules = SnapshotRules(
        only_correct=not with_incorrect,
        allow_leaks=with_leaks,
        only_paired=not with_unpaired,
        only_kept=only_kept,
        families=families or None,
        cap=cap,
    )
    text = _student_message(instruction)
    with open_library(folder) as library:
        _warn_about_quotes(library, text)
        made = snapshots.freeze(library, name=name, instruction=text, rules=rules)
    if as_json:
        print_json(made)
        return
    _show_snapshots([made])
    say(frozen_sentence(made.name, name))


@command.command("snapshots")
@library_option
@json_option
def list_snapshots(folder: Path, as_json: bool) -> None:
    """List the snapshots."""
    with open_library(folder) as library:
        found = snapshots.list_snapshots(library)
    print_json(found) if as_json else _show_snapshots(found)


@command.command("export")
@click.argument("snapshot")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@library_option
@json_option
def export(snapshot: str, file: Path, folder: Path, as_json: bool) -> None:
    """Write the training records of SNAPSHOT to FILE as JSONL."""
    with open_library(folder) as library:
        frozen = snapshot_id(library, snapshot)
        count = snapshots.write_snapshot(library, frozen, file)
        taken_back = snapshots.taken_back(library, frozen)
    if as_json:
        print_json({"written": count, "file": file, "dropped_or_held_out_since": taken_back})
        return
    say(f"Wrote {counted(count, 'record')} to {file}.")
    if taken_back:
        say(f"Dropped or held out since: {taken_back:,} of them. Freeze again to leave them out.")


def _warn_about_quotes(library: Library, instruction: str) -> None:
    """Warn if the student's message reveals a strategy."""
    for name in revealed_strategies(instruction, current_strategies(library).values()):
        complain(
            f"Warning: the student's message quotes the instruction of {name}, so nothing is erased there."
        )


def _review_item(folder: Path, record_id: str, instruction: str) -> ReviewItem:
    with open_library(folder) as library:
        rowid = rowid_of(library, full_id(library, "record", record_id))
        assert rowid is not None
        return review_item(library, rowid, _student_message(instruction))


def _student_message(option: str) -> str:
    """Return the message that `--instruction` selects: the cautious one, none, or the user's own text."""
    if option in ("cautious", "empty"):
        return student_instruction(option)
    return student_instruction("own", option)


def _spans(tokens: Sequence[Token]) -> list[dict[str, object]]:
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
