"""Options that several commands share."""

import functools
import math
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any, TypeVar, cast

import click

from orca_desk.library.database import Library
from orca_desk.method.records import Sampling
from orca_desk.paths import default_library

Command = TypeVar("Command", bound=Callable[..., object])
SAMPLING_HELP = {
    "temperature": "0 is greedy: always the likeliest token.",
    "top_k": "Only the k likeliest tokens; 0: all.",
    "top_p": "Only the likeliest tokens that make up this share; 1: all.",
    "min_p": "Only tokens at least this share as likely as the likeliest; 0: all.",
    "seed": "Start of the randomness; sample k of a task uses k more.",
    "max_tokens": "Longest answer; one that reaches it is marked as cut off.",
    "stop": "A text that ends an answer; may be given several times.",
}
SAMPLING_TYPES: dict[str, Any] = {
    "temperature": click.FloatRange(0),
    "top_k": click.IntRange(0),
    "top_p": click.FloatRange(0, 1, min_open=True),
    "min_p": click.FloatRange(0, 1),
    "seed": click.IntRange(0, 2**31 - 1),
    "max_tokens": click.IntRange(1),
    "stop": click.STRING,
}


def library_option(command: Command) -> Command:
    """Add `--library DIR`, the library to work in."""
    return click.option(
        "--library",
        "folder",
        type=click.Path(file_okay=False, path_type=Path),
        default=default_library,
        show_default="your data folder, or $ORCA_DESK_LIBRARY",
        help="The library's folder; a new one is made where there is none.",
    )(command)


def json_option(command: Command) -> Command:
    """Add `--json`, for machines: one JSON document on stdout."""
    return click.option("--json", "as_json", is_flag=True, help="Print one JSON document for machines.")(
        command
    )


def task_options(command: Command) -> Command:
    """Add the options that say which tasks: --family, --split, --tag and --text."""
    for option in (
        click.option("--text", help="Only tasks that hold these words."),
        click.option("--tag", help="Only tasks with this tag."),
        click.option("--split", type=click.Choice(["train", "heldout"]), help="Only this split."),
        click.option("--family", help="Only this family."),
    ):
        command = option(command)
    return command


def instruction_options(command: Command) -> Command:
    """Add `--instruction`: the system message that the student sees in place of the strategy's."""
    return click.option(
        "--instruction",
        default="cautious",
        show_default=True,
        metavar="cautious|empty|TEXT",
        help="What replaces the strategy's instruction: the cautious message, nothing, or your own text.",
    )(command)


def model_options(command: Command) -> Command:
    """Add `--model` and `--adapter`, both GGUF files."""
    file = click.Path(exists=True, dir_okay=False, path_type=Path)
    command = click.option("--adapter", type=file, help="A LoRA adapter for it (GGUF).")(command)
    return click.option("--model", required=True, type=file, help="The model's GGUF file.")(command)


def runner_options(command: Command) -> Command:
    """Add how a model is run: --batch, --context and --threads."""
    for option in (
        click.option("--threads", type=click.IntRange(1), help="CPU threads [default: all cores]."),
        click.option("--context", type=click.IntRange(64), help="Tokens a conversation may have."),
        click.option("--batch", type=click.IntRange(1, 255), help="Answers written at once."),
    ):
        command = option(command)
    return command


def sampling_options(command: Command) -> Command:
    """Add one option for each field of `Sampling`; the command gets them as `sampling`."""
    names = [entry.name for entry in fields(Sampling)]

    @functools.wraps(command)
    def collect(**values: Any) -> object:
        chosen = {name: values.pop(name) for name in names}
        return command(sampling=Sampling(**chosen), **values)

    wrapped: Any = collect
    for name in reversed(names):
        default = getattr(Sampling(), name)
        wrapped = click.option(
            f"--{name.replace('_', '-')}",
            name,
            type=SAMPLING_TYPES[name],
            multiple=name == "stop",
            callback=_check_sampling,
            default=default,
            show_default=name != "stop",
            help=SAMPLING_HELP[name],
        )(wrapped)
    return cast(Command, wrapped)


def _check_sampling(_context: click.Context, _option: click.Parameter, value: Any) -> Any:
    """Refuse what a range lets pass: nan and infinity, and an empty text to stop at."""
    if isinstance(value, float) and not math.isfinite(value):
        raise click.BadParameter(f"{value} is not a finite number.")
    if isinstance(value, tuple) and "" in value:
        raise click.BadParameter("an empty text cannot end an answer.")
    return value


def short(text: str, width: int) -> str:
    """Return `text` on one line of at most `width` characters."""
    line = " ".join(text.split())
    return line if len(line) <= width else line[: width - 1] + "…"


def examples(*lines: str) -> str:
    """Return a help epilog that shows `lines` as they would be typed."""
    return "\b\nExamples:\n" + "\n".join(f"  {line}" for line in lines)


def open_library(folder: Path, *, create: bool = True) -> Library:
    """Open the library in `folder` (`with open_library(folder) as library:`); make it where there is none.

    Raises UserError where there is none and `create` is False.
    """
    return Library.open(folder, create=create)
