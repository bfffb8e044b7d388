"""`orca-desk tidy sizes`, `free` and `trash`: what takes space, and getting it back."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from orca_desk.cli.options import NumberRange, existing_library_option, json_option, open_library
from orca_desk.cli.output import print_json, say, table
from orca_desk.cli.running import running
from orca_desk.counting import counted
from orca_desk.library.deleting.trash import OnStep, empty_trash, list_trash, restore_from_trash
from orca_desk.models.fits import human_bytes
from orca_desk.processes.progress import Update
from orca_desk.steps.tidy.storage import Freeable, StorageReport, free, keep_trash_for, storage, trash_days
from orca_desk.ui.words.storage import FREEABLE, STORED, consequence, freed_sentence
from orca_desk.ui.words.tidying import entry_text, restored_sentence

LONGEST_DAYS = 36_500


@click.command("sizes")
@existing_library_option
@json_option
def sizes(folder: Path, as_json: bool) -> None:
    """Show what the library takes on the disk, by type, and what can be freed."""
    with open_library(folder, create=False) as library:
        report = storage(library)
    if as_json:
        print_json(_json(report))
        return
    table(
        f"{human_bytes(report.total)} in {report.folder}; {human_bytes(report.free)} free on its disk",
        {"kind": "left", "size": "right"},
        [[STORED[kind], human_bytes(size)] for kind, size in report.bytes.items()],
    )
    for one in report.suggestions:
        say(f"{FREEABLE[one.what]}: {human_bytes(one.bytes)} (orca-desk tidy free {one.what.value})")
        say(f"    {consequence(one)}")


@click.command("free")
@click.argument("what", nargs=-1, required=True, type=click.Choice([one.value for one in Freeable]))
@existing_library_option
@json_option
def free_space(what: tuple[str, ...], folder: Path, as_json: bool) -> None:
    """Free what `tidy sizes` suggests. This cannot be undone; `sizes` says what can be made again."""
    with open_library(folder, create=False) as library:
        freed = {one: free(library, Freeable(one)) for one in what}
    if as_json:
        print_json(freed)
        return
    for one, size in freed.items():
        say(freed_sentence(Freeable(one), size))


@contextmanager
def stepping(stage: str, *, quiet: bool) -> Iterator[OnStep]:
    """Yield what shows the steps of a deletion, if it has several; Ctrl-C stops one, not its way back."""
    with running(quiet=quiet) as (progress, control):

        def on_step(done: int, steps: int) -> None:
            if stage == "deleting":
                control.require_running()
            if steps > 1:
                progress(Update(stage=stage, done=done, total=steps, unit="steps"))

        yield on_step
        control.finished = True


@click.group("trash")
def trash() -> None:
    """Show, restore and empty the trash: what was deleted waits there."""


@trash.command("list")
@existing_library_option
@json_option
def list_entries(folder: Path, as_json: bool) -> None:
    """List what was deleted, the latest first."""
    with open_library(folder, create=False) as library:
        entries = list_trash(library)
    if as_json:
        print_json(entries)
        return
    table(
        "Trash",
        {"number": "left", "what": "left", "deleted (UTC)": "left"},
        [[str(one.n), entry_text(one), one.created_at[:19]] for one in entries],
    )


@trash.command("restore")
@click.argument("number", type=int)
@existing_library_option
@json_option
def restore(number: int, folder: Path, as_json: bool) -> None:
    """Bring back what was deleted; NUMBER is that of `tidy trash list`."""
    with open_library(folder, create=False) as library, stepping("restoring", quiet=as_json) as on_step:
        restored = restore_from_trash(library, number, on_step=on_step)
    print_json(restored) if as_json else say(restored_sentence(restored))


@trash.command("empty")
@click.argument("numbers", nargs=-1, type=int)
@click.option(
    "--older-than",
    type=NumberRange(min=0, max=LONGEST_DAYS),
    metavar="DAYS",
    help="Only what was deleted before that.",
)
@existing_library_option
@json_option
def empty(numbers: tuple[int, ...], older_than: float | None, folder: Path, as_json: bool) -> None:
    """Delete for good what is in the trash: all of it, or what NUMBERS name. This cannot be undone."""
    with open_library(folder, create=False) as library:
        gone = empty_trash(library, numbers or None, older_than_days=older_than)
    print_json({"deleted": gone}) if as_json else say(
        f"Deleted {counted(gone, 'entry', 'entries')} for good."
    )


@trash.command("days")
@click.argument("days", required=False, type=click.IntRange(min=0, max=LONGEST_DAYS))
@existing_library_option
@json_option
def days_in_trash(days: int | None, folder: Path, as_json: bool) -> None:
    """Show or set after how many DAYS deleted things are removed for good; 0 means never.

    What has been in the trash for longer is deleted for good at once. This cannot be undone.
    """
    with open_library(folder, create=False) as library:
        gone = 0 if days is None else keep_trash_for(library, days)
        chosen = trash_days(library)
    if as_json:
        print_json({"days": chosen, "deleted": gone})
        return
    how_long = f"for {counted(chosen, 'day')}" if chosen else "until it is emptied"
    say(f"What is deleted stays in the trash {how_long}.")
    if gone:
        say(f"Deleted {counted(gone, 'entry', 'entries')} for good.")


def _json(report: StorageReport) -> dict[str, Any]:
    return {
        "folder": report.folder,
        "bytes": {kind.value: size for kind, size in report.bytes.items()},
        "total": report.total,
        "free_on_disk": report.free,
        "suggestions": [
            {
                "what": one.what.value,
                "bytes": one.bytes,
                "count": one.count,
                "made_again_in_seconds": one.seconds,
            }
            for one in report.suggestions
        ],
    }
