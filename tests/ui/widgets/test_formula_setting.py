"""Formulas are set whole or not at all, and none takes for ever."""

import time
from xml.etree import ElementTree

import pytest
from examples import at_most
from hypothesis import given
from hypothesis import strategies as st

from orca_desk.ui.widgets.formula_latex import known_latex
from orca_desk.ui.widgets.formula_setting import CannotSetError, set_formula


@pytest.mark.parametrize(
    "latex",
    [
        r"\frac{-b \pm \sqrt{b^2-4ac}}{2a}",
        r"\begin{align} 3x + 2 &= 11 \\ x &= 3 \end{align}",
        r"\begin{cases} 1 & \text{if } x > 0 \\ 0 & \text{otherwise} \end{cases}",
        r"\begin{bmatrix} 1 & 2 \\ 3 & 4 \end{bmatrix}",
        r"\boxed{\text{Yes, it is}}",
        r"\text{Total} = 5 \times \$3 = \$15",
        r"\mathbb{R}^n, \mathbf{v}, \hat{y}, \cancel{5}",
        r"\sum_{i=1}^{n} i \equiv \binom{n+1}{2} \pmod{7}",
        r"x = 1 \tag{2}",
        r"1,234,567 \le 10\%",
        r"\left[\begin{array}{cc|c} 1 & 2 & 3 \\ 4 & 5 & 6 \end{array}\right]",
        r"\begin{array}{r} 12 \\ + 34 \\ \hline 46 \\ \hline \end{array}",
        r"\begin{array}{|*{2}{c}@{\quad}|} \hline & b \\ c & d \end{array}",
        r"\begin{eqnarray} a &=& b \nonumber \label{eq:1} \end{eqnarray}",
        r"\begin{dcases} 1 & x < 0 \end{dcases}",
        r"\begin{alignat}{2} x &= 1 & y &= 2 \end{alignat}",
        r"2x &= 4 \\ x &= 2",
        r"\text{R\&D: $x$ if x < 3}",
        r"\operatorname*{arg\,max}_x f(x)",
    ],
)
@pytest.mark.parametrize("is_display", [True, False])
def test_what_models_write_is_set(latex: str, is_display: bool) -> None:
    made = set_formula(latex, is_display=is_display)
    ElementTree.fromstring(made.svg)
    assert made.width > 0 and made.ascent > 0


@pytest.mark.parametrize(
    ("signed", "plain"),
    [
        ("b = -5", "b = 5"),
        (r"x \le -5", r"x \le 5"),
        ("f(-5)", "f(5)"),
        ("2, +5", "2, 5"),
        ("4 - -5", "4 - 5"),
    ],
)
def test_the_sign_of_a_number_stands_at_the_number(signed: str, plain: str) -> None:
    with_gap = set_formula("4 - 5", is_display=False).width - set_formula("4 5", is_display=False).width
    sign = set_formula(signed, is_display=False).width - set_formula(plain, is_display=False).width
    assert 0 < sign < with_gap


def test_a_sign_in_text_stays_as_it_is() -> None:
    assert known_latex(r"\text{a = -5}") == r"\text{a = -5}"


def test_inline_formulas_are_lower() -> None:
    inline, display = (set_formula(r"\frac{1}{2}", is_display=one) for one in (False, True))
    assert inline.ascent + inline.descent < display.ascent + display.descent


def test_a_line_of_an_alignment_gets_no_number_of_its_own() -> None:
    numbered, plain = (
        set_formula(rf"\begin{{{name}}} x &= 1 \end{{{name}}}", is_display=True)
        for name in ("align", "align*")
    )
    assert numbered.width == plain.width


def lines_of(latex: str) -> tuple[int, int]:
    """How many horizontal and vertical lines a drawing has."""
    sides = [
        (float(one.get("width", 0)), float(one.get("height", 0)))
        for one in ElementTree.fromstring(set_formula(latex, is_display=True).svg).iter()
        if one.tag.endswith("rect")
    ]
    return sum(width > height for width, height in sides), sum(width < height for width, height in sides)


@pytest.mark.parametrize(
    ("latex", "lines"),
    [
        (r"\begin{array}{cc} 1 & 2 \\ 3 & 4 \end{array}", (0, 0)),
        (r"\begin{array}{c|c} 1 & 2 \\ \hline 3 & 4 \end{array}", (1, 1)),
        (r"\begin{array}{|c|c|} \hline 1 & 2 \\ \hline 3 & 4 \\ \hline \end{array}", (3, 3)),
        (r"\begin{bmatrix} 1 \\ \hline 3 \end{bmatrix}", (1, 0)),
    ],
)
def test_tables_have_their_rules(latex: str, lines: tuple[int, int]) -> None:
    assert lines_of(latex) == lines


@pytest.mark.parametrize(
    ("latex", "same"),
    [
        (r"\mathop{\text{max}}_{x}", r"{\text{max}}_{x}"),
        (r"a \mathrel{+}= b", r"a {+}= b"),
        (r"\mathop\sum_x", r"\sum_x"),
        (r"\begin{rcases} a \end{rcases} = c", r"\left.\begin{array}{ll} a \end{array}\right\} = c"),
        (r"\text{50\% of \$5}", r"\text{50% of $5}"),
        (r"\text{so $x$ is}", r"\text{so }x\text{ is}"),
    ],
)
def test_nothing_is_dropped_or_shown_as_a_command(latex: str, same: str) -> None:
    assert set_formula(latex, is_display=True) == set_formula(same, is_display=True)


@pytest.mark.parametrize(
    "latex",
    [
        r"\frac{\frac{a}{b}}{\frac{c}{d}}",
        r"\frac{\dfrac ab}{c}",
        r"\frac{\frac{\frac{a}{b}}{c}}{d}",
        r"\frac\frac ab c",
    ],
)
def test_the_bar_of_a_fraction_of_fractions_is_the_longest(latex: str) -> None:
    svg = ElementTree.fromstring(set_formula(latex, is_display=True).svg)
    widths = sorted(float(one.get("width", 0)) for one in svg.iter() if one.tag.endswith("rect"))
    assert widths[-1] > 1.2 * widths[-2]


@pytest.mark.parametrize(
    "latex",
    [
        r"\foo{x}",  # would be shown as letters
        "日本",  # no glyphs
        r"\begin{array}{c} 1 \\ \cline{1-1} 2 \end{array}",  # the line would be missing
        r"1 \hline 2",
        r"\begin{array}{X} 1 \end{array}",
        r"\begin{array}{*{2}{*{2}{c}}} 1 & 2 \end{array}",
        "\\begin{array}{c} \\text{\ue000}1 \\end{array}",  # a mark of the app's own
        r"\binom{\frac{1}{2}}{k}",
        r"\frac{1",
        r"\hspace{1000000cm}x",
        r"\def\a{\a\a}\a",
        r"\input{/etc/passwd}",
        r"\href{http://example.org}{x}",
        "",
        " ",
        "\ud800",
        "\0",
        "{" * 100 + "x" + "}" * 100,
        r"\begin{matrix}" * 30 + "a" + r"\end{matrix}" * 30,
        "x+y=" * 370,
    ],
)
def test_what_cannot_be_set_whole_is_refused_in_time(latex: str) -> None:
    began = time.thread_time()
    with pytest.raises(CannotSetError):
        set_formula(latex, is_display=True)
    assert time.thread_time() - began < 2


pieces = st.sampled_from(
    [r"\frac", r"\sqrt", "{x}", "{", "}", "^", "_", "x", "12", "&", r"\\", r"\left(", r"\right)",
     r"\text{a b}", "~", r"\sum", r"\over", "'", "|", r"\begin{cases}", r"\end{cases}", r"\hat",
     r"\mathbb{R}", "<", "é"]
)  # fmt: skip


@at_most(60)
@given(latex=st.lists(pieces, max_size=12).map("".join))
def test_any_text_is_set_or_refused(latex: str) -> None:
    try:
        made = set_formula(latex, is_display=True)
    except CannotSetError:
        return
    ElementTree.fromstring(made.svg)
