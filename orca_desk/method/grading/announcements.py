"""What announces an answer: labels in many languages, "####", boxes, tags, members of JSON."""

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from orca_desk.method.grading import labels


class Mark(NamedTuple):
    """An announcement: where it begins, where its answer begins, what ends the answer, and how sure it is.

    `closing`: "}" of a box, "</" or "[/" of a tag, '"' of JSON; "" where the paragraph ends the answer.
    `firm`: False for "the answer should be" and "my first guess".
    """

    start: int
    end: int
    closing: str = ""
    firm: bool = True


def _any_of(words: Iterable[str]) -> str:
    """Return the alternatives, the longest first."""
    return "|".join(sorted(map(re.escape, words), key=len, reverse=True))


def _any_case(words: Iterable[str]) -> set[str]:
    """Return words in small letters, capitalised, and in capitals."""
    return {form for word in words for form in (word, word[:1].upper() + word[1:], word.upper())}


_OPTION_LABELS = _any_case(
    f"{how} {what}" for how in ("correct", "right", "best") for what in ("option", "choice", "alternative")
)
_LABELS = _any_case([*labels.ANSWER, *labels.ANSWER_PHRASES]) | _OPTION_LABELS
_COMMON = (
    r"\\(?P<box>(?:f|frame)?box(?:ed)? ?\{)|(?P<hashes>\#{4,})"
    r"|(?P<tag><(?:final_?)?(?:[Aa]nswer|ANSWER|result|output|solution|choice|response|final)>|\[ANSWER\])"
    r"|[\"'](?P<json>(?:final[ _]?|correct[ _]?)?(?:[Aa]nswer|[Cc]hoice|[Rr]esult"
    r"|[Rr]esponse)(?:_?letter)?[\"']\s{0,4}:\s{0,4})"
)
_TOKEN_ASCII = re.compile(rf"{_COMMON}|(?P<label>{_any_of(filter(str.isascii, _LABELS))})(?![^\W_])")
_TOKEN = re.compile(
    rf"{_COMMON}|(?P<label>{_any_of(_LABELS)})(?![^\W_])|(?P<unspaced>{_any_of(labels.ANSWER_UNSPACED)})"
    r"|(?P<select>(?:选择|選擇|选|選)(?=[ \t]*[(（]?[A-ZＡ-Ｚ]))"
)
_CORRECT = _any_of(labels.CORRECT)
_LOOSE = (
    r"(?:should|could|might|may) be|seems?(?: to be)?|appears? to be|looks like"
    r"|(?:is|was|would be) (?:probably|likely|perhaps|maybe|possibly|most likely)|(?:probably|likely"
    r"|perhaps|maybe) is"
)
_AFTER_LABEL = re.compile(
    rf"(?:\(s\))?(?:[ \t]{{1,3}}(?:{_CORRECT})(?![^\W_])){{0,2}}"
    r"(?:[ \t]{1,4}(?:to|for|of|auf|à|a la|alla|à la|to the|på|na|do) [^.:\n]{1,80}?)?"
    r"(?:,? (?:then|therefore|thus|here|in this case|that fits best|(?:i|we|you) (?:get|got|found|want"
    r"|need|seek|have))\b,?)?"
    r"(?:[ \t]{0,3}\([^()\n]{1,60}\))?[ \t]{0,4}[*_`]{0,3}[ \t]{0,4}"
    rf"(?:(?P<loose>{_LOOSE})\b|(?P<firm>=>|[:：=–—]|-(?=[ \t])"
    r"|(?:(?:will|would|must|can only|has to|have to) be"
    rf"|comes (?:out )?to|turns out to be|works out (?:to be|to|as)|{_any_of(labels.IS)})(?![^\W_])"
    rf"|{_any_of(labels.IS_UNSPACED)}))",
    re.IGNORECASE,
)
_LEAD_IN = re.compile(
    r"(?:[*_`]{1,3}(?=\s))?[ \t]{0,4}[:：,]?"
    r"(?:[ \t]{1,4}(?:therefore|thus|then|simply|clearly|indeed|hence|given by|that|equal to"
    r"|definitely|certainly|as follows)\b[,:]?)?"
    r"[ \t]*(?:[*_`]{1,3}(?=\s))?",
    re.IGNORECASE,
)
_HEADING_BEFORE = re.compile(
    rf"(?:\A|\n)[ \t]*[#>*_ \t]*(?:(?:the|my|your|die|der|la|le|el|il|a|o|de|het|{_CORRECT})[ \t]+){{0,3}}\Z",
    re.IGNORECASE,
)
_HEADING_AFTER = re.compile(
    rf"(?:[ \t]+(?:{_CORRECT}))?[ \t]*[*_:：#]*[ \t]*(?:\n(?:[=-]{{3,}}[ \t]*\n)?|\Z)", re.IGNORECASE
)
_SHORT_LINE = re.compile(r"[*_\])]{0,3}[ \t]+(?=[(\[$\dA-Z][^\n]{0,30}(?:\n|\Z))")
_DISOWNED = re.compile(
    r"\b(?:wrong|incorrect|false|bad|no|any|common|tempting|naive|falsche|fausse|mauvaise|incorrecta"
    r"|sbagliata|неверный)[ \t]+\Z"
    r"|\b(?:if|whether|suppose|assuming|assume|unless)(?: that)?(?: (?:the|your|my|this))?(?: \w+)?[ \t]+\Z"
    r"|\b(?:people|students?|many|some|they|everyone|someone|others) (?:\w+ ){0,2}"
    r"(?:think|believe|say|assume|guess|claim|expect)s?(?: that)?(?: the)?(?: \w+)?[ \t]+\Z",
    re.IGNORECASE,
)
_TENTATIVE = re.compile(
    r"\b(?:draft|initial|preliminary|tentative|rough|previous|old|original|earlier|intermediate"
    r"|partial|approximate)[ \t]+\Z",
    re.IGNORECASE,
)
_SECTION = re.compile(
    r"[ \t]*\**(?:steps?|solution|explanation|part|note|why|reasoning|given|analysis|calculations?"
    r"|verification|check|problem|question"
    r"|\d+[.)] )\b|[^\n]{0,80}:[ \t*]*(?:\n|\Z)",
    re.IGNORECASE,
)
_WEAK = re.compile(
    r"^[ \t]*(?:[#>*_-]{1,6}[ \t]*)?(?P<word>A|Ans|(?:(?:the|my) )?final(?: result| value| output"
    r"| verdict| choice)?|(?:the )?result|solution"
    r"|(?:in )?conclusion|output|(?:my )?choice|(?:my )?(?:best )?guess"
    r"|option|verdict|ergebnis|fazit|lösung|résultat"
    r"|conclusion|resultado|risultato|результат"
    r"|итого|итог|wynik|sonuç|النتيجة|परिणाम|结果|結果|結論|结论|결과|결론|kết quả|hasil)"
    r"[*_]{0,3}[ \t]?[:：][*_]{0,3}(?=[ \t]*\S)",
    re.IGNORECASE | re.MULTILINE,
)
_OPTION_LINE = re.compile(r"^B:", re.MULTILINE)
_LONGEST_WEAK = 100
_TAIL = re.compile(r"\n[ \t]*\n")
_EXPLAINS = re.compile(r"\W*(?:explanation|because|reason|since|why|here|note)", re.IGNORECASE)


def find_marks(text: str) -> list[Mark]:
    """Return the announcements in `text`, from left to right."""
    return list(_marks(text))


def _marks(text: str) -> Iterator[Mark]:
    for token in (_TOKEN_ASCII if text.isascii() else _TOKEN).finditer(text):
        kind = token.lastgroup
        if kind == "box":
            yield Mark(token.start(), token.end(), "}")
        elif kind == "tag":
            yield Mark(token.start(), token.end(), "</" if token[0].startswith("<") else "[/")
        elif kind == "json":
            yield Mark(token.start(), token.end(), '"')
        elif kind == "hashes":
            if not _SECTION.match(text, token.end()):
                yield Mark(token.start(), token.end())
        elif kind == "select":
            yield Mark(token.start(), token.end())
        else:
            mark = _labelled(text, token)
            if mark is not None:
                yield mark


def _labelled(text: str, token: re.Match[str]) -> Mark | None:
    """Return the mark of a label that something joins to an answer, None for any other use of the word."""
    start, end = token.span()
    if token.lastgroup == "label" and start and (text[start - 1].isalnum() or text[start - 1] == "'"):
        return None
    before = text[max(0, start - 60) : start]
    if _DISOWNED.search(before):
        return None
    firm = _TENTATIVE.search(before) is None
    joint = _AFTER_LABEL.match(text, end)
    if joint:
        lead_in = _LEAD_IN.match(text, joint.end())
        return Mark(start, lead_in.end() if lead_in else joint.end(), firm=firm and joint["loose"] is None)
    if _HEADING_BEFORE.search(before if start > 60 else "\n" + before):
        after = _HEADING_AFTER.match(text, end) or _SHORT_LINE.match(text, end)
        if after:
            return Mark(start, after.end(), firm=firm)
    if token[0].lower() in labels.VERB_LAST and text[end : end + 1] == " ":
        return Mark(start, end + 1, firm=firm)
    return None


def find_weak_marks(text: str) -> list[Mark]:
    """Return the last line such as "A: X" or "Result: X" if its answer is short and ends the response.

    A line "A:" that begins a list of options "A: .. B: .." is none.
    """
    last = None
    for match in _WEAK.finditer(text):
        if match["word"] != "a":
            last = match
    if last is None or (last["word"] == "A" and _OPTION_LINE.search(text, last.end())):
        return []
    if last["word"] != "A":
        rest = text[last.end() :].strip()
        line, _, more = rest.partition("\n")
        if len(line) > _LONGEST_WEAK or (more.strip() and _TAIL.search(rest) and not _EXPLAINS.match(more)):
            return []
    return [Mark(last.start(), last.end())]
