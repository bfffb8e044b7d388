"""Which strategy an answer follows, by the markers that begin its lines."""

import re
from collections.abc import Iterable, Sequence

from orca_desk.method.strategies import Strategy

_BARE_ANSWER_WORDS = 12  # one line no longer than this is an answer given at once
_PREFIX = r"[\s>#*_`~\-•]*(?:\(?\d{1,3}[.):]\s+[*_`]*)?"  # quote, heading, bullet, numbering, bold
_NUMBER = r"(?:[\s#*_]*\(?\d{1,3}\)?|\s+(?:one|two|three|four|five|six|seven|eight|nine|ten))?"


def recognise(response: str, strategies: Iterable[Strategy]) -> str | None:
    """Return the name of the strategy that `response` follows, or None if it follows none clearly.

    An answer follows a strategy if the markers before its answer line are exactly the strategy's, in order:
    Recall + Reasoning is recall-reason-generate, Recall alone is recall-then-generate, and Recall + Step is
    neither. Case, bold, numbering and bullets do not matter. Without other markers, an answer line alone or
    one short line follows the strategy without working ("direct"). Longer unmarked text follows none, and
    neither does working after the answer. A strategy without markers, as imports make them, is never
    recognised.
    """
    known = tuple(strategy for strategy in strategies if strategy.markers)
    lines = [line for line in response.splitlines() if line.strip()]
    pattern = _marker_pattern({marker for strategy in known for marker in strategy.markers})
    seen = [_opening_marker(line, pattern) for line in lines]
    for strategy in known:
        before = _before_answer(seen, strategy.answer_marker.casefold())
        kinds = tuple(dict.fromkeys(marker for marker in before if marker))
        if kinds != tuple(marker.casefold() for marker in strategy.working_markers):
            continue
        if kinds or _is_bare(lines, seen, strategy.answer_marker.casefold()):
            return strategy.name
    return None


def confusion(pairs: Iterable[tuple[str, str | None]]) -> dict[str, dict[str | None, int]]:
    """Count (paired, recognised) strategies: counts[paired][recognised], where recognised can be None."""
    counts: dict[str, dict[str | None, int]] = {}
    for paired, chosen in pairs:
        row = counts.setdefault(paired, {})
        row[chosen] = row.get(chosen, 0) + 1
    return counts


def _marker_pattern(markers: set[str]) -> re.Pattern[str]:
    """Return a pattern whose group "marker" is the marker that begins a line."""
    longest_first = sorted(markers, key=lambda marker: (-len(marker), marker))
    words = "|".join(re.escape(marker) for marker in longest_first)
    return re.compile(rf"{_PREFIX}(?P<marker>{words}){_NUMBER}[*_`]*\s*[:：]", re.IGNORECASE)


def _opening_marker(line: str, pattern: re.Pattern[str]) -> str | None:
    found = pattern.match(line)
    return found["marker"].casefold() if found else None


def _before_answer(seen: Sequence[str | None], answer: str) -> Sequence[str | None]:
    """Return the markers before the last answer line, or all of them if there is none (cut off)."""
    if answer not in seen:
        return seen
    last = len(seen) - 1 - seen[::-1].index(answer)
    return [marker for marker in seen[:last] if marker != answer]


def _is_bare(lines: Sequence[str], seen: Sequence[str | None], answer: str) -> bool:
    """Return whether the text has only answer lines, or is one short line."""
    if answer in seen:
        return all(marker == answer for marker in seen)
    return len(lines) == 1 and len(lines[0].split()) <= _BARE_ANSWER_WORDS
