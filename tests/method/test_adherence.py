import pytest
from hypothesis import given
from hypothesis import strategies as st

from orca_desk.method.adherence import confusion, recognise
from orca_desk.method.strategies import load_folder
from orca_desk.paths import resources

STRATEGIES = tuple(load_folder(resources() / "strategies").values())
BY_NAME = {strategy.name: strategy for strategy in STRATEGIES}


@pytest.mark.parametrize(
    ("response", "name"),
    [
        ("Answer: 4", "direct"),
        ("**Answer:** 4", "direct"),
        (
            "answer : a very long list, with more, and more, and more, and more, and more, and more, of it",
            "direct",
        ),
        ("The box.", "direct"),
        ("Step 1: a\nStep 2: b\nAnswer: c", "step-by-step"),
        ("**Step 1**: a\n\n**Step 2:** b\n\n**Answer:** c", "step-by-step"),
        ("### Step 1: a\n### STEP 2: b\nAnswer: c", "step-by-step"),
        ("1. Step one: a\n2. Step two: b\nAnswer: c", "step-by-step"),
        ("Step 1: cut off in the mid", "step-by-step"),
        ("Explanation: a\nmore of it\nAnswer: b", "explain-then-answer"),
        ("- Recall: a\n- Answer: b", "recall-then-generate"),
        ("Recall: a\nReasoning: b\nAnswer: c", "recall-reason-generate"),
        ('> Extract: "a"\nAnswer: b', "extract-then-answer"),
        ("Guess: 1\nCheck: no\nGuess: 2\nCheck: yes\nAnswer: 2", "guess-and-check"),
        ("Guess 1: 1\nCheck 1: yes\nAnswer: 1", "guess-and-check"),
        ("Reasoning: b\nRecall: a\nAnswer: c", None),
        ("Recall: a\nStep 1: b\nAnswer: c", None),
        ("Reasoning: a\nAnswer: b", None),
        ("Guess: 1\nAnswer: 1", None),
        ("Answer: 4\nExplanation: because", None),
        ("First I add two and two.\nThen I have four.", None),
        ("I add two and two, which makes four.\nAnswer: 4", None),
        ("I recall: a\nAnswer: b", None),
        ("", None),
        ("   \n", None),
    ],
)
def test_recognise(response: str, name: str | None) -> None:
    assert recognise(response, STRATEGIES) == name
    assert recognise(response, reversed(STRATEGIES)) == name


@given(
    name=st.sampled_from(sorted(BY_NAME)),
    texts=st.lists(st.text(st.characters(categories=("Ll", "Nd")), min_size=1), min_size=3, max_size=3),
    repeats=st.integers(1, 4),
)
def test_every_strategy_is_recognised_from_its_own_markers(name: str, texts: list[str], repeats: int) -> None:
    strategy = BY_NAME[name]
    working = [f"{marker}: {text}" for marker, text in zip(strategy.working_markers, texts, strict=False)]
    response = "\n".join([*working * repeats, f"{strategy.answer_marker}: {texts[-1]}"])
    assert recognise(response, STRATEGIES) == name


@given(st.text())
def test_any_text_gets_a_known_name_or_none(response: str) -> None:
    assert recognise(response, STRATEGIES) in {None, *BY_NAME}


def test_answers_are_counted_by_paired_and_recognised_strategy() -> None:
    pairs = [("direct", "direct"), ("direct", None), ("step-by-step", "direct"), ("direct", "direct")]
    assert confusion(pairs) == {"direct": {"direct": 2, None: 1}, "step-by-step": {"direct": 1}}


def test_a_line_of_signs_is_read_in_linear_time() -> None:
    """100,000 signs took the better part of an hour while two parts of the pattern shared them."""
    assert (
        recognise("*" * 100_000 + " and so on, for many more words than any bare answer has", STRATEGIES)
        is None
    )
    assert recognise("**" * 50_000 + "1. **Answer:** 5", STRATEGIES) == "direct"
