"""`orca-desk evaluate export`: the answers of an evaluation as a data set."""

from pathlib import Path
from typing import Any

import click

from orca_desk.cli.data_export import data_export_options, export_data
from orca_desk.cli.options import examples, existing_library_option, json_option, open_library


@click.command(
    "export",
    epilog=examples(
        "orca-desk evaluate export evaluate-2 answers.csv",
        "orca-desk evaluate export all evaluations.csv",
        "orca-desk evaluate export evaluate-2 --format lm-eval my-benchmark",
    ),
)
@click.argument("evaluation")
@click.argument("file", type=click.Path(path_type=Path))
@data_export_options("evaluation", "evaluations")
@existing_library_option
@json_option
def export(evaluation: str, file: Path, folder: Path, as_json: bool, **choices: Any) -> None:
    """Write the questions and answers of an EVALUATION to FILE, with a manifest and a data set card.

    With `all` for EVALUATION, the evaluations themselves, with how many of their answers are correct. The
    questions are held out, so no training format is offered.
    """
    with open_library(folder, create=False) as library:
        if evaluation == "all":
            export_data(library, "evaluations", file, choices, as_json=as_json)
        else:
            export_data(library, "evaluation", file, choices, as_json=as_json, of=evaluation)
