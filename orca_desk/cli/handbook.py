"""The command `orca-desk handbook`: the handbook's chapters, and a search in all of them."""

import click
from rich.markdown import Markdown

from orca_desk.cli.options import examples, json_option
from orca_desk.cli.output import console, print_json, say
from orca_desk.errors import UserError
from orca_desk.handbook import chapter, chapters, search


@click.command(
    epilog=examples(
        "orca-desk handbook                     list the chapters",
        "orca-desk handbook training            read one",
        'orca-desk handbook --search "held out"',
    )
)
@click.argument("name", metavar="[CHAPTER]", default="")
@click.option("--search", "words", metavar="WORDS", default="", help="Find sections with all these words.")
@json_option
def command(name: str, words: str, as_json: bool) -> None:
    """Read the handbook: CHAPTER, or the list of all chapters."""
    if words:
        _print_found(words, as_json=as_json)
    elif name:
        _print_chapter(name, as_json=as_json)
    elif as_json:
        print_json([{"name": one.name, "title": one.title} for one in chapters()])
    else:
        for one in chapters():
            say(f"{one.name:<22}{one.title}")


def _print_found(words: str, *, as_json: bool) -> None:
    found = search(words)
    if as_json:
        print_json(
            [{"chapter": one.chapter.name, "heading": one.heading, "text": one.text.strip()} for one in found]
        )
    elif not found:
        raise UserError(f"No section has all of these words: {words}", "Try fewer or other words.")
    else:
        for one in found:
            say(f"{one.chapter.name:<22}{one.heading}")


def _print_chapter(name: str, *, as_json: bool) -> None:
    found = chapter(name.lower())
    if found is None:
        raise UserError(f"The handbook has no chapter {name}.", "orca-desk handbook lists all chapters.")
    if as_json:
        print_json({"name": found.name, "title": found.title, "text": found.text})
    else:
        console.print(Markdown(found.text, hyperlinks=False))
