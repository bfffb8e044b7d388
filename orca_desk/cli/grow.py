"""`orca-desk tasks grow`: tasks from nothing, which become tasks when they are accepted."""

from pathlib import Path

import click

from orca_desk.cli.grow_teacher import documents, like, tell_grown
from orca_desk.cli.options import Command, examples, json_option, library_option, open_library
from orca_desk.cli.output import print_json, say, table
from orca_desk.cli.running import running
from orca_desk.counting import counted
from orca_desk.errors import UserError
from orca_desk.library.database import Library
from orca_desk.library.proposals import (
    ProposalFilter,
    StoredProposal,
    count_proposals,
    list_proposals,
    reject,
)
from orca_desk.library.runs import get_run
from orca_desk.method.procedural import MOST_SEED
from orca_desk.method.proposals import ProposalState
from orca_desk.method.records import Split
from orca_desk.steps.grow.diversity import measure_diversity
from orca_desk.steps.grow.generators import list_generators
from orca_desk.steps.grow.procedural import ProceduralRequest
from orca_desk.steps.grow.review import accept_proposals
from orca_desk.ui.words.generators import TEMPLATES, diversity_lines, levels_text, source_sentence
from orca_desk.ui.words.growing import ancestry_text, checks_text
from orca_desk.ui.words.shorten import shorten
from orca_desk.ui.words.tasks import asked_line

STATES = click.Choice(["open", "accepted", "rejected"])


@click.group(
    "grow",
    epilog=examples(
        "orca-desk tasks grow generators",
        "orca-desk tasks grow procedural chain_sum zebra_puzzles --level 1 --level 2 --count 200",
        "orca-desk tasks grow list",
        "orca-desk tasks grow accept --all --confirmed",
    ),
)
def command() -> None:
    """Make new tasks: by generators, from documents, or like other tasks.

    What is made are proposals. Nothing becomes a task before you accept it, here or on the Grow page.
    """


command.add_command(documents)
command.add_command(like)


@command.command("generators")
@json_option
def generators(as_json: bool) -> None:
    """List the generators of procedural tasks, with their levels of difficulty."""
    found = list_generators()
    if as_json:
        print_json(found)
        return
    say(source_sentence(found.version, len(found.generators)))
    table(
        "Generators",
        {"name": "left", "category": "left", "levels": "left", "graded": "left", "makes": "left"},
        [
            [
                one.name,
                one.category,
                levels_text(one),
                "no" if one.grading == "none" else "yes",
                shorten(one.description or one.question, 60),
            ]
            for one in found.generators
        ],
    )


@command.command("procedural")
@click.argument("names", nargs=-1, metavar="GENERATOR...")
@click.option("--all", "everything", is_flag=True, help="Use all generators whose answers can be graded.")
@click.option(
    "--level",
    "levels",
    multiple=True,
    type=click.IntRange(1),
    help="Level of difficulty; can be repeated.  [default: as the generator's authors chose]",
)
@click.option(
    "--count",
    type=click.IntRange(1),
    default=100,
    show_default=True,
    help="Tasks of each generator at each level.",
)
@click.option(
    "--heldout",
    type=click.FloatRange(0, 100),
    metavar="PERCENT",
    default=10.0,
    show_default=True,
    help="Hold out this percentage; their seeds come from a separate range.",
)
@click.option(
    "--seed",
    type=click.IntRange(0, MOST_SEED),
    default=0,
    show_default=True,
    help="First seed; a different one gives different questions.",
)
@library_option
@json_option
def procedural(
    names: tuple[str, ...],
    everything: bool,
    levels: tuple[int, ...],
    count: int,
    heldout: float,
    seed: int,
    folder: Path,
    as_json: bool,
) -> None:
    """Propose procedural tasks by the GENERATORs, which `tasks grow generators` lists."""
    known = {one.name: one for one in list_generators().generators}
    if everything:
        names = tuple(name for name, one in known.items() if one.grading == "reference")
    if unknown := next((name for name in names if name not in known), None):
        raise UserError(f"There is no generator {unknown!r}.", "See: orca-desk tasks grow generators")
    request = ProceduralRequest(generators=names, levels=levels, count=count, heldout=heldout, seed=seed)
    with open_library(folder) as library, running(quiet=as_json) as (progress, control):
        grown = request.grow(library, progress=progress, control=control)
        control.finished = grown.finished
    tell_grown(grown, as_json)


def _filter_options(function: Command) -> Command:
    for option in (
        click.option("--confirmed", is_flag=True, help="Only those whose answer was confirmed by a check."),
        click.option("--run", help="Only those of this run, such as grow-procedural-1."),
    ):
        function = option(function)
    return function


@command.command("list")
@click.option("--state", type=STATES, default="open", show_default=True, help="Only those in this state.")
@_filter_options
@click.option(
    "--limit", type=click.IntRange(1), default=50, show_default=True, help="Maximum number to list."
)
@library_option
@json_option
def list_command(
    state: ProposalState, run: str | None, confirmed: bool, limit: int, folder: Path, as_json: bool
) -> None:
    """List proposals."""
    wanted = ProposalFilter(state=state, run=run, confirmed=confirmed or None, limit=limit)
    with open_library(folder) as library:
        _require_run(library, run)
        total, found = count_proposals(library, wanted), list_proposals(library, wanted).items
    if as_json:
        print_json({"total": total, "proposals": found})
        return
    table(
        counted(total, "proposal") + (f" (first {limit:,} shown)" if total > limit else ""),
        {
            "id": "left",
            "family": "left",
            "split": "left",
            "question": "left",
            "answer": "left",
            "made from": "left",
        },
        [
            [
                each.id[:8],
                each.proposal.task.family,
                each.proposal.task.split,
                shorten(asked_line(each.proposal.task), 50),
                shorten(each.proposal.task.answer or "", 20),
                shorten(ancestry_text(each.proposal.ancestry), 40),
            ]
            for each in found
        ],
    )


@command.command("show")
@click.argument("proposal_id", metavar="ID")
@library_option
@json_option
def show(proposal_id: str, folder: Path, as_json: bool) -> None:
    """Show one proposal in full. The first characters of its ID are enough."""
    with open_library(folder) as library:
        (found,) = _named(library, (proposal_id,))
    if as_json:
        print_json(found)
        return
    task = found.proposal.task
    say(f"{found.id}  {task.family}, {task.split}, {found.state}\n\n{task.conversation}\n")
    say(f"Answer: {task.answer or '(none)'}\nMade from: {ancestry_text(found.proposal.ancestry)}")
    say(checks_text(found.proposal))


def _require_run(library: Library, run: str | None) -> None:
    """Raise UserError for the name of a run that is not there, instead of finding nothing of it."""
    if run is not None and not count_proposals(library, ProposalFilter(run=run)):
        get_run(library, run)


def _chosen(
    library: Library, ids: tuple[str, ...], everything: bool, run: str | None, confirmed: bool
) -> list[str]:
    """Return the ids of the open proposals that the options choose."""
    if bool(ids) == (everything or run is not None or confirmed):
        raise click.UsageError("Name proposals by their ids, or choose them by --all, --run or --confirmed.")
    if ids:
        return [one.id for one in _named(library, ids)]
    _require_run(library, run)
    found: list[str] = []
    after: int | None = 0
    while after is not None:
        page = list_proposals(
            library, ProposalFilter(state="open", run=run, confirmed=confirmed or None, after=after)
        )
        found += [one.id for one in page.items]
        after = page.next
    return found


def _named(library: Library, starts: tuple[str, ...]) -> list[StoredProposal]:
    found: list[StoredProposal] = []
    for start in starts:
        matching = list_proposals(library, ProposalFilter(id_start=start, limit=2)).items if start else ()
        if len(matching) != 1:
            problem = (
                f"Several proposals begin with {start!r}."
                if matching
                else f"There is no proposal that begins with {start!r}."
            )
            raise UserError(problem, "List the proposals to see their ids.")
        found += matching
    return found


@command.command("accept")
@click.argument("ids", nargs=-1, metavar="[ID]...")
@click.option("--all", "everything", is_flag=True, help="Accept all that are open.")
@_filter_options
@click.option("--split", type=click.Choice(["train", "heldout"]), help="Put the tasks into this split.")
@library_option
@json_option
def accept(
    ids: tuple[str, ...],
    everything: bool,
    run: str | None,
    confirmed: bool,
    split: Split | None,
    folder: Path,
    as_json: bool,
) -> None:
    """Make tasks of proposals, named by their IDs or chosen by options."""
    with open_library(folder) as library:
        chosen = _chosen(library, ids, everything, run, confirmed)
        reviewed = accept_proposals(library, chosen, split=split)
    if as_json:
        print_json({"added": reviewed.added, "duplicates": reviewed.duplicates})
        return
    say(f"Added {counted(len(reviewed.added), 'task')}.")
    if reviewed.duplicates:
        say(
            f"{counted(len(reviewed.duplicates), 'proposal')} stayed open: the library already asks the same."
        )
    _tell_decided(len(set(chosen)) - len(reviewed.former) - len(reviewed.duplicates))


def _tell_decided(count: int) -> None:
    """Say how many of the proposals stay as they are."""
    if count > 0:
        say(f"{counted(count, 'proposal')} had been decided before.")


@command.command("reject")
@click.argument("ids", nargs=-1, metavar="[ID]...")
@click.option("--all", "everything", is_flag=True, help="Reject all that are open.")
@_filter_options
@library_option
@json_option
def reject_command(
    ids: tuple[str, ...], everything: bool, run: str | None, confirmed: bool, folder: Path, as_json: bool
) -> None:
    """Reject proposals, named by their IDs or chosen by options."""
    with open_library(folder) as library:
        chosen = _chosen(library, ids, everything, run, confirmed)
        reviewed = reject(library, chosen)
    if as_json:
        print_json({"rejected": tuple(reviewed.former)})
    else:
        say(f"Rejected {counted(len(reviewed.former), 'proposal')}.")
        _tell_decided(len(set(chosen)) - len(reviewed.former))


@command.command("diversity")
@click.option("--state", type=STATES, default="open", show_default=True, help="Only those in this state.")
@_filter_options
@library_option
@json_option
def diversity(state: ProposalState, run: str | None, confirmed: bool, folder: Path, as_json: bool) -> None:
    """Measure how much proposals differ from one another and from the library's tasks."""
    with open_library(folder) as library:
        _require_run(library, run)
        measured = measure_diversity(
            library, ProposalFilter(state=state, run=run, confirmed=confirmed or None)
        )
    if as_json:
        print_json(measured)
        return
    for line in (*diversity_lines(measured), TEMPLATES):
        say(line)
