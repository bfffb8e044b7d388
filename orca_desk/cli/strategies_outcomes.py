"""`orca-desk strategies outcomes`: what measurements found, as a file that `strategies choose` reads."""

from pathlib import Path

import click

from orca_desk.cli.options import examples, json_option, library_option, open_library
from orca_desk.cli.output import complain, print_json
from orca_desk.counting import counted
from orca_desk.errors import UserError
from orca_desk.library.outcomes import newest_teacher, recorded_outcomes


@click.command(
    "outcomes",
    epilog=examples(
        "orca-desk strategies outcomes > outcomes.jsonl",
        "orca-desk strategies outcomes --family ordering | orca-desk strategies choose -",
    ),
)
@click.option("--family", "families", multiple=True, help="Only this family; can be repeated.")
@click.option("--teacher", help="The SHA-256 of the teacher's file  [default: that of the newest answer].")
@library_option
@json_option
def print_outcomes(families: tuple[str, ...], teacher: str | None, folder: Path, as_json: bool) -> None:
    """Print the graded answers of the library's training tasks as JSON Lines; with --json, as one array.

    Each line has the family, task, strategy, sample, whether the answer is correct, and its tokens. These are
    one teacher's own answers (by default of the one that answered last) with a verdict by the task's
    reference, under the newest version of each strategy, whichever run asked for them. Edits do not count. A
    tournament has looked at its answers several times, which its own decision allows for and `strategies
    choose` does not: choose by a tournament's outcomes to see the figures, and trust its decision.
    """
    with open_library(folder, create=False) as library:
        model = teacher or newest_teacher(library)
        found = list(recorded_outcomes(library, model, families or None)) if model else []
    if not found:
        raise UserError(
            "The library has no graded answer to a training task.",
            "Measure the strategies first: orca-desk strategies probe --teacher MODEL.gguf",
        )
    if as_json:
        print_json(found)
    else:
        for outcome in found:
            print_json(outcome, compact=True)
    complain(f"{counted(len(found), 'outcome')} of the teacher {str(model)[:12]}.", style="dim")
