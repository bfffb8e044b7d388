"""Answers of two poles: yes or no, true or false, in several languages.

A bare "Yes" or "No, he does not." at the start, or the last conclusion ("So it must be yes.") decides; both
count only if they agree. "No one" and "no longer" are no answer, and neither is a word in a reason.
"""

import re
from dataclasses import dataclass

from orca_desk.method.grading.answers import FinalAnswer
from orca_desk.method.grading.clauses import before_reason, first_sentence, refuses, sentences
from orca_desk.method.grading.finding import Finding, correct, incorrect, missing, several
from orca_desk.method.grading.markup import clean

_YES = (
    *("yes", "yeah", "yep", "yup", "sí", "oui", "ja", "sim", "sì", "ya", "tak", "ano", "igen", "có"),
    *("да", "так", "evet", "نعم", "हाँ", "हां", "जी", "是", "是的", "对", "對", "正确", "はい", "네", "예"),
)
_NO = (
    *("no", "nope", "nah", "non", "nein", "não", "nie", "ne", "nej", "nee", "nem", "không", "tidak", "hayır"),
    *("нет", "ні", "لا", "नहीं", "不", "不是", "否", "不对", "不對", "いいえ", "아니요", "아니오"),
)
_POLE = dict.fromkeys(_YES, "yes") | dict.fromkeys(_NO, "no") | {"true": "true", "false": "false"}
_OPPOSITE = {"yes": "no", "no": "yes", "true": "false", "false": "true"}
# Not in the middle of a sentence, where many short words of other languages stand ("so" and "no" aside).
_ENGLISH = re.compile(r"(?<![\w-])(?P<word>yes|no|nope|true|false)(?![\w-])", re.IGNORECASE)
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
_LEADING = re.compile(r"[\s\"'“”*_`(\[¡]*(?P<word>[^\W\d_]+)(?P<after>[^\n]{0,20})", re.DOTALL)
_AFTER_LEADING = re.compile(
    r"\s*(?:\Z|[,;:!)\]\"'”*。，！、…]|[.–—-](?!\w))|\s+\(|\s+(?:because|since|as\b|it|he|she|they|we|i"
    r"|you|this|that|the|there|sir|indeed)(?!\w)",
    re.IGNORECASE,
)
_DETERMINES = re.compile(
    r"\.\s?\d|\s+(?:one|body|longer|more|matter|less|doubt|way|other|\w+ing\b)", re.IGNORECASE
)
_LEAD_IN = re.compile(
    r"(?:(?:so|thus|therefore|hence|then|well|ok|okay|sure|"
    r"(?:i|he|she|they|we) (?:think|thinks|believe|believes|guess|say|says|would say)"
    r"|i'd say)\b[\s,:]{0,3}(?:that )?){1,3}",
    re.IGNORECASE,
)
_COPULA = re.compile(
    r"\b(?:is|was|be|are|am|say|answer|it's|that's|so|thus|therefore|hence|:)\W{0,3}(?:\w+ly )?\Z",
    re.IGNORECASE,
)
_NEGATED = re.compile(
    r"(?<!not )(?:\b(?:not|never)|n['’]t|\bneither|\bnor)(?: \w+){0,1}\s*[\"'“]?\Z", re.IGNORECASE
)
_RETHINKS = re.compile(
    r"\b(?:wait|actually|sorry|correction|mistake|on second thought|scratch that)\b", re.IGNORECASE
)
_STOPS = re.compile(r"[\s\"'”*_)]*(?:\Z|[.,;!?:—–]|because\b|since\b|that\b|and\b)", re.IGNORECASE)
_CHOICE = re.compile(r"\W*(?:yes|true)\s*(?:or|/)\s*(?:no|false)\s*[:?]\s*", re.IGNORECASE)
_HEDGED = re.compile(
    r"\b(?:neither|partly|partially|half|mostly|somewhat|sometimes|not (?:always|necessarily|entirely"
    r"|quite)|either|or"
    r"|(?:could|might|may) (?:\w+ )?be|maybe|perhaps|possibly|both|whether|if"
    r"|unclear|depends|(?:yes|true) ?(?:and|/) ?(?:no"
    r"|false)|(?:no|false) ?(?:and|/) ?(?:yes|true))\b",
    re.IGNORECASE,
)
_LONGEST = 4_000
_LONGEST_ENDING = 12  # words of a sentence whose last one decides
_SHORT_WORDS = frozenset({"ja", "ya", "ne", "ano", "ni"})  # other words in other languages


@dataclass(frozen=True)
class _Said:
    pole: str
    shown: str


@dataclass(frozen=True)
class ExpectedPolar:
    """A reference that is one of two poles."""

    reference: str
    pole: str

    def check(self, final: FinalAnswer) -> Finding:
        """Compare the pole that the final answer names, or that an unmarked response begins or ends with."""
        text = final.text if final.marked else final.whole[:_LONGEST]
        text = _CHOICE.sub("", text, count=1)
        said = _stated(text) if final.marked else _concluded(text, final.whole[-_LONGEST:])
        own = {self.pole, _OPPOSITE[self.pole]}
        said = [one for one in said if one.pole in own]
        if not said:
            return missing("polar" if self.pole in ("yes", "no") else "truth", self.reference)
        if len({one.pole for one in said}) > 1:
            return several(" / ".join(one.shown for one in said), self.reference)
        judge = correct if said[0].pole == self.pole else incorrect
        return judge(said[-1].shown, self.reference)


def expected_polar(reference: str) -> ExpectedPolar | None:
    """Return the check for a reference that is yes, no, true or false, or None."""
    pole = _POLE.get(clean(reference).strip(" .!\"'“”").casefold())
    return None if pole is None else ExpectedPolar(reference, pole)


def _stated(text: str) -> list[_Said]:
    """Return the pole of a marked answer; both if it names both."""
    sentence = before_reason(first_sentence(text))
    leading = _leading(sentence)
    if leading:
        if poles := _listed(sentence):
            return poles
        return [leading, *(said for said in _within(sentence[:60]) if said.pole != leading.pole)]
    return _within(sentence)[-1:] if not _HEDGED.search(sentence) and not refuses(sentence) else []


def _concluded(start: str, end: str) -> list[_Said]:
    """Return the pole that an unmarked response begins with, and the one that it ends with."""
    spans = sentences(end)
    if not spans:
        return []
    first = before_reason(first_sentence(start))
    last = before_reason(end[slice(*spans[-1])])
    opening = _leading(first)
    closing = [] if _HEDGED.search(last) or refuses(last) else _within(last)[-1:]
    if not opening:
        return closing
    if poles := _listed(first):
        return poles
    if _RETHINKS.search(start) and closing:
        return closing
    if len(spans) == 1:
        return [opening, *(said for said in _within(first[:60]) if said.pole != opening.pole)]
    return [opening, *(said for said in closing if said.pole in (opening.pole, _OPPOSITE[opening.pole]))]


def _listed(sentence: str) -> list[_Said]:
    """Return the poles of a sentence that names nothing else: "yes, no, yes"; [] of all others."""
    words = _WORD.findall(sentence)
    poles = [_POLE.get(word.casefold()) for word in words]
    named = [_Said(pole, word) for pole, word in zip(poles, words, strict=True) if pole]
    return named if len(words) == len(named) > 1 else []


def _leading(sentence: str) -> _Said | None:
    """Return the pole that a sentence begins with: "Yes, he does.", "No."; not that of "No one saw him"."""
    begin = 0
    lead_in = _LEAD_IN.match(sentence.lstrip(" *_\"'"))
    if lead_in:
        begin = len(sentence) - len(sentence.lstrip(" *_\"'")) + lead_in.end()
    match = _LEADING.match(sentence, begin)
    if match is None:
        return None
    word = match["word"].casefold()
    pole = _POLE.get(word)
    if pole is None and word[:1] in "是不对對否":
        pole = next((_POLE[form] for form in (word[:2], word[:1]) if form in _POLE), None)
        return _Said(pole, match["word"]) if pole and len(word) <= 3 else None
    if pole is None or _DETERMINES.match(match["after"]) or not _AFTER_LEADING.match(match["after"]):
        return None
    return _Said(pole, match["word"])


def _within(sentence: str) -> list[_Said]:
    """Return the poles that a sentence concludes: after "is" or at its end; "not true" is false."""
    said = (_english(sentence, match) for match in _ENGLISH.finditer(sentence))
    found = [one for one in said if one is not None]
    return found or _last_word(sentence)


def _english(sentence: str, match: re.Match[str]) -> _Said | None:
    """Return the pole of an English word within a sentence, None where it concludes nothing."""
    before, after = sentence[: match.start()], sentence[match.end() :]
    pole = _POLE[match["word"].casefold()]
    ends = not after.strip(" .!?\"'”)*_]")
    negation = _NEGATED.search(before)
    if negation:
        turns = pole in ("true", "false") and "=" not in sentence
        apart = ends or not after.strip()[:1].isalnum()
        return _Said(_OPPOSITE[pole], sentence[negation.start() : match.end()]) if turns and apart else None
    concludes = ends or (_COPULA.search(before) is not None and _STOPS.match(after) is not None)
    return _Said(pole, match[0]) if concludes and not _DETERMINES.match(after) else None


def _last_word(sentence: str) -> list[_Said]:
    """Return the pole of a short sentence that ends with it, in any language."""
    words = _WORD.findall(sentence)
    if not words or len(words) > _LONGEST_ENDING or words[-1].casefold() in _SHORT_WORDS:
        return []
    pole = _POLE.get(words[-1].casefold())
    start = sentence.rfind(words[-1])
    denied = _NEGATED.search(sentence[:start]) or _DETERMINES.match(sentence, start + len(words[-1]))
    return [_Said(pole, words[-1])] if pole and not denied else []
