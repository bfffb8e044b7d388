"""Values: what holds for every amount, time and date, and what their comparison costs."""

import datetime
import subprocess
import sys
import time
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orca_desk.method.grading import grade, infer_kind
from orca_desk.method.grading.expressions import looks_like_math
from orca_desk.method.grading.markup import plain_latex
from orca_desk.method.grading.units import convert
from orca_desk.method.grading.values import is_value, same_value

MINUTES = st.integers(0, 24 * 60 - 1)
DATES = st.dates(datetime.date(1000, 1, 1), datetime.date(2999, 12, 31))
TEXT = st.text(max_size=60)
PIECES = st.lists(
    st.sampled_from(
        [
            "5",
            "3:30",
            " pm",
            "%",
            "$",
            "£",
            "12",
            "/",
            "-",
            "^",
            "{",
            "}",
            "\\frac",
            "\\sqrt",
            "×10",
            " feet",
            "'",
            "±",
            " to ",
            "March",
            " 2021",
            ".",
            ",",
            "½",
            "⁶",
            "٣",
            "四",
            " dozen",
            "million",
            "k",
            "°C",
            "(",
            ")",
            "=",
            "x",
            "π",
            "e9",
            "\n",
        ]
    ),
    max_size=14,
).map("".join)


@pytest.fixture(scope="module", autouse=True)
def units_loaded() -> None:
    """Load pint before hypothesis measures how long a test takes."""
    convert(Fraction(1), "hour", "minute")


def clock_forms(minutes: int) -> list[str]:
    """Return the ways to write a time of day that leave nothing open."""
    hour, minute = divmod(minutes, 60)
    half, short = ("am" if hour < 12 else "pm"), hour % 12 or 12
    return [
        f"{short}:{minute:02} {half}",
        f"{hour:02}:{minute:02}",
        f"{short}:{minute:02} {half[0]}.m.",
        f"{hour:02}h{minute:02}",
    ]


def date_forms(day: datetime.date) -> list[str]:
    """Return the ways to write a date that leave nothing open."""
    month = day.strftime("%B")
    return [
        f"{month} {day.day}, {day.year}",
        f"{day.day} {month} {day.year}",
        f"the {day.day}th of {month} {day.year}",
        f"{day.strftime('%b')} {day.day} {day.year}",
        day.isoformat(),
        f"{day.strftime('%A')}, {day.day} {month} {day.year}",
    ]


@given(one=MINUTES, other=MINUTES)
def test_a_time_equals_itself_in_every_form_and_no_other(one: int, other: int) -> None:
    for form in clock_forms(one):
        for reference in clock_forms(one)[:2]:
            assert same_value(form, reference), (form, reference)
        assert same_value(form, clock_forms(other)[0]) == (one == other)


@given(one=DATES, other=DATES)
def test_a_date_equals_itself_in_every_form_and_no_other(one: datetime.date, other: datetime.date) -> None:
    for form in date_forms(one):
        for reference in date_forms(one):
            assert same_value(form, reference), (form, reference)
        assert same_value(form, date_forms(other)[0]) == (one == other)


@given(day=DATES)
def test_a_date_of_digits_meets_another_spelling_only_if_one_order_is_possible(day: datetime.date) -> None:
    written = f"{day.day:02}/{day.month:02}/{day.year}"
    certain = day.day > 12 or day.day == day.month
    assert grade(f"Answer: {written}", date_forms(day)[0]).correct == certain
    assert grade(f"Answer: {written}", written).correct


@given(hours=st.integers(1, 99), minutes=st.integers(1, 59))
def test_an_amount_of_two_units_is_their_sum(hours: int, minutes: int) -> None:
    total = 60 * hours + minutes
    for form in (
        f"{hours} hours {minutes} minutes",
        f"{hours} h {minutes} min",
        f"{hours} hours and {minutes} minutes",
    ):
        assert grade(f"Answer: {form}", f"{total} minutes").correct
        assert grade(f"Answer: {total} minutes", form).correct
        assert not grade(f"Answer: {total + 1} minutes", form).correct
        assert not grade(f"Answer: {hours} hours", form).correct


@given(
    value=st.fractions(-1000, 1000),
    units=st.sampled_from([("kilometer", "mile"), ("degree_Celsius", "kelvin"), ("pound", "kilogram")]),
)
def test_converting_there_and_back_is_exact(value: Fraction, units: tuple[str, str]) -> None:
    there = convert(value, units[0], units[1])
    assert there is not None
    assert convert(there, units[1], units[0]) == value


@given(
    number=st.integers(0, 10**6),
    thing=st.sampled_from(["apples", "pens", "cats", "books"]),
    other=st.sampled_from(["oranges", "dogs", "km", "hours"]),
)
def test_both_sides_must_name_the_same_things(number: int, thing: str, other: str) -> None:
    assert grade(f"Answer: {number} {thing}", f"{number} {thing}").correct
    assert grade(f"Answer: {number}", f"{number} {thing}").correct
    assert grade(f"Answer: {number} {thing}", f"{number}").correct
    assert not grade(f"Answer: {number} {other}", f"{number} {thing}").correct


@given(number=st.integers(2, 10**6))
def test_percent_and_magnitudes_change_the_value(number: int) -> None:
    for sign in ("%", " percent", "k", " million", " dozen", "²"):
        assert not grade(f"Answer: {number}{sign}", f"{number}").correct, sign
        assert not grade(f"Answer: {number}", f"{number}{sign}").correct, sign


@given(over=st.integers(-999, 999), under=st.integers(1, 999))
def test_a_fraction_in_latex_is_its_value(over: int, under: int) -> None:
    for form in (rf"\frac{{{over}}}{{{under}}}", rf"$\dfrac{{{over}}}{{{under}}}$"):
        assert grade(rf"\boxed{{{form.strip('$')}}}", f"{over}/{under}").correct
        assert grade(f"Answer: {over}/{under}", form).correct


@given(text=TEXT | PIECES, other=TEXT | PIECES)
def test_no_text_breaks_the_reading_of_values(text: str, other: str) -> None:
    plain_latex(text)
    looks_like_math(text)
    same_value(text, other)
    if is_value(text):
        assert same_value(text, text)


@given(reference=PIECES.filter(str.strip))
def test_a_value_or_an_expression_meets_itself(reference: str) -> None:
    assert grade(reference, reference).correct


@pytest.mark.parametrize(
    "reference",
    [
        "the box",
        "Paris, France",
        "C++",
        "node.js",
        "A+",
        "n/a",
        "e-mail",
        "Αθήνα",
        "3 of clubs",
        "He said: no",
        "cat",
        "Mr. Smith",
        "?!",
        ") ]",
        "True",
        "1990s",
        "H2O",
        "May",
        "one of them",
        "no one",
        "v3.11.2",
        "A cat",
        "p-value",
    ],
)
def test_text_is_neither_value_nor_mathematics(reference: str) -> None:
    assert infer_kind(reference) == "text"


@pytest.mark.parametrize(
    "reference",
    [
        r"\sqrt{2}",
        "2x + 3",
        "x ≥ 3",
        "(3, 4)",
        "[0, 1)",
        r"\{1, 2\}",
        "3π",
        "x^2",
        "sqrt(2)",
        r"\frac{x}{2}",
        "1 < x < 5",
        r"\begin{pmatrix}1\\2\end{pmatrix}",
        "y = 2x + 1",
        r"\infty",
        "2√3",
        r"\boxed{\sqrt{2}}",
        r"$\pi$",
    ],
)
def test_expressions_are_recognised(reference: str) -> None:
    assert infer_kind(reference) == "math"


@pytest.mark.parametrize(
    "reference",
    [
        "42",
        "1/2",
        r"\frac34",
        "12{,}000",
        "10^6",
        r"3\times 10^8",
        "5 × 10⁶",
        "$5M",
        "3:30 pm",
        "March 5, 2021",
        "5:3",
        "10-15",
        "±5",
        "50%",
        "1 hour 30 minutes",
        "5'6\"",
        "21st",
        "a dozen",
        "四十二",
        "-3",
        "x = 7",
        r"\boxed{42}",
        "20 °C",
    ],
)
def test_plain_values_are_no_mathematics(reference: str) -> None:
    assert infer_kind(reference) == "number"


def test_plain_answers_load_neither_pint_nor_sympy() -> None:
    code = """if True:
        import sys
        from orca_desk.method.grading import grade
        assert grade("She has 72 clips altogether.", "72").correct
        assert grade("Answer: $18 per day", "18").correct
        assert grade("Answer: 12 apples", "12 apples").correct
        assert not grade("Answer: 12 oranges", "12 apples").correct
        print(sorted({"pint", "sympy", "math_verify"} & set(sys.modules)))
        assert grade("Answer: 2 hours", "120 minutes").correct
        print(sorted({"pint", "sympy", "math_verify"} & set(sys.modules)))
    """
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split("\n")[:2] == ["[]", "['pint']"]


def test_a_value_is_read_in_linear_time() -> None:
    began = time.perf_counter()
    for piece in (
        "5 feet ",
        "3:30 ",
        "1,234 ",
        "5 March 2021 ",
        "$5 ",
        "\\frac{1}{2} ",
        "2 to 3 ",
        "一",
        "1 hour and ",
        "½",
    ):
        grade(piece * 20_000, "5 feet 6 inches")
        grade(f"Answer: {piece * 2_000}", "March 5, 2021")
        infer_kind(piece * 5_000)
    assert time.perf_counter() - began < 20
