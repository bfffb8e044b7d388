"""Answers that are a sequence: "red, green, blue", "red > green > blue", a numbered list, one item a line."""

import re
from dataclasses import dataclass
from typing import NamedTuple

from orca_desk.method.grading.answers import FinalAnswer, bare_reference
from orca_desk.method.grading.clauses import first_sentence, without_offers
from orca_desk.method.grading.finding import Finding, correct, incorrect
from orca_desk.method.grading.folding import normalise
from orca_desk.method.grading.reasons import Why, pair, reason
from orca_desk.method.grading.text import same_meaning

_MORE = re.compile(r"(?<![<=-])(?:>=?|≥|≻)")
_LESS = re.compile(r"<=?(?![=-])|≤|≺")
_FORWARD = re.compile(r"->|=>|→|⇒|⟶|➜|➔")
_BACKWARD = re.compile(r"<-|←|⇐")
_DASHES = re.compile(r"\s[-–—]\s")
_COMMA = re.compile(r",(?!\d{3}(?!\d))|,(?=\s)|[،、，]")
# From strong to weak.
_SEPARATORS = (
    re.compile(r"\n"),
    _FORWARD,
    _BACKWARD,
    _MORE,
    _LESS,
    re.compile(r"[;；]"),
    _COMMA,
    re.compile(r"\bthen\b", re.IGNORECASE),
    re.compile(r"\band\b", re.IGNORECASE),
    _DASHES,
)
_LEAD = re.compile(
    r"\A[\s\"'(\[]*(?:(?:[-*•]|\(?\d{1,3}[.):])\s+)?"
    r"(?:(?:and|&|first(?:ly)?|second(?:ly)?|third(?:ly)?|next|then|after that|finally|last(?:ly)?|at last"
    r"|followed by|comes?|is|:)\b[\s,:]*){0,4}",
    re.IGNORECASE,
)
_NUMBERED = re.compile(r"\s{0,3}(?:\A|(?<=[\s,;]))\(?\d{1,3}[.)]\s{1,3}")
_CODE_OR_MATHS = re.compile(r"\b[a-zA-Z]\b|\d|[()\[\]{}=|^]")  # "x > 3", "a<b>c"
_SENTENCES = re.compile(r"[^\W\d]\. ")
_LEAD_IN = re.compile(r":|\b(?:is|are|be)\b")
_LONGEST = 20_000


class Sequence(NamedTuple):
    """The items of a sequence as it is written, and which way it runs.

    `sign`: ">" from most to least, "<" from least to most, "" if nothing says so.
    """

    items: list[str]
    sign: str = ""


def split_items(text: str) -> Sequence:
    """Return the items of a sequence, normalised. The strongest separator that occurs is the one that counts.

    From strong to weak: newline, arrows, ">", "<", ";", ",", "then", "and", " - ". Items with arrows that
    point back are turned; a text with both ">" and "<" is not a sequence.
    """
    body = text[:_LONGEST].strip().strip("[](){}").strip().removesuffix(".")
    numbered = [part for part in _NUMBERED.split(body) if part.strip(" ,;\n")]
    if len(numbered) > 1 and _NUMBERED.match(body):
        return Sequence(_named(numbered))
    for separator in _SEPARATORS:
        parts = [part for part in separator.split(body) if part.strip()]
        if len(parts) > 1:
            return _sequence(parts, separator, body)
    return Sequence(_named([body]))


def _sequence(parts: list[str], separator: re.Pattern[str], body: str) -> Sequence:
    if separator is _COMMA:
        return Sequence(_named(_and_at_the_end(parts)))
    if separator is _BACKWARD:
        return Sequence(_named(parts[::-1]))
    if separator is _MORE and _LESS.search(body):
        return Sequence(_named([body]))
    sign = {_MORE: ">", _LESS: "<"}.get(separator, "")
    return Sequence(_named(parts), sign)


def _and_at_the_end(parts: list[str]) -> list[str]:
    """Split "blue and red" at the end of "green, blue and red", where no comma stands before "and"."""
    *head, last = parts
    if head and not re.match(r"\s*(?:and|&|then)\b", last, re.IGNORECASE):
        return head + [part for part in re.split(r"\b(?:and|then)\b|&", last, maxsplit=1) if part.strip()]
    return parts


def _named(parts: list[str]) -> list[str]:
    items = [normalise(_LEAD.sub("", part, count=1)) or normalise(part) for part in parts]
    return [item for item in items if item]


@dataclass(frozen=True)
class ExpectedOrdering:
    """A reference that is a sequence: exactly these items in this order."""

    reference: str
    items: tuple[str, ...]
    sign: str = ""

    def check(self, final: FinalAnswer) -> Finding:
        """Compare the items of the final answer: of its line, or of its paragraph."""
        texts = [final.text, first_sentence(final.text), final.block]
        if not final.marked:
            texts += [final.whole, without_offers(final.whole)]
        found = [reading for text in dict.fromkeys(texts) for reading in self._readings(text)]
        for piece, sequence in found:
            if self._same(self._turned(sequence)):
                return correct(" ".join(piece.split()), self.reference)
        piece, sequence = max(found, key=lambda reading: self._likeness(reading[1]))
        return self._explain(self._turned(sequence), " ".join(piece.split()))

    def _likeness(self, sequence: Sequence) -> tuple[bool, int]:
        """Return how much a reading looks like the sequence that was meant: as many items, or the most."""
        return len(sequence.items) == len(self.items), len(sequence.items)

    def _readings(self, text: str) -> list[tuple[str, Sequence]]:
        """Return the items of `text` and of what follows a lead-in ("the order is ..."), with their piece."""
        found = [(text, split_items(text))]
        lead_in = _LEAD_IN.search(text, 0, 200)
        if lead_in and not re.search(r"\bnot\b|n't\b", text[: lead_in.end() + 5]):
            found.append((text[lead_in.end() :], split_items(text[lead_in.end() :])))
        items = found[0][1].items
        if all(" " not in item for item in self.items) and len(items) == 1:
            found.append((text, Sequence(items[0].split())))
        return found

    def _turned(self, reading: Sequence) -> list[str]:
        """Return the items in the direction of the reference: "c < b < a" is "a > b > c"."""
        turn = self.sign and reading.sign and self.sign != reading.sign
        return reading.items[::-1] if turn else reading.items

    def _same(self, items: list[str]) -> bool:
        """Return whether each item is the expected one, alone or as the only expected one within it."""
        if tuple(items) == self.items:
            return True
        if len(items) != len(self.items):
            return False
        unique = len(set(self.items)) == len(self.items)
        return all(
            same_meaning(item, expected) or (unique and self._holds(item, expected))
            for item, expected in zip(items, self.items, strict=True)
        )

    def _holds(self, item: str, expected: str) -> bool:
        """Return whether an item is the expected one with a few words around it ("red ball" for "red")."""
        if len(expected) == 1:
            return False
        padded = f" {item} "
        named = [other for other in self.items if f" {other} " in padded]
        return (
            len(item.split()) <= len(expected.split()) + 3 and " not " not in padded and named == [expected]
        )

    def _explain(self, items: list[str], answer: str) -> Finding:
        texts = pair(answer, self.reference)
        if len(items) != len(self.items):
            why = reason(Why.OTHER_COUNT, **texts, items=len(items), of=len(self.items))
        elif sorted(items) == sorted(self.items):
            first = next(n for n, (a, b) in enumerate(zip(items, self.items, strict=True), 1) if a != b)
            why = reason(Why.OTHER_ORDER, **texts, item=first)
        else:
            return incorrect(answer, self.reference)
        return Finding(correct=False, answer=answer, reason=why)


def expected_ordering(reference: str) -> ExpectedOrdering:
    """Return the check for a sequence; a reference without any separator is split at white space."""
    items, sign = split_items(bare_reference(reference))
    if len(items) == 1:
        items = items[0].split()
    return ExpectedOrdering(reference, tuple(items), sign)


def is_ordering(reference: str) -> bool:
    """Return whether a reference is clearly a sequence: two items by ">", ";" or lines, or three by commas.

    Items are short (at most four words), so a sentence with commas does not count; neither does "x > 3".
    """
    text = reference.strip()
    sign = _MORE.search(text) or _LESS.search(text)
    strong = "\n" in text or ";" in text or _FORWARD.search(text) or _BACKWARD.search(text) or sign
    items = split_items(text).items
    if any(len(item.split()) > 4 for item in items) or _SENTENCES.search(text):
        return False
    if sign and len(items) == 2 and _CODE_OR_MATHS.search(text):
        return False
    return len(items) >= (2 if strong else 3) and (bool(strong) or "," in text)
