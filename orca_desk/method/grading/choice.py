"""Answers that choose an option: its letter, or its text if the reference has it."""

import re
from dataclasses import dataclass
from itertools import pairwise

from orca_desk.method.grading.alternatives import joined, retracted
from orca_desk.method.grading.answers import FinalAnswer
from orca_desk.method.grading.clauses import first_sentence, last_sentence
from orca_desk.method.grading.finding import Finding, correct, incorrect, missing, several
from orca_desk.method.grading.text import same_text

_REFERENCE = re.compile(
    r"\A(?:(?:option|choice)\s+)?(?:\((?P<round>[A-Za-z])\)|(?P<bare>[A-Z])(?:[.):](?=\s|\Z))?(?P<after>(?<=[.):])|\Z))"
    r"[:.]?\s*(?P<text>.{0,400})\Z",
    re.IGNORECASE | re.DOTALL,
)
_OPTION = re.compile(
    r"\((?P<round>[A-Za-z])\)"
    r"|\[(?P<square>[A-Z])\]"
    r"|\b(?i:option|choice|answer|letter)\s{1,3}(?P<named>[A-Z])\b"
    r"|(?<![\w'’.+-])(?P<bare>[B-HJ-Z](?![\w'’+#-])|[AI](?=\s{0,3}(?:[.):,;/&]|(?:or|and)\s[A-Z]\b|\Z)))"
)
_LEADING = re.compile(
    r"[\"'\s]{0,3}(?P<letter>[A-Za-z])[\"']?(?:\s{0,3}(?:\Z|\n|[.):,;–—-](?=\s|\Z)|/(?=[A-Z]\b))"
    r"|\s{1,3}(?:because|since|as|or|and|is correct)\b)"
)
# What may stand before a bare letter that names an option: "choose B" does, "vitamin B" does not.
_ANNOUNCED = re.compile(
    r"(?:\A|[^\w\s]|\b(?:is|be|was|with|choose|pick|select|therefore|so|thus|hence|then|or|and|but|not|both|either))\s{0,3}\Z",
    re.IGNORECASE,
)


def parse_option(reference: str) -> tuple[str, str] | None:
    """Return the letter (upper case) and the text (perhaps empty) of an option such as "(B) the box"."""
    match = _REFERENCE.match(reference.strip())
    if match is None or (len(reference.strip()) == 1 and reference.strip().islower()):
        return None  # a lone small letter is a variable
    return (match["round"] or match["bare"]).upper(), match["text"].strip()


@dataclass(frozen=True)
class ExpectedChoice:
    """A reference that is an option."""

    reference: str
    letter: str
    text: str

    def check(self, final: FinalAnswer) -> Finding:
        """Compare the letter that the final answer (unmarked: the last sentence) names, or its text."""
        statement = final.text if final.marked else _unmarked(final)
        letters = _letters(statement)
        if len(letters) > 1:
            return several(statement, self.reference)
        if letters:
            answer = f"({letters[0]})"
            judge = correct if letters[0] == self.letter else incorrect
            return judge(answer, self.reference)
        if self.text and (same_text(first_sentence(statement), self.text) or same_text(statement, self.text)):
            return correct(statement, self.reference)
        return incorrect(statement, self.reference) if final.marked else missing("option", self.reference)


def expected_choice(reference: str) -> ExpectedChoice | None:
    """Return the check for a reference that is an option, or None."""
    option = parse_option(reference)
    return None if option is None else ExpectedChoice(reference, *option)


def _unmarked(final: FinalAnswer) -> str:
    """Return where a response without a marker chooses: at its very start, or in its last sentence."""
    if _LEADING.match(final.whole) or final.whole.startswith("("):
        return first_sentence(final.whole)
    return last_sentence(final.whole)


def _letters(statement: str) -> list[str]:
    """Return the option that a statement names; several where it offers several."""
    text = statement[:2000]
    found: list[tuple[str, int, int]] = []
    leading = _LEADING.match(text)
    if leading:
        found.append((leading["letter"].upper(), leading.start("letter"), leading.end("letter")))
    for match in _OPTION.finditer(text, leading.end("letter") if leading else 0):
        letter = match["round"] or match["square"] or match["named"] or match["bare"]
        named = match["bare"] is None or _ANNOUNCED.search(text, max(0, match.start() - 12), match.start())
        if named and not retracted(text, match.start(), match.end()):
            found.append((letter.upper(), match.start(), match.end()))
    if not found:
        return []
    chosen = [found[0][0]]
    for (_, _, end), (letter, start, _) in pairwise(found):
        if not joined(text[end:start]):
            break
        chosen.append(letter)
    return list(dict.fromkeys(chosen))
