"""Answers that are numbers: which number of a response is the answer, and whether it is the expected one."""

import re
from dataclasses import dataclass, replace

from orca_desk.method.grading.answers import FinalAnswer, clean
from orca_desk.method.grading.choosing import concluded, stated
from orca_desk.method.grading.finding import Finding, correct, incorrect, missing, several
from orca_desk.method.grading.quantities import (
    Quantity,
    find_quantities,
    plain,
    quantity_in_words,
    same_quantity,
)

_SHORT = 120  # characters of an unmarked response whose number may be in words
_AFTER_NUMBER = re.compile(
    r"\A\s{0,2}[a-z/²³°]*(?:\s(?:per|square|cubic)?\s?[a-z/²³°]+)?\s{0,2}\.?\Z", re.IGNORECASE
)
_NAME_BEFORE = re.compile(r"(?:[A-Za-z]\w?\s?=)?\s{0,4}")
_NOT_UNITS = re.compile(
    r"\b(?:of|am|pm|noon|bc|ad|st|nd|rd|th|o|(?:jan|febr)uary|march|april|may|june|july|august|(?:septem|octo|novem|decem)ber)\b"
    r"|\A(?:st|nd|rd|th)\b",
    re.IGNORECASE,
)


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
        """Compare the number that the final answer states, or that a response without a marker concludes."""
        choose = stated if final.marked else concluded
        whole = plain(final.text if final.marked else final.whole)
        text, found = choose(whole, find_quantities)
        if not found and (final.marked or len(whole) <= _SHORT) and not find_quantities(text):
            text, found = choose(whole, _find_in_words)
        if not found:
            return missing("number", self.reference)
        answer = clean(text[found[0].start : found[-1].end])
        if any(not same_quantity(found[0], other) for other in found[1:]):
            return several(answer, self.reference)
        matches = same_quantity(found[0], self.quantity)
        return correct(answer, self.reference) if matches else incorrect(answer, self.reference)


def expected_number(reference: str) -> ExpectedNumber | None:
    """Return the check for a reference that contains a number, or None."""
    quantity = parse_number(reference)
    if quantity is None:
        found = stated(plain(reference), find_quantities)[1] or _find_in_words(reference)
        quantity = found[0] if found else None
    return None if quantity is None else ExpectedNumber(reference, quantity)


def _find_in_words(text: str) -> list[Quantity]:
    """Return the one number that `text` writes in words, in a list."""
    quantity = quantity_in_words(text)
    if quantity is None:
        return []
    spans = [match.span() for match in re.finditer(r"[A-Za-z]+", text[:300]) if quantity_in_words(match[0])]
    start, end = (spans[0][0], spans[-1][1]) if spans else (0, len(text))
    return [replace(quantity, start=start, end=end)]
