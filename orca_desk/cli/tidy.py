"""`orca-desk tidy`: deleting, renaming and notes, and what takes space."""

import sys
from pathlib import Path
from typing import Any, Literal

import click

from orca_desk.cli.options import examples, existing_library_option, json_option, open_library
from orca_desk.cli.output import print_json, say
from orca_desk.cli.tidy_storage import free_space, sizes, stepping, trash
from orca_desk.errors import UserError
from orca_desk.library.database import Library
from orca_desk.library.deleting.kinds import Kind
from orca_desk.library.ids import full_id, snapshot_id
from orca_desk.library.notes import NotedKind, note_on, rename, set_note
from orca_desk.library.runs import get_run
from orca_desk.models.identify import identify
from orca_desk.paths import expanded
from orca_desk.steps.tidy.deletion import Deletion, delete, kind_of, plan_deletion
from orca_desk.ui.words.tidying import deleted_sentence, deletion_lines, things

DELETED = tuple(kind.value for kind in Kind)
NAMED = tuple(kind.value for kind in Kind if kind not in (Kind.CHECKPOINTS, Kind.RECORD, Kind.CHAT))
NOTED = (*NAMED, "record", "family", "model")


@click.group(
    "tidy",
    epilog=examples(
        "orca-desk tidy sizes",
        "orca-desk tidy free converted",
        "orca-desk tidy delete training train-3",
        "orca-desk tidy trash list",
        "orca-desk tidy trash restore 4",
        "orca-desk tidy rename training train-4 'sums, rank 8'",
        "orca-desk tidy note snapshot first-try 'Only what I kept.'",
        "orca-desk tidy note family algebra 'Too easy for the teacher.'",
    ),
)
def command() -> None:
    """Delete, rename and note what a library has, and free space."""


for subcommand in (sizes, free_space, trash):
    command.add_command(subcommand)


@command.command("delete")
@click.argument("kind", type=click.Choice(DELETED))
@click.argument("ids", nargs=-1, required=True)
@click.option("--yes", is_flag=True, help="Also delete what was made from it, without asking.")
@click.option("--dry-run", is_flag=True, help="Only show what would be deleted.")
@existing_library_option
@json_option
def delete_things(
    kind: str, ids: tuple[str, ...], yes: bool, dry_run: bool, folder: Path, as_json: bool
) -> None:
    """Delete trainings, snapshots, evaluations, experiments, records, chats or other jobs (KIND run) by IDS.

    KIND checkpoints takes the ids of trainings, which keep their adapters.

    They wait in the trash, with what was made of them: orca-desk tidy trash list
    """
    with open_library(folder, create=False) as library:
        plan = plan_deletion(library, Kind(kind), [_full(library, kind, one) for one in ids])
        if not as_json:
            for heading, text in deletion_lines(plan):
                say(f"{heading}: {text}")
        if dry_run:
            print_json(_json(plan, None)) if as_json else say(
                f"Would delete {things(plan.kind, plan.items)}."
            )
            return
        if plan.items and not plan.is_plain and not yes:
            _ask(plan)
        with stepping("deleting", quiet=as_json) as on_step:
            entry = delete(library, plan, on_step=on_step)
    if as_json:
        print_json(_json(plan, entry))
        return
    say(deleted_sentence(plan))
    say(f"To bring it back: orca-desk tidy trash restore {entry}")


@command.command("rename")
@click.argument("kind", type=click.Choice(NAMED))
@click.argument("identity", metavar="ID")
@click.argument("name")
@existing_library_option
@json_option
def rename_thing(kind: str, identity: str, name: str, folder: Path, as_json: bool) -> None:
    """Give a snapshot, training, evaluation, experiment or other job another NAME. Its id stays."""
    with open_library(folder, create=False) as library:
        full = _full(library, kind, identity)
        before = rename(library, _stored_kind(kind), full, name)
    told = f"{kind.capitalize()} {full} is now called {name.strip() or full}."
    print_json({"id": full, "name": name, "before": before}) if as_json else say(told)


@command.command("note")
@click.argument("kind", type=click.Choice(NOTED))
@click.argument("identity", metavar="ID")
@click.argument("text", required=False)
@existing_library_option
@json_option
def note(kind: str, identity: str, text: str | None, folder: Path, as_json: bool) -> None:
    """Show the note on something, or write TEXT as its note; an empty TEXT removes it.

    ID is the name of a family, the path of a model, and the id of anything else.
    """
    noted = _noted_kind(kind)
    with open_library(folder, create=False) as library:
        full = _full(library, kind, identity)
        if text is not None:
            set_note(library, noted, full, text)
        found = note_on(library, noted, full)
    print_json({"id": full, "note": found}) if as_json else say(found or f"There is no note on {full}.")


def _full(library: Library, kind: str, text: str) -> str:
    """Return the whole id. Raises UserError if there is no such thing, or if it is of another kind."""
    if kind == Kind.SNAPSHOT:
        return snapshot_id(library, text)
    if kind == Kind.RECORD:
        return full_id(library, "record", text)
    if kind in ("family", Kind.CHAT):
        return text
    if kind == "model":
        return str(identify(expanded(Path(text))).path)
    run = get_run(library, text)
    wanted = Kind.TRAINING if kind == Kind.CHECKPOINTS else Kind(kind)
    if wanted not in (Kind.RUN, kind_of(run)):
        raise UserError(
            f"There is no {wanted.value} {run.id}.", f"List the {wanted.value}s to see their ids."
        )
    return run.id


def _stored_kind(kind: str) -> Literal["run", "snapshot"]:
    return "snapshot" if kind == Kind.SNAPSHOT else "run"


def _noted_kind(kind: str) -> NotedKind:
    others: dict[str, NotedKind] = {"record": "record", "family": "family", "model": "model"}
    return others.get(kind) or _stored_kind(kind)


def _ask(plan: Deletion) -> None:
    if not sys.stdin.isatty():
        raise UserError(
            f"Deleting {things(plan.kind, plan.items)} deletes more than that.",
            "Look at the list above, and add --yes to delete it.",
        )
    click.confirm("Delete it", abort=True, err=True)


def _json(plan: Deletion, entry: int | None) -> dict[str, Any]:
    return {
        "deleted": [vars(one) for one in plan.items],
        "along": [vars(one) for one in plan.along],
        "losing_their_adapter": [one.id for one in plan.losing],
        "chats_losing_their_adapter": plan.losing_chats,
        "not_resumable_any_more": [one.id for one in plan.unfinished],
        "refused": [
            {"id": one.item.id, "reason": one.reason.value, "holder": one.holder} for one in plan.refused
        ],
        "measured_answers": plan.measured,
        "bytes": plan.bytes,
        "trash": entry,
    }
