"""Documents as paragraphs and headings: plain text, Markdown, web pages, PDF and Word files."""

from collections.abc import Callable, Iterator
from pathlib import Path

from orca_desk.errors import UserError
from orca_desk.formats.documents import html, markdown, pdf, plain, word
from orca_desk.method.passages import Block

MAX_BYTES = 200_000_000
READERS: dict[str, Callable[[Path], Iterator[Block]]] = {
    ".txt": plain.blocks,
    ".text": plain.blocks,
    ".md": markdown.blocks,
    ".markdown": markdown.blocks,
    ".html": html.blocks,
    ".htm": html.blocks,
    ".xhtml": html.blocks,
    ".pdf": pdf.blocks,
    ".docx": word.blocks,
}


def read_document(path: Path) -> Iterator[Block]:
    """Yield the headings and paragraphs of a document, whose type its file extension says.

    Raises UserError for a file that is missing, too large, damaged, locked by a password, or of another kind.
    """
    reader = READERS.get(path.suffix.casefold())
    if reader is None:
        raise UserError(
            f"{path} is not a document that Orca Desk can read.",
            "Save it as text, Markdown, HTML, PDF or Word (.docx).",
        )
    try:
        size = path.stat().st_size
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}.", "Check its name.") from error
    if size > MAX_BYTES:
        raise UserError(
            f"{path} has {size / 1e6:,.0f} MB; the limit for a document is {MAX_BYTES / 1e6:,.0f} MB.",
            "Split it, or save its text alone.",
        )
    yield from reader(path)


def find_documents(places: list[Path]) -> list[Path]:
    """Return the documents among these files and in these folders, each once, in the order of their names.

    Hidden files and folders are skipped; a file that is named itself is kept, whatever it is.
    """
    found: dict[Path, None] = {}
    for place in places:
        if not place.is_dir():
            found[place] = None
            continue
        inside = (
            one
            for one in place.rglob("*")
            if one.suffix.casefold() in READERS
            and one.is_file()
            and not any(part.startswith(".") for part in one.relative_to(place).parts)
        )
        found |= dict.fromkeys(sorted(inside))
    return list(found)
