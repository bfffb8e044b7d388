"""Answers that choose an option: its letter, or its text where the reference or the question has it.

A letter that stands with the text of another option is a contradiction, and no answer.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from orca_desk.method.grading.answers import FinalAnswer
from orca_desk.method.grading.clauses import before_reason, breaks_off, first_sentence, offers_another
from orca_desk.method.grading.finding import Finding, correct, incorrect, missing, several
from orca_desk.method.grading.folding import normalise
from orca_desk.method.grading.letters import Letter, choosing_statement, letters_of
from orca_desk.method.grading.options import parse_options
from orca_desk.method.grading.text import FINAL_COPULA, readings, same_meaning

_REFERENCE = re.compile(
    r"\A(?:(?:option|choice|answer)\s+)?(?:\((?P<round>[A-Za-z])\)|\[\[?(?P<square>[A-Z])\]\]?"
    r"|(?P<bare>[A-Z])(?:[.):](?=\s|\Z))?(?P<after>(?<=[.):])|\Z))"
    r"[:.]?\s*(?P<text>.{0,400})\Z",
    re.IGNORECASE | re.DOTALL,
)
_SET = re.compile(r"\A\(?[A-Z]\)?(?:\s*(?:,|;|&|\band\b|,\s*and\b|/)\s*\(?[A-Z]\)?){1,9}\Z")
_RUN = re.compile(
    r"(?<![\w'’])\(?[A-Z]\)?(?:\s*(?:,\s*and|[,;、，；&/+]|\band|\bund|\bet|\by|\be|(?<=\))(?=\())\s*\(?[A-Z]\)?(?![\w'’]))+"
)
_QUOTED = re.compile(r"[\"'“‘]([A-Z])[\"'”’]")
_GLUED = re.compile(r"\W*([A-Z]{2,10}|[A-Z](?: [A-Z]){1,9})\W*")
_EXCEPT = re.compile(
    r"\b(?:or|except|neither|nor)\b.*\b[A-Z]\b|\bnot\b[^,;]*\b[A-Z]\b\W*(?:,|;|&|and)\W*[A-Z]\b"
)
_EXPLAINS = re.compile(
    r"(?:because|since|as|it|this|that|these|which|here|we|he|she|they|i|the (?:correct|right|best"
    r"|answer)|is|are|explanation|reason|due|given"
    r"|indeed|note|option|choice|so|therefore)\b",
    re.IGNORECASE,
)
_AFTER_LETTER = re.compile(r"[\"'”*]{0,3}[)\].:–—\s-]{1,4}(?P<text>[^\n]{1,400})")
# "A, the basket": other words after a comma may well explain.
_SAID_AFTER = re.compile(r"[\"'”*)\]]{0,3},\s(?:(?:that is|i\.e\.|namely),?\s)?(?P<text>[^\n,;]{1,200})")
_TEXT_END = re.compile(
    r"[.;!?](?=\s|\Z)|\s(?:because|since|as (?:it|this)|which is|is (?:the )?(?:correct|right|best"
    r"|answer))\b|,\s(?:because|since|not|so|which)\b"
)
_NEGATION = re.compile(r"\b(?:not|no|never|none|non|un\w+|in\w+able)\b|n['’]t\b", re.IGNORECASE)
_NUMERIC = re.compile(r"[\d.,]+")


def parse_option(reference: str) -> tuple[str, str] | None:
    """Return the letter (upper case) and the text (perhaps empty) of an option such as "(B) the box"."""
    match = _REFERENCE.match(reference.strip())
    if match is None or (len(reference.strip()) == 1 and reference.strip().islower()):
        return None  # a lone small letter is a variable
    return (match["round"] or match["square"] or match["bare"]).upper(), match["text"].strip()


def parse_option_set(reference: str) -> frozenset[str]:
    """Return the letters of a reference with several options ("A, C"), which have no order; else nothing.

    Three letters or more from A on in the order of the alphabet ("A, B, C") may be an ordering: no set.
    """
    text = reference.strip()
    if not _SET.match(text):
        return frozenset()
    letters = re.findall(r"\b[A-Z]\b", text)
    ordered = letters == sorted(set(letters))
    from_a = letters == [chr(ord("A") + index) for index in range(len(letters))]
    return frozenset(letters) if ordered and not (from_a and len(letters) > 2) else frozenset()


@dataclass(frozen=True)
class ExpectedChoice:
    """A reference that is an option; `options` are the texts of all options, as far as they are known."""

    reference: str
    letter: str
    options: Mapping[str, str] = field(default_factory=dict)

    def check(self, final: FinalAnswer) -> Finding:
        """Compare the letter that the final answer names, or the option whose text it gives."""
        statement = final.text if final.marked else choosing_statement(final)
        letters = letters_of(statement)
        if len({one.letter for one in letters}) > 1:
            return several(statement, self.reference)
        if letters and offers_another(final.block, letters[0].letter):
            return several(final.block, self.reference)
        if letters:
            return self._judge(statement, letters[0], final)
        if not statement and not _chose_by_text_first(final.whole):
            return missing("option", self.reference)
        chosen = [piece for piece in readings(final) if self._named(piece) == self.letter]
        if chosen:
            return correct(chosen[0], self.reference)
        return incorrect(statement, self.reference) if final.marked else missing("option", self.reference)

    def _judge(self, statement: str, one: Letter, final: FinalAnswer) -> Finding:
        """Judge a letter; one that stands with the text of another option contradicts itself."""
        shown = statement[one.start : one.end]
        if one.letter != self.letter:
            return incorrect(shown, self.reference)
        text = _text_after(statement, one)
        said = _SAID_AFTER.match(statement, one.end)
        if said and self._is_other(before_reason(said["text"])):
            return several(statement[one.start : said.end()], self.reference)
        if text and self._contradicts(text):
            end = statement.index(text, one.end) + len(text)
            return several(statement[one.start : end], self.reference)
        return correct(shown, self.reference)

    def _named(self, piece: str) -> str | None:
        """Return the letter of the only option whose text a piece is."""
        found = [letter for letter, text in self.options.items() if text and same_meaning(piece, text)]
        return found[0] if len(found) == 1 else None

    def _is_other(self, text: str) -> bool:
        """Return whether a text is that of another option."""
        named = {letter for letter, other in self.options.items() if other and same_meaning(text, other)}
        return bool(named) and self.letter not in named

    def _contradicts(self, text: str) -> bool:
        """Return whether a text beside the expected letter is another option's, or plainly not its own."""
        own = self.options.get(self.letter, "")
        if not own or same_meaning(text, own):
            return False
        if self._is_other(text):
            return True
        ours, theirs = normalise(text).split(), normalise(own).split()
        if _EXPLAINS.match(text) and ours[:1] != theirs[:1]:
            return False
        if _NUMERIC.fullmatch(theirs[0] if theirs else "") and ours and _NUMERIC.fullmatch(ours[0]):
            return ours[0] != theirs[0]
        if bool(_NEGATION.search(text)) != bool(_NEGATION.search(own)):
            return ours[:1] == theirs[:1] or set(ours) >= set(theirs) or set(theirs) >= set(ours)
        short = 0 < len(ours) <= len(theirs) + 1
        return short and not set(ours) & set(theirs) and not _EXPLAINS.match(text)


@dataclass(frozen=True)
class ExpectedChoices:
    """A reference of several options: exactly these, in any order."""

    reference: str
    letters: frozenset[str]

    def check(self, final: FinalAnswer) -> Finding:
        """Compare the letters that the final answer lists; any other letter must be denied."""
        statement = first_sentence(final.text if final.marked else choosing_statement(final))
        main = _QUOTED.sub(r"\1", before_reason(statement))
        glued, run = _GLUED.fullmatch(main), _RUN.search(main)
        if glued is None and run is None:
            return (
                incorrect(statement, self.reference) if final.marked else missing("options", self.reference)
            )
        letters = glued[1].replace(" ", "") if glued else re.findall(r"\b[A-Z]\b", run[0] if run else "")
        found = frozenset(letters)
        rest = "" if glued or run is None else f"{main[: run.start()]}; {main[run.end() :]}"
        others = [one for one in letters_of(rest) if one.letter not in found]
        right = found == self.letters and not others and not _EXCEPT.search(statement)
        return (correct if right else incorrect)(statement, self.reference)


def expected_choice(
    reference: str, question: Mapping[str, str] | None = None
) -> ExpectedChoice | ExpectedChoices | None:
    """Return the check for a reference that is an option or several, or None.

    `question` has the texts of the options that the question lists, by letter.
    """
    several_letters = parse_option_set(reference)
    if several_letters:
        return ExpectedChoices(reference, several_letters)
    option = parse_option(reference)
    if option is None:
        return None
    letter, text = option
    options = dict(question or {})
    if text:
        options[letter] = text
    return ExpectedChoice(reference, letter, options)


def _chose_by_text_first(whole: str) -> bool:
    """Return whether a response that broke off may begin with an option's text; else it chose nothing."""
    return breaks_off(whole) and not parse_options(whole)


def _text_after(statement: str, one: Letter) -> str:
    """Return the text that follows a letter ("(B) the box, because" gives "the box"), "" if none does."""
    match = _AFTER_LETTER.match(statement, one.end)
    if match is None:
        return ""
    text = FINAL_COPULA.sub("", match["text"].strip(" \"'“”*()"))
    end = _TEXT_END.search(text)
    text = (text[: end.start()] if end else text).strip(" \"'“”*()[]")
    return text if any(map(str.isalnum, text)) else ""
