"""Options that several commands share."""

import functools
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any, TypeVar, cast

import click

from orca_desk.library.database import Library
from orca_desk.method.records import Sampling, sampling_problem
from orca_desk.paths import default_library

Command = TypeVar("Command", bound=Callable[..., object])


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
    entries = fields(Sampling)

    @functools.wraps(command)
    def collect(**values: Any) -> object:
        chosen = {entry.name: values.pop(entry.name) for entry in entries}
        return command(sampling=Sampling(**chosen), **values)

    wrapped: Any = collect
    for entry in reversed(entries):
        is_many = entry.name == "stop"
        wrapped = click.option(
            f"--{entry.name.replace('_', '-')}",
            entry.name,
            type=click.STRING if is_many else type(entry.default),
            multiple=is_many,
            callback=_check_sampling,
            default=entry.default,
            show_default=not is_many,
            help=entry.metadata["help"],
        )(wrapped)
    return cast(Command, wrapped)


def _check_sampling(_context: click.Context, option: click.Parameter, value: Any) -> Any:
    assert option.name
    if problem := sampling_problem(option.name, value):
        raise click.BadParameter(f"{problem}.")
    return value


def examples(*lines: str) -> str:
    """Return a help epilog that shows `lines` as they would be typed."""
    return "\b\nExamples:\n" + "\n".join(f"  {line}" for line in lines)


def open_library(folder: Path, *, create: bool = True) -> Library:
    """Open the library in `folder` (`with open_library(folder) as library:`); make it where there is none.

    Raises UserError where there is none and `create` is False.
    """
    return Library.open(folder, create=create)
