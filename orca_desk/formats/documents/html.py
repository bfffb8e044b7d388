"""Web pages: what a reader sees of them, without menus, scripts and forms. Nothing is loaded or run."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from orca_desk.method.passages import Block

if TYPE_CHECKING:
    from bs4 import Tag

UNSEEN = (
    "script", "style", "noscript", "template", "nav", "header", "footer", "aside", "form", "button",
    "select", "iframe", "svg", "head",
)  # fmt: skip
_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
_TEXTS = ("p", "li", "dt", "dd", "blockquote", "pre", "tr", "td", "th", "figcaption", "div", "section",
          "article", "main", "body")  # fmt: skip


def blocks(path: Path) -> Iterator[Block]:
    """Yield the headings and paragraphs of the main part of a page, or of all of it."""
    from bs4 import BeautifulSoup, Tag

    # lxml's parser keeps no page from being read, however deep its tags are nested
    page = BeautifulSoup(path.read_bytes(), "lxml")
    title = page.title.get_text(" ", strip=True) if page.title else ""
    for tag in page.find_all(UNSEEN):
        if not (tag.name == "header" and tag.find_parent("article")):
            tag.decompose()
    if title and page.find("h1") is None:
        yield Block(text=title, level=1)
    body = page.find("main") or page.find("article") or page.body
    if isinstance(body, Tag):
        yield from _blocks(body)


def _blocks(body: "Tag") -> Iterator[Block]:
    """Yield the innermost blocks: text that stands between blocks is a paragraph of its own."""
    from bs4 import Tag
    from bs4.element import NavigableString, PreformattedString

    loose: list[str] = []

    def flush() -> Iterator[Block]:
        text = " ".join("".join(loose).split())
        loose.clear()
        if text:
            yield Block(text=text)

    place: list[Iterator[object]] = [iter(list(body.children))]
    while place:
        child = next(place[-1], None)
        if child is None:
            place.pop()
            yield from flush()
        elif isinstance(child, PreformattedString):
            continue  # comments and declarations
        elif isinstance(child, NavigableString):
            loose.append(str(child))
        elif isinstance(child, Tag):
            if child.name in _HEADINGS:
                yield from flush()
                if heading := child.get_text(" ", strip=True):
                    yield Block(text=heading, level=int(child.name[1]))
            elif child.name == "pre":
                yield from flush()
                if child.get_text().strip():
                    yield Block(text=child.get_text().strip("\n"))
            elif child.name == "tr":
                yield from flush()
                cells = [cell.get_text(" ", strip=True) for cell in child.find_all(("td", "th"))]
                if any(cells):
                    yield Block(text=" | ".join(cells))
            elif child.name == "br":
                loose.append(" ")
            elif child.name in _TEXTS or child.find((*_HEADINGS, *_TEXTS)):
                yield from flush()
                place.append(iter(list(child.children)))
            else:
                loose.append(child.get_text())
