"""The handbook: the chapters of docs/handbook, shown in the app and in the terminal, and built as a site."""

import functools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from orca_desk.paths import handbook

INDEX, GLOSSARY = "index", "glossary"  # the chapters that name all others, and that explain the terms
_LINK = re.compile(r"\[([^\]]+)\]\(([\w-]+)\.md(?:#[\w-]+)?\)")
_HEADING = re.compile(r"^(#{1,6}) +(.+?) *$")
_MARKS = re.compile(r"[*`_]|\[([^\]]*)\]\([^)]*\)")


@dataclass(frozen=True)
class Chapter:
    """A chapter: its file's name without ".md", its title, and its whole text as Markdown."""

    name: str
    title: str
    text: str


@dataclass(frozen=True)
class Section:
    """A part of a chapter under one heading; `heading` is the chapter's title for what comes first."""

    chapter: Chapter
    heading: str
    text: str


@functools.cache
def chapters() -> tuple[Chapter, ...]:
    """Return all chapters in the order in which the first one, the index, names them."""
    index = (handbook() / f"{INDEX}.md").read_text(encoding="utf-8")
    names = dict.fromkeys([INDEX, *(match[2] for match in _LINK.finditer(index))])
    return tuple(map(_chapter, names))


def chapter(name: str) -> Chapter | None:
    """Return the chapter of this name, or None."""
    return next((one for one in chapters() if one.name == name), None)


@functools.cache
def glossary() -> Mapping[str, str]:
    """Return what each term means, by the term in lower case: the first paragraph below its heading."""
    meanings = {
        one.heading.lower(): plain_text(one.text.strip().split("\n\n", 1)[0])
        for one in sections(_chapter(GLOSSARY))[1:]
    }
    return MappingProxyType(meanings)


def sections(of: Chapter) -> tuple[Section, ...]:
    """Return the parts of a chapter in their order."""
    heading, lines, found = of.title, list[str](), list[Section]()
    for line, is_code in _lines(of.text):
        if not is_code and (match := _HEADING.match(line)):
            found.append(Section(of, heading, "\n".join(lines)))
            heading, lines = plain_text(match[2]), []
        else:
            lines.append(line)
    return (*found[1:], Section(of, heading, "\n".join(lines)))


def search(text: str) -> list[Section]:
    """Return the sections that contain every word of `text`, those with the words in their heading first."""
    typed = " ".join(text.casefold().split())
    words = typed.split()
    if not words:
        return []
    scored = []
    for section in (part for one in chapters() for part in sections(one)):
        heading, body = section.heading.casefold(), plain_text(section.text).casefold()
        title = section.chapter.title.casefold()
        if all(word in heading or word in body or word in title for word in words):
            in_heading = sum(word in heading for word in words) + (typed == heading)
            scored.append((in_heading, sum(body.count(word) for word in words), section))
    scored.sort(key=lambda one: (-one[0], -one[1]))
    return [section for _, _, section in scored]


def slug(heading: str) -> str:
    """Return the anchor of a heading in links, as the site makes it: "What a leak is" is "what-a-leak-is"."""
    return re.sub(r"[-\s]+", "-", re.sub(r"[^\w\s-]", "", heading).strip().lower())


def plain_text(markdown: str) -> str:
    """Return the words of a paragraph without its marks, on one line."""
    return " ".join(_MARKS.sub(lambda match: match[1] or "", markdown).split())


def _chapter(name: str) -> Chapter:
    text = (handbook() / f"{name}.md").read_text(encoding="utf-8")
    return Chapter(name, plain_text(text.split("\n", 1)[0].lstrip("# ")), text)


def _lines(text: str) -> Iterator[tuple[str, bool]]:
    """Yield each line, and whether it is code."""
    for line in text.split("\n"):
        yield line, line.startswith("    ")
