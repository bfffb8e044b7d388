"""The steps of an answer: the pieces between its markers, numbers, lines and sentences, numbered from 1.

The pieces tile the text: joined, they are the answer as it was written. A line that a strategy's marker or
a number opens begins a step. A numbered step keeps the lines below it that open nothing; any other line is
split at the ends of its sentences and at semicolons. The final answer is a step of its own, and so is fenced
code.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from orca_desk.method.grading.answers import as_read, find_answer
from orca_desk.method.strategies import Strategy
from orca_desk.method.thoughts import split_thoughts

StepKind = Literal["marker", "number", "text", "code", "thought", "answer"]

_LEAD = r"[ \t>#*_`~\-•]*"
_NUMBERED = re.compile(rf"{_LEAD}\(?(?P<n>\d{{1,3}})[.):](?=\s|\*)[*_` \t]*")
_ANSWER = re.compile(rf"{_LEAD}(?:(?:the )?final answer|answer|a)[*_`]*\s*[:：]|\s*####", re.IGNORECASE)
_NUMBERS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_NUMBER_WORDS = {word: number for number, word in enumerate(_NUMBERS, start=1)}
_FENCE = re.compile(r"[ \t]*(?:```|~~~)")
_SENTENCE_END = re.compile(r"(?<=[.!?。！？;])(?:[\"”’)\]*_]{0,3})[ \t]+(?=\S)")
_LAST_WORD = re.compile(r"[\w.]*\Z")
_ABBREVIATIONS = frozenset(
    {"mr", "mrs", "ms", "dr", "prof", "st", "vs", "e.g", "i.e", "etc", "no", "fig", "eq", "approx", "cf"}
)


@dataclass(frozen=True, kw_only=True)
class AnswerStep:
    """One step: `response[start:end]` is its text with the white space after it.

    `marker` is what opens it, casefolded ("step", "recall"); "" without one. `said_number` is the number that
    the answer itself gives it. A piece after the first of a line keeps the line's marker.
    """

    number: int
    kind: StepKind
    text: str
    start: int
    end: int
    marker: str = ""
    said_number: int | None = None
    body_start: int = 0  # where what follows the marker or number begins, within `text`

    @property
    def body(self) -> str:
        """The text without what opens it, stripped."""
        return self.text[self.body_start :].strip()


@dataclass(kw_only=True)
class _Block:
    """Lines that belong together, before they are split further."""

    kind: StepKind
    start: int
    end: int
    marker: str = ""
    said_number: int | None = None
    body: int  # offset in the response


def split_steps(response: str, strategies: Iterable[Strategy] = ()) -> tuple[AnswerStep, ...]:
    """Return the steps of `response` in order; none for a text without any character.

    `strategies` say which words open a line. The final answer is the line of their answer marker, or what the
    grader takes for the announced answer.
    """
    marked = [strategy for strategy in strategies if strategy.markers]
    markers = frozenset(marker for strategy in marked for marker in strategy.markers)
    answers = frozenset(strategy.answer_marker.casefold() for strategy in marked)
    blocks = list(_blocks(response, _pattern(markers | {"Step"}), answers))
    pieces = [piece for block in blocks for piece in _pieces(response, block)]
    _mark_announced(response, pieces)
    return tuple(
        AnswerStep(
            number=number,
            kind=piece.kind,
            text=response[piece.start : piece.end],
            start=piece.start,
            end=piece.end,
            marker=piece.marker,
            said_number=piece.said_number,
            body_start=piece.body - piece.start,
        )
        for number, piece in enumerate(pieces, start=1)
    )


@lru_cache(maxsize=16)
def _pattern(markers: frozenset[str]) -> re.Pattern[str]:
    longest_first = sorted(markers, key=lambda marker: (-len(marker), marker))
    words = "|".join(re.escape(marker) for marker in longest_first)
    number = rf"(?:[ \t#*_]*\(?(?P<n>\d{{1,3}})\)?|[ \t]+(?P<word>{'|'.join(_NUMBER_WORDS)}))?"
    return re.compile(
        rf"{_LEAD}(?:\(?\d{{1,3}}[.):]\s+[*_`]*)?(?P<marker>{words}){number}[*_`]*\s*[:：][*_`]*",
        re.IGNORECASE,
    )


def _blocks(response: str, pattern: re.Pattern[str], answers: frozenset[str]) -> Iterator[_Block]:
    current: _Block | None = None
    fenced = False
    for opened in _lines(response):
        line = response[opened.start : opened.end]
        fence = opened.kind == "text" and _FENCE.match(line) is not None
        if opened.kind == "thought":
            pass
        elif fenced or fence:
            opened.kind = "code"
        elif not line.strip():
            if current is not None:
                current.end = opened.end
                continue
        else:
            _read_opening(opened, line, pattern, answers)
        was_fenced, fenced = fenced, fenced != fence
        if current is not None and _joins(response, current, opened, was_fenced):
            current.end = opened.end
            continue
        if current is not None:
            yield current
        current = opened
    if current is not None:
        yield current


def _lines(response: str) -> Iterator[_Block]:
    """Yield the lines as blocks; the thoughts before the answer are one."""
    thoughts, rest = split_thoughts(response)
    offset = len(response) - len(rest) if thoughts or rest != response else 0
    if offset:
        yield _Block(kind="thought", start=0, end=offset, body=0)
    for line in response[offset:].splitlines(keepends=True):
        yield _Block(kind="text", start=offset, end=offset + len(line), body=offset)
        offset += len(line)


def _read_opening(block: _Block, line: str, pattern: re.Pattern[str], answers: frozenset[str]) -> None:
    if found := pattern.match(line):
        block.marker = found["marker"].casefold()
        block.kind = "answer" if block.marker in answers else "marker"
        word = (found["word"] or "").casefold()
        block.said_number = int(found["n"]) if found["n"] else _NUMBER_WORDS.get(word)
        block.body = block.start + found.end()
    elif found := _ANSWER.match(line):
        block.kind, block.body = "answer", block.start + found.end()
    elif found := _NUMBERED.match(line):
        block.kind, block.said_number = "number", int(found["n"])
        block.body = block.start + found.end()


def _joins(response: str, current: _Block, line: _Block, was_fenced: bool) -> bool:
    """Return whether a line belongs to the block before it."""
    if not response[current.start : current.end].strip():  # blank lines at the start
        current.kind, current.marker, current.said_number = line.kind, line.marker, line.said_number
        current.body = line.body
        return True
    if line.kind == "code":
        return was_fenced
    if line.kind != "text":
        return False
    if current.kind == "answer":
        return not response[current.body : current.end].strip(" \t\r\n*_`")
    if current.said_number is None:
        return False
    return _is_near(response, current, line)


def _is_near(response: str, current: _Block, line: _Block) -> bool:
    """Return whether a line is indented, or no blank line parts it from the block before."""
    if response[line.start] in " \t":
        return True
    last = response[current.start : current.end].splitlines()[-1]
    return bool(last.strip())


def _pieces(response: str, block: _Block) -> Iterator[_Block]:
    """Yield a block, split at sentences and clauses if nothing numbers it."""
    if block.kind not in ("text", "marker") or block.said_number is not None:
        yield block
        return
    start, body = block.start, block.body
    for found in _SENTENCE_END.finditer(response, block.body, block.end):
        if _ends_sentence(response, block.body, found):
            yield _Block(kind=block.kind, start=start, end=found.end(), marker=block.marker, body=body)
            start = body = found.end()
    yield _Block(kind=block.kind, start=start, end=block.end, marker=block.marker, body=body)


def _ends_sentence(response: str, begin: int, found: re.Match[str]) -> bool:
    if found.end() >= found.endpos:
        return False
    stop = response[found.start() - 1]
    if stop != ".":
        return True
    before = response[max(begin, found.start() - 12) : found.start() - 1]
    word = _LAST_WORD.search(before)
    last = word[0].casefold() if word else ""
    if last in _ABBREVIATIONS or (len(last) == 1 and last.isalpha() and last != "i"):
        return False
    return not response[found.end()].islower()


def _mark_announced(response: str, pieces: Sequence[_Block]) -> None:
    """Make the piece that the grader takes for the answer the final one, if none says so by itself."""
    if not pieces or any(piece.kind == "answer" for piece in pieces) or as_read(response) != response:
        return
    final = find_answer(response)
    if not final.marked:
        return
    for piece in pieces:
        if piece.start <= final.start < piece.end and piece.kind in ("text", "marker", "number"):
            piece.kind = "answer"
