"""`orca-desk records export`: snapshots, teacher and training records and preference pairs as data sets."""

from pathlib import Path
from typing import Any

import click

from orca_desk.cli.data_export import data_export_options, export_data
from orca_desk.cli.options import (
    examples,
    instruction_options,
    json_option,
    library_option,
    open_library,
    student_message,
)
from orca_desk.library.ids import snapshot_id
from orca_desk.library.record_rules import current_rules
from orca_desk.library.records import RecordFilter
from orca_desk.library.snapshots import taken_back
from orca_desk.steps.hand_over.request import DataTable
from orca_desk.steps.votes import prepare

_TABLES: dict[str, DataTable] = {
    "teacher": "teacher", "training": "training", "preferences": "preferences"
}  # fmt: skip


@click.command(
    "export",
    epilog=examples(
        "orca-desk records export first-try training.jsonl",
        "orca-desk records export first-try --format mlx first-try-mlx",
        "orca-desk records export training --correct --format messages correct.jsonl",
        "orca-desk records export preferences --format preference pairs.jsonl",
        "orca-desk records export teacher all-records.parquet",
    ),
)
@click.argument("what")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--family", help="Only records of this family.")
@click.option("--strategy", help="Only answers that follow this strategy.")
@click.option(
    "--correct/--incorrect",
    "correct",
    default=None,
    help="Only answers that were graded correct or incorrect.",
)
@click.option("--in/--out", "used", default=None, help="Only records that the rules in force use, or not.")
@click.option("--text", default="", help="Only records that this search finds; see: orca-desk find --fields.")
@data_export_options("teacher", "training", "snapshot", "preferences")
@instruction_options
@library_option
@json_option
def export(
    what: str,
    file: Path,
    family: str | None,
    strategy: str | None,
    correct: bool | None,
    used: bool | None,
    text: str,
    instruction: str,
    folder: Path,
    as_json: bool,
    **choices: Any,
) -> None:
    """Write WHAT to FILE in the format of another program, with a manifest and a data set card.

    WHAT is a snapshot, by its name or the beginning of its id, or the records of the library: `training` with
    the strategy's instruction erased, `teacher` as the teacher was asked, `preferences` as pairs of a correct
    and an incorrect answer. What is dropped, held out or empty is left out and counted; only `teacher` in
    the columns of the table (jsonl, csv, parquet) includes it, marked as such. A FILE without an ending
    becomes a folder.
    """
    wanted = RecordFilter(family=family, strategy=strategy, correct=correct, used=used, text=text)
    with open_library(folder) as library:
        if what in _TABLES:
            prepare(library, current_rules(library))
            export_data(
                library, _TABLES[what], file, choices,
                as_json=as_json, records=wanted, instruction=student_message(instruction),
            )  # fmt: skip
            return
        if wanted != RecordFilter():
            raise click.UsageError("A snapshot is exported whole: leave out the options that select records.")
        frozen = snapshot_id(library, what)
        export_data(
            library, "snapshot", file, choices,
            as_json=as_json, of=frozen, more={"dropped_or_held_out_since": taken_back(library, frozen)},
        )  # fmt: skip
