"""Answers that are text: compared as they read (see `folding`), or exactly."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from orca_desk.method.grading.answers import FinalAnswer
from orca_desk.method.grading.clauses import first_sentence, last_sentence, without_offers
from orca_desk.method.grading.finding import Finding, correct, incorrect
from orca_desk.method.grading.folding import normalise, same_reading
from orca_desk.method.grading.labels import FINAL_COPULAS
from orca_desk.method.grading.markup import clean
from orca_desk.method.grading.values import same_value

# Pictures around an answer, but for those that deny (a no-entry sign, a thumb down).
_DECORATION = re.compile(
    "(?<!\\S)(?:(?![\U0001f44e\U0001f645\U0001f6ab])[☺✨✅✔\U0001f300-\U0001f6ff\U0001f900-\U0001f9ff\U0001fa70-\U0001faff]"
    "[\ufe0f\u200d\U0001f3fb-\U0001f3ff]*)+(?!\\S)"
)
_ASIDE = re.compile(
    r"[\s,;:—–-]{1,4}(?:because|since|as (?:he|she|it|they|we|the)|not|rather than|instead of|which|where"
    r"|of course|as expected)\b"
    r"|\s\(|\s[—–-]\s",
    re.IGNORECASE,
)
_TAKES_BACK = re.compile(r"\W*(?:or|no|wait|actually|but|and|sorry|maybe|perhaps|either)\b", re.IGNORECASE)
_LEAD_IN = re.compile(
    r"^(?:(?:so|thus|therefore|hence|then|well|hmm|oh|okay|ok|sure"
    r"|here (?:you go|it is|you are)|definitely|certainly|probably|"
    r"(?:i|he|she|they|we) (?:think|thinks|believe|believes|guess|say|says|would say|choose|chose"
    r"|pick)|id say)\b"
    r"[\s,:]{0,3}(?:that )?){1,3}"
)
_FRAME = re.compile(
    r"^(?:\w+ (?:will |would |should )?(?:looks?|search(?:es)?)(?: for \w+(?: \w+)?(?= in ))? |"
    r"(?P<who>it|he|she|they|this|that|there|we|i) (?:is|are|was|were|am|will be|would be|must be"
    r"|has to be) (?:called |named )?"
    r"|(?P<short>its|thats|theyre|hes|shes) |(?:it|this) (?=[a-z]{3,}s\Z)"
    r"|(?:it|this|that) (?=can(?:not|t)?\b))?"
    r"(?:(?:still )?(?P<where>in|on|at|inside|into|onto|under) (?=\S))?"
)
_PERSONS = {"he": "he", "hes": "he", "she": "she", "shes": "she", "they": "they", "theyre": "they"}
_PLACES = {"inside": "in", "into": "in", "onto": "on", "at": None}  # "at" may be either of both
_DENIES = re.compile(r"(?:in|im|il|ir|un|non |dis)(\w{4,})")
# "It isn't in the box but in the basket."
_INSTEAD = re.compile(
    r"\b(?:not|is?n['’]t|wasn['’]t)\b[^.;]{1,80}?,?\sbut(?: rather)?\s(.+)\Z", re.IGNORECASE
)
_DENIED = re.compile(r"\b(?:is|are|was|were)(?: not|n['’]t) (\w+)\W*\Z")
_COPULA = re.compile(
    r"\b(?:is|are|was|were|be|equals|called|named|known as|ist|war|est|était|es|era|è|é|jest|är|er"
    r"|este|είναι|là|adalah)"
    r"(?::|\b)\s|(?<!不)是|(?<!で)は|(?<=[가-힣])[은는] |(?<=[а-яё]) [—–-] |\bه[يو] ",
    re.IGNORECASE,
)
FINAL_COPULA = re.compile(rf"(?:{'|'.join(sorted(FINAL_COPULAS, key=len, reverse=True))})[.。]?\Z")
_AGENT = re.compile(r"\b(?:by|named|called|known as)\s", re.IGNORECASE)
# Words that make a sentence more than "X is Y".
_UNPLAIN = re.compile(
    r"\b(?:not|never|neither|unlikely|formerly|used to(?!.*\bnow\b)"
    r"|(?:could|might|may) (?:\w+ )?be|maybe|perhaps|possibly|if"
    r"|whether|or|no|but|doubt|deny|denies|wrong|incorrect|false"
    r"|cannot|without|some|many"
    r"|nicht|kein|keine|pas|ni|non|não|nie|не|нет|inte|ikke)\b|n['’]t\b|[;?]|不|ない",
    re.IGNORECASE,
)
# What is said of a subject that is the answer: "Paris is the capital", not "The box is empty".
_SAYS_WHAT_IT_IS = re.compile(
    r"(?:the|its?|their|his|her|our|your|my|where|what|who|which|correct|right|best)\b|\w+['’]s\b",
    re.IGNORECASE,
)
_ACTS = re.compile(
    r"\s(?:wrote|won|made|built|founded|led|sang|drew|painted|invented|discovered|directed|composed|designed"
    r"|created|developed|proposed|formulated|authored|produced|recorded|launched|established|scored)\b"
)
# What makes the first words of a response more than an answer with its explanation.
_GOES_ON = re.compile(
    r"\A\W*(?:no|not)\b"
    r"|\b(?:wait|actually|sorry|correction|mistake|instead|or|so|thus|therefore|hence|then|but|however|finally)\b",
    re.IGNORECASE,
)
_SO = re.compile(r"[,;]\s(?:and )?(?:so|therefore|thus|hence)\b,?\s(?:that )?", re.IGNORECASE)
_OPTION = re.compile(r"\(?[A-Ha-h]\)\s+(?=\w)")
_LONGEST = 4_000
_LONGEST_SENTENCE = 400
_LISTED = re.compile(r"^[ \t]*(?:[-*•]|\d{1,2}[.)])[ \t]+\S", re.MULTILINE)
_LEAST_LISTED = 2
_LEAST_ASIDE = 3  # words after a dash
_LEAST_WORDS = 4  # of an explanation


def same_text(answer: str, expected: str) -> bool:
    """Return whether two texts read the same, also without a lead-in such as "it is in the"."""
    if same_reading(answer, expected):
        return True
    ours, theirs = normalise(answer), normalise(expected)
    if _unframed(ours) == _unframed(theirs) and _same_frame(ours, theirs):
        return True
    return _negated(ours) == theirs or ours == _negated(theirs)


def same_meaning(answer: str, expected: str) -> bool:
    """Return whether two texts read the same or are the same value, such as "2 h" and "120 min"."""
    return same_text(answer, expected) or same_value(answer, expected) is True


def _unframed(text: str) -> str:
    return _FRAME.sub("", _LEAD_IN.sub("", text)) or text


def _same_frame(one: str, other: str) -> bool:
    """Return whether the words before two answers say nothing different: not "he is" and "she is"."""
    ours, theirs = (_FRAME.match(_LEAD_IN.sub("", text)) for text in (one, other))
    if ours is None or theirs is None:
        return True
    persons = {_PERSONS.get(match["who"] or match["short"] or "") for match in (ours, theirs)}
    places = {_PLACES.get(match["where"], match["where"]) for match in (ours, theirs)}
    return len(persons - {None}) < 2 and len(places - {None}) < 2


def _negated(text: str) -> str | None:
    """Return "not valid" for "invalid", None for a text that nothing denies."""
    match = _DENIES.fullmatch(text)
    return f"not {match[1]}" if match else None


@dataclass(frozen=True)
class ExpectedText:
    """A reference that is compared as it reads."""

    reference: str

    def check(self, final: FinalAnswer) -> Finding:
        """Compare the final answer, or without a mark the whole response, its first or its last words."""
        answer = first_sentence(final.text) if final.marked else last_sentence(final.text)
        same = same_text if _same_frame(normalise(answer), normalise(self.reference)) else same_reading
        for candidate in readings(final):
            if same(candidate, self.reference):
                return correct(candidate, self.reference)
        named = self._named(final)
        if named is not None:
            return correct(named, self.reference)
        return incorrect(answer.rstrip(". "), self.reference)

    def _named(self, final: FinalAnswer) -> str | None:
        """Return the name that one sentence says acted: "Poe wrote it", "It was written by Poe"."""
        sentence = clean(final.text)
        single = final.marked or len(without_offers(final.whole)) <= _LONGEST_SENTENCE
        if not single or not self.reference[:1].isupper() or first_sentence(sentence) != sentence:
            return None
        if len(self.reference) < 3 or _UNPLAIN.search(sentence) or re.search(r"\band\b|,", sentence):
            return None
        head, tail = sentence[: len(self.reference)], sentence.rstrip(". ")[-len(self.reference) :]
        if same_reading(head, self.reference) and _ACTS.match(sentence, len(head)):
            return head
        agent = list(_AGENT.finditer(sentence))
        if agent and same_reading(tail, self.reference) and sentence[agent[-1].end() :].rstrip(". ") == tail:
            return tail
        return None


def readings(final: FinalAnswer) -> Iterator[str]:
    """Yield what the final answer may be taken for, from the whole to its core."""
    seen = set()
    for reading in _readings(final):
        piece = clean(reading).strip(" \"'“”‘’")
        if piece and len(reading) <= _LONGEST and piece not in seen:
            seen.add(piece)
            yield piece
            if option := _OPTION.match(piece):
                yield piece[option.end() :]


def _readings(final: FinalAnswer) -> Iterator[str]:
    if final.marked:
        yield final.text
        yield from _cores(first_sentence(final.text))
        return
    body = without_offers(final.whole)
    yield body
    if (undecorated := _DECORATION.sub("", body).strip()) != body:
        yield from _readings(replace(final, whole=undecorated, text=_DECORATION.sub("", final.text).strip()))
    last = body.rpartition("\n")[2]
    if not _LISTED.match(last) or len(_LISTED.findall(body)) < _LEAST_LISTED:  # else the last item of a list
        yield final.text
        yield from _cores(last_sentence(final.text))
    if len(body) <= _LONGEST:
        yield from _opening(body)


def _opening(body: str) -> Iterator[str]:
    """Yield the first words of a response that explains them: "Paris. It has been the capital since 987."."""
    first = first_sentence(body)
    rest = body[len(first) :]
    if len(rest.split()) < _LEAST_WORDS or len(first) > _LONGEST_SENTENCE or _GOES_ON.search(rest):
        return
    if _UNPLAIN.search(rest):
        yield first.rstrip("\n")
    else:
        yield from _cores(first.rstrip("\n"))


def _cores(sentence: str) -> Iterator[str]:
    """Yield a sentence, it without its aside, and what it says X is in "X is Y"."""
    conclusions = list(_SO.finditer(sentence))
    if conclusions:
        yield from _cores(sentence[conclusions[-1].end() :])
    aside = _ASIDE.search(sentence)
    main = sentence[: aside.start()] if aside and _is_aside(sentence, aside) else sentence
    for piece in dict.fromkeys((sentence, main)):
        yield piece
        if (denied := _DENIED.search(piece)) and not _UNPLAIN.search(piece[: denied.start()]):
            yield f"not {denied[1]}"
        if (instead := _INSTEAD.search(piece)) and not _UNPLAIN.search(instead[1]):
            yield instead[1]
        short = FINAL_COPULA.sub("", piece.strip())
        if short != piece:
            yield short
        copulas = list(_COPULA.finditer(piece))
        if not copulas or _UNPLAIN.search(piece):
            continue
        tail = piece[copulas[-1].end() :]
        yield tail
        yield FINAL_COPULA.sub("", tail.strip())
        if _SAYS_WHAT_IT_IS.match(piece[copulas[0].end() :]):
            yield piece[: copulas[0].start()]


def _is_aside(sentence: str, aside: re.Match[str]) -> bool:
    """Return whether what follows only adds to an answer: neither takes it back nor offers another one."""
    rest = sentence[aside.end() :]
    dash = aside[0].strip() in ("-", "–", "—")
    return _TAKES_BACK.match(rest) is None and not (dash and len(rest.split()) < _LEAST_ASIDE)


@dataclass(frozen=True)
class ExpectedExact:
    """A reference that must be met character by character, except for white space at the ends."""

    reference: str

    def check(self, final: FinalAnswer) -> Finding:
        """Compare the whole response and the final answer, with and without the full stop of its sentence."""
        expected = self.reference.strip()
        line = final.raw.partition("\n")[0].strip()
        pieces = (final.whole.strip(), final.raw.strip(), line, final.text, final.block)
        if any(expected in (piece, piece.removesuffix(".")) for piece in pieces):
            return correct(expected, expected)
        return incorrect(final.text, expected)
