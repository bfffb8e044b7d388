"""What is found out about an answer's text: loops, refusals and languages, each with its near misses."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orca_desk.method.answer_facts import answer_facts
from orca_desk.method.languages import (
    LANGUAGES,
    _identifier,
    clear_language,
    languages_of,
    surely_other,
)
from orca_desk.method.loops import loop_in
from orca_desk.method.refusals import is_refusal

WORD = re.compile(r"[\w=]")


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("So it is. " + "We add one. " * 8, "We add one."),
        ("the " * 20, "the"),
        ("A then B then C, so D is next and we go on with E. " * 5, ""),
        ("= not False and False " * 12, "= not False and False"),
        ("我们再加一次。" * 6, "我们再加一次。"),
        ("Step: look at the box.\n" * 5 + "Answer: box", "Step: look at the box."),
    ],
)
def test_loops(text: str, unit: str) -> None:
    found = loop_in(text)
    assert found
    if unit:
        assert sorted(WORD.findall(found.casefold())) == sorted(WORD.findall(unit.casefold()))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ha ha ha ha",
        "0 " * 60,
        "-" * 200,
        "| --- " * 30,
        "\n".join(f"step {n}: take the ball from box {n} to box {n + 1}" for n in range(30)),
        "Yes. Yes. Yes. Yes.",
        "It is long, and it has many words, but it never says the same thing twice in a row, does it?",
        "We add one. Then we think. We add one. Then we stop. We add one.",
    ],
)
def test_what_is_no_loop(text: str) -> None:
    assert loop_in(text) == ""


@given(unit=st.text("abc de", min_size=2, max_size=40), before=st.text("xyz 123", max_size=60))
def test_what_is_repeated_often_enough_is_found(unit: str, before: str) -> None:
    if unit.split():
        assert loop_in(f"{before}. {f'{unit} ' * 20}")


@pytest.mark.parametrize(
    "text",
    [
        "I'm sorry, but I can't help with that.",
        "I cannot assist with this request.",
        "As an AI language model, I do not have personal opinions.",
        "Unfortunately, I can’t provide that information.",
        "I apologize, but I am not able to create such content.",
        "<think>This is not allowed.</think>\n\nI'm sorry, I can't do that.",
        "I don't have the ability to browse the internet.",
        "Lo siento, pero no puedo ayudar con eso.",
        "Tut mir leid, dabei kann ich nicht helfen.",
        "Désolé, je ne peux pas répondre.",
        "很抱歉，我无法回答这个问题。",
        "申し訳ありませんが、お答えできません。",
    ],
)
def test_refusals(text: str) -> None:
    assert is_refusal(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "I am sorry to hear that. The answer is 4.",
        "I cannot determine from the passage who is taller.",
        "I can't answer this question based on the passage: it names no age.",
        "It cannot be determined.",
        'The guard said: "I can\'t help you."',
        "Sorry, that was wrong: 5.",
        "He said that as an AI he would refuse. So the answer is no.",
        "Step 1: I cannot move the red block, since the blue one is on it.",
    ],
)
def test_what_is_no_refusal(text: str) -> None:
    assert not is_refusal(text)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Anna put the ball into the box, and Ben moved it while she was away.", "en"),
        ("Die Antwort ist zweiundvierzig, weil niemand den Ball gesehen hat.", "de"),
        ("Bonjour, je pense que la réponse est quarante-deux.", "fr"),
        ("答えは四です。なぜなら二足す二は四だからです。", "ja"),
    ],
)
def test_a_language_is_told_from_a_sentence(text: str, code: str) -> None:
    likely = languages_of(text)
    assert clear_language(likely) == code
    assert not surely_other(likely, [code])
    assert surely_other(likely, ["sw"])


@pytest.mark.parametrize(
    "text", ["", "42", "x = 3 + 4 = 7", "(B)", "Yes.", "```python\nfor x in y: print(x)\n```"]
)
def test_too_few_words_are_in_no_language(text: str) -> None:
    assert clear_language(languages_of(text)) == ""
    assert not surely_other(languages_of(text), ["en"])


def test_names_and_numbers_are_not_taken_for_another_language() -> None:
    text = "Jana has 27/3 = <<27/3=9.0>>9.0 Pomeranians.\nJana has 9.0/3 = <<9.0/3=3.0>>3.0 of them.\nA: 3"
    assert not surely_other(languages_of(text), ["en"])


def test_the_codes_are_those_of_the_model() -> None:
    assert set(_identifier().labels) == LANGUAGES


@given(text=st.text(max_size=400))
def test_any_text_can_be_read(text: str) -> None:
    assert answer_facts(text).characters == len(text)
