"""`orca-desk machine`: what this computer has, what runs on it, and how fast it is."""

import click

from orca_desk.cli.options import examples, json_option
from orca_desk.cli.output import complain, print_json, say, table
from orca_desk.cli.running import running
from orca_desk.errors import UserError
from orca_desk.inventory.machine import MachineReport, describe_machine, report_data
from orca_desk.machine.choice import (
    DEVICE_VARIABLE,
    chosen_device,
    device_name,
    store_choice,
    stored_device,
)
from orca_desk.machine.devices import AUTO, CPU
from orca_desk.processes.progress import Update
from orca_desk.ui.words.machine import STAGES, advice, busy_note, choice_text, choice_title, machine_rows


@click.command(
    "machine",
    epilog=examples(
        "orca-desk machine", "orca-desk machine --measure --json", "orca-desk machine --choose cuda:0"
    ),
)
@click.option("--refresh", is_flag=True, help="Ask llama.cpp and PyTorch for their devices again.")
@click.option("--measure", is_flag=True, help="Measure the speed again: about a second on an idle machine.")
@click.option(
    "--choose",
    metavar="auto|cpu|NAME",
    help="Choose the device for all jobs, as in Settings: auto, cpu, or one of the table, such as cuda:0.",
)
@json_option
def command(refresh: bool, measure: bool, choose: str | None, as_json: bool) -> None:
    """Show cores, memory, graphics processors and speed, and what each installed program can use.

    llama.cpp and PyTorch are asked once, and the speed is measured once; both are stored for your user and
    repeated when a program, a driver or the machine changes.
    """
    wanted = None if choose is None else device_name(choose, "--choose")
    with running(quiet=as_json) as (progress, control):
        report = describe_machine(
            ask=refresh,
            measure=measure,
            control=control,
            on_stage=lambda stage: progress(Update(stage=STAGES[stage], done=0, total=None, unit="")),
        )
    if wanted is not None:
        _choose(wanted, report)
    if as_json:
        print_json(report_data(report) | {"chosen": chosen_device()})
        return
    table(
        "This machine",
        {"Part": "left", "Description": "left"},
        [[name, text] for name, text in machine_rows(report)],
    )
    device = chosen_device()
    say(f"Where models run: {choice_title(device, report.devices)}. {choice_text(device, report.devices)}")
    if device != (stored := stored_device()):
        complain(
            f"${DEVICE_VARIABLE} overrides Settings, which say: {choice_title(stored, report.devices)}.",
            "yellow",
        )
    for lack in report.lacks:
        complain(str(advice(lack)), "yellow")
    if note := busy_note(report):
        complain(note, "yellow")


def _choose(device: str, report: MachineReport) -> None:
    """Store a choice. Raises UserError for a device that is not there."""
    known = [AUTO, CPU, *(one.id for one in report.devices)]
    if device not in known:
        raise UserError(f"{device} is not on this machine.", f"Choose one of {', '.join(known)}.")
    store_choice(device=device)
