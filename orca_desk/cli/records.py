"""`orca-desk records`: teacher records, what erasure makes of them, and the snapshots to train on."""

from collections.abc import Sequence
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
from orca_desk.cli.output import complain, console, harmless, print_json, say, table
from orca_desk.library import records, snapshots
from orca_desk.library.database import Library
from orca_desk.library.ids import full_id, snapshot_id
from orca_desk.library.records import RecordFilter, StoredRecord
from orca_desk.library.snapshots import Rules, Snapshot
from orca_desk.library.strategies import current_strategies
from orca_desk.method.erasure import Segment, difference, erase, revealed_strategies, student_instruction
from orca_desk.prompts.hf import HFTokenizer
from orca_desk.prompts.renderer import Renderer
from orca_desk.ui.words.shorten import shorten

LOOKS = {"kept": "", "erased": "red strike", "inserted": "green"}


@click.group(
    "records",
    epilog=examples(
        "orca-desk records list --family belief --wrong",
        "orca-desk records show 3f2a",
        "orca-desk records drop 3f2a 77b0",
        "orca-desk records freeze first-try",
        "orca-desk records freeze plain --instruction empty --with-wrong",
        "orca-desk records export SNAPSHOT training.jsonl",
        "orca-desk records inspect 3f2a --student models/mini-student",
    ),
)
def command() -> None:
    """Look at teacher records beside their training records; keep or drop them; freeze snapshots."""


@command.command("list")
@click.option("--family", help="Only this family.")
@click.option("--strategy", help="Only answers under this strategy.")
@click.option("--right/--wrong", "correct", default=None, help="Only answers graded so.")
@click.option("--leaked", is_flag=True, default=None, help="Only answers that speak of their instruction.")
@click.option("--limit", type=click.IntRange(1), default=50, show_default=True, help="The most to show.")
@library_option
@json_option
def list_records(
    family: str | None,
    strategy: str | None,
    correct: bool | None,
    leaked: bool | None,
    limit: int,
    folder: Path,
    as_json: bool,
) -> None:
    """List teacher records with their verdicts."""
    wanted = RecordFilter(family=family, strategy=strategy, correct=correct, leaked=leaked, limit=limit)
    with open_library(folder) as library:
        total = records.count_records(library, wanted)
        found = list(records.iterate_records(library, wanted))
    if as_json:
        print_json({"total": total, "records": found})
        return
    table(
        f"{total:,} records" + (f", the first {limit} of them" if total > limit else ""),
        {"id": "left", "family": "left", "strategy": "left", "verdict": "left", "answer": "left"},
        [
            [
                each.record.id[:8],
                each.record.family,
                each.record.strategy,
                _verdict(each),
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
    """Show a teacher record and its training record side by side; what was erased is struck through."""
    with open_library(folder) as library:
        stored = records.get_record(library, full_id(library, "record", record_id))
    training = erase(stored.current, student_instruction(*_kind(instruction)))
    segments = difference(stored.current, training)
    if as_json:
        print_json({"teacher": stored, "training": training, "difference": segments})
        return
    left = _panel("Teacher record", segments, hidden="inserted")
    right = _panel("Training record", segments, hidden="erased")
    console.print(Columns([left, right], equal=True, expand=True))
    record, made = stored.record, stored.record.provenance
    say(f"{record.family}, under {record.strategy} (version {record.strategy_version}). {_verdict(stored)}.")
    if stored.verdict:
        say(stored.verdict.reason)
    for leak in stored.leaks:
        say(f"Leak: {leak.text!r}: {leak.why}")
    say(
        f"Made by {made.model_sha256[:12]} ({made.quantisation}), {made.engine}, batch {made.batch}, "
        f"{made.completion_tokens:,} tokens, ended by {made.finish_reason}, {made.created_at}."
    )


@command.command("inspect")
@click.argument("record_id")
@click.option(
    "--student",
    required=True,
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="The student's folder: its tokenizer and chat template are used.",
)
@instruction_options
@library_option
@json_option
def inspect(record_id: str, student: Path, instruction: str, folder: Path, as_json: bool) -> None:
    """Show what exactly is trained: trained text clear, masked text dim, control tokens blue."""
    with open_library(folder) as library:
        stored = records.get_record(library, full_id(library, "record", record_id))
    training = erase(stored.current, student_instruction(*_kind(instruction)))
    tokenizer = HFTokenizer.load(student)
    rendered = Renderer(tokenizer).example(training.system, training.user, training.assistant)
    trained = sum(rendered.mask)
    counts = {"trained_tokens": trained, "masked_tokens": len(rendered.ids) - trained}
    if as_json:
        print_json({**counts, "ids": rendered.ids, "mask": rendered.mask, "spans": rendered.spans})
        return
    text = Text()
    for span in rendered.spans:
        style = "blue" if span.role in ("control", "end") else ""
        dim = "" if rendered.mask[span.start] else "dim "
        shown = tokenizer.decode(rendered.ids[span.start : span.end], control=True)
        text.append(harmless(shown), style=f"{dim}{style}".strip())
    console.print(Panel(text, title="What the student is trained on"))
    say(f"{counts['trained_tokens']} tokens are trained, {counts['masked_tokens']} are masked.")


def _decision(name: str, decision: Literal["keep", "drop"] | None, text: str) -> None:
    """Make the command that stores one decision for several records."""

    @command.command(name, help=text)
    @click.argument("record_ids", nargs=-1, required=True)
    @library_option
    @json_option
    def decide(record_ids: tuple[str, ...], folder: Path, as_json: bool) -> None:
        with open_library(folder) as library:
            ids = [full_id(library, "record", start) for start in record_ids]
            records.decide(library, ids, decision)
        if as_json:
            print_json({"records": ids, "decision": decision})
        else:
            say(f"{len(ids):,} records: {decision or 'undecided'}.")


_decision("keep", "keep", "Keep records for training, whatever their verdict.")
_decision("drop", "drop", "Leave records out of every later snapshot.")
_decision("undecide", None, "Take a keep or drop back.")


@command.command("freeze")
@click.argument("name")
@instruction_options
@click.option("--with-wrong", is_flag=True, help="Also answers that were graded wrong.")
@click.option("--with-leaks", is_flag=True, help="Also answers that speak of their instruction.")
@click.option("--with-unpaired", is_flag=True, help="Also answers under unpaired strategies.")
@click.option("--family", "families", multiple=True, help="Only these families.")
@click.option("--cap", type=click.IntRange(1), help="At most so many records a family.")
@library_option
@json_option
def freeze(
    name: str,
    instruction: str,
    with_wrong: bool,
    with_leaks: bool,
    with_unpaired: bool,
    families: tuple[str, ...],
    cap: int | None,
    folder: Path,
    as_json: bool,
) -> None:
    """Erase the instructions and freeze the training records as snapshot NAME."""
    rules = Rules(
        only_correct=not with_wrong,
        allow_leaks=with_leaks,
        only_paired=not with_unpaired,
        families=families or None,
        cap=cap,
    )
    text = student_instruction(*_kind(instruction))
    with open_library(folder) as library:
        warn_of_revealed(library, text)
        made = snapshots.freeze(library, name=name, instruction=text, rules=rules)
    print_json(made) if as_json else _show_snapshots([made])


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
        count = snapshots.write_snapshot(library, snapshot_id(library, snapshot), file)
    print_json({"written": count, "file": file}) if as_json else say(f"Wrote {count:,} records to {file}.")


def warn_of_revealed(library: Library, instruction: str) -> None:
    """Say so when the student's own instruction tells it the strategy after all."""
    for name in revealed_strategies(instruction, current_strategies(library).values()):
        complain(f"Warning: the student's instruction quotes that of {name}: nothing is erased there.")


def _kind(instruction: str) -> tuple[str, str]:
    """Read --instruction: "cautious", "empty", or else the user's own text."""
    return (instruction, "") if instruction in ("cautious", "empty") else ("own", instruction)


def _verdict(stored: StoredRecord) -> str:
    parts = ["not graded" if stored.verdict is None else "right" if stored.verdict.correct else "wrong"]
    if stored.leaks:
        parts.append("leak")
    if stored.record.provenance.finish_reason != "stop":
        parts.append("cut off")
    if stored.decision:
        parts.append(stored.decision)
    return ", ".join(parts)


def _panel(title: str, segments: Sequence[Segment], *, hidden: str) -> Panel:
    """Draw one of the two records; `hidden` names the state that it does not have."""
    text = Text()
    role = ""
    for segment in segments:
        if segment.state == hidden:
            continue
        if segment.role != role:
            text.append(("\n\n" if role else "") + f"{segment.role}\n", style="bold")
            role = segment.role
        text.append(harmless(segment.text), style=LOOKS[segment.state])
    return Panel(text, title=title)


def _show_snapshots(found: Sequence[Snapshot]) -> None:
    if not found:
        say("There is no snapshot yet. Make one: orca-desk records freeze NAME")
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
                ", ".join(f"{reason}: {count}" for reason, count in each.left_out.items()) or "none",
            ]
            for each in found
        ],
    )
