"""Where the final answer is in a response.

The visible text is read as a row of announcements: a label ("Answer: X", "the answer is X", in many
languages), a heading, "#### X", "\\boxed{X}", a tag "<answer>X</answer>", a member "answer" of JSON. The last
one that an answer follows counts. Without any, a weak one may ("A: X", "Result: X"); else the response is
unmarked, and each kind decides how far to trust its first and its last words.

A final answer is at the end, so only the last 20,000 characters are searched, with bounded patterns: no text
can make grading slow.
"""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from orca_desk.method.grading import labels
from orca_desk.method.grading.announcements import Mark, find_marks, find_weak_marks
from orca_desk.method.grading.clauses import before_reason, reconsidered, without_offers
from orca_desk.method.grading.markup import clean
from orca_desk.method.grading.visible import question_made_up, unfenced, visible_span

_BLANK_LINE = re.compile(r"\n[ \t]*\n")
_CONNECTORS = re.compile(
    r"(?:[\s.,;:!*_$(#-]|\b(?:so|thus|therefore|hence|or|and|the|final|correct|my|first|second|third|another|other"
    r"|part|q\d{1,2})\b|(?<=[.\n])\(?[a-d\d]\)|(?<=[.\n] )\(?[a-d\d]\)){0,12}\Z",
    re.IGNORECASE,
)
_RETHINKING = re.compile(
    r"\b(?:not|wait|actually|no|sorry|correction|instead|rather|wrong|mistake|hmm|oops|but)\b|n't\b|[❌✗✘]",
    re.IGNORECASE,
)
_DENIAL = re.compile(
    r"(?:definitely |certainly |clearly )?(?:not|never|neither)\b(?!.{0,80}\bbut\b)", re.IGNORECASE
)
# What corrects an answer that was announced: "Hmm, actually it should be 18."
_CORRECTION = re.compile(
    r"\b(?:hmm|wait|actually|no|sorry|correction|oops)\b[^.\n]{0,40}?"
    r"\b(?:it|that|this|the (?:(?:final|correct) )?answer) should (?:be|have been)\s",
    re.IGNORECASE,
)
_UNOPENED = {")": "(", "]": "[", "}": "{"}
_RIVAL_LENGTH = 200
_SEARCHED = 20_000
_LINE_LENGTH = 2_000
_MARKS = 8  # marks tried, from the last on, until an answer follows one
_UNSEEN = dict.fromkeys(
    map(ord, "\u00ad\u200b\u200e\u200f\u202a\u202b\u202c\u2060\u2066\u2067\u2068\u2069\ufeff")
)
_UNSEEN |= dict.fromkeys(map(ord, "\r\x85\u2028\u2029"), "\n")
_BULLET = re.compile(r"\A-[ \t]+(?=\d)")  # "- 12" on a line of its own is an item, not minus twelve
_WORD = re.compile(r"\w+")
_MEMBER_END = re.compile(r"[,}\n]")
_DECODER = json.JSONDecoder()


@dataclass(frozen=True, kw_only=True)
class FinalAnswer:
    """The final answer of a response.

    `text`: the answer on one line (without a mark: the last line that says something).
    `block`: the answer up to the end of its paragraph, for answers of several lines.
    `raw`: the block as it was written, with Markdown and LaTeX markup: `as_read(response)[start:end]`.
    `marked`: whether an announcement led to the answer.
    `whole`: the visible response: without thoughts, end tokens and questions that the model made up.
    `rival`: the answer of another firm announcement right before this one, with no reconsidering in between.
    `in_math`: whether it is set as mathematics, in a box or by dollars, where "5!" is a factorial.
    `points_group`: whether it is announced in a language that writes 1.500 for 1500.
    `only_thoughts`: whether the response has text, but nothing that is visible.
    """

    text: str
    block: str
    raw: str
    marked: bool
    whole: str
    start: int = 0
    end: int = 0
    rival: str | None = None
    in_math: bool = False
    points_group: bool = False
    only_thoughts: bool = False


def find_answer(response: str, *, names: Iterable[str] = ()) -> FinalAnswer:
    """Return the final answer of `response`; one that shows nothing has an empty `text`.

    `names` are words that announce nothing here, although they may mean "answer" in some language.
    """
    response = as_read(response)
    start, end = unfenced(response, *visible_span(response))
    window = max(start, end - _SEARCHED)
    searched = response[window:end]
    marks = [mark for mark in find_marks(searched) if not _is_name(searched, mark, names)]
    cut = question_made_up(searched, 0, answered=False)
    if cut is None and marks:
        cut = question_made_up(searched, marks[0].end, answered=True)
    if cut is not None:
        searched = searched[:cut].rstrip()
        marks = [mark for mark in marks if mark.end < cut]
    if marks and (corrected := _CORRECTION.search(searched, marks[-1].end)):
        marks.append(Mark(corrected.start(), corrected.end(), firm=False))
    whole = response[start:window] + searched
    marks = marks[-_MARKS:] or find_weak_marks(searched)
    for index in range(len(marks) - 1, -1, -1):
        begin, stop = _span(searched, marks[index])
        raw = searched[begin:stop]
        text, block = _read(
            raw if marks[index].closing else _first_of_line(raw, searched[:begin]), marks[index]
        )
        if not text or (index and _DENIAL.match(text)):
            continue
        return FinalAnswer(
            text=text,
            block=block,
            raw=raw,
            marked=True,
            whole=whole,
            start=window + begin,
            end=window + stop,
            in_math=marks[index].closing == "}" or (raw.startswith("$") and raw.rstrip(".").endswith("$")),
            points_group=not labels.POINTS_GROUP.isdisjoint(
                _WORD.findall(searched[marks[index].start : marks[index].end].lower())
            ),
            rival=_rival(searched, marks[index - 1], marks[index]) if index else None,
        )
    return replace(_unmarked(searched, whole, window), only_thoughts=not whole and bool(response.strip()))


def _first_of_line(raw: str, before: str) -> str:
    """Return an answer without the sign of a quotation, or of a list before a number, if it begins a line."""
    if not before.rstrip(" \t").endswith("\n"):
        return raw
    return _BULLET.sub("", raw.removeprefix("> "), count=1)


def _is_name(text: str, mark: Mark, names: Iterable[str]) -> bool:
    return any(text.startswith(name, mark.start) for name in names)


def as_read(text: str) -> str:
    """Return `text` with the line ends of Unix and without characters that cannot be seen."""
    if text.isascii() and "\r" not in text:
        return text
    seen = text.replace("\r\n", "\n").translate(_UNSEEN)
    return seen if seen.strip() else text


def bare_reference(reference: str) -> str:
    """Return the answer of a reference, which may be marked ("#### 18", "A: 18") or be a solution."""
    text = reference.strip()
    last_line = text.rpartition("\n")[2]
    marks = find_marks(text[-_SEARCHED:])
    if marks and (marks[-1].closing == "}" or "####" in text or _leads(last_line)):
        return before_reason(find_answer(text).block) or text
    if last_line.startswith("A:") and find_weak_marks(last_line):
        return clean(last_line[2:])
    return clean(text) or text


def _leads(line: str) -> bool:
    """Return whether a line begins with a mark, at most a few words in."""
    marks = find_marks(line[:_LINE_LENGTH])
    return bool(marks) and (marks[0].closing != "" or len(line[: marks[0].start].split()) <= 4)


def _unmarked(searched: str, whole: str, window: int) -> FinalAnswer:
    """Return the last line of a response without any mark."""
    body = without_offers(searched)
    lines = [line for line in body.split("\n") if line.strip(" `\t")] or [body]
    line = lines[-1][-_LINE_LENGTH:]
    paragraph = _BLANK_LINE.split(body)[-1]
    begin = len(body) - len(paragraph)
    return FinalAnswer(
        text=clean(line) or line,
        block=clean(paragraph),
        raw=paragraph,
        marked=False,
        whole=whole,
        start=window + begin,
        end=window + len(body),
    )


def _read(raw: str, mark: Mark) -> tuple[str, str]:
    """Return the first line and the block of an answer as it reads without markup."""
    if mark.closing == '"':
        return _member(raw)
    line = clean(reconsidered(raw.partition("\n")[0][:_LINE_LENGTH]))
    block = clean(raw)
    return _balanced(line), _balanced(block)


def _balanced(text: str) -> str:
    """Return `text` without a closing bracket at its end that was opened before it: "(Answer: 5)"."""
    opening = _UNOPENED.get(text[-1:])
    if (
        opening
        and len(text) > 1
        and opening not in text
        and text.count(text[-1]) == 1
        and any(map(str.isalnum, text))
    ):
        return text[:-1].rstrip()
    return text


def _member(raw: str) -> tuple[str, str]:
    """Return the value of a member of JSON as an answer."""
    try:
        value: Any = json.loads(raw, parse_int=str, parse_float=str)
    except (ValueError, RecursionError):
        value = raw.strip(" \t\n\"'")
    text = clean(_spoken(value))
    return text.partition("\n")[0], text


def _spoken(value: Any) -> str:
    """Return a JSON value as a person writes it: lists by commas, members as "key: value"."""
    if isinstance(value, list):
        return ", ".join(str(item) for item in value)
    if isinstance(value, dict):
        return "; ".join(f"{key}: {item}" for key, item in value.items())
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value)


def _span(text: str, mark: Mark) -> tuple[int, int]:
    """Return where the answer of a mark begins and ends: at most at the end of its paragraph."""
    if mark.closing == '"':
        try:
            return mark.end, _DECODER.raw_decode(text, mark.end)[1]
        except (ValueError, RecursionError):
            found = _MEMBER_END.search(text, mark.end)
            return mark.end, found.start() if found else len(text)
    stop = _stop(text, mark)
    piece = text[mark.end : stop]
    begin = mark.end + len(piece) - len(piece.lstrip())
    inside = unfenced(text, begin, stop)
    if inside != (begin, stop):
        return inside
    blank = _BLANK_LINE.search(text, begin, stop)
    end = blank.start() if blank else stop
    return begin, begin + len(text[begin:end].rstrip())


def _stop(text: str, mark: Mark) -> int:
    """Return where a mark's answer must end."""
    if mark.closing == "}":
        return _closing_brace(text, mark.end)
    found = text.find(mark.closing, mark.end) if mark.closing else -1
    return found if found >= 0 else len(text)


def _closing_brace(text: str, start: int) -> int:
    """Return where the brace that was opened before `start` closes, at most a line's length on."""
    depth = 1
    limit = min(len(text), start + _LINE_LENGTH)
    for position in range(start, limit):
        if text[position] == "{":
            depth += 1
        elif text[position] == "}":
            depth -= 1
            if depth == 0:
                return position
    return limit


def _rival(text: str, earlier: Mark, later: Mark) -> str | None:
    """Return the earlier mark's answer if both are firm and nothing but that answer stands between them."""
    if not (earlier.firm and later.firm) or (later.closing == '"' and earlier.closing != '"'):
        return None
    if not earlier.end <= later.start <= earlier.end + _RIVAL_LENGTH:
        return None
    stop = min(later.start, _stop(text, earlier))
    between, after = text[earlier.end : stop], text[stop : later.start]
    answer = clean(_CONNECTORS.sub("", between, count=1))
    if (
        not answer
        or "\n" in answer
        or ". " in answer
        or _RETHINKING.search(between)
        or _RETHINKING.search(after)
        or len(after) > 40
    ):
        return None
    return answer
