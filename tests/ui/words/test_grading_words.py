"""Every reason of a verdict has a sentence, and those that older libraries stored stay as they are."""

import pytest

from orca_desk.method.grading.reason_words import reason_words
from orca_desk.method.grading.reasons import Why, read_reason, reason
from orca_desk.method.search_query import WORD
from orca_desk.ui.words.grading import verdict_reason

DATA = {
    Why.SAME: {"found": "18", "expected": "18"},
    Why.OTHER: {"found": "17", "expected": "18"},
    Why.MISSING: {"what": "number", "expected": "18"},
    Why.SEVERAL: {"found": "5 or 6", "expected": "5"},
    Why.RIVALS: {"first": "5", "last": "6"},
    Why.NO_REFERENCE: {},
    Why.EMPTY: {"expected": "5"},
    Why.ONLY_THOUGHTS: {"expected": "5"},
    Why.OTHER_COUNT: {"found": "a", "expected": "a, b", "items": 1, "of": 2},
    Why.OTHER_ORDER: {"found": "b, a", "expected": "a, b", "item": 1},
    Why.KEYS: {"keys": [{"key": "Mark", "found": [], "expected": "the box"}]},
    Why.NO_COMPARER: {"found": "x", "expected": "y"},
    Why.UNFINISHED: {"found": "x", "expected": "y", "seconds": 5.0, "bytes": 2**30},
    Why.UNREADABLE: {"found": "x", "expected": "y"},
}


@pytest.mark.parametrize("why", Why)
def test_every_reason_is_a_sentence(why: Why) -> None:
    stored = reason(why, **DATA[why])
    assert read_reason(stored) == (why, DATA[why])
    sentence = verdict_reason(stored)
    assert sentence.endswith(".") and "{" not in sentence and "None" not in sentence


@pytest.mark.parametrize(
    ("stored", "sentence"),
    [
        (reason(Why.OTHER_COUNT, **DATA[Why.OTHER_COUNT]), "It has 1 item instead of 2."),
        (reason(Why.MISSING, what="polar", expected="yes"), "no final yes or no; yes was expected."),
        (
            reason(Why.KEYS, keys=[{"key": "Mark", "found": None, "expected": "x"}]),
            "for Mark it gives more than one answer.",
        ),
        (reason(Why.KEYS, **DATA[Why.KEYS]), "for Mark it says nothing clear, but the box was expected."),
    ],
)
def test_the_sentence_says_what_the_data_say(stored: str, sentence: str) -> None:
    assert verdict_reason(stored).endswith(sentence)


@pytest.mark.parametrize(
    "stored",
    [
        *(reason(why, **data) for why, data in DATA.items()),
        *(reason(Why.MISSING, what=what, expected="1") for what in ("options", "polar", "truth")),
        reason(Why.SAME, found="18", expected="18.0"),
        reason(Why.OTHER_COUNT, found="a", expected="b", items=3, of=2),
        reason(Why.KEYS, keys=[{"key": "Mark", "found": None, "expected": "x"}]),
        reason(Why.KEYS, keys=[{"key": "Mark", "found": ["a", "b"], "expected": "x"}]),
        "An older sentence.",
        "",
    ],
)
def test_a_reason_is_found_by_each_word_of_its_sentence(stored: str) -> None:
    said = {word.lower() for word in WORD.findall(verdict_reason(stored)) if not word.isdigit()}
    assert said <= {word.lower() for word in WORD.findall(reason_words(stored))}


def test_what_is_said_of_some_keys_is_not_found_in_others() -> None:
    stored = reason(Why.KEYS, keys=[{"key": "Mark", "found": ["the bag"], "expected": "the box"}])
    assert not {"nothing", "clear", "more"} & set(WORD.findall(reason_words(stored)))


@pytest.mark.parametrize("stored", ["", "The answer is 18, as expected.", '{"why": "newer"}', '{"why" cut'])
def test_what_is_no_known_reason_stays_as_it_is(stored: str) -> None:
    assert verdict_reason(stored) == stored
