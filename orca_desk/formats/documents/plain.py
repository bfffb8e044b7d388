"""Plain text: blank lines separate the paragraphs."""

import re
from collections.abc import Iterator
from pathlib import Path

from orca_desk.errors import UserError
from orca_desk.formats.encoding import find_encoding
from orca_desk.formats.text import read_lines
from orca_desk.method.passages import Block

_HYPHEN = re.compile(r"(?<=[^\W\d_])-\n(?=[a-z])")


def blocks(path: Path) -> Iterator[Block]:
    """Yield the paragraphs. Raises UserError for a file that is not text."""
    yield from (Block(text=joined(one)) for one in paragraphs(text_of(path)))


def text_of(path: Path) -> str:
    """Return the text of a file in whatever encoding it has. Raises UserError if it is not text."""
    with path.open("rb") as stream:
        try:
            encoding = find_encoding(stream, name=str(path))
        except UserError as error:  # its advice is for tables of tasks
            raise UserError(error.message, "Save its text as UTF-8.") from error
        return "".join(line.text for line in read_lines(stream, encoding, name=str(path)))


def paragraphs(text: str) -> Iterator[str]:
    """Yield what stands between blank lines."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    yield from (one for one in re.split(r"\n[ \t]*\n\s*|\f", lines) if one.strip())


def joined(paragraph: str) -> str:
    """Return a paragraph on one line; a word that was hyphenated at a line end is whole again."""
    return " ".join(_HYPHEN.sub("", paragraph.strip()).split())
