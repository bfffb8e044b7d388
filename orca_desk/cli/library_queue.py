"""`orca-desk library queue`: the jobs that wait for their turn in the desktop."""

from dataclasses import asdict
from pathlib import Path

import click

from orca_desk.cli.options import existing_library_option, json_option, open_library
from orca_desk.cli.output import print_json, say
from orca_desk.errors import UserError
from orca_desk.library.evaluations import KIND
from orca_desk.library.runs import peek_at_running
from orca_desk.library.waiting import WaitingJob, peek_at_waiting, store_waiting, waiting_jobs
from orca_desk.steps.evaluate.plan import queued_behind


@click.command("queue")
@click.option("--remove", type=click.IntRange(min=1), metavar="N", help="Remove the Nth job from the queue.")
@click.option("--clear", is_flag=True, help="Remove all jobs from the queue.")
@existing_library_option
@json_option
def queue(remove: int | None, clear: bool, folder: Path, as_json: bool) -> None:
    """List the jobs that wait in the desktop, the next one first.

    The desktop starts each when its turn comes, or after the next start if it was closed before. While the
    desktop is open, this command only lists them: change the queue on the Jobs page.
    """
    if remove is not None or clear:
        with open_library(folder, create=False) as library:
            waiting = waiting_jobs(library)
            if remove is not None and remove > len(waiting):
                raise UserError(
                    f"There is no job {remove} in the queue.", "List it with orca-desk library queue."
                )
            store_waiting(library, [] if clear else waiting[: (remove or 1) - 1] + waiting[remove:])
    found, behind = peek_at_waiting(folder), _behind_evaluation(folder)
    if as_json:
        print_json([asdict(one) for one in (*behind, *found)])
        return
    if not found and not behind:
        say("No job is waiting.")
    for one in behind:
        say(f"     {one.title} (comes back with {one.target['resume']})")
    for number, one in enumerate(found, 1):
        say(f"{number:>3}  {one.title}")


def _behind_evaluation(folder: Path) -> list[WaitingJob]:
    """Return the evaluations that wait for one that is running, whose run stores them."""
    running = peek_at_running(folder, KIND)
    if running is None:
        return []
    run, request = running
    return [
        WaitingJob(title=f"Evaluate {one.name}", page="evaluate", target={"resume": run})
        for one in queued_behind(request)
    ]
