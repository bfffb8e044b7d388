"""Answers that are numbers: which number of a response is the answer, and whether it is the expected one."""

import re
from dataclasses import dataclass

from orca_desk.method.grading.alternatives import joined, retracted
from orca_desk.method.grading.answers import FinalAnswer, clean
from orca_desk.method.grading.finding import Finding, correct, incorrect, missing, several
from orca_desk.method.grading.quantities import (
    Quantity,
    find_quantities,
    plain,
    quantity_in_words,
    same_quantity,
)
from orca_desk.method.grading.text import first_sentence

_LONGEST = 4_000
_LAST = 8  # numbers considered at the end of an unmarked response
_HEDGES = re.compile(
    r"\A[\s\"'(\[$*]*(?:(?:about|approximately|approx\.?|around|exactly|roughly|only|just|nearly|almost|a|total|of|≈|~)\s*)*\Z",
    re.IGNORECASE,
)
_AFTER_NUMBER = re.compile(
    r"\A\s{0,2}[a-z/²³°]*(?:\s(?:per|square|cubic)?\s?[a-z/²³°]+)?\s{0,2}\.?\Z", re.IGNORECASE
)
_NAME_BEFORE = re.compile(r"(?:[A-Za-z]\w?\s?=)?\s{0,4}")
_NOT_UNITS = re.compile(
    r"\b(?:of|am|pm|noon|bc|ad|st|nd|rd|th|o|(?:jan|febr)uary|march|april|may|june|july|august|(?:septem|octo|novem|decem)ber)\b"
    r"|\A(?:st|nd|rd|th)\b",
    re.IGNORECASE,
)
_OPERATOR_BEFORE = re.compile(r"(?:[+*×÷/^]|\S\s?[-]|\S\s?\bx)\s?[(\[]{0,4}\Z")
_OPERATOR_AFTER = re.compile(r"[)\]]{0,4}\s?(?:[+*×÷=^]|/|-\s?[\d(]|x\s?[\d(])")
_PARENTHESES = re.compile(r"\((?!or\b)[^()]{0,400}\)")
_NEW_NAME = re.compile(r"\d\S*\s*(?:[,;]|\band\b|\bor\b)\s*[A-Za-z]\w*\s*\Z")


def parse_number(text: str) -> Quantity | None:
    """Return `text` as a number, with at most a currency sign and a short unit, or None."""
    bare = plain(text).strip()
    if len(bare) > 500:
        return None
    found = find_quantities(bare)
    if not found:
        words = re.findall(r"[a-z]+", bare.lower())
        return quantity_in_words(bare) if words and len(words) <= 8 and _only_number_words(words) else None
    after = bare[found[0].end :]
    whole = len(found) == 1 and _NAME_BEFORE.fullmatch(bare, 0, found[0].start)
    if not whole or not _AFTER_NUMBER.match(after) or _NOT_UNITS.search(after):
        return None
    return found[0]


def _only_number_words(words: list[str]) -> bool:
    quantity = quantity_in_words(" ".join(words[1:] if words[0] in ("minus", "negative") else words))
    return quantity is not None and all(
        word == "and" or word in ("minus", "negative", "percent") or quantity_in_words(word) is not None
        for word in words
    )


@dataclass(frozen=True)
class ExpectedNumber:
    """A reference that is a number."""

    reference: str
    quantity: Quantity

    def check(self, final: FinalAnswer) -> Finding:
        """Compare the number of the final answer, or without a marker the last number of the response."""
        text = plain(final.text if final.marked else final.whole[-_LONGEST:])
        options = _stated(text) if final.marked else _concluded(text)
        if not options:
            return missing("number", self.reference)
        answer = clean(text[options[0].start : options[-1].end])
        if any(not same_quantity(options[0], other) for other in options[1:]):
            return several(answer, self.reference)
        matches = same_quantity(options[0], self.quantity)
        return correct(answer, self.reference) if matches else incorrect(answer, self.reference)


def expected_number(reference: str) -> ExpectedNumber | None:
    """Return the check for a reference that contains a number, or None."""
    quantity = parse_number(reference)
    if quantity is None:
        stated = _stated(plain(reference))
        quantity = stated[0] if stated else quantity_in_words(reference)
    return None if quantity is None else ExpectedNumber(reference, quantity)


def _stated(text: str) -> list[Quantity]:
    """Return the number that a marked answer states; several if it offers several."""
    sentence = first_sentence(text)
    found = _kept(sentence) or (_kept(text) if sentence != text else [])
    if not found:
        words = quantity_in_words(sentence)
        return [] if words is None or retracted(sentence, *_span_of_words(sentence)) else [words]
    used = sentence if _kept(sentence) else text
    return _resolve(used, found)


def _span_of_words(sentence: str) -> tuple[int, int]:
    """Return where the first number word stands."""
    for match in re.finditer(r"[A-Za-z]+", sentence[:300]):
        if quantity_in_words(match[0]) is not None:
            return match.span()
    return 0, len(sentence)


def _kept(text: str) -> list[Quantity]:
    """Return the numbers of `text` that are not retracted; in parentheses only if no others are."""
    found = [
        quantity for quantity in find_quantities(text) if not retracted(text, quantity.start, quantity.end)
    ]
    if len(found) > 1 and "(" in text:
        asides = [match.span() for match in _PARENTHESES.finditer(text)]
        outside = [q for q in found if not any(start <= q.start < end for start, end in asides)]
        return outside or found
    return found


def _resolve(text: str, found: list[Quantity]) -> list[Quantity]:
    """Choose among the numbers of a statement: after the last "=", else the leading one, else the last."""
    equals = max(text.rfind("="), text.rfind("≈"))
    after = [quantity for quantity in found if quantity.start > equals]
    if equals >= 0 and after and not _operand(text, after[0]):
        if _NEW_NAME.search(text[max(0, equals - 60) : equals]):
            return found
        found = after
    elif equals >= 0:
        found, equals = [quantity for quantity in found if quantity.end <= equals] or found, -1
    if len(found) == 1:
        return found
    leads = _HEDGES.match(text[max(0, equals + 1) : found[0].start])
    chosen = 0 if leads else len(found) - 1
    neighbour = 1 if leads else chosen - 1
    first, second = sorted((chosen, neighbour))
    if joined(text[found[first].end : found[second].start]):
        return [found[first], found[second]]
    return [found[chosen]]


def _concluded(text: str) -> list[Quantity]:
    """Return the last number of an unmarked response, unless it is an operand of a calculation."""
    for line in reversed(text.split("\n")):
        found = find_quantities(line)
        if not found:
            continue
        last = found[-_LAST:]
        kept = [quantity for quantity in last if not retracted(line, quantity.start, quantity.end)]
        if not kept or _operand(line, kept[-1]):
            return []
        if len(kept) > 1 and joined(line[kept[-2].end : kept[-1].start]):
            return kept[-2:]
        return [kept[-1]]
    words = quantity_in_words(text) if len(text) <= 60 else None
    return [] if words is None else [words]


def _operand(line: str, quantity: Quantity) -> bool:
    before = line[max(0, quantity.start - 8) : quantity.start]
    after = line[quantity.end : quantity.end + 8]
    return _OPERATOR_BEFORE.search(before) is not None or _OPERATOR_AFTER.match(after) is not None
