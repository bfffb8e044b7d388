"""What each arm of an experiment makes of an answer."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orca_desk.errors import UserError
from orca_desk.method.arms import (
    SampledAnswer,
    answer_only,
    best_of,
    explanation_after,
    first_of,
    shuffled_reasoning,
    split_answer,
    wrong_strategy,
)
from orca_desk.method.grading import grade
from orca_desk.method.grading.answers import as_read, find_answer

STEPS = "Step 1: 2 + 3 = 5.\nStep 2: 5 * 4 = 20.\nStep 3: 20 - 1 = 19.\nAnswer: 19"
PROSE = "There are 5 apples. Two are eaten. That leaves 5 - 2 = 3. The answer is 3."
CLAUSES = "Extract: John lives in Delhi; the bus to Delhi is blue; the blue bus sells nuts.\nAnswer: nuts"
THOUGHTS = "<think>\nFirst 2.\nThen 4.\n</think>\n\nSo it doubles.\nTwice.\nAnswer: 4"


def test_the_answer_alone_is_its_sentence_or_its_line():
    assert answer_only(STEPS) == "Answer: 19"
    assert answer_only(PROSE) == "The answer is 3."
    assert answer_only(THOUGHTS) == "Answer: 4"
    assert answer_only("Answer: yes") == answer_only("  Answer: yes\n") == "Answer: yes"
    assert answer_only("42") == "42"


def test_the_explanation_moves_behind_the_answer_without_the_tags_of_thoughts():
    assert explanation_after(STEPS) == "Answer: 19.\n" + STEPS.removesuffix("\nAnswer: 19")
    assert explanation_after(PROSE) == (
        "The answer is 3.\nThere are 5 apples. Two are eaten. That leaves 5 - 2 = 3."
    )
    assert explanation_after(THOUGHTS) == "Answer: 4.\nFirst 2.\nThen 4.\nSo it doubles.\nTwice."
    assert explanation_after("Answer: 7") == "Answer: 7"


@pytest.mark.parametrize("text", [STEPS, PROSE, CLAUSES, THOUGHTS])
def test_shuffling_changes_the_order_of_the_steps_and_nothing_else(text):
    made = shuffled_reasoning(text, "seed")
    assert made is not None
    assert made != text
    assert Counter(made) == Counter(text)
    assert find_answer(made).text == find_answer(text).text
    assert shuffled_reasoning(text, "seed") == made


def test_shuffled_thoughts_stay_between_their_tags():
    assert shuffled_reasoning(THOUGHTS, "seed") == (
        "<think>\nThen 4.\nFirst 2.\n</think>\n\nTwice.\nSo it doubles.\nAnswer: 4"
    )


def test_the_clauses_of_a_single_sentence_are_its_steps():
    made = shuffled_reasoning(CLAUSES, "seed")
    assert made is not None
    assert made.startswith("Extract: ")
    assert made.endswith(".\nAnswer: nuts")
    assert not made.startswith("Extract: John lives in Delhi; the bus to Delhi is blue")


def test_a_single_step_stays_as_it_is():
    text = "Recall: Delhi is in India.\nAnswer: India"
    assert shuffled_reasoning(text, "seed") == text


@pytest.mark.parametrize("text", ["", "   ", "<think>never ends", "It may rain.\nOr it may snow. Who knows"])
def test_an_answer_without_a_known_place_is_not_rewritten(text):
    assert (split_answer(text), answer_only(text), explanation_after(text)) == (None, None, None)
    assert shuffled_reasoning(text, "seed") is None


def test_a_label_above_the_answer_belongs_to_it():
    text = "We add them.\n\n## Answer\n\n12 apples"
    assert answer_only(text) == "## Answer\n\n12 apples"
    assert explanation_after(text) == "## Answer\n\n12 apples.\nWe add them."


LINES = st.lists(st.sampled_from(["Step 1: a.", "So b. Then c.", "x; y; z", "", "é", "The answer is 3."]))


@given(
    st.one_of(st.text(max_size=200), LINES.map("\n".join)),
    st.sampled_from(["", "\nAnswer: 19", " \\boxed{4}"]),
)
def test_whatever_the_text_every_rewriting_has_the_same_final_answer(body, ending):
    text = body + ending
    parts = split_answer(text)
    if parts is not None:
        assert parts.before + parts.statement + parts.after == as_read(text)
    for made in (answer_only(text), explanation_after(text), shuffled_reasoning(text, "seed")):
        if made is not None:
            assert find_answer(made).text.removesuffix(".") == find_answer(text).text.removesuffix(".")


def test_every_rewriting_is_graded_as_the_answer_itself():
    for made in (answer_only(STEPS), explanation_after(STEPS), shuffled_reasoning(STEPS, "a")):
        assert made is not None
        assert grade(made, "19").correct
        assert not grade(made, "20").correct


def test_a_wrong_strategy_is_never_the_right_one_and_spreads_over_the_others():
    names = ["direct", "step-by-step", "recall", "extract"]
    chosen = Counter(wrong_strategy(f"task {n}", "recall", names) for n in range(600))
    assert set(chosen) == {"direct", "step-by-step", "extract"}
    assert min(chosen.values()) > 150
    assert wrong_strategy("t", "recall", names) == wrong_strategy("t", "recall", reversed(names))
    with pytest.raises(UserError, match="no strategy other than direct"):
        wrong_strategy("t", "direct", ["direct"])


def _sample(number: int, correct: bool | None, length: int) -> SampledAnswer:
    return SampledAnswer(record=f"r{number}", sample=number, correct=correct, length=length)


def test_best_is_the_shortest_correct_answer_and_first_the_first():
    answers = [_sample(2, True, 30), _sample(0, False, 5), _sample(1, True, 40), _sample(3, None, 1)]
    assert best_of(answers).sample == 2
    assert first_of(answers).sample == 0
    assert best_of(answers[1:2]).sample == 0
