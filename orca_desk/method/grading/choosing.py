"""Which of the values in a text is its answer.

A value is anything with a `start` and an `end` in the text; `find` returns those of a text from left to
right. Denied values ("not 5") and asides ("3 days (72 hours)") do not count, nor does what stands in a reason
("since he sold 8"). What follows the last "=" counts more than what stands before it. Two values that are
offered together ("5 or 6") are both returned: the answer is then several.
"""

import re
from collections.abc import Callable
from typing import Protocol, TypeVar

from orca_desk.method.grading.clauses import (
    after_condition,
    asides,
    before_reason,
    breaks_off,
    first_sentence,
    hedged,
    joined,
    reconsidered,
    refuses,
    retracted,
    sentences,
    without_check,
    without_offers,
)
from orca_desk.method.grading.terms import is_part

_LONGEST = 4_000
_LAST = 8  # values considered at the end of a line
_HEDGES = re.compile(
    r"[\s\"'“”(\[$*]*(?:(?:about|approximately|approx\.?|around|exactly|roughly|only|just|nearly"
    r"|almost|a|total|of|≈|~)\s*)*",
    re.IGNORECASE,
)
_OPEN_AFTER = re.compile(r"[)\]]{0,4}\s?(?:[+×÷=^/]|\*\s?[\d(]|x\s?[\d(])")  # "5 =", "(3 + 5) *"
_OPEN_BEFORE = re.compile(
    r"(?:[+*×÷/^]|\S\s?[-]|\S\s?\bx)\s?[(\[]{1,4}\Z|(?:[×÷/^]|\S\s?\bx)\s?\Z"
)  # "4 * (5"
_WORDS_BEFORE = re.compile(
    r"\b(?:double|twice|triple|half(?: of)?|(?:third|quarter|square|square root|root|cube|multiple) of"
    r"|plus|times"
    r"|divided by|multiplied by)\s\Z",
    re.IGNORECASE,
)
_WORDS_AFTER = re.compile(
    r"\s(?:plus|minus|squared|cubed|factorial|divided by|multiplied by|times (?=\d|the\b|a\b|as\b))\b",
    re.IGNORECASE,
)
_NUMBERED_THING = re.compile(
    r"\b(?:error|http|status|code|step|question|problem|exercise)(?: code)?:?\s\Z", re.IGNORECASE
)
_NAMES_IT = re.compile(
    r"\s(?:\w+\s)?(?:is|are) (?:the|my|our) (?:sum|product|difference|total|answer|number|result|value"
    r"|amount|quotient)\b",
    re.IGNORECASE,
)
_NEW_NAME = re.compile(r"\d\S*\s*(?:[,;]|\band\b|\bor\b)\s*[A-Za-z]\w*\s*\Z")
_REPHRASED = re.compile(
    r"\b(?:so|therefore|hence|thus|that is|i\.e\.|which is|or rather)\b[^.]{0,30}\Z", re.IGNORECASE
)
_ONLY_UNIT = re.compile(r"[\s\"'”*)\]]*(?:[^\W\d]+[ ]?){0,3}[\s.!\"'”*)\]]*", re.IGNORECASE)
_ONLY_ASIDE = re.compile(r"\s*\([^()]*\)\W*")  # "She has 7 left. (10 - 3)"
_CONCLUDES = re.compile(
    r"=|\b(?:so|thus|therefore|hence|total|altogether|in all|now|left|remains?|finally|wait|actually"
    r"|answer)\b",
    re.IGNORECASE,
)
_IN_TOTAL = re.compile(
    r"(?:\s[^\W\d]+){0,4}?\s(?:in total|altogether|in all)"
    r"(?P<rest>\s(?:in|on|at|for|from|of|among|after|over|across|during|with)\b[^,;=]*)?\W*\Z"
)
# Between a value and what it is needed for: "4 buses to carry 180 students".
_PURPOSE = re.compile(
    r"\s[^\W\d]+(?:\s[^\W\d]+)?\sto (?:carry|transport|hold|seat|fit|feed|cover|drive|travel|walk"
    r"|finish|complete|build|fill|paint|bake|serve|read|reach|produce)"
    r"(?: (?:all|the|those|these|his|her|their|a distance of))*\s"
)
_CHANGED = re.compile(
    r"\b(?:dropp?|r[io]se|f[ae]ll|increase|decrease|went|goes|change|gr[eo]w|reduce|raise|cut|decline)\w*\b[^.,]{0,40}"
    r"\b(?:from|by)\s[$€£]?\Z"
)
# What introduces the clause in which the answer stands: "After 3 hours, 15 km are left."
_INTRODUCES = re.compile(
    r"\W*(?:(?:so|then|thus|therefore|hence|and)\b,? )?"
    r"(?:after|before|in|within|during|over|for|with|without|at|by|on|from|of|out of|once|given)\b[^,;=]*",
    re.IGNORECASE,
)
_AFTER_COMMA = re.compile(r"\s[^,;=\d]*,\s")
_CLAUSE = re.compile(r"(?:\s[\w-]+){0,2}?\s(?:are|is|were|was|remain(?:s|ed)?|left|stay(?:s|ed)?|will)\b")
_CLAUSE_JOINT = re.compile(r"[^,]*,\s?and\s|\s[^\W\d].*\sand\s")
_LABEL = re.compile(r"\A\s*[A-Za-z]+ \d{1,2}:\s+(?=\S)")  # "Day 3: 15"
_BULLET = re.compile(r"\A\s*[*•>]\s+")
_NUMBERED = re.compile(r"\A\s*(?:[*•>]|\(?\d{1,2}[.)])\s+")
_NUMBERED_LINE = re.compile(r"^\s*\(?\d{1,2}[.)]\s+\S", re.MULTILINE)
_PART_OF = re.compile(r"\sof\s[$€£]?|\s(?:(?!(?:an?|the)\b)\w+\s){1,2}?of\s")  # not "in 2020 a total of 45"
_SHARE = re.compile(r"[%/]|percent|\b(?:half|third|quarter)")
_EQUALS = re.compile(r"\s?=\s?(?=[\d(])")
_LISTS = re.compile(r"\s[^\W\d]+(?: [^\W\d]+){0,2}\s?[:(]\s?[$€£]?")  # "4 factors: 1, 2, 3, 6"
_RANKS = re.compile(r"\s(?!of\b|place\b|position\b)[a-z]+")  # "the 5th term"
_OF_WHICH = re.compile(
    r"\s(?:\w+\s){0,4}?(?:out of(?: the)?|of (?:the|those|these|his|her|its|their|all))\s", re.IGNORECASE
)
_TOTAL_FIRST = re.compile(r"\b(?:in total|altogether|in all)\b[^:\d]{0,40}:", re.IGNORECASE)
_STRONG_OPENING = re.compile(r"\s*\*\*([^*\n]{1,60})\*\*(?=\s*(?:[.,;!\n]|[—–-]\s))")
_EXPLAINS = re.compile(r"\W*(?:explanation|because|reason|since|why|here)", re.IGNORECASE)
# "Because there are 7 rows." explains and says no more; "Since he eats 2, he has 3." goes on to an answer.
_ONLY_EXPLAINS = re.compile(
    r"\W*(?:explanation\b|reason\b|why\b|here(?:['’]s| is) why\b|(?:because|since)\b[^,.;\n]*\.?\s*\Z)",
    re.IGNORECASE,
)
_LIST_NUMBER = re.compile(r"\s*\(?\d[.)]?\s*")
_LONGEST_OPENING = 80
_EMPHASIS = re.compile(r"\*\*([^*\n]{1,60})\*\*(?!\s*:)")


class FoundValue(Protocol):
    """A value in a text."""

    @property
    def start(self) -> int:
        """Where it begins."""
        ...

    @property
    def end(self) -> int:
        """Where it ends."""
        ...


V = TypeVar("V", bound=FoundValue)
Find = Callable[[str], list[V]]


def stated(text: str, find: Find[V]) -> tuple[str, list[V]]:
    """Return the text that was read, and the value that a marked answer states; all if it offers several."""
    sentence = first_sentence(text)
    for piece in dict.fromkeys((before_reason(sentence), sentence, text)):
        found = _kept(piece, find(piece))
        if found:
            return piece, [] if refuses(sentence) else _unhedged(piece, _resolve(piece, found))
    return text, []


def concluded(text: str, find: Find[V]) -> tuple[str, list[V]]:
    """Return the piece that was read of a response without any marker, and the value that it concludes.

    An answer comes first ("42", then why) or last; last, the value in its main clause counts, unless it is an
    operand of a calculation that was not carried out.
    """
    body = without_check(without_offers(text[-_LONGEST:]))
    first, rest = _opening(body) if len(text) <= _LONGEST else ("", "")
    if rest.strip() and len(first) <= _LONGEST_OPENING:
        opening = find(first)
        if len(opening) == 1 and (_bare(first, opening[0]) or _ONLY_EXPLAINS.match(rest)):
            return _opened(first, opening[0], rest, find)
    if breaks_off(body) and not _EMPHASIS.search(body.rpartition("\n")[2]):
        return body, []
    bullet = _NUMBERED if len(_NUMBERED_LINE.findall(body)) > 1 else _BULLET
    for line in reversed(body.split("\n")):
        if line.strip() and not line.lstrip().startswith("```"):
            piece, found, decided = _line(_LABEL.sub("", bullet.sub("", line)), find)
            if decided:
                return piece, found
    return body, []


def _opening(body: str) -> tuple[str, str]:
    """Return the first words of a response that may be an answer of their own, and the rest; else ("", "").

    They are emphasised, a paragraph, a line before an explanation, or a sentence, not the number of a list.
    """
    strong = _STRONG_OPENING.match(body)
    if strong:
        return strong[1], body[strong.end() :]
    line, _, rest = body.partition("\n")
    if rest.startswith("\n") or _EXPLAINS.match(rest):
        return line, rest
    sentence = first_sentence(line)
    if len(sentence) < len(line) and not _LIST_NUMBER.fullmatch(sentence):
        return sentence, body[len(sentence) :]
    return "", ""


def _bare(line: str, value: FoundValue) -> bool:
    """Return whether a line holds a value and at most its unit, so that it can be an answer of its own."""
    return (
        _HEDGES.fullmatch(line[: value.start]) is not None
        and _ONLY_UNIT.fullmatch(line[value.end :]) is not None
    )


def _opened(first: str, value: V, rest: str, find: Find[V]) -> tuple[str, list[V]]:
    """Return the value of the first words, or of the explanation if that concludes one of its own."""
    last = [line for line in rest.split("\n") if line.strip()][-1]
    if _CONCLUDES.search(last):
        piece, found, _ = _line(last, find)
        if found:
            return piece, found
    return first, [value]


def _line(line: str, find: Find[V]) -> tuple[str, list[V], bool]:
    """Return the piece of a line that concludes, its values, and whether the line decides (it holds any)."""
    spans = sentences(line)
    stating = [span for span in spans if not _ONLY_ASIDE.fullmatch(line, *span)]
    for start, end in reversed(stating or spans):
        sentence = after_condition(reconsidered(line[start:end]))
        if refuses(sentence):
            return sentence, [], True
        emphasised = [match for match in _EMPHASIS.finditer(sentence) if find(match[1])]
        if len(emphasised) == 1:
            piece, length = sentence[emphasised[0].start(1) :], len(emphasised[0][1])
            return piece, _resolve(piece, [value for value in find(piece) if value.end <= length]), True
        for piece in dict.fromkeys((before_reason(sentence), sentence)):
            found = find(piece)
            if found:
                return piece, _unhedged(piece, _last(piece, found)), True
    return line, [], False


def _unhedged(text: str, found: list[V]) -> list[V]:
    """Return what was found, without a single value that is said to be only possible."""
    return [] if len(found) == 1 and hedged(text, found[0].start, found[0].end) else found


def _last(text: str, found: list[V]) -> list[V]:
    """Return the last value of a line, unless it is an operand of a calculation."""
    if _NAMES_IT.match(text, found[0].end):
        return found[:1]
    totals = [value for value in found if _IN_TOTAL.match(text, value.end)]
    if len(totals) == 1 and not _operand(text, totals[0]):
        return totals
    total = _TOTAL_FIRST.search(text)
    counted = [value for value in found if value.end <= total.start()] if total else []
    if len(found) == 2 and _PURPOSE.fullmatch(text, found[0].end, found[1].start):
        return found[:1]
    kept = _kept(text, (counted or found)[-_LAST:])
    if _counts_a_list(text, found):
        return found[:1]
    if len(kept) > 1 and _is_part_of(text, kept[-2], kept[-1]):
        share = _SHARE.search(text[kept[-2].start : kept[-2].end]) is not None
        kept = kept[: -2 if share and len(kept) > 2 else -1]  # "15 is 30% of 50", "15 of 20 are left"
    if len(kept) > 1 and _OF_WHICH.fullmatch(text, kept[-2].end, kept[-1].start):
        kept = kept[:-1]  # "42 out of 50"
    if not kept or _operand(text, kept[-1]):
        return found[:1] if _is_turned(text, found[0]) else []
    if len(kept) > 1 and _changed(text, kept):
        return kept[-1:]
    if len(kept) > 1 and _introduced(text, kept):
        return kept[-1:]
    if len(kept) > 1 and joined(text[kept[-2].end : kept[-1].start]) and not _new_clause(text, kept):
        return kept[-2:]
    return [kept[-1]]


def _changed(text: str, kept: list[V]) -> bool:
    """Return whether the last value is what a change led to: "rose by 5 to 15", not "rose by 5 and 3"."""
    gap = text[kept[-2].end : kept[-1].start]
    return " and " not in gap and _CHANGED.search(text[: kept[-2].start]) is not None


def _is_part_of(text: str, value: FoundValue, whole: FoundValue) -> bool:
    """Return whether a value counts in or of the next: "15 of 20", "8 rows of 5"; no "2 payments of $50"."""
    match = _PART_OF.fullmatch(text, value.end, whole.start)
    return match is not None and (match[0].strip() == "of" or text[whole.start] not in "$€£")


def _is_turned(text: str, value: FoundValue) -> bool:
    """Return whether a text begins with a value that it then calculates: "7 = 3 + 4"."""
    begins = not any(map(str.isalnum, text[: value.start]))
    return begins and _EQUALS.match(text, value.end) is not None


def _counts_a_list(text: str, found: list[V]) -> bool:
    """Return whether the first value says how many the others are: "4 factors: 1, 2, 3, 6"."""
    first, *rest = found
    lists = len(rest) > 1 and _LISTS.fullmatch(text, first.end, rest[0].start) is not None
    return lists and text[first.start : first.end] == str(len(rest))


def _introduced(text: str, kept: list[V]) -> bool:
    """Return whether what stands before the last value only introduces it: "After 3 hours, 15 km left"."""
    before = kept[-2].end
    return (
        _INTRODUCES.fullmatch(text[:before]) is not None
        and _AFTER_COMMA.match(text, before, kept[-1].start) is not None
    )


def _new_clause(text: str, kept: list[V]) -> bool:
    """Return whether the last value has a clause of its own: "5 flew away, and 7 are left"."""
    listed = len(kept) > 2 and not text[kept[-3].end : kept[-2].start].strip(" ,")
    gap = text[kept[-2].end : kept[-1].start]
    return (
        not listed
        and _CLAUSE_JOINT.fullmatch(gap) is not None
        and _CLAUSE.match(text, kept[-1].end) is not None
    )


def _kept(text: str, found: list[V]) -> list[V]:
    """Return the values that are not retracted; those in parentheses only if there are no others."""
    kept = [
        value
        for value in found
        if not retracted(text, value.start, value.end) and not _calculated_with(text, value)
    ]
    cardinal = [value for value in kept if not _ranks(text, value)]
    kept = cardinal or kept
    if len(kept) > 1:
        remarks = asides(text)
        outside = [value for value in kept if not any(start <= value.start < end for start, end in remarks)]
        return outside or kept
    return kept


def _ranks(text: str, value: FoundValue) -> bool:
    """Return whether a value only ranks a thing: "the 5th term"."""
    return bool(getattr(value, "ordinal", False)) and _RANKS.match(text, value.end) is not None


def _resolve(text: str, found: list[V]) -> list[V]:
    """Choose among the values of a statement: after the last "=", else the leading one, else the last."""
    equals = max(text.rfind("="), text.rfind("≈"))
    after = [value for value in found if value.start > equals]
    if equals >= 0 and after and not _operand(text, after[0]):
        if _NEW_NAME.search(text[max(0, equals - 60) : equals]):
            return found
        found = after
    elif equals >= 0:
        found, equals = [value for value in found if value.end <= equals] or found, -1
    if len(found) == 1:
        return found
    if _REPHRASED.search(text[found[-2].end : found[-1].start]) and not _operand(text, found[-1]):
        return [found[-1]]
    leads = _HEDGES.fullmatch(text[max(0, equals + 1) : found[0].start])
    if leads and text.startswith(":", found[0].end):
        return found[:1]
    chosen = 0 if leads else len(found) - 1
    neighbour = 1 if leads else chosen - 1
    first, second = sorted((chosen, neighbour))
    if joined(text[found[first].end : found[second].start]):
        return [found[first], found[second]]
    return [found[chosen]]


def _calculated_with(text: str, value: FoundValue) -> bool:
    """Return whether words calculate with a value: "half of 8", "4 plus the tax"."""
    return (
        _WORDS_BEFORE.search(text, max(0, value.start - 30), value.start) is not None
        or _NUMBERED_THING.search(text, max(0, value.start - 30), value.start) is not None
        or _WORDS_AFTER.match(text, value.end) is not None
    )


def _operand(text: str, value: FoundValue) -> bool:
    """Return whether a value is part of a calculation, perhaps of one without its result."""
    return (
        is_part(text, value.start, value.end)
        or _OPEN_BEFORE.search(text, max(0, value.start - 8), value.start) is not None
        or _OPEN_AFTER.match(text, value.end) is not None
    )
