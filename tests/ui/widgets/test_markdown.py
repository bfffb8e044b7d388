"""Answers are shown whole: only what is plainly markup is taken for it."""

import re
import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from PySide6.QtGui import QTextDocument
from PySide6.QtWidgets import QApplication

from orca_desk.ui.widgets.browser import DIALECT
from orca_desk.ui.widgets.markdown import readable_markdown

MARKUP = frozenset("*#-+`|_~•")  # what may be markup somewhere; everything else must stay in sight


def seen(text: str) -> str:
    document = QTextDocument()
    document.setMarkdown(readable_markdown(text), DIALECT)
    return document.toPlainText()


@pytest.mark.parametrize(
    "text",
    [
        "2*3*4 = 120, 5*6*7 = 210",
        "2 * 3 * 4, 2**3**4, a*b*c",
        r"\[ E = mc^2 \]",
        r"so \(x*y\) and \\ or \frac{1}{2} with \*stars\*",
        "$a_1 * b *c* d$ and $$x *y* z$$",
        "__init__ and _x_ and snake_case_name",
        "1986. A great year",
        "2) two",
        "> 5",
        "- 5",
        "+ 3.5",
        "* 3 = 12",
        "a < b & c > d, &lt;b&gt;",
        "~~no~~ and C# and #hashtag",
        "f(*args, **kwargs) and *p + *q",
        "```x = 5```".replace("```", "'''"),
        "x | y || z",
        "[1] [2](not a link) [3]: note",
        "line\n---\nnext\n===\nend",
        "| a | b |\n|---|---|\n| 1 | 2 | 3 |",
        "a <b>b</b> <img src=x>",
        "name@example.org, www.example.org",
        "2 *3* 4",
        "\\[\n2 *x* 3\n\\]",
    ],
)
def test_what_is_no_markup_is_shown_as_written(qapp: QApplication, text: str) -> None:
    assert seen(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("**Answer:** 42", "Answer: 42"),
        ("(**42**), *so* it ***is***.", "(42), so it is."),
        ("**2*3*4 = 24**", "2*3*4 = 24"),
        ("# Step 1\n## C#", "Step 1\nC#"),
        ("- one\n* two\n  - three", "one\ntwo\nthree"),
        ("1. one\n    - deep", "1. one\n    • deep"),
        ("`2*3*4` and ``a ` b``", "2*3*4 and a ` b"),
        ("```x = 5```", "x = 5"),
        ("```python\nx = 2*3\n\n  y\n```\nend", "x = 2*3\n\n  y\nend"),
        ("```\na\n~~~\nb\n```\nc", "a\n~~~\nb\nc"),
        ("```42\n```\nx", "```42\nx"),
        ('```js {1,3} title="a b.js"\nx_1_\n```\n**so**', "x_1_\nso"),
        ("```{.python}\nx\n```\ny", "x\ny"),
        ("[a word](https://example.org/a_b)", "a word"),
        ("https://example.org/a_b*c.", "https://example.org/a_b*c."),
        ("one\n\n---\n\ntwo", "one\n\ntwo"),
        ("| a | b |\n|:--|--:|\n| 2*3 | **4** |", "\na\nb\n2*3\n4\n"),
        ("    x = 1\n      y", "    x = 1\n      y"),
    ],
)
def test_plain_markup_is_shown_as_meant(qapp: QApplication, text: str, shown: str) -> None:
    assert seen(text).replace("\N{NO-BREAK SPACE}", " ") == shown


@pytest.mark.parametrize(
    ("text", "items"),
    [
        ("- one\n- two\nSo: 3", ["one", "two"]),
        ("- one\n  and more\n  - two\n1986. A year\n> 5", ["one", "two"]),
        ("* one\n\\[\nx\n\\]\nend\n* two", ["one", "two"]),
    ],
)
def test_only_bullets_are_shown_as_items(qapp: QApplication, text: str, items: list[str]) -> None:
    document = QTextDocument()
    document.setMarkdown(readable_markdown(text), DIALECT)
    block, found = document.begin(), []
    while block.isValid():
        found += [block.text()] if block.textList() else []
        block = block.next()
    assert found == items


def left(text: str) -> str:
    """Return a text without white space and without what may be markup."""
    return "".join(one for one in text if one not in MARKUP and not one.isspace())


alphabet = st.sampled_from(
    [*"ab12 xyé日😀\n\t", *"*_\\()[]{}<>#.-+=|&;:!?$%^~'\"/,@", "**", "\n- ", "\n1. ", "\\(", "\\)"]
)
texts = st.lists(alphabet, max_size=40).map("".join)


@given(text=texts)
@example(text="**a\n- b**")
@example(text="| a |\n|-|\n| b |")
@example(text="*a* *b*c*")
def test_every_character_that_is_no_markup_stays_in_sight(qapp: QApplication, text: str) -> None:
    assert left(seen(text)) == left(text)


@given(numbers=st.lists(st.integers(0, 99), min_size=2, max_size=6), sign=st.sampled_from("*_-+/^|.:<>=~"))
def test_no_sign_between_numbers_is_lost(qapp: QApplication, numbers: list[int], sign: str) -> None:
    for text in (sign.join(map(str, numbers)), f" {sign} ".join(map(str, numbers)), f"= {sign}{numbers[0]}"):
        assert re.sub(r"\s", "", seen(text)) == re.sub(r"\s", "", text)


@pytest.mark.parametrize("piece", ["`", "**a", "\\(", "$a ", "[a](", "| a ", "\\[", "*a ", "- "])
def test_hostile_text_takes_no_long_time(piece: str) -> None:
    began = time.perf_counter()
    readable_markdown(piece * (16_000 // len(piece)))
    assert time.perf_counter() - began < 2
