"""The words by which a reason is found: those of its sentence (ui/words/grading.py), in no order."""

from collections.abc import Iterator, Mapping
from typing import Any

from orca_desk.method.grading.reasons import Why, read_reason

FINAL = {
    "number": "number",
    "option": "option",
    "options": "options",
    "polar": "yes or no",
    "truth": "true or false",
}
_OTHER = "the answer is but was expected"
_INCORRECT = f"{_OTHER} and the reference are written differently so it counts as incorrect"
_SEVERAL, _NONE = "gives more than one", "nothing clear and"
WORDS: Mapping[Why, str] = {
    Why.SAME: "the answer is as expected the same as",
    Why.OTHER: _OTHER,
    Why.OTHER_COUNT: f"{_OTHER} it has item items instead of",
    Why.OTHER_ORDER: f"{_OTHER} the items are correct but their order differs from item on",
    Why.MISSING: "the response has no final was expected",
    Why.SEVERAL: "the response gives more than one answer only was expected",
    Why.RIVALS: "the response gives two different final answers and",
    Why.NO_REFERENCE: "there is no reference answer to compare with",
    Why.EMPTY: "the response is empty was expected",
    Why.ONLY_THOUGHTS: "the response has thoughts but no answer was expected",
    Why.KEYS: f"{_OTHER} incorrect for it says {_SEVERAL} {_NONE}",
    Why.NO_COMPARER: f"{_INCORRECT} nothing here compares mathematics",
    Why.UNFINISHED: f"{_INCORRECT} could not be compared within seconds and GB of memory",
    Why.UNREADABLE: f"{_INCORRECT} cannot be read as mathematics",
}
COMMON = f"{WORDS[Why.SAME]} {_OTHER}"  # nearly every verdict has them: they alone find no reason


def reason_words(stored: str | None) -> str:
    """Return all words of a stored reason; a sentence of an older Orca Desk as it is."""
    read = read_reason(stored or "")
    if read is None:
        return stored or ""
    why, data = read
    words = WORDS[why]
    if why is Why.KEYS:
        found = [one.get("found") for one in data.get("keys", ())]
        words = words.replace(_SEVERAL, _SEVERAL if None in found else "")
        words = words.replace(_NONE, _NONE if [] in found else "and")
    if why is Why.MISSING:
        data = {**data, "what": FINAL.get(data.get("what", ""), "")}
    return " ".join([words, *_texts(data)])


def _texts(data: Any) -> Iterator[str]:
    if isinstance(data, Mapping):
        data = list(data.values())
    if isinstance(data, list):
        for one in data:
            yield from _texts(one)
    elif data is not None:
        yield str(data)
