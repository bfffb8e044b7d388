"""What is a formula in a text, and what is money, code or prose."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orca_desk.ui.widgets.formula_text import mark_formulas


def found(text: str) -> list[str]:
    return [one.latex for one in mark_formulas(text, lambda formula: True)[1]]


@pytest.mark.parametrize(
    ("text", "latex"),
    [
        (r"so \(x^2\) and \[y\]", ["x^2", "y"]),
        ("$x$, $$y$$ and $2 + 3$.", ["x", "y", "2 + 3"]),
        ("the answer is $5$", ["5"]),
        ("\\[\n a \\\\[2pt]\n b\n\\]", ["a \\\\[2pt]\n b"]),
        ("$$\nx\n$$", ["x"]),
        (r"$\text{Total cost is} = \$15$", [r"\text{Total cost is} = \$15"]),
        ("\\begin{align}\nx &= 1\n\\end{align}", ["\\begin{align}\nx &= 1\n\\end{align}"]),
        (r"The answer is \boxed{\frac{1}{2}}.", [r"\boxed{\frac{1}{2}}"]),
        (r"\boxed{not a number}", [r"\boxed{\text{not a number}}"]),
        ("| $|x|$ | $y$ |", ["|x|", "y"]),
        ("$x + 30$", ["x + 30"]),
        ("$20$ or $1,000$, a chance of $1/2$, and $-5$", ["20", "1,000", "1/2", "-5"]),
        (r"As $x = 5$, it is $20 + 30 = 50$, \(so\) $1, 2, 3$", ["x = 5", "20 + 30 = 50", "so", "1, 2, 3"]),
        (r"$x \leq AB \leq y$ and $2x + xy = 3$", [r"x \leq AB \leq y", "2x + xy = 3"]),
        (r"$5 \text{ and } 6$", [r"5 \text{ and } 6"]),
    ],
)
def test_formulas_are_found(text: str, latex: list[str]) -> None:
    assert found(text) == latex


@pytest.mark.parametrize(
    "text",
    [
        "It costs $5 and $10.",
        "$5-$10, $1,000+$2,000=$3,000",
        "US$5 and A$7, 5$ and 10$",
        "He pays $12/hour × 5 hours = $60",
        "=$<<5*2=10>>10 and $<<1+1=2>>2",
        "cost:$5*2=$<<5*2=10>>10",
        "($20)($30)",
        "$5 each for bread and rice is cheap$",
        "`$x$` and ``\\(y\\)``",
        "```\n$x$\n\\[y\\]\n```",
        "~~~\n$x$\n~~~",
        r"\$5\$ and \\(x\\)",
        "$ x $ and $$ and $$$$",
        r"\(unfinished",
        "$PATH and $HOME",
        "${HOME}${PATH}/bin and $(date)$(uname)",
        "in $: 5$, in $, 6$",
        "$20 + 30$",
        "He pays $20 + 30 = 50$.",
        "costs $20 + tax is $30",
        "from $20-30$, $20 - 30$ or $20, 30$; $3k-5k$",
        "$20 or 30$, $20 to 30$, $5 et 10$, $5 y 10$, $5 x 6$",
        "$total cost$, $ten or twenty$",
        "It costs $5 and $6$.",
    ],
)
def test_money_code_and_prose_are_no_formulas(text: str) -> None:
    assert found(text) == []
    assert mark_formulas(text, lambda formula: True)[0] == text


pieces = st.sampled_from(
    [
        "$",
        "$$",
        "x",
        "5",
        " ",
        "\n",
        "\\(",
        "\\)",
        "\\[",
        "\\]",
        "`",
        "```",
        "\n\n",
        "a b",
        "|",
        "\\boxed{",
        "}",
    ]
)


@given(text=st.lists(pieces, max_size=30).map("".join))
def test_nothing_is_lost_where_formulas_are_taken_out(text: str) -> None:
    marked, formulas, mark = mark_formulas(text, lambda formula: True)
    assert marked.count(mark) == len(formulas)
    whole = marked
    for formula in formulas:
        whole = whole.replace(mark, formula.written, 1)
    assert whole.replace("\n", "") == text.replace("\n", "")
    assert mark_formulas(text, lambda formula: False)[0] == text


JOINS = " + ", "+", " - ", "-", " = ", ", ", "; ", " or ", " and ", " x ", " "


@given(
    amounts=st.lists(
        st.tuples(st.sampled_from(["${}", "{}$"]), st.integers(0, 1999)), min_size=2, max_size=6
    ),
    joins=st.lists(st.sampled_from(JOINS), min_size=6),
)
def test_no_amount_of_money_loses_its_sign(amounts: list[tuple[str, int]], joins: list[str]) -> None:
    written = [form.format(f"{amount:,}") for form, amount in amounts]
    text = "".join(amount + join for amount, join in zip(written, joins, strict=False))
    assert mark_formulas(text, lambda formula: True)[0] == text


def test_numbers_beside_money_stay_as_they_are() -> None:
    text = "For $x$ items at $5 it is $20 + 30$ or $6$."
    assert found(text) == ["x"]


def test_the_mark_is_no_character_of_the_text() -> None:
    assert mark_formulas("\ue000\ue001 $x$", lambda formula: True)[2] == "\ue002"


@pytest.mark.parametrize(
    "piece", ["$", "$a ", "\\(", "\\[", "$$a", "\\boxed{", "\\begin{align}", "`", "{", "\\boxed{{a}"]
)
def test_hostile_text_takes_no_long_time(piece: str) -> None:
    began = time.process_time()
    mark_formulas(piece * (16_000 // len(piece)), lambda formula: True)
    assert time.process_time() - began < 2
