"""Why an answer was graded as it was, in words."""

from collections.abc import Mapping
from typing import Any

from orca_desk.counting import counted
from orca_desk.method.grading.reason_words import FINAL
from orca_desk.method.grading.reasons import Why, read_reason


def verdict_reason(stored: str) -> str:
    """Return the reason of a verdict as a sentence; the one that an older Orca Desk stored stays as it is."""
    read = read_reason(stored)
    return stored if read is None else _sentence(*read)


def _sentence(why: Why, data: Mapping[str, Any]) -> str:
    found, expected = data.get("found"), data.get("expected")
    match why:
        case Why.SAME:
            how = "as expected" if found == expected else f"the same as {expected}"
            return f"The answer is {found}, {how}."
        case Why.OTHER | Why.OTHER_COUNT | Why.OTHER_ORDER:
            return f"The answer is {found}, but {expected} was expected.{_order(why, data)}"
        case Why.MISSING:
            return f"The response has no final {FINAL[data['what']]}; {expected} was expected."
        case Why.SEVERAL:
            return f"The response gives more than one answer ({found}); only {expected} was expected."
        case Why.RIVALS:
            return f"The response gives two different final answers: {data['first']} and {data['last']}."
        case Why.NO_REFERENCE:
            return "There is no reference answer to compare with."
        case Why.EMPTY:
            return f"The response is empty; {expected} was expected."
        case Why.ONLY_THOUGHTS:
            return f"The response has thoughts, but no answer; {expected} was expected."
        case Why.KEYS:
            return f"The answer is incorrect: {'; '.join(map(_key, data['keys']))}."
        case Why.NO_COMPARER | Why.UNFINISHED | Why.UNREADABLE:
            pair = f"The answer {found} and the reference {expected} are written differently"
            return f"{pair}, and {_undecided(why, data)}, so it counts as incorrect."


def _order(why: Why, data: Mapping[str, Any]) -> str:
    if why is Why.OTHER_COUNT:
        return f" It has {counted(data['items'], 'item')} instead of {data['of']}."
    if why is Why.OTHER_ORDER:
        return f" The items are correct, but their order differs from item {data['item']} on."
    return ""


def _key(one: Mapping[str, Any]) -> str:
    if one["found"] is None:
        return f"for {one['key']} it gives more than one answer"
    named = " and ".join(one["found"]) or "nothing clear"
    return f"for {one['key']} it says {named}, but {one['expected']} was expected"


def _undecided(why: Why, data: Mapping[str, Any]) -> str:
    if why is Why.UNFINISHED:
        memory = f"{data['bytes'] // 2**30} GB of memory"
        return f"could not be compared within {data['seconds']:g} seconds and {memory}"
    return "cannot be read as mathematics" if why is Why.UNREADABLE else "nothing here compares mathematics"
