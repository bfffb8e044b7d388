"""`orca-desk chats`: the chats that the library holds."""

from pathlib import Path

import click

from orca_desk.cli.options import (
    examples,
    existing_library_option,
    json_option,
    open_library,
    overwrite_option,
    require_new,
)
from orca_desk.cli.output import print_json, say, table
from orca_desk.counting import counted
from orca_desk.library.chats import branch_chat, columns, list_chats
from orca_desk.steps.chat.export import FORMATS, ChatFormat, export_chat


@click.group(
    "chats",
    epilog=examples(
        "orca-desk chats list",
        "orca-desk chats list --text train",
        "orca-desk chats export chat-3 chat.md",
        "orca-desk chats export chat-3 chat.html",
        "orca-desk chats branch chat-3 --after 2",
    ),
)
def command() -> None:
    """List, branch and export stored chats. To chat, see `orca-desk chat`."""


@command.command("list")
@click.option("--text", default="", help="Only chats with this text in the title or in any turn.")
@existing_library_option
@json_option
def list_command(text: str, folder: Path, as_json: bool) -> None:
    """List the chats, the newest first."""
    with open_library(folder, create=False) as library:
        found = [(chat, columns(library, chat.id)) for chat in list_chats(library, text)]
    if as_json:
        print_json(
            [
                {
                    "id": chat.id,
                    "title": chat.title,
                    "created_at": chat.created_at,
                    "models": [one.model.name for one in beside],
                }
                for chat, beside in found
            ]
        )
        return
    heads = {"Chat": "left", "Begun": "left", "Models": "left", "Title": "left"}
    rows = [
        [chat.id, chat.created_at[:16], ", ".join(one.model.name for one in beside), chat.title]
        for chat, beside in found
    ]
    table("Chats", heads, rows)


@command.command("export")
@click.argument("chat")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "--format", "wanted", type=click.Choice(FORMATS), help="The format. By default, FILE's ending decides."
)
@overwrite_option
@existing_library_option
@json_option
def export(
    chat: str, file: Path, wanted: ChatFormat | None, overwrite: bool, folder: Path, as_json: bool
) -> None:
    """Write a chat with the answers of all columns as Markdown, a web page or JSON."""
    require_new(file, overwrite=overwrite)
    with open_library(folder, create=False) as library:
        turns = export_chat(library, chat, file, wanted)
    if as_json:
        print_json({"chat": chat, "turns": turns, "file": str(file)})
    else:
        say(f"{counted(turns, 'turn')} saved to {file}.")


@command.command("branch")
@click.argument("chat")
@click.option(
    "--after",
    type=click.IntRange(1),
    required=True,
    metavar="N",
    help="The last question that the copy has, counted from 1, with its answers.",
)
@existing_library_option
@json_option
def branch(chat: str, after: int, folder: Path, as_json: bool) -> None:
    """Copy a chat up to a question's answers, to continue from there in another way."""
    with open_library(folder, create=False) as library:
        made = branch_chat(library, chat, after - 1)
    if as_json:
        print_json({"chat": chat, "branch": made})
    else:
        say(f"{made} is a copy of {chat} up to question {after}.")
