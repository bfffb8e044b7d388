"""Options that several commands share."""

import functools
import os
import re
from collections.abc import Callable
from dataclasses import fields
from math import isfinite
from pathlib import Path
from typing import Any, TypeVar, cast

import click

from orca_desk.cli.output import complain
from orca_desk.errors import UserError
from orca_desk.library.database import Library
from orca_desk.library.samples import add_samples, is_untouched
from orca_desk.machine.choice import DEVICE_VARIABLE, device_name
from orca_desk.method.checkers import CHOICES
from orca_desk.method.erasure import student_instruction
from orca_desk.method.records import Sampling, sampling_problem
from orca_desk.paths import default_library
from orca_desk.ui.words.answer_steps import CHECKER_HELP
from orca_desk.ui.words.library import NEW_WITH_SAMPLES, WITHOUT_LOCKS, WITHOUT_LOCKS_HINT

MINUS_SEARCH = re.compile(r"""-(?:[^\W\d_]{2}|")""")
Command = TypeVar("Command", bound=Callable[..., object])


class NumberRange(click.FloatRange):
    """A number in a range: click's own takes "nan" for one in any range, since no comparison refuses it."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the number. Fails for anything else, and for infinity."""
        number = super().convert(value, param, ctx)
        if not isfinite(number):
            self.fail(f"{value!r} is not a finite number.", param, ctx)
        return number


class SearchCommand(click.Command):
    """A command with a search as its argument, which may begin with a minus, as in -tag:draft.

    So nothing but -h is a short option of it.
    """

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Take what has one minus before more than one letter for the search, not for options."""
        end = args.index("--") if "--" in args else len(args)
        given, rest = args[:end], args[end + 1 :]
        searches = [each for each in given if MINUS_SEARCH.match(each)]
        options = [each for each in given if not MINUS_SEARCH.match(each)]
        return super().parse_args(ctx, [*options, "--", *searches, *rest] if searches else args)


def _folder_option(help_text: str) -> Callable[[Command], Command]:
    return click.option(
        "--library",
        "folder",
        type=click.Path(file_okay=False, path_type=Path),
        default=default_library,
        show_default="your data folder, or $ORCA_DESK_LIBRARY",
        help=help_text,
    )


def library_option(command: Command) -> Command:
    """Add `--library DIR`, the folder of the library."""
    return _folder_option("The library's folder. It is created if it does not exist.")(command)


def existing_library_option(command: Command) -> Command:
    """Add `--library DIR` to a command that does not create a library."""
    return _folder_option("The library's folder.")(command)


def json_option(command: Command) -> Command:
    """Add `--json`, which prints one JSON document on stdout."""
    return click.option("--json", "as_json", is_flag=True, help="Print machine-readable JSON.")(command)


def overwrite_option(command: Command) -> Command:
    """Add `--overwrite` to a command that writes a file; see `require_new`."""
    return click.option("--overwrite", is_flag=True, help="Replace FILE if it exists.")(command)


def require_new(path: Path, *, overwrite: bool) -> None:
    """Raise UserError for a file that is there, unless the user asked to overwrite it."""
    if path.is_file() and not overwrite:
        raise UserError(f"{path} already exists.", "Add --overwrite to replace it, or name another file.")


def task_options(command: Command) -> Command:
    """Add the options that select tasks: --family, --split, --tag and --text."""
    for option in (
        click.option("--text", help="Only tasks that this search finds; see: orca-desk find --fields."),
        click.option("--tag", help="Only tasks with this tag."),
        click.option("--split", type=click.Choice(["train", "heldout"]), help="Only tasks of this split."),
        click.option("--family", help="Only tasks of this family."),
    ):
        command = option(command)
    return command


def import_options(command: Command) -> Command:
    """Add the options of every import: how the file is read, where refused rows go, and --dry-run."""
    for option in (
        click.option("--dry-run", is_flag=True, help="Report what the import would do, and store nothing."),
        click.option(
            "--refused",
            type=click.Path(dir_okay=False, path_type=Path),
            metavar="FILE",
            help="Write the refused rows to FILE, to correct and import them.",
        ),
        click.option(
            "--list",
            "rows_in",
            default="",
            metavar="NAME",
            help="Where the rows are, if there are several places: a list of a JSON document, a sheet, a"
            " table, a configuration of a data set, or FILE::LIST in a folder; * for all.",
        ),
        click.option(
            "--header/--no-header",
            default=None,
            help="Whether the first row of a table names its columns. Detected by default.",
        ),
        click.option(
            "--encoding",
            metavar="NAME",
            help="Encoding of the file, such as cp1252. Detected by default.",
        ),
    ):
        command = option(command)
    return command


def checker_option(command: Command) -> Command:
    """Add `--checker`, which says how the steps of answers are checked."""
    kinds = " ".join(f"{name}: {text}" for name, text in CHECKER_HELP.items())
    option = click.option("--checker", type=click.Choice(CHOICES), help=f"How to check the steps. {kinds}")
    return option(command)


def field_mapping(pairs: tuple[str, ...]) -> dict[str, str] | None:
    """Return FIELD=COLUMN pairs as a dictionary, or None if there are none."""
    split = [pair.partition("=") for pair in pairs]
    if bad := next((pair for pair, (_, sign, _) in zip(pairs, split, strict=True) if not sign), None):
        raise click.UsageError(f"--map needs FIELD=COLUMN, such as --map query=Question, not {bad!r}.")
    return {field.strip(): column.strip() for field, _, column in split} or None


def instruction_options(command: Command) -> Command:
    """Add `--instruction`, the system message that replaces the strategy's for the student."""
    return click.option(
        "--instruction",
        default="cautious",
        show_default=True,
        metavar="cautious|empty|TEXT",
        help="What replaces the strategy's instruction: the cautious message, no message, or your own text.",
    )(command)


def student_message(option: str) -> str:
    """Return the message that `--instruction` selects: the cautious one, none, or the user's own text."""
    return (
        student_instruction(option) if option in ("cautious", "empty") else student_instruction("own", option)
    )


def model_options(command: Command, *, required: bool = True) -> Command:
    """Add `--model` and `--adapter`, both GGUF files.

    A command with subcommands of its own is not `required` to have a model: see `require_model`.
    """
    file = click.Path(exists=True, dir_okay=False, path_type=Path)
    command = click.option("--adapter", type=file, help="A LoRA adapter for the model (GGUF file).")(command)
    return click.option("--model", required=required, type=file, help="The model's GGUF file.")(command)


def require_model(model: Path | None) -> Path:
    """Return the model, once no subcommand is called. Raises click.UsageError without one."""
    if model is None:
        raise click.UsageError("Missing option '--model'.", click.get_current_context())
    return model


def runner_options(command: Command) -> Command:
    """Add --batch, --context, --threads and --device, which control how a model runs."""
    for option in (
        device_option,
        click.option("--threads", type=click.IntRange(1), help="CPU threads [default: all cores]."),
        click.option("--context", type=click.IntRange(64), help="Size of the context window, in tokens."),
        click.option("--batch", type=click.IntRange(1, 255), help="Answers generated in parallel."),
    ):
        command = option(command)
    return command


def device_option(command: Command) -> Command:
    """Add `--device`, which holds for the workers of this process; the command itself does not receive it."""
    return click.option(
        "--device",
        metavar="auto|cpu|NAME",
        expose_value=False,
        callback=_choose_device,
        help="Where models run, such as cuda:0 (`orca-desk machine` lists what there is) [default: as in"
        f" Settings, or ${DEVICE_VARIABLE}].",
    )(command)


def _choose_device(context: click.Context, _option: click.Parameter, value: str | None) -> None:
    """Hand the choice to this command's workers, which inherit the environment."""
    if value is None:
        return
    before = os.environ.get(DEVICE_VARIABLE)
    os.environ[DEVICE_VARIABLE] = device_name(value, "--device")

    def restore() -> None:
        os.environ.pop(DEVICE_VARIABLE)
        if before is not None:
            os.environ[DEVICE_VARIABLE] = before

    context.call_on_close(restore)


def sampling_options(command: Command) -> Command:
    """Add one option per field of `Sampling`; the command receives them as `sampling`."""
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
    """Return a help epilog that shows `lines` as example commands."""
    return "\b\nExamples:\n" + "\n".join(f"  {line}" for line in lines)


def open_library(folder: Path, *, create: bool = True, needs_tasks: bool = False) -> Library:
    """Open the library in `folder`, for use in a `with` statement.

    A missing library is created, or raises UserError if `create` is False. A command that `needs_tasks`, of
    any family, could do nothing with a new one: it gets the sample tasks then, which is said on stderr, as is
    why a library can only be read.
    """
    library = Library.open(folder, create=create)
    if library.problem is not None:
        complain(str(library.problem), style="yellow")
    if needs_tasks and is_untouched(library):
        add_samples(library)
        complain(NEW_WITH_SAMPLES, style="dim")
    if library.brought_back:
        from orca_desk.ui.words.tidying import brought_back_text  # seldom needed, and slow to import

        complain(brought_back_text(library.brought_back), style="yellow")
    if library.is_locked_weakly:
        complain(f"{WITHOUT_LOCKS} {WITHOUT_LOCKS_HINT}", style="yellow")
    return library
