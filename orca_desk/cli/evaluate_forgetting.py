"""`orca-desk evaluate forgetting`: what a tuned student lost on general questions."""

from pathlib import Path

import click

from orca_desk.cli.options import device_option, examples, existing_library_option, json_option, open_library
from orca_desk.cli.output import percent, print_json, say, table
from orca_desk.cli.running import running
from orca_desk.method.forgetting import Forgetting
from orca_desk.steps.evaluate.forgetting import forgetting_report, report_json
from orca_desk.steps.evaluate.losses import measure_loss
from orca_desk.ui.words.evaluations import p_value
from orca_desk.ui.words.forgetting import kind_title, report_lines


@click.command(
    "forgetting",
    epilog=examples(
        "orca-desk evaluate forgetting evaluate-2",
        "orca-desk evaluate forgetting evaluate-2 --json",
    ),
)
@click.argument("evaluation")
@existing_library_option
@device_option
@json_option
def forgetting(evaluation: str, folder: Path, as_json: bool) -> None:
    """Show what the tuned student of EVALUATION lost against its base; measure it if that was not done.

    Both answer general questions of ten kinds, their next-token distributions are compared on everyday
    requests, and the lengths of their answers. Run the same command again to resume.
    """
    with open_library(folder, create=False) as library:
        report = forgetting_report(library, evaluation)
        if report is None or report.found is None:
            with running(quiet=as_json) as (progress, control):
                report = measure_loss(library, evaluation, progress=progress, control=control)
                control.finished = report is not None
    if as_json:
        print_json(report_json(report))
    elif report is not None:
        if report.found is not None:
            _show(evaluation, report.found)
        for line in report_lines(report):
            say(line)


def _show(evaluation: str, found: Forgetting) -> None:
    table(
        f"{evaluation}: general questions, student against base",
        {"kind": "left", "base": "right", "student": "right", "difference": "right", "McNemar": "right"},
        [
            [
                title,
                percent((one.both + one.only_second) / one.n),
                percent((one.both + one.only_first) / one.n),
                f"{one.difference:+.1%} ({one.low:+.1%} to {one.high:+.1%})",
                p_value(one.p),
            ]
            for title, one in [
                *((kind_title(kind), one) for kind, one in found.kinds.items()),
                ("All", found.overall),
            ]
        ],
    )
