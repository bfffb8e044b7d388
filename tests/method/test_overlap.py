"""Overlap of questions: the same again, nearly the same, and what only shares a template."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orca_desk.method.overlap import LEAST, RUN, TEMPLATE, Overlap, find_overlaps, words_of

STORY = (
    "On Monday the baker gave seven loaves to the school kitchen, four to the hospital and the rest to a "
    "family that had lost its house in the flood. How many loaves did the family get if he baked twenty?"
)


def kinds(training: list[str], held_out: list[str]) -> list[str | None]:
    found = find_overlaps(enumerate_keys(training), enumerate_keys(held_out))
    return [found[str(n)].kind if str(n) in found else None for n in range(len(training))]


def enumerate_keys(texts: list[str]) -> list[tuple[str, str]]:
    return [(str(n), text) for n, text in enumerate(texts)]


def test_the_same_words_are_the_same_question_whatever_surrounds_them() -> None:
    again = STORY.upper().replace(",", " ;").replace(" ", "  \n") + "\u00a0"
    assert kinds([again], [STORY]) == ["exact"]
    assert kinds(["Is 3 + 4 equal to 7?"], ["Is 3 - 4 equal to 7?"]) == [None]
    assert kinds(["Is x < 3.5?"], ["Is x < 35?"]) == [None]
    assert kinds(["What is 5!"], ["What is 5?"]) == [None]
    assert kinds(["not (True and False) is"], ["(not True) and False is"]) == [None]


def test_one_changed_word_is_nearly_the_same_question() -> None:
    changed = STORY.replace("hospital", "library")
    found = find_overlaps([("t", changed)], [("other", "Who wrote it?"), ("h", STORY)])
    words = len(words_of(STORY))
    shared = words - RUN + 1 - RUN
    assert found == {
        "t": Overlap(
            question="t", held_out="h", kind="near", similarity=pytest.approx(shared / (shared + 2 * RUN))
        )
    }


def test_a_short_question_about_something_else_is_another_question() -> None:
    assert kinds(["Please tell me. Which colour has milk?"], ["Please tell me. Which colour has snow?"]) == [
        None
    ]
    assert LEAST > RUN


def test_questions_of_one_template_are_not_nearly_the_same() -> None:
    def question(name: str, number: int) -> str:
        return (
            "The following paragraph describes a set of objects arranged in a fixed order on a shelf, and "
            f"the statements are consistent. {name} owns {number} of them. Which object is leftmost?"
        )

    names = [f"name{n}" for n in range(TEMPLATE + 2)]
    asked = [question(name, n) for n, name in enumerate(names)]
    assert kinds(asked[1:], asked[:1]) == [None] * (len(asked) - 1)
    assert kinds([question("Emma", 7)], [question("Paul", 7)]) == ["near"]  # two alone are no template


def test_a_passage_may_have_questions_on_both_sides() -> None:
    passage = "The list is Alpha, Bravo, Charlie, Delta, Echo, Foxtrot, Golf, Hotel, India, Juliet and Kilo."
    held_out = f"{passage}\n\nWhich town comes after number 4?"
    assert kinds([f"{passage}\n\nWhich town comes after number 3?"], [held_out]) == [None]
    assert kinds([f"{passage} Lima.\n\nWhich town comes after number 4?"], [held_out]) == ["near"]
    assert kinds([f"{passage}\n\nWhich town comes  after number 4"], [held_out]) == ["exact"]


@given(st.text(st.characters(max_codepoint=127)))
def test_ascii_is_parted_as_any_other_text(text: str) -> None:
    assert [*words_of(text), "é"] == words_of(f"{text} é")


def test_scripts_without_spaces_are_compared_by_sign() -> None:
    text = "一个农民有十七只羊除了九只以外其余的都死了请问这个农民现在还剩下几只活着的羊"
    assert kinds([text.replace("农", "牧", 1)], [text]) == ["near"]


def test_nothing_held_out_overlaps_with_nothing() -> None:
    assert find_overlaps([("t", STORY)], []) == {}
    assert find_overlaps([], [("h", STORY)]) == {}
    assert kinds(["", " . "], ["", "?"]) == [None, None]  # a text without words asks nothing


TEXTS = st.lists(st.integers(0, 12), max_size=30).map(lambda words: " ".join(f"w{word}" for word in words))


@given(training=st.lists(TEXTS, max_size=6), held_out=st.lists(TEXTS, max_size=6))
def test_it_finds_what_comparing_every_pair_of_sets_finds(training: list[str], held_out: list[str]) -> None:
    found = find_overlaps(enumerate_keys(training), enumerate_keys(held_out))
    for place, text in enumerate(training):
        best = found.get(str(place))
        words = words_of(text)
        if words and words in [words_of(other) for other in held_out]:
            assert best is not None and best.kind == "exact"
            continue
        similarities = [jaccard(text, other) for other in held_out]
        close = [one for one in similarities if one >= 0.5]
        if best is None:
            assert not close
        else:
            assert best.similarity == pytest.approx(max(close))


def jaccard(text: str, other: str) -> float:
    first, second = (
        {tuple(words[n : n + RUN]) for n in range(len(words) - RUN + 1)}
        for words in (words_of(text), words_of(other))
    )
    shared = len(first & second)
    return shared / len(first | second) if shared >= LEAST else 0.0


def test_thousands_are_compared_at_once() -> None:
    chosen = random.Random(1)
    words = [f"w{n}" for n in range(5000)]
    texts = [" ".join(chosen.choices(words, k=40)) for _ in range(4000)]
    assert find_overlaps(enumerate_keys(texts[:3500]), enumerate_keys(texts[3500:])) == {}
