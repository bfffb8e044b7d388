"""Where the final answer is in a response.

The last explicit marker wins: "Answer: X", "the answer is X", "#### X", "\\boxed{X}", "<answer>X</answer>",
and, without any of these, a line "A: X". Without a marker the last line counts, and each kind decides how far
to trust it.

A final answer is at the end, so only the last 20,000 characters are searched, with bounded patterns: no text
can make grading slow.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

_GAP = r"[ \t]{0,4}[*_`]{0,3}[ \t]{0,4}"
_VERB = r"(?:is|are|was|were|equals|(?:will|would|must|should|could|can only) be|comes (?:out )?to)\b"
_PHRASE = re.compile(
    r"(?:[Aa]nswers?|ANSWERS?|(?:[Cc]orrect|[Rr]ight|[Bb]est) (?:option|choice|alternative))\b"
    r"(?:[ \t]{1,4}(?:to|for) [^.:\n]{1,80}?)?" + _GAP + rf"(?:[:=–—]|-(?=[ \t])|{_VERB})" + _GAP + r"[:,]?"
    r"(?:[ \t]{1,4}(?:therefore|thus|then|simply|clearly|indeed|hence|given by|that)\b,?)?"
)
_MARKED_LINE = re.compile(
    r"(?:(?:so|thus|therefore),? )?(?:(?:the|my) )?(?:final )?" + f"(?:{_PHRASE.pattern})", re.IGNORECASE
)
_HASHES = re.compile(r"#{4,}")
_BOX = re.compile(r"\\f?boxed ?\{")
_TAG = re.compile(r"<answer>", re.IGNORECASE)
_LINE = re.compile(r"^A:(?=[ \t]*\S)", re.MULTILINE)
_OPTION_LINE = re.compile(r"^B:", re.MULTILINE)
_STOP_TOKENS = re.compile(r"(?:\s{0,4}(?:<\|[^|<>\s]{1,40}\|>|</s>)){1,8}\s*\Z")
_LATEX_WORD = re.compile(r"\\(?:text|mathrm|mathbf|textbf|mbox|operatorname)\s?\{([^{}]{0,200})\}")
_LATEX_FRACTION = re.compile(r"\\[dt]?frac\s?\{([^{}]{1,40})\}\s?\{([^{}]{1,40})\}")
_LATEX_SPACE = re.compile(r"\\[,;!: ]|\\q?quad\b|\\[()\[\]]|\{(?=,\})|(?<=\{),\}|\\left\b|\\right\b|~")
_LATEX_SIGNS = {
    r"\times": "×",
    r"\cdot": "×",
    r"\%": "%",
    r"\$": "$",
    r"\rightarrow": "→",
    r"\to": "→",
    r"\pi": "π",
}
_BLANK_LINE = re.compile(r"\n[ \t]*\n")
_CONNECTORS = re.compile(
    r"(?:[\s.,;:!*_$()-]|\b(?:so|thus|therefore|hence|or|and|the|final|correct|my)\b){0,12}\Z", re.I
)
_RETHINKING = re.compile(
    r"\b(?:not|wait|actually|no|sorry|correction|instead|rather|wrong|mistake)\b|n't\b", re.I
)
_RIVAL_LENGTH = 200
_SEARCHED = 20_000
_LINE_LENGTH = 2_000
_MARKS = 8  # markers tried, from the last on, until an answer follows one


@dataclass(frozen=True, kw_only=True)
class FinalAnswer:
    """The final answer of a response.

    `text`: the answer on one line (without a marker: the last line that is not blank).
    `block`: the answer up to the end of its paragraph, for answers of several lines.
    `raw`: the block as it was written, with Markdown and LaTeX markup.
    `marked`: whether an explicit marker led to the answer.
    `whole`: the response without a closed <think> part and stop tokens.
    `rival`: the answer after another marker right before this one, with no reconsidering in between.
    """

    text: str
    block: str
    raw: str
    marked: bool
    whole: str
    rival: str | None = None


class _Mark(NamedTuple):
    start: int  # where the marker begins
    end: int  # where the answer begins
    closing: str = ""  # what ends the answer, "" if nothing but the paragraph does


def find_answer(response: str) -> FinalAnswer:
    """Return the final answer of `response`; a blank response has an empty `text`."""
    whole = _visible(response)
    end = whole[-_SEARCHED:]
    marks = sorted(_marks(end))[-_MARKS:] or _line_marks(end)
    for index in range(len(marks) - 1, -1, -1):
        raw = _answer_at(end, marks[index])
        text = clean(raw.partition("\n")[0][:_LINE_LENGTH])
        if text:
            rival = _rival(end, marks[index - 1], marks[index]) if index else None
            return FinalAnswer(text=text, block=clean(raw), raw=raw, marked=True, whole=whole, rival=rival)
    paragraph = _BLANK_LINE.split(end)[-1]
    line = end.rpartition("\n")[2][-_LINE_LENGTH:]
    return FinalAnswer(
        text=clean(line) or line, block=clean(paragraph), raw=paragraph, marked=False, whole=whole
    )


def bare_reference(reference: str) -> str:
    """Return the answer of a reference, which may be marked ("#### 18", "A: 18") or be a solution."""
    text = reference.strip()
    last_line = text.rpartition("\n")[2].lstrip(" *_")
    if "####" in text or "boxed" in text or _MARKED_LINE.match(last_line):
        return find_answer(text).block
    if _LINE.match(last_line):
        return clean(last_line[2:])
    return clean(text) or text


def clean(text: str) -> str:
    """Return `text` without meaningless Markdown and LaTeX markup."""
    if "\\" in text:
        text = _LATEX_FRACTION.sub(r" \1/\2", _LATEX_WORD.sub(r"\1", text))
        for sign, plain in _LATEX_SIGNS.items():
            text = text.replace(sign, plain)
        text = _LATEX_SPACE.sub("", text)
    if "*" in text or "`" in text or "_" in text:
        text = text.replace("**", "").replace("`", "").strip(" \t\n*_")
    return text.strip()


def _visible(response: str) -> str:
    """Return the part of a response after its thoughts and before its stop tokens."""
    after = response.rpartition("</think>")[2] if "</think>" in response else response
    text = after if after.strip() else response
    text = text.strip()
    if text.endswith(("|>", "</s>")):
        text = text[:-400] + _STOP_TOKENS.sub("", text[-400:])
    return text.replace("\r\n", "\n").rstrip()


def _marks(text: str) -> Iterator[_Mark]:
    for match in _PHRASE.finditer(text):
        yield _Mark(match.start(), match.end())
    if "####" in text:
        for match in _HASHES.finditer(text):
            yield _Mark(match.start(), match.end())
    if "boxed" in text:
        for match in _BOX.finditer(text):
            yield _Mark(match.start(), match.end(), "}")
    if "<" in text:
        for match in _TAG.finditer(text):
            yield _Mark(match.start(), match.end(), "</")


def _line_marks(text: str) -> list[_Mark]:
    """Return the last line "A: X", unless it is the first of a list of options "A: .. B: .."."""
    last = None
    if text.startswith("A:") or "\nA:" in text:
        for match in _LINE.finditer(text):
            last = match
    if last is None or _OPTION_LINE.search(text, last.end()):
        return []
    return [_Mark(last.start(), last.end())]


def _stop(text: str, mark: _Mark) -> int:
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


def _answer_at(text: str, mark: _Mark) -> str:
    """Return the rest of the paragraph that follows a marker; the answer may begin on a later line."""
    answer = text[mark.end : _stop(text, mark)].strip()
    return _BLANK_LINE.split(answer, maxsplit=1)[0]


def _rival(text: str, earlier: _Mark, later: _Mark) -> str | None:
    """Return the earlier marker's answer if nothing but that answer stands between the two markers."""
    if not earlier.end <= later.start <= earlier.end + _RIVAL_LENGTH:
        return None
    stop = min(later.start, _stop(text, earlier))
    between, after = text[earlier.end : stop], text[stop : later.start]
    answer = clean(_CONNECTORS.sub("", between, count=1))
    if not answer or "\n" in answer or ". " in answer or _RETHINKING.search(between) or len(after) > 40:
        return None
    return answer
