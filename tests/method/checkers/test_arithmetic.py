"""Arithmetic: what holds, what does not, and what can be read in more than one way."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orca_desk.method.answer_steps import split_steps
from orca_desk.method.checkers.arithmetic import check_arithmetic, check_sums


@pytest.mark.parametrize(
    "text",
    [
        "16 - 3 - 4 = <<16-3-4=9>>9 duck eggs a day",
        "9 * 2 = $<<9*2=18>>18 every day",
        "She has 3 and 4 + 5 = 9",
        "10/3 = 3.33",
        "20% of 50 = 10",
        "100 - 20% = 80",
        "3 * 4 = 12 + 5 = 17",
        "7 - 2 = 5 - 1 = 4",
        r"\frac{1}{2} \times 10 = 5",
        "1,000 + 2,500 = 3,500",
        "(3 + 4) * 2 = 14",
        "3 - 5 = −2",
        "$5 + $3 = $8",
        "5 apples + 3 apples = 8 apples",
        "5/20 = 25%",
        "2^3 = 8",
        "580/110 = 5.2727272727272725",
        "-2^2 = -4",
        "(-2)^2 = 4",
        "6/2(1+2) = 1",
        "6/2(1+2) = 9",
    ],
)
def test_what_holds_is_correct(text: str) -> None:
    assert check_sums(text).outcome == "correct"


@pytest.mark.parametrize(
    ("text", "stated", "value"),
    [
        ("so 2+2=5.", "2+2 = 5", "4"),
        ("Step 1: more, 38 + 9 = 48.", "38 + 9 = 48", "47"),
        ("It costs 5*3=15, then 2*4=9.", "2*4 = 9", "8"),
        ("3 x 4 = 13", "3 x 4 = 13", "12"),
        ("10 / 3 = 4.5", "10 / 3 = 4.5", "3.33333"),
        ("1,000 + 2,500 = 3,600", "1,000 + 2,500 = 3,600", "3,500"),
        ("5 apples + 3 apples = 9 apples", "5 + 3 = 9", "8"),
        ("Is it dear? It is 3 * 4 = 13. Not really.", "3 * 4 = 13", "12"),
        ("30 + 45 = 76 minutes", "30 + 45 = 76", "75"),
        ("12 - 15 = 3", "12 - 15 = 3", "-3"),
        ("1.500 + 1 = 2.600", "1.500 + 1 = 2.600", "2.5"),
        ("$4.20 + $9.45 + $1.35 = $14.99", "$4.20 + $9.45 + $1.35 = $14.99", "15"),
    ],
)
def test_what_does_not_hold_is_incorrect_and_says_why(text: str, stated: str, value: str) -> None:
    check = check_sums(text)
    assert (check.outcome, dict(check.facts)) == ("incorrect", {"stated": stated, "value": value})


@pytest.mark.parametrize(
    "text",
    [
        "no sum here",
        "x = 5",
        "2x = 10",
        "y = 3 * 4 = 12",  # "y" cannot be read, so not all is
        "60 minutes = 1 hour",
        "2 * 60 seconds = 2 minutes",
        "3 * 50 = $1.50",  # cents
        "7 / 2 = 3",  # without the remainder
        "10/3 = 3.34",
        "9 hours * 2/3 = 6 hours",
        "27 - 9 = (6 * x) - (3 * x)",
        "(7/2)x = 105",
        "Total - 4 + 5 = 1",
        "Day 3 - 4 + 5 = 9",
        "She has 5 apples + 3 pears = 9 pieces",
        "1 + 2 + ... + 10 = 55",
        "1/0 = 3",
        "12 / 4 = 3rd",
        "3 + 4 >= 8",
        "3 + 4 == 8",
        "2^99999999 = 1",
        "√(9 + 16) = 5",
        "1.500 + 500 = 2.000",  # thousands in much of Europe
        "9:00 + 2 hours = 11:00",
        "11 + 3 = 2 pm",
        "8 + 5 = 1 o'clock",
        "29 + 4 = 2 November",
        "2024-01-05 + 10 = 2024-01-15",
        "101 + 11 = 1000 in binary",
        "$10 - 350 cents = $6.50",
        "It would be wrong to say 2 + 2 = 5",
        "3 + 4 = 8 is not true",
        "Can 3 + 4 = 8? No.",
        "If 2 + 2 = 5, anything follows",
        "12/16 = 3:4",
        "pages 12-15 = 4 pages",
        "9 - 17 = 8 hours",
        "9 - 5 = 8 hours",
        "12 + 12 = 2 dozen",
        "45 + 30 = 1.25 hours",
        "30 + 45 = 1 hour 15 minutes",
        "16 + 16 = 2 lb",
        "=" * 5000,
    ],
)
def test_what_cannot_be_read_for_certain_is_unchecked(text: str) -> None:
    assert check_sums(text).outcome == "unchecked"


@given(st.text(alphabet="0123456789+-*/=()%$., xof^\n≈", max_size=200))
def test_no_text_makes_it_raise(text: str) -> None:
    assert check_sums(text).outcome in ("correct", "incorrect", "unchecked")


@given(st.integers(0, 10**6), st.integers(0, 10**6), st.sampled_from("+-*"))
def test_true_sums_hold_and_others_do_not(first: int, second: int, sign: str) -> None:
    value = {"+": first + second, "-": first - second, "*": first * second}[sign]
    if abs(value) < 10**18:
        assert check_sums(f"That is {first} {sign} {second} = {value}.").outcome == "correct"
    assert check_sums(f"That is {first} + {second} = {first + second + 7}.").outcome == "incorrect"


def test_thoughts_and_code_are_not_checked() -> None:
    steps = split_steps("<think>2 + 2 = 5</think>\n```\n2 + 2 = 5\n```\n2 + 2 = 4")
    assert [check.outcome for check in check_arithmetic("", steps)] == ["unchecked", "unchecked", "correct"]
