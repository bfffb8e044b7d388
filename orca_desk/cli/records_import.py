"""`orca-desk records import`: answers that a model gave elsewhere, as teacher records."""

from pathlib import Path

import click

from orca_desk.cli.options import field_mapping, import_options, json_option, library_option, open_library
from orca_desk.cli.output import print_json, say, table
from orca_desk.cli.refused_rows import complain_of_rows
from orca_desk.cli.running import running
from orca_desk.counting import counted
from orca_desk.formats.tasks import DEFAULT_FAMILY
from orca_desk.steps.collect.answers_request import AnswersRequest
from orca_desk.steps.collect.request import TaskSource
from orca_desk.ui.words.answers_import import answers_report, message_line
from orca_desk.ui.words.shorten import shorten

MESSAGES_LISTED = 12


@click.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--family", default=DEFAULT_FAMILY, show_default=True, help="Family for rows without one.")
@click.option("--model", default="", metavar="NAME", help="Who answered, for rows that do not say.")
@click.option(
    "--strategy",
    "without_message",
    metavar="NAME",
    help="Strategy of rows without a system message. By default they get one of their own.",
)
@click.option(
    "--instruction-as-system",
    is_flag=True,
    help="Read the instruction of Alpaca's rows as the system message, and their input as the question.",
)
@click.option(
    "--map",
    "mapping",
    multiple=True,
    metavar="FIELD=COLUMN",
    help="Read FIELD (system, query, context, response, answer, family, model, finish_reason, strategy or"
    " conversation) from COLUMN; no COLUMN leaves it out.",
)
@import_options
@library_option
@json_option
def import_records(
    file: Path,
    family: str,
    model: str,
    without_message: str | None,
    instruction_as_system: bool,
    mapping: tuple[str, ...],
    encoding: str | None,
    header: bool | None,
    rows_in: str,
    refused: Path | None,
    dry_run: bool,
    folder: Path,
    as_json: bool,
) -> None:
    """Import a model's answers from FILE as teacher records.

    Reads OpenOrca's rows, conversations with a system message (messages, ShareGPT), Alpaca's rows, the
    outputs of distilabel and Kiln, and Orca Desk's own exports, as JSONL, JSON or CSV. Their system messages
    become strategies. Of a conversation with several exchanges, the last answer is taken, and what came
    before stays as the earlier turns of its task. Rows that the library already has are left out, so an
    import can be repeated. FILE may be packed with gzip.
    """
    request = AnswersRequest(
        source=TaskSource.of_file(file),
        mapping=field_mapping(mapping),
        instruction_is_system=instruction_as_system,
        family=family,
        model=model,
        without_message=without_message,
        encoding=encoding,
        header=header,
        rows_in=rows_in,
    )
    with open_library(folder) as library, running(quiet=as_json) as (progress, control):
        run = request.try_out if dry_run else request.run
        imported = run(library, refused=refused, progress=progress, control=control)
    complain_of_rows(imported.problems, imported.refused)
    if as_json:
        print_json(imported.to_json())
        return
    report = answers_report(imported, file.name)
    for line in (report.summary, *report.notes):
        say(line)
    if imported.messages:
        table(
            "System messages",
            {"rows": "right", "strategy": "left", "system message": "left"},
            [
                [f"{one.rows:,}", message_line(one), shorten(one.message, 60) or "(none)"]
                for one in imported.messages[:MESSAGES_LISTED]
            ],
        )
    if refused and imported.refused:
        say(f"Wrote the {counted(imported.refused, 'row')} that could not be read to {refused}.")
