"""Where the final answer is in a response.

The last explicit marker wins: "Answer: X", "the answer is X", "#### X", "\\boxed{X}", "<answer>X</answer>",
and, where there is none of these, a line "A: X". Without a marker the last line is looked at, and each kind
decides how far it trusts that.

Every pattern here is anchored on a literal and bounded, so the time is linear in the length of the response.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

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


@dataclass(frozen=True, kw_only=True)
class FinalAnswer:
    """Where a response answers.

    `text`: what is answered, on one line (without a marker: the last line that is not blank).
    `block`: the same up to the end of the paragraph, for answers that take several lines.
    `raw`: the block as it was written, with the marks of Markdown and LaTeX.
    `marked`: whether an explicit marker led to it.
    `whole`: the response, without a closed <think> part and stop tokens.
    `rival`: the answer of another marker directly before this one, with no reconsidering in between.
    """

    text: str
    block: str
    raw: str
    marked: bool
    whole: str
    rival: str | None = None


@dataclass(frozen=True)
class _Mark:
    start: int  # where the marker begins
    end: int  # where the answer begins
    stop: int  # where the answer must end


def find_answer(response: str) -> FinalAnswer:
    """Return where `response` answers; `text` is "" for a blank response."""
    whole = _visible(response)
    marks = sorted(_marks(whole), key=lambda mark: mark.start) or _line_marks(whole)
    for index in range(len(marks) - 1, -1, -1):
        raw = _answer_at(whole, marks[index])
        text = clean(raw.partition("\n")[0])
        if text:
            rival = _rival(whole, marks[index - 1], marks[index]) if index else None
            return FinalAnswer(text=text, block=clean(raw), raw=raw, marked=True, whole=whole, rival=rival)
    paragraph = _BLANK_LINE.split(whole)[-1]
    line = whole.rpartition("\n")[2]
    return FinalAnswer(text=clean(line), block=clean(paragraph), raw=paragraph, marked=False, whole=whole)


def bare_reference(reference: str) -> str:
    """Return the answer of a reference, which may be marked ("#### 18", "A: 18") or be a solution."""
    text = reference.strip()
    last_line = text.rpartition("\n")[2].lstrip(" *_")
    if "####" in text or "boxed" in text or _MARKED_LINE.match(last_line):
        return find_answer(text).block
    if _LINE.match(last_line):
        return clean(last_line[2:])
    return clean(text)


def clean(text: str) -> str:
    """Return `text` without the marks of Markdown and LaTeX that carry no meaning."""
    if "\\" in text:
        text = _LATEX_FRACTION.sub(r" \1/\2", _LATEX_WORD.sub(r"\1", text))
        for sign, plain in _LATEX_SIGNS.items():
            text = text.replace(sign, plain)
        text = _LATEX_SPACE.sub("", text)
    if "*" in text or "`" in text or "_" in text:
        text = text.replace("**", "").replace("`", "").strip(" \t\n*_")
    return text.strip()


def _visible(response: str) -> str:
    """Return the part of a response that is meant to be read: after the thoughts, before stop tokens."""
    after = response.rpartition("</think>")[2] if "</think>" in response else response
    text = after if after.strip() else response
    if "|>" in text or "</s>" in text:
        head, tail = text[:-400], text[-400:].rstrip()
        text = head + _STOP_TOKENS.sub("", tail)
    return text.replace("\r\n", "\n").strip()


def _marks(text: str) -> Iterator[_Mark]:
    size = len(text)
    for match in _PHRASE.finditer(text):
        yield _Mark(match.start(), match.end(), size)
    if "####" in text:
        for match in _HASHES.finditer(text):
            yield _Mark(match.start(), match.end(), size)
    if "boxed" in text:
        for match in _BOX.finditer(text):
            yield _Mark(match.start(), match.end(), _closing_brace(text, match.end()))
    if "<" in text:
        for match in _TAG.finditer(text):
            closing = text.find("</", match.end(), match.end() + 2000)
            yield _Mark(match.start(), match.end(), closing if closing >= 0 else size)


def _line_marks(text: str) -> list[_Mark]:
    """Return the last line "A: X", unless it is the first of a list of options "A: .. B: .."."""
    last = None
    if text.startswith("A:") or "\nA:" in text:
        for match in _LINE.finditer(text):
            last = match
    if last is None or _OPTION_LINE.search(text, last.end()):
        return []
    return [_Mark(last.start(), last.end(), len(text))]


def _closing_brace(text: str, start: int) -> int:
    """Return where the brace that was opened before `start` closes (looking 2,000 characters ahead)."""
    depth = 1
    limit = min(len(text), start + 2000)
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
    begin = mark.end
    while begin < mark.stop and text[begin].isspace():
        begin += 1
    blank = _BLANK_LINE.search(text, begin, mark.stop)
    return text[begin : blank.start() if blank else mark.stop].strip()


def _rival(text: str, earlier: _Mark, later: _Mark) -> str | None:
    """Return the earlier marker's answer if nothing but that answer stands between the two markers."""
    between = text[earlier.end : min(later.start, earlier.stop)]
    if later.start - earlier.end > _RIVAL_LENGTH or later.start < earlier.end:
        return None
    after = text[min(later.start, earlier.stop) : later.start]
    answer = clean(_CONNECTORS.sub("", between, count=1))
    if not answer or "\n" in answer or ". " in answer or _RETHINKING.search(between) or len(after) > 40:
        return None
    return answer
