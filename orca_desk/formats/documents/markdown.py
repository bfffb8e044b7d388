"""Markdown, parsed as CommonMark with tables."""

from collections.abc import Iterator
from pathlib import Path

from orca_desk.formats.documents.plain import text_of
from orca_desk.method.passages import Block

_LEAVES = ("fence", "code_block")


def blocks(path: Path) -> Iterator[Block]:
    """Yield headings, paragraphs, list items, table rows and code. Raises UserError as `text_of` does."""
    from markdown_it import MarkdownIt

    level = 0
    row: list[str] | None = None
    for token in MarkdownIt("commonmark").enable("table").parse(_body(text_of(path))):
        match token.type:
            case "heading_open":
                level = int(token.tag[1])
            case "heading_close":
                level = 0
            case "tr_open":
                row = []
            case "tr_close":
                yield Block(text=" | ".join(row or []))
                row = None
            case "inline":
                text = "".join(_plain(child.type, child.content) for child in token.children or []).strip()
                if row is not None:
                    row.append(text)
                elif text:
                    yield Block(text=text, level=level)
            case kind if kind in _LEAVES and token.content.strip():
                yield Block(text=token.content.rstrip())


def _body(text: str) -> str:
    """Return the text without front matter: YAML between two lines of dashes."""
    if text.startswith("---\n") and (end := text.find("\n---\n", 4)) >= 0:
        return text[end + 5 :]
    return text


def _plain(kind: str, content: str) -> str:
    return " " if kind in ("softbreak", "hardbreak") else content if kind in ("text", "code_inline") else ""
