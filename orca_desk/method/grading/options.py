"""The options of a question: "(A) the box (B) the basket", "A. 431", one a line or all in one."""

import re
from functools import lru_cache

_OPTION = re.compile(
    r"(?:(?<=\s)|\A|(?<=[;,?:]))(?:\((?P<round>[A-Za-z])\)|\[(?P<square>[A-Z])\]"
    r"|(?P<bare>[A-Za-z])[.):])(?=\s*\S)"
)
_SEARCHED = 20_000
_LONGEST = 1_000
_MOST = 26


@lru_cache(maxsize=512)
def parse_options(question: str) -> dict[str, str]:
    """Return the options that `question` lists, by letter, each with its text; {} if it lists no two of them.

    The last list that begins with A counts.
    """
    text = question[-_SEARCHED:]
    run: list[re.Match[str]] = []
    best: list[re.Match[str]] = []
    for match in _OPTION.finditer(text):
        letter = _letter(match)
        if letter == "A":
            run = [match]
        elif run and len(run) < _MOST and letter == chr(ord("A") + len(run)) and _alike(run[0], match):
            run.append(match)
            best = run
    if not best:
        return {}
    ends = [match.start() for match in best[1:]] + [len(text)]
    options = {}
    for match, end in zip(best, ends, strict=True):
        body = text[match.end() : end][:_LONGEST]
        body = body.strip().partition("\n\n")[0] if end == len(text) else body
        options[_letter(match)] = " ".join(body.strip(" \t\n;,").split())
    if best and "\n" in text[best[0].end() : best[-1].start()]:
        last = _letter(best[-1])
        line = text[best[-1].end() :].strip().partition("\n")[0]
        options[last] = " ".join(line.split())
    return options


def _letter(match: re.Match[str]) -> str:
    return (match["round"] or match["square"] or match["bare"]).upper()


def _alike(first: re.Match[str], other: re.Match[str]) -> bool:
    """Return whether two letters are set off in the same way."""
    return first.lastgroup == other.lastgroup and (first["bare"] is None or first[0][-1] == other[0][-1])
