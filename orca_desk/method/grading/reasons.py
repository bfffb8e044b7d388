"""Why a verdict is what it is, as a code with its data: stored as JSON, worded by `ui/words/grading.py`."""

import json
from enum import StrEnum
from typing import Any

_SHOWN = 80


class Why(StrEnum):
    """The codes, each with its data. Texts of answers and references are shortened to a line."""

    SAME = "same"  # found, expected
    OTHER = "other"  # found, expected
    MISSING = "missing"  # what (number, option, options, polar, truth), expected
    SEVERAL = "several"  # found, expected
    RIVALS = "rivals"  # first, last: two final answers that differ
    NO_REFERENCE = "no reference"
    EMPTY = "empty"  # expected
    ONLY_THOUGHTS = "only thoughts"  # expected
    OTHER_COUNT = "other count"  # found, expected, items, of: an ordering with too few items or too many
    OTHER_ORDER = "other order"  # found, expected, item: the first place, from 1, where the order differs
    KEYS = "keys"  # keys: a list of {key, found, expected}; found is a list, or null for several answers
    NO_COMPARER = "no comparer"  # found, expected: mathematics that nothing here compares
    UNFINISHED = "unfinished"  # found, expected, seconds, bytes: what the comparison was allowed
    UNREADABLE = "unreadable"  # found, expected


def reason(why: Why, **data: Any) -> str:
    """Return a reason as JSON: {"why": code, ...data}."""
    return json.dumps({"why": why, **data})


def read_reason(stored: str) -> tuple[Why, dict[str, Any]] | None:
    """Return the code and the data of a stored reason; None for a sentence, which older libraries hold."""
    if not stored.startswith('{"why"'):
        return None
    try:
        data = json.loads(stored)
        return Why(data.pop("why")), data
    except (ValueError, AttributeError):
        return None


def shown(text: str) -> str:
    """Return `text` on one line, shortened to fit a sentence."""
    flat = " ".join(text[: 4 * _SHOWN].split())
    return flat if len(flat) <= _SHOWN else flat[: _SHOWN - 1] + "…"


def pair(found: str, expected: str) -> dict[str, str]:
    """Return an answer and another reference for a sentence, with full stops where only these differ."""
    whole = {"found": shown(found), "expected": shown(expected)}
    inside = {name: text.removesuffix(".") for name, text in whole.items()}
    return whole if inside["found"] == inside["expected"] else inside
