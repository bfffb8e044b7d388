"""`orca-desk tasks grow documents` and `like`: the teacher writes tasks."""

from dataclasses import replace
from pathlib import Path

import click

from orca_desk.cli.options import Command, device_option, examples, json_option, library_option, open_library
from orca_desk.cli.output import print_json, say
from orca_desk.cli.own_families import families_meant, with_samples_option
from orca_desk.cli.running import running, tell_notes
from orca_desk.library.tasks import TaskFilter
from orca_desk.method.passages import MOST_WORDS
from orca_desk.method.variations import CHANGES
from orca_desk.steps.grow.documents import WRITE_SAMPLING, DocumentsRequest
from orca_desk.steps.grow.grown import Grown
from orca_desk.steps.grow.like import LEAST_ANSWERS, MOST_SEEDS, LikeRequest
from orca_desk.ui.words.growing import grown_sentence

REVIEW = "Look at them with `orca-desk tasks grow list`, and accept or reject them there or on the Grow page."


def teacher_options(command: Command) -> Command:
    """Add --teacher, --temperature, --seed, --batch, --threads and --device."""
    for option in (
        device_option,
        click.option("--threads", type=click.IntRange(1), help="CPU threads [default: all cores]."),
        click.option("--batch", type=click.IntRange(1, 255), help="Answers generated in parallel."),
        click.option(
            "--seed",
            default=WRITE_SAMPLING.seed,
            show_default=True,
            help="Seed; a different one gives different tasks.",
        ),
        click.option(
            "--temperature",
            type=click.FloatRange(0, 2),
            default=WRITE_SAMPLING.temperature,
            show_default=True,
            help="The sampling temperature: how freely the teacher writes.",
        ),
        click.option(
            "--teacher",
            required=True,
            type=click.Path(exists=True, dir_okay=False, path_type=Path),
            help="The teacher's GGUF file.",
        ),
    ):
        command = option(command)
    return command


@click.command(
    "documents",
    epilog=examples(
        "orca-desk tasks grow documents manual.pdf notes/ --teacher teacher.gguf --family manual",
        "orca-desk tasks grow documents manual.pdf --teacher teacher.gguf --limit 20 --questions 3",
        "orca-desk tasks grow documents notes/ --teacher teacher.gguf --heldout 20 --without-passage",
    ),
)
@click.argument("places", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@teacher_options
@click.option("--family", default="documents", show_default=True, help="Family of the tasks.")
@click.option(
    "--questions", type=click.IntRange(1, 10), default=2, show_default=True, help="Questions per passage."
)
@click.option(
    "--words",
    type=click.IntRange(30, 1_000),
    default=MOST_WORDS,
    show_default=True,
    help="Longest passage. A sentence is never cut.",
)
@click.option(
    "--limit", type=click.IntRange(1), help="Ask about this many passages, spread over all documents."
)
@click.option(
    "--heldout",
    type=click.FloatRange(0, 100),
    metavar="PERCENT",
    default=0.0,
    help="Hold out the questions of this percentage of the passages.",
)
@click.option(
    "--without-passage", is_flag=True, help="Leave the passage out of the tasks: the student has to know it."
)
@library_option
@json_option
def documents(
    places: tuple[Path, ...],
    teacher: Path,
    temperature: float,
    seed: int,
    batch: int | None,
    threads: int | None,
    family: str,
    questions: int,
    words: int,
    limit: int | None,
    heldout: float,
    without_passage: bool,
    folder: Path,
    as_json: bool,
) -> None:
    """Have the teacher ask questions about documents: PLACES are files and folders.

    Text, Markdown, HTML, PDF and Word files (.docx) are cut into passages. The teacher writes questions with
    answers, and then answers each again with the passage, which confirms it, and without. The proposals wait
    for your review. The same command resumes where it stopped.
    """
    tell_notes(teacher, folder=folder)
    request = DocumentsRequest(
        places=tuple(str(place.resolve()) for place in places),
        model=str(teacher.resolve()),
        family=family,
        questions=questions,
        most_words=words,
        limit=limit or 0,
        heldout=heldout,
        with_passage=not without_passage,
        sampling=replace(WRITE_SAMPLING, temperature=temperature, seed=seed),
        batch=batch or 0,
        threads=threads or 0,
    )
    _grow(request, folder, as_json)


@click.command(
    "like",
    epilog=examples(
        "orca-desk tasks grow like --teacher teacher.gguf --family algebra --limit 20",
        "orca-desk tasks grow like --teacher teacher.gguf --change harder --each 2",
        "orca-desk tasks grow like --teacher teacher.gguf --answers 7 --agreement 0.7",
    ),
)
@teacher_options
@click.option("--family", help="Only tasks of this family.")
@with_samples_option
@click.option("--tag", help="Only tasks with this tag.")
@click.option("--text", help="Only tasks that contain these words.")
@click.option(
    "--limit",
    type=click.IntRange(1, MOST_SEEDS),
    help=f"Vary at most this many tasks [default: {MOST_SEEDS:,}].",
)
@click.option(
    "--change",
    "changes",
    multiple=True,
    type=click.Choice(list(CHANGES)),
    help="How to change a task; can be repeated.  [default: all]",
)
@click.option(
    "--each", type=click.IntRange(1, 10), default=1, show_default=True, help="New tasks per change."
)
@click.option(
    "--answers",
    type=click.IntRange(LEAST_ANSWERS, 20),
    default=5,
    show_default=True,
    help="How often the teacher answers each new task.",
)
@click.option(
    "--agreement",
    type=click.FloatRange(0, 1),
    default=0.6,
    show_default=True,
    help="Share of the answers that must agree; their answer becomes the reference.",
)
@library_option
@json_option
def like(
    teacher: Path,
    temperature: float,
    seed: int,
    batch: int | None,
    threads: int | None,
    family: str | None,
    tag: str | None,
    text: str | None,
    with_samples: bool,
    limit: int | None,
    changes: tuple[str, ...],
    each: int,
    answers: int,
    agreement: float,
    folder: Path,
    as_json: bool,
) -> None:
    """Have the teacher vary training tasks.

    It suggests changes, writes the changed tasks, and answers each several times. The answer that enough of
    them agree on becomes a new task's reference. Held-out tasks are never varied. The proposals wait for your
    review. The same command resumes where it stopped.
    """
    tell_notes(teacher, folder=folder)
    request = LikeRequest(
        model=str(teacher.resolve()),
        seeds=TaskFilter(split="train", family=family, tag=tag, text=text, limit=limit),
        changes=changes or tuple(CHANGES),
        each=each,
        answers=answers,
        agreement=agreement,
        sampling=replace(WRITE_SAMPLING, temperature=temperature, seed=seed),
        batch=batch or 0,
        threads=threads or 0,
    )
    _grow(request, folder, as_json, with_samples=with_samples)


def _grow(
    request: DocumentsRequest | LikeRequest, folder: Path, as_json: bool, *, with_samples: bool = True
) -> None:
    with open_library(folder) as library, running(quiet=as_json) as (progress, control):
        if isinstance(request, LikeRequest) and request.seeds.family is None:
            meant = families_meant(library, None, with_samples=with_samples)
            request = replace(request, seeds=replace(request.seeds, families=meant))
        grown = request.grow(library, progress=progress, control=control)
        control.finished = grown.finished
    tell_grown(grown, as_json)


def tell_grown(grown: Grown, as_json: bool) -> None:
    """Print what a run of growing came to, and where its proposals are reviewed."""
    if as_json:
        print_json(vars(grown))
        return
    say(grown_sentence(grown))
    if grown.proposed:
        say(REVIEW)
