"""Passages: a document cut into pieces that a question can be asked about.

A passage stays under one heading, and ends at the end of a paragraph, or of a sentence where a paragraph is
too long by itself. No sentence is cut: one that is longer than a passage is a passage of its own.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

MOST_WORDS = 220
LEAST_WORDS = 30  # fewer say too little to be asked about
_WIDE = re.compile(r"[\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]")  # scripts without spaces


@dataclass(frozen=True, kw_only=True)
class Block:
    """A paragraph of a document, or a heading of `level` 1 and more. `page` is from 1, where it has pages."""

    text: str
    level: int = 0
    page: int | None = None


@dataclass(frozen=True, kw_only=True)
class Passage:
    """A piece of a document: its text, the headings that it stands under, and the page that it begins on."""

    text: str
    heading: str = ""
    page: int | None = None

    @property
    def words(self) -> int:
        """The length."""
        return count_words(self.text)


def count_words(text: str) -> int:
    """Return the number of words; in scripts without spaces two signs count as one."""
    wide = len(_WIDE.findall(text))
    return len(_WIDE.sub(" ", text).split()) + (wide + 1) // 2


def sentences(text: str, language: str = "en") -> list[str]:
    """Return the sentences of a paragraph in a language (ISO 639-1), in order; only white space is lost."""
    from sentencex import segment

    return [one.strip() for one in segment(language, text) if one.strip()]


def cut(
    blocks: Iterable[Block],
    *,
    most_words: int = MOST_WORDS,
    least_words: int = LEAST_WORDS,
    language: str = "en",
) -> Iterator[Passage]:
    """Yield the passages of a document, in order, each of at least `least_words`.

    A passage is longer than `most_words` only if one sentence is. What is left at the end of a section, and
    too short, joins the passage before it if both fit, and is dropped otherwise.
    """
    headings: list[tuple[int, str]] = []
    section: list[Block] = []
    for block in blocks:
        if not block.level:
            section.append(block)
            continue
        yield from _passages(section, headings, most_words, least_words, language)
        section = []
        headings = [one for one in headings if one[0] < block.level]
        headings.append((block.level, " ".join(block.text.split())))
    yield from _passages(section, headings, most_words, least_words, language)


def _passages(
    section: list[Block], headings: list[tuple[int, str]], most: int, least: int, language: str
) -> Iterator[Passage]:
    heading = " > ".join(text for _, text in headings)
    whole: list[Passage] = []
    for piece in _pieces(section, most, language):
        last = whole[-1] if whole else None
        if last and last.words + piece.words <= most:
            whole[-1] = replace(last, text=f"{last.text}\n\n{piece.text}")
        else:
            whole.append(replace(piece, heading=heading))
    yield from (one for one in whole if one.words >= least)


def _pieces(section: list[Block], most: int, language: str) -> Iterator[Passage]:
    """Yield the paragraphs, those that are too long in parts of whole sentences."""
    for block in section:
        text = block.text.strip()
        if count_words(text) <= most:
            yield Passage(text=text, page=block.page)
            continue
        part: list[str] = []
        length = 0
        for sentence in sentences(text, language):
            words = count_words(sentence)
            if part and length + words > most:
                yield Passage(text=" ".join(part), page=block.page)
                part, length = [], 0
            part.append(sentence)
            length += words
        yield Passage(text=" ".join(part), page=block.page)
