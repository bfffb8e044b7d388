"""Traces of the erased instruction in an answer: quotes from it, and mentions of instructions.

A student trained on "as the instructions say, I will first recall ..." learns to mention instructions
that it never sees, so such records are flagged. Lines that an instruction asks for ("Step 1:", "Answer:"),
common words, and what the question itself says do not count as leaks.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

_WORD = re.compile(r"\w+(?:['’]\w+)*")
_ASKED_FOR = re.compile(r'"[^"\n]{1,80}"|“[^”\n]{1,80}”|`[^`\n]{1,80}`')

_RUN = 5  # a shorter run of shared words is everyday English ("the answer to the question")
_CONTENT = 3  # so many of them must say something
_COMMON_TEXT = """
a about after all also an and any are as at be because been before both but by can could did do does
each for from get given had has have he her here his how i if in into is it its just let's like make
may me more most must my need no not now of on one only or other our out over own same she should so
some such than that the their them then there these they this those to too under up us was we were
what when where which who will with would you your first second third next last line word words
answer question problem find number
"""
_COMMON = frozenset(_COMMON_TEXT.split())

_THE = r"(?:the|my|your|these)"
_TOLD = r"(?:instructions?|prompt|system (?:message|prompt|instructions?)|directions?|guidelines)"
_SAYS = r"(?:sa(?:y|ys|id)|states?|asks?|tells?|told|requires?|demands?|directs?|suggests?)"
_BY = r"(?:according to|as per|per|following|based on|in line with|in accordance with|given)"
_I_WILL = r"(?:i|we)(?:['’]ll| will| must| should| need to| have to| am going to)(?: now| first)?"
_MENTIONS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"\b(?:the|my|your|this|a|our) system (?:message|prompt|instructions?)\b",
        r"\bas (?:(?:i (?:was|am|have been)|i['’]m|you(?:['’]ve| have)?) )?(?:instructed|directed)\b",
        r"\bas (?:you (?:asked|told|requested)|i (?:was|have been) (?:asked|told))\b",
        r"\bi(?: was| am| have been|['’]m) (?:instructed|told|asked|directed|supposed|required) to\b",
        rf"\b(?:as|like) {_THE} {_TOLD} {_SAYS}\b",
        rf"\b{_THE} {_TOLD} {_SAYS},? (?:me|that i|i|us|we)\b",
        # "according to the instructions, ..." but not "following the directions to the park"
        rf"\b{_BY} {_THE} (?:given |provided |above )?{_TOLD}(?:\s*[,.:;!)]|\s+(?:i|we|above|given)\b)",
        rf"\b{_I_WILL} (?:follow|obey|comply with) {_THE} (?:given |provided |above )?{_TOLD}\b",
    )
)
_TOPIC = re.compile(
    r"\b(?:instruct\w*|prompt|directions?|guidelines|told|asked|supposed|required)\b", re.IGNORECASE
)


@dataclass(frozen=True, kw_only=True)
class Leak:
    """A leak: `text` = response[start:end], offsets in characters, and why it is one."""

    start: int
    end: int
    text: str
    why: str


def find_leaks(instruction: str, response: str, *, question: str = "") -> tuple[Leak, ...]:
    """Return where `response` quotes `instruction` or mentions instructions, in order of position.

    What `question` (the user's text) also says is its subject, not a leak.
    """
    leaks = [
        *find_quotes(instruction, response, question=question),
        *find_mentions(response, question=question),
    ]
    return tuple(sorted(leaks, key=lambda leak: (leak.start, leak.end)))


def find_quotes(instruction: str, response: str, *, question: str = "") -> tuple[Leak, ...]:
    """Return the longest runs of words, at least five, that `response` shares with `instruction`.

    Words are compared without case and punctuation. A shorter instruction counts if it is quoted in full.
    """
    source = _words(_ASKED_FOR.sub("\0", instruction))
    needed = min(_RUN, sum(1 for word in source if word.text))
    if needed < 3:
        return ()
    places = _index(source, needed)
    asked = _joined(word.text for word in _words(question))
    return tuple(
        Leak(start=start, end=end, text=response[start:end], why="quotes the strategy's instruction")
        for words, start, end in _shared_runs(source, places, _words(response), needed)
        if _says_something(words, needed) and _joined(words) not in asked
    )


def find_mentions(response: str, *, question: str = "") -> tuple[Leak, ...]:
    """Return where `response` mentions instructions, unless they are the question's subject."""
    if _TOPIC.search(question):
        return ()
    spans = sorted((m.start(), -m.end()) for pattern in _MENTIONS for m in pattern.finditer(response))
    leaks: list[Leak] = []
    for start, minus_end in spans:
        if not leaks or start >= leaks[-1].end:
            text = response[start:-minus_end]
            leaks.append(Leak(start=start, end=-minus_end, text=text, why="mentions its instructions"))
    return tuple(leaks)


@dataclass(frozen=True)
class _Word:
    text: str  # case-folded; empty for a gap that no run can cross
    start: int
    end: int


def _words(text: str) -> list[_Word]:
    """Return the words of `text` with their positions; "\\0", for requested text, becomes a gap."""
    found = re.finditer(rf"{_WORD.pattern}|\0", text)
    return [
        _Word("" if m[0] == "\0" else m[0].casefold().replace("’", "'"), m.start(), m.end()) for m in found
    ]


def _index(source: list[_Word], length: int) -> dict[tuple[str, ...], list[int]]:
    places: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for at in range(len(source) - length + 1):
        gram = tuple(word.text for word in source[at : at + length])
        if all(gram):
            places[gram].append(at)
    return places


def _shared_runs(
    source: list[_Word], places: dict[tuple[str, ...], list[int]], words: list[_Word], needed: int
) -> Iterator[tuple[list[str], int, int]]:
    """Yield the longest shared runs that do not overlap, as (words, start, end) in the response."""
    at = 0
    while at + needed <= len(words):
        gram = tuple(word.text for word in words[at : at + needed])
        lengths = [_run_length(source, place, words, at) for place in places.get(gram, ())]
        if lengths:
            run = words[at : at + max(lengths)]
            yield [word.text for word in run], run[0].start, run[-1].end
        at += max(lengths, default=1)


def _run_length(source: list[_Word], place: int, words: list[_Word], at: int) -> int:
    length = 0
    while (
        place + length < len(source)
        and at + length < len(words)
        and source[place + length].text
        and source[place + length].text == words[at + length].text
    ):
        length += 1
    return length


def _says_something(words: list[str], needed: int) -> bool:
    wanted = _CONTENT if needed == _RUN else 1
    return sum(word not in _COMMON for word in words) >= wanted


def _joined(words: Iterable[str]) -> str:
    """Return words as one text, in which a run of words is a substring."""
    return f" {' '.join(words)} "
