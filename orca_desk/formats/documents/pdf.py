"""PDF files, page by page. A page that is a picture has no text; nothing is read out of pictures."""

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from orca_desk.errors import UserError
from orca_desk.formats.documents.plain import joined, paragraphs
from orca_desk.method.passages import Block

MAX_PAGES = 5_000
_EDGE = 2  # first and last lines of a page that may repeat on others
_REPEATED = 0.5  # of the pages: such a line is a running title
_ENDS = re.compile(r"[.!?…:;\"”’)\]。！？]\s*\Z")


def blocks(path: Path) -> Iterator[Block]:
    """Yield the paragraphs with their pages. Raises UserError if it is damaged, locked, or mere pictures."""
    from pypdf import PdfReader
    from pypdf.errors import PyPdfError

    try:
        reader = PdfReader(path)
        if reader.is_encrypted and not reader.decrypt(""):
            raise UserError(f"{path} is password-protected.", "Save it without a password.")
        if len(reader.pages) > MAX_PAGES:
            raise UserError(f"{path} has more than {MAX_PAGES:,} pages.", "Split it.")
        pages = [page.extract_text() for page in reader.pages]
    except UserError:
        raise
    except (PyPdfError, ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError) as error:
        reason = str(error) or type(error).__name__
        raise UserError(f"{path} is damaged: {reason}.", "Open it in a viewer and save it again.") from error
    if not any(text.strip() for text in pages):
        raise UserError(
            f"{path} has no text: its pages are pictures.", "Run text recognition (OCR) on it first."
        )
    yield from _paragraphs(pages)


def _paragraphs(pages: list[str]) -> Iterator[Block]:
    """Yield paragraphs; one that continues at the top of the next page is one, on the page where it began."""
    titles = _running_titles(pages)
    open_text, open_page = "", 1
    for number, text in enumerate(pages, 1):
        kept = "\n".join(line for line in text.splitlines() if _bare(line) not in titles)
        for place, paragraph in enumerate(map(joined, paragraphs(kept))):
            if place == 0 and open_text and not _ENDS.search(open_text) and paragraph[:1].islower():
                open_text = joined(f"{open_text}\n{paragraph}")
                continue
            if open_text:
                yield Block(text=open_text, page=open_page)
            open_text, open_page = paragraph, number
    if open_text:
        yield Block(text=open_text, page=open_page)


def _running_titles(pages: list[str]) -> set[str]:
    """Return the lines at the edges of most pages, numbers aside: titles, and the numbers of pages."""
    seen: Counter[str] = Counter()
    for text in pages:
        lines = [line for line in text.splitlines() if line.strip()]
        seen.update({_bare(line) for line in (*lines[:_EDGE], *lines[-_EDGE:])})
    least = max(3, _REPEATED * len(pages))
    return {line for line, count in seen.items() if count >= least}


def _bare(line: str) -> str:
    return re.sub(r"\d+", "#", " ".join(line.split()))
