"""What holds for every answer: a reference meets itself, another does not, and no text breaks the grader."""

import string
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orca_desk.method.grading import KINDS, grade, infer_kind
from orca_desk.method.records import AnswerKind
from orca_desk.ui.words.grading import verdict_reason

WORDS = st.text(alphabet=string.ascii_lowercase, min_size=3, max_size=8)
NUMBERS = st.integers(min_value=-(10**9), max_value=10**9)
KIND = st.sampled_from(KINDS)
MARKERS = st.sampled_from(["Answer: {}", "The answer is {}.", "#### {}", "So:\n\\boxed{{{}}}", "A: {}", "{}"])
PIECES = [
    "Answer: ",
    "the answer is ",
    "\\boxed{",
    "}",
    "#### ",
    "\n",
    "1,",
    "1/",
    "½",
    "5 or ",
    "(A), ",
    "red, ",
]
PIECES += [
    "John: box. ",
    "not ",
    "- ",
    "</s>",
    "<think>",
    "answer to ",
    "\\frac{",
    "9-",
    "e9",
    "twenty ",
    "\u0301",
]
HOSTILE = st.lists(st.sampled_from(PIECES) | st.text(max_size=4), max_size=40).map("".join)


@given(reference=st.text(min_size=1, max_size=60).filter(str.strip), kind=KIND | st.none())
def test_a_reference_meets_itself(reference: str, kind: AnswerKind | None) -> None:
    assert grade(reference, reference, kind).correct


@given(number=NUMBERS, marker=MARKERS)
def test_a_number_is_the_same_with_separators_decimals_units_and_currency(number: int, marker: str) -> None:
    for form in (f"{number}", f"{number:,}", f"{number}.00", f"{number} apples", f"{number:,.1f}"):
        assert grade(marker.format(form), str(number), "number").correct, form
        assert grade(marker.format(number), form, "number").correct, form
    assert grade(marker.format(f"${number}"), str(number), "number").correct


@given(number=NUMBERS, other=NUMBERS, marker=MARKERS)
def test_another_number_is_incorrect(number: int, other: int, marker: str) -> None:
    verdict = grade(marker.format(f"{other:,}"), f"{number}", "number")
    assert verdict.correct == (number == other)


@given(over=st.integers(-999, 999), under=st.integers(1, 999))
def test_a_fraction_is_its_value(over: int, under: int) -> None:
    value = Fraction(over, under)
    assert grade(f"Answer: {over}/{under}", f"{value.numerator}/{value.denominator}", "number").correct
    assert not grade(f"Answer: {over}/{under}", f"{value + 1}", "number").correct


@given(letter=st.sampled_from("ABCDEFGH"), other=st.sampled_from("ABCDEFGH"))
def test_only_the_expected_letter_is_correct(letter: str, other: str) -> None:
    for form in ("({})", "{}", "{}.", "{})", "Answer: {}", "The answer is ({}).", "Answer: option {}"):
        assert grade(form.format(other), f"({letter})").correct == (letter == other), form
    assert grade(f"Answer: {letter} or {other}", letter).correct == (letter == other)


@given(items=st.lists(WORDS.map("item{}".format), min_size=3, max_size=6, unique=True), data=st.data())
def test_a_sequence_is_right_in_its_own_order_alone(items: list[str], data: st.DataObject) -> None:
    reference = ", ".join(items)
    shuffled = data.draw(st.permutations(items))
    for separator in (", ", "; ", " > ", "\n", " -> "):
        assert grade("Answer: " + separator.join(shuffled), reference).correct == (shuffled == items)
    assert not grade("Answer: " + ", ".join(items[:-1]), reference).correct


@given(
    keys=st.lists(
        WORDS.filter(lambda word: not word.startswith("answer")).map(str.title),
        min_size=2,
        max_size=4,
        unique=True,
    ),
    values=st.lists(WORDS.map("{}1".format), min_size=4, max_size=4, unique=True),
)
def test_every_key_needs_its_value(keys: list[str], values: list[str]) -> None:
    pairs = list(zip(keys, values, strict=False))
    reference = " ".join(f"{key}: the {value}." for key, value in pairs)
    assert infer_kind(reference) == "keyed"
    assert grade(
        "Answer: " + ", ".join(f"{key}: {value}" for key, value in reversed(pairs)), reference
    ).correct
    turned = zip(keys, [*values[1 : len(keys)], values[0]], strict=True)
    assert not grade("Answer: " + ", ".join(f"{key}: {value}" for key, value in turned), reference).correct
    assert not grade(f"Answer: {keys[0]}: {values[0]}", reference).correct


@given(response=HOSTILE, reference=HOSTILE, kind=KIND | st.none())
def test_no_text_breaks_the_grader(response: str, reference: str, kind: AnswerKind | None) -> None:
    verdict = grade(response, reference, kind)
    assert verdict_reason(verdict.reason).endswith(".")
    assert verdict.kind == (kind or infer_kind(reference))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "piece", ["9", " ", "(", "C, ", "the answer is ", "\\boxed{", "½", "1,", "1百", "John thinks the box "]
)
@pytest.mark.timeout(30)
def test_a_very_long_response_is_graded_in_linear_time(piece: str, kind: AnswerKind) -> None:
    """Some hundredths of a second; with its square it would be minutes."""
    long = piece * (200_000 // len(piece))
    reference = {"keyed": "John: box. Mark: bag.", "ordering": "a, b, c", "choice": "(B)"}.get(kind, "17")
    assert not grade(long, reference, kind).correct
    assert grade(f"{long}\n\nAnswer: {reference}", reference, kind).correct


def test_overlong_numbers_are_not_answers() -> None:
    assert not grade("Answer: " + "9" * 100_000, "9").correct
    assert not grade("Answer: 1e999999999", "1").correct
    assert not grade("Answer: 1/0", "1").correct


@pytest.mark.parametrize("reference", ["*", "%.", "±\n."])
def test_signs_alone_meet_themselves_as_mathematics(reference: str) -> None:
    assert grade(reference, reference, "math").correct
