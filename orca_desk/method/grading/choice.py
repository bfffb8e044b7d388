"""Answers that choose an option: its letter, or its text where the reference or the question has it.

A statement is read letter by letter: affirmed ("B is correct", "so it must be B"), announced ("the answer is B"),
denied ("not C", "A is wrong") or only mentioned. A letter with the text of another option is a contradiction.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple

from orca_desk.method.grading.alternatives import joined, retracted
from orca_desk.method.grading.answers import FinalAnswer
from orca_desk.method.grading.clauses import (
    asides,
    before_reason,
    first_sentence,
    refuses,
    sentences,
    without_offers,
)
from orca_desk.method.grading.finding import Finding, correct, incorrect, missing, several
from orca_desk.method.grading.folding import normalise
from orca_desk.method.grading.markup import clean
from orca_desk.method.grading.text import readings, same_meaning

_REFERENCE = re.compile(
    r"\A(?:(?:option|choice|answer)\s+)?(?:\((?P<round>[A-Za-z])\)|\[\[?(?P<square>[A-Z])\]\]?|(?P<bare>[A-Z])(?:[.):](?=\s|\Z))?(?P<after>(?<=[.):])|\Z))"
    r"[:.]?\s*(?P<text>.{0,400})\Z",
    re.IGNORECASE | re.DOTALL,
)
_SET = re.compile(r"\A\(?[A-Z]\)?(?:\s*(?:,|;|&|\band\b|,\s*and\b|/)\s*\(?[A-Z]\)?){1,9}\Z")
_OPTION = re.compile(
    r"\((?P<round>[A-Za-z])\)"
    r"|\[(?P<square>[A-Z])\]"
    r"|\b(?i:option|choice|answer|letter|letra|lettre|lettera|литера|буква|Buchstabe|opción|opcion|opção|opzione|optie|variante?|вариант)\s{1,3}\(?(?P<named>[A-Z]\b|[b-h]\b|a(?=\s*(?:[.):,;!]|is\b|\Z)))"
    r"|(?<![\w'’.+¬~!√±∂#$@\\-])(?P<bare>[B-HJ-Z](?!\.[A-Za-z0-9])(?![A-Za-z0-9_'’+#*^=\u266d\u266f\u266e°²³⁺⁻-])|[AI](?=\s{0,3}(?:[):,;/&!。，]|\.(?![A-Za-z0-9])|(?:or|and|und|et|y|e|o|ou|oder)\s[A-Z]\b|\Z)))"
    r"|(?<=[是为為选選は])(?P<glued>[A-Z])(?![A-Za-z0-9])"
)
_LEADING = re.compile(
    r"[\"'“\s\[(]{0,4}(?P<letter>[A-Za-z])[\"'”\])]{0,3}(?:\s{0,3}(?:\Z|\n|[.):,;!](?=\s|\Z)|[–—-](?=\s)|[。，、：]|/(?=[A-Z]\b)|(?=です|입니다|है))"
    r"|\s{1,3}(?:because|since|as|or|and|is|would be|must be|seems|fits|है)\b|'d[iıuü]r\b)"
)
# What may stand before a bare letter that names an option: "choose B" does, "vitamin B" does not.
_ANNOUNCED = re.compile(
    r"(?:\A|[^\w\s]|\b(?:is|be|was|it's|its|with|choose|chose|choosing|pick|picked|select|selected|for|leaving|leaves|leave|therefore|so"
    r"|thus|hence|then|or|and|but|oder|und|ou|et|y|e|o|или|и|not|both|either|say|la|el|le|die|der|de|het|il|lo|a|ist|est|es|è|é|opt|answer|definitely|probably|maybe|perhaps|possibly|even|else|only|just|guess|на|это|jest|là"
    r"|adalah|cevap|yanıt|उत्तर|जवाब))\s{0,3}\Z",
    re.IGNORECASE,
)
_RIGHT_AFTER = re.compile(
    r"[)\]\"'”*.:]{0,3}(?:\s(?:(?!\b[A-Z]\b)[^.!?\n]){0,80}?)?\s(?:is|would be|must be)(?: clearly| indeed| therefore| thus)? (?:the )?(?:only |most |best )?"
    r"(?:correct|right|true|answer|best|accurate|appropriate|one|solution|option)\b"
    r"|[)\]\"'”*]{0,3}\s(?:remains|fits|matches|works|holds|wins|it is)\b",
    re.IGNORECASE,
)
_CHOSEN_BEFORE = re.compile(
    r"\b(?:only|choose|chose|pick|picked|select|selected|go with|going with|opt for|vote for|leaving|leaves(?: us with)?|left with|must be|has to be"
    r"|(?:so|thus|hence|therefore),?(?: it(?:'s| is))?|it's|it is|is)\s(?:the )?(?:option |choice |answer )?[(\[\"'*]{0,3}\Z",
    re.IGNORECASE,
)
_DENIED = re.compile(
    r"\b(?:rule[sd]?|ruling|eliminat\w+|exclud\w+|reject\w*|discard\w*|cross(?:ed|es|ing)?)(?: out| off)?\s(?:both |option |choice |options |choices )?"
    r"(?:\(?[A-Z]\)?(?:, | and |, and ))*[(\[]{0,2}\Z"
)
_FALLS_AFTER = re.compile(
    r"[)\]\"'”*]{0,3}(?:(?:,| and|, and) \(?[A-Z]\)?)*\s(?:fails?|(?:is|are|was|were)(?:n['’]t| not|\s(?:too|wrong|incorrect|false|out|impossible|invalid|ruled|eliminated"
    r"|excluded|a common distractor|a distractor|tempting|unlikely|implausible))|can(?:not|['’]t)|does(?:n['’]t| not)|do(?:n['’]t| not))\b"
)
_EXPLAINS = re.compile(
    r"(?:because|since|as|it|this|that|these|which|here|we|he|she|they|i|the (?:correct|right|best|answer)|is|are|explanation|reason|due|given"
    r"|indeed|note|option|choice|so|therefore)\b",
    re.IGNORECASE,
)
_AFTER_LETTER = re.compile(r"[\"'”*]{0,3}[)\].:–—\s-]{1,4}(?P<text>[^\n]{1,400})")
_TEXT_END = re.compile(
    r"[.;!?](?=\s|\Z)|\s(?:because|since|as (?:it|this)|which is|is (?:the )?(?:correct|right|best|answer))\b|,\s(?:because|since|not|so|which)\b"
)
_NEGATION = re.compile(r"\b(?:not|no|never|none|non|un\w+|in\w+able)\b|n['’]t\b", re.IGNORECASE)
_NUMERIC = re.compile(r"[\d.,]+")


_NOR = re.compile(r",? (?:or|nor|and) ")
_LETTER_IN_BRACKETS = 3  # characters of "(B)"
_LIST_OF_LETTERS = re.compile(r"(?:\W*[A-Z]\W*\n){1,9}\W*[A-Z]\W*")
_FULL_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}


class _Letter(NamedTuple):
    letter: str
    start: int
    end: int


def parse_option(reference: str) -> tuple[str, str] | None:
    """Return the letter (upper case) and the text (perhaps empty) of an option such as "(B) the box"."""
    match = _REFERENCE.match(reference.strip())
    if match is None or (len(reference.strip()) == 1 and reference.strip().islower()):
        return None  # a lone small letter is a variable
    return (match["round"] or match["square"] or match["bare"]).upper(), match["text"].strip()


def parse_option_set(reference: str) -> frozenset[str]:
    """Return the letters of a reference with several options ("A, C"), which have no order; else nothing.

    Three letters or more from A on in the order of the alphabet ("A, B, C") may be an ordering, and are no set.
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
        statement = (final.text if final.marked else _unmarked(final)).translate(_FULL_WIDTH)
        letters = _letters(statement)
        if len({one.letter for one in letters}) > 1:
            return several(statement, self.reference)
        if letters:
            return self._judge(statement, letters[0], final)
        chosen = [piece for piece in readings(final) if self._named(piece) == self.letter]
        if chosen:
            return correct(chosen[0], self.reference)
        return incorrect(statement, self.reference) if final.marked else missing("option", self.reference)

    def _judge(self, statement: str, one: _Letter, final: FinalAnswer) -> Finding:
        """Judge a letter; one that stands with the text of another option contradicts itself."""
        shown = statement[one.start : one.end]
        if one.letter != self.letter:
            return incorrect(shown, self.reference)
        text = _text_after(statement, one)
        if text and self._contradicts(text):
            end = statement.index(text, one.end) + len(text)
            return several(statement[one.start : end], self.reference)
        return correct(shown, self.reference)

    def _named(self, piece: str) -> str | None:
        """Return the letter of the only option whose text a piece is."""
        found = [letter for letter, text in self.options.items() if text and same_meaning(piece, text)]
        return found[0] if len(found) == 1 else None

    def _contradicts(self, text: str) -> bool:
        """Return whether a text beside the expected letter is another option's, or plainly not its own."""
        own = self.options.get(self.letter, "")
        if not own or same_meaning(text, own):
            return False
        others = [other for letter, other in self.options.items() if letter != self.letter]
        if any(other and same_meaning(text, other) for other in others):
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
        """Compare the letters that the final answer names."""
        statement = first_sentence(final.text if final.marked else _unmarked(final))
        found = frozenset(re.findall(r"(?<![\w'’])[A-Z](?![\w'’])", before_reason(statement)))
        glued = re.fullmatch(r"\W*([A-Z]{2,10})\W*", statement)
        found = frozenset(glued[1]) if glued else found
        if not found or re.search(r"\b(?:or|not|except)\b", statement):
            return (
                incorrect(statement, self.reference) if final.marked else missing("options", self.reference)
            )
        return (correct if found == self.letters else incorrect)(statement, self.reference)


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


def _unmarked(final: FinalAnswer) -> str:
    """Return the sentence in which a response without a mark chooses.

    At its very start ("B. The ..."), else the last sentence; sentences that only deny options are passed over,
    and so is what follows a sentence that says outright which option is correct.
    """
    whole = without_offers(final.whole)
    if _LIST_OF_LETTERS.fullmatch(whole):
        return " and ".join(re.findall("[A-Z]", whole))
    start = clean(first_sentence(whole))
    if (_LEADING.match(start) or start.startswith("(")) and _letters(start):
        return start
    tail = whole[-2000:]
    found = [clean(tail[begin:end]) for begin, end in reversed(sentences(tail))]
    found = [sentence for sentence in found if not sentence.endswith("?")]
    affirmed = next((sentence for sentence in found if _affirms(sentence)), None)
    return affirmed or next((sentence for sentence in found if not _only_denies(sentence)), "")


def _affirms(sentence: str) -> bool:
    """Return whether a sentence says which option is correct."""
    return any(_is_chosen(sentence, one) for one in _letters(sentence))


def _only_denies(sentence: str) -> bool:
    """Return whether a sentence names options, all of them as wrong."""
    return _OPTION.search(sentence) is not None and not _letters(sentence)


def _text_after(statement: str, one: _Letter) -> str:
    """Return the text that follows a letter ("(B) the box, because" gives "the box"), "" if none does."""
    match = _AFTER_LETTER.match(statement, one.end)
    if match is None:
        return ""
    text = match["text"].strip(" \"'“”*()")
    end = _TEXT_END.search(text)
    text = text[: end.start()] if end else text
    return text.strip(" \"'“”*()[]")


def _letters(statement: str) -> list[_Letter]:
    """Return the option that a statement names; several where it offers several."""
    text = statement[:2000]
    if refuses(first_sentence(text)):
        return []
    found: list[_Letter] = []
    leading = _LEADING.match(text)
    if leading and not _denied(text, *leading.span("letter")):
        found.append(_Letter(leading["letter"].upper(), *_bracketed(text, *leading.span("letter"))))
    denied = 0  # where the last letter ends that is denied by what stands before it
    for match in _OPTION.finditer(text, found[0].end if found else 0):
        letter = match["round"] or match["square"] or match["named"] or match["bare"] or match["glued"]
        if match["bare"] is not None and not _announced(text, match):
            continue
        if _denied(text, *match.span()) or (denied and _NOR.fullmatch(text, denied, match.start())):
            denied = match.end()
        else:
            found.append(_Letter(letter.upper(), *match.span()))
    remarks = [(start, end) for start, end in asides(text) if end - start > _LETTER_IN_BRACKETS]
    main = [one for one in found if not any(start < one.start < end for start, end in remarks)]
    return _offered(text, main or found) if found else []


def _bracketed(text: str, start: int, end: int) -> tuple[int, int]:
    """Return the span of a letter with the brackets around it."""
    opens, closes = text[start - 1 : start] in ("(", "["), text[end : end + 1] in (")", "]")
    return (start - 1, end + 1) if opens and closes else (start, end)


def _announced(text: str, match: re.Match[str]) -> bool:
    before = _ANNOUNCED.search(text, max(0, match.start() - 14), match.start())
    return before is not None or _RIGHT_AFTER.match(text, match.end()) is not None


def _offered(text: str, found: list[_Letter]) -> list[_Letter]:
    """Return the letters that a statement offers: the first with those joined to it, or the one that is chosen."""
    main = before_reason(text)
    within = [one for one in found if one.start < len(main)] or found
    outright = [index for index, one in enumerate(within) if _is_chosen(text, one)]
    if len({within[index].letter for index in outright}) > 1:
        return [within[index] for index in outright]
    chosen = outright[0] if outright else 0
    joints = [joined(text[earlier.end : later.start]) for earlier, later in pairwise(within)]
    first, last = chosen, chosen
    while first and joints[first - 1]:
        first -= 1
    while last < len(joints) and joints[last]:
        last += 1
    return within[first : last + 1]


def _is_chosen(text: str, one: _Letter) -> bool:
    """Return whether a statement says outright that a letter is the answer."""
    return (
        _RIGHT_AFTER.match(text, one.end) is not None or _CHOSEN_BEFORE.search(text[: one.start]) is not None
    )


def _denied(text: str, start: int, end: int) -> bool:
    """Return whether the letter at text[start:end] is said to be wrong."""
    return (
        retracted(text, start, end)
        or _DENIED.search(text[max(0, start - 40) : start]) is not None
        or _FALLS_AFTER.match(text, end) is not None
    )
