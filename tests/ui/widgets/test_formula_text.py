"""What is a formula in a text, and what is money, code or prose."""

import time

import pytest
from hypothesis import given, settings
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


@settings(max_examples=200, deadline=None)
@given(text=st.lists(pieces, max_size=30).map("".join))
def test_nothing_is_lost_where_formulas_are_taken_out(text: str) -> None:
    marked, formulas, mark = mark_formulas(text, lambda formula: True)
    assert marked.count(mark) == len(formulas)
    whole = marked
    for formula in formulas:
        whole = whole.replace(mark, formula.written, 1)
    assert whole.replace("\n", "") == text.replace("\n", "")
    assert mark_formulas(text, lambda formula: False)[0] == text


def test_the_mark_is_no_character_of_the_text() -> None:
    assert mark_formulas("\ue000\ue001 $x$", lambda formula: True)[2] == "\ue002"


@pytest.mark.parametrize(
    "piece", ["$", "$a ", "\\(", "\\[", "$$a", "\\boxed{", "\\begin{align}", "`", "{", "\\boxed{{a}"]
)
def test_hostile_text_takes_no_long_time(piece: str) -> None:
    began = time.process_time()
    mark_formulas(piece * (16_000 // len(piece)), lambda formula: True)
    assert time.process_time() - began < 2
