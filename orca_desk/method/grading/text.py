"""Answers that are text: normalised (case, articles, punctuation, Unicode), or exact."""

import re
import unicodedata
from dataclasses import dataclass

from orca_desk.method.grading.answers import FinalAnswer, clean
from orca_desk.method.grading.clauses import first_sentence, last_sentence
from orca_desk.method.grading.finding import Finding, correct, incorrect, missing, several
from orca_desk.method.grading.words import digits_for

_ACCENTS = re.compile("[\u0300-\u036f]")
_APOSTROPHES = re.compile(r"(?<=\w)['’ʼ`](?=\w)")
_DROPPED = re.compile(r"[^\w\s+#%&$€£@*/=<>^|~.,-]|_|(?<!\d)[.,]|[.,](?!\d)|(?<=[^\s(=+*/,])-|-(?!\d)")
_ARTICLES = frozenset({"a", "an", "the"})
_ASIDE = re.compile(
    r"[\s,;:—–-]{1,4}(?:because|since|as (?:he|she|it|they|we|the)|not|rather than|instead of|which)\b"
    r"|\s\(|\s[—–-]\s",
    re.IGNORECASE,
)
_LEAD_IN = re.compile(
    r"^(?:(?:so|thus|therefore|hence|then|well|"
    r"(?:i|he|she|they|we) (?:thinks?|believes?|guess|says?|would say))\b"
    r"[\s,:]{0,3}(?:that )?){1,3}",
    re.IGNORECASE,
)
_FRAME = re.compile(
    r"^(?:(?:i|he|she|they|we) (?:will )?(?:looks?|search(?:es)?) |"
    r"(?:it|he|she|they|this|that|there|we|i) (?:is|are|was|were|am|will be|would be) "
    r"|its |theyre |hes |shes )?"
    r"(?:(?:still )?(?:in|on|at|inside|into|onto|under) (?=\S))?"
)
_COPULA = re.compile(r"\b(?:is|are|was|were|be|equals)\b\s", re.IGNORECASE)
# Words that make a sentence more than "X is Y".
_UNPLAIN = re.compile(
    r"\b(?:not|never|neither|unlikely|if|whether|or|no|and|but)\b|n['’]t\b|[;?]", re.IGNORECASE
)
_POLAR = {"yes": "no", "no": "yes", "true": "false", "false": "true"}
_LONGEST = 4_000
_WORD = re.compile(r"[A-Za-z]+")


def normalise(text: str) -> str:
    """Return `text` as it is compared: one case, no accents, articles, or punctuation outside numbers.

    Text of nothing else (") ]", "?!") stays as it is, without white space.
    """
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text).replace("−", "-")
        text = _ACCENTS.sub("", unicodedata.normalize("NFD", text))
    folded = _APOSTROPHES.sub("", text.casefold())
    words = _DROPPED.sub(" ", folded).split()
    kept = [digits_for(word) for word in words if word not in _ARTICLES] or words
    return " ".join(kept) if kept else "".join(folded.split())


def same_text(answer: str, expected: str) -> bool:
    """Return whether two texts are equal when normalised and without a lead-in such as "it is in the"."""
    ours, theirs = normalise(answer), normalise(expected)
    return ours == theirs or _unframed(ours) == _unframed(theirs)


def _unframed(text: str) -> str:
    bare = _FRAME.sub("", _LEAD_IN.sub("", text))
    words = [word for word in bare.split() if word not in _ARTICLES]
    return " ".join(words) or text


@dataclass(frozen=True)
class ExpectedText:
    """A reference that is compared as normalised text."""

    reference: str

    def check(self, final: FinalAnswer) -> Finding:
        """Compare the final answer, or without a marker the whole response or its last sentence."""
        if not final.text:
            return missing("answer", self.reference)
        polar = _polar_answer(final, self.reference)
        if polar is not None:
            return polar
        for candidate in _candidates(final):
            if same_text(candidate, self.reference):
                return correct(candidate, self.reference)
        answer = first_sentence(final.text) if final.marked else last_sentence(final.text)
        return incorrect(answer.rstrip(". "), self.reference)


def _candidates(final: FinalAnswer) -> list[str]:
    """Return the readings of the final answer, from the whole to its core."""
    if final.marked:
        sentence = first_sentence(final.text)
        readings = [final.text, sentence]
    else:
        sentence = last_sentence(final.text)
        readings = [final.whole, final.text, sentence]
    copulas = list(_COPULA.finditer(sentence))
    if copulas and not _UNPLAIN.search(sentence):
        readings.append(sentence[copulas[-1].end() :])
    aside = _ASIDE.search(sentence)
    if aside:
        readings.append(sentence[: aside.start()])
    return [clean(reading).strip("\"'“”‘’ ") for reading in readings if len(reading) <= _LONGEST]


def _polar_answer(final: FinalAnswer, reference: str) -> Finding | None:
    """Judge "Yes, he does." against "yes": the first word decides, unless its opposite follows at once."""
    expected = normalise(reference)
    if expected not in _POLAR:
        return None
    text = _LEAD_IN.sub("", (final.text if final.marked else final.whole)[:_LONGEST])
    words = [word.casefold() for word in _WORD.findall(text[:60])[:3]]
    if not words or words[0] not in _POLAR:
        return None
    if any(word == _POLAR[words[0]] for word in words[1:]):
        return several(first_sentence(text), reference)
    return correct(words[0], reference) if words[0] == expected else incorrect(words[0], reference)


@dataclass(frozen=True)
class ExpectedExact:
    """A reference that must be met character by character, except for white space at the ends."""

    reference: str

    def check(self, final: FinalAnswer) -> Finding:
        """Compare the whole response and the final answer, with and without the full stop of its sentence."""
        expected = self.reference.strip()
        if not final.whole:
            return missing("answer", expected)
        line = final.raw.partition("\n")[0].strip()
        readings = (final.whole, final.raw, final.raw.removesuffix("."), line, line.removesuffix("."))
        if expected in readings:
            return correct(expected, expected)
        return incorrect(final.text, expected)
