"""The commands, `orca-desk COMMAND`, which call the same functions as the desktop.

Exit codes: 0 success, 1 failed or stopped, 2 incorrect usage.
"""

import importlib
import io
import os
import sys

import click

from orca_desk import __version__
from orca_desk.cli.output import complain, errors
from orca_desk.display import has_display
from orca_desk.errors import UserError, explain_os_error
from orca_desk.paths import default_library

COMMANDS = (
    "desktop",
    "demo",
    "library",
    "tidy",
    "tasks",
    "find",
    "strategies",
    "generate",
    "records",
    "train",
    "evaluate",
    "experiment",
    "export",
    "chat",
    "chats",
    "serve",
    "models",
    "grade",
    "machine",
    "handbook",
    "self-test",
)


class Commands(click.Group):
    """The commands. Each module is imported only when its command runs, which keeps `--help` fast."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """List the commands in the order of the method."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import `cli/NAME.py` and return its `command`."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(
            f"orca_desk.cli.{cmd_name.replace('-', '_')}"
        ).command
        return command


@click.group(
    cls=Commands, invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]}
)
@click.version_option(__version__, prog_name="orca-desk")
@click.pass_context
def commands(ctx: click.Context) -> None:
    """Teach a small language model to reason, on this machine, with the Orca 2 method.

    \b
    Start here:
      orca-desk                               open the desktop
      orca-desk demo                          run the whole method on the bundled models
      orca-desk tasks import my-tasks.jsonl   import your own tasks
      orca-desk COMMAND --help                show examples for a command
    """
    if ctx.invoked_subcommand is None:
        if has_display():
            ctx.invoke(importlib.import_module("orca_desk.cli.desktop").command, folder=default_library())
        else:
            click.echo(ctx.get_help())


def main() -> None:
    """Run the command line. A known error prints one sentence and a remedy, and exits with 1."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        # A pipe's encoding may lack a task's characters; like stderr, stdout then writes \\u escapes.
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        code = commands.main(standalone_mode=False)
    except click.Abort:
        errors.print("Stopped.")
        code = 1
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except UserError as error:
        code = _print_error(error)
    except UnicodeEncodeError as error:
        name = _name_outside_unicode(error)
        if not name:
            raise
        code = _print_error(
            UserError(f"The name {name} is not valid UTF-8.", "Rename the file or the folder.")
        )
    except OSError as error:
        known = explain_os_error(error)
        if known is None and error.filename is None:
            raise
        code = _print_error(known or UserError(f"{error.filename}: {error.strerror}.", "Check the path."))
    sys.exit(code if isinstance(code, int) else 0)


def _name_outside_unicode(error: UnicodeEncodeError) -> str:
    """Return the name of a file that no text can hold, as in "caf\\xe9.csv"; "" for any other error."""
    text = error.object
    if not "\udc80" <= text[error.start] <= "\udcff":  # a byte, as Python reads names that are not UTF-8
        return ""
    start = max(text.rfind(sign, 0, error.start) for sign in '/"') + 1
    ends = [end for sign in '/"' if (end := text.find(sign, error.start)) >= 0]
    return os.fsencode(text[start : min(ends, default=len(text))]).decode("utf-8", "backslashreplace")


def _print_error(error: UserError) -> int:
    """Print the error and its remedy, and return the exit code."""
    complain(f"Error: {error.message}")
    if error.hint:
        complain(error.hint, style="")
    return 1
