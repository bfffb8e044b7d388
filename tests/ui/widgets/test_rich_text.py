"""Answers with formulas, code and hidden characters, as a user sees, clicks and copies them."""

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QContextMenuEvent, QGuiApplication, QTextCursor
from PySide6.QtWidgets import QApplication, QMenu
from pytestqt.qtbot import QtBot

from orca_desk.method.hidden_characters import visible
from orca_desk.ui.theme import Theme
from orca_desk.ui.widgets.browser import Browser
from orca_desk.ui.widgets.code_blocks import guess_language
from orca_desk.ui.widgets.formula_popup import FormulaPopup
from orca_desk.ui.widgets.formulas import COPY, FORMULA, STRUT, formulas
from orca_desk.ui.widgets.glyphs import Glyphs

ANSWER = (
    r"So $x^2 = 4$ and \(\frac{a}{b}\), for $5."
    + "\n\n\\[\n\\int_0^1 x\\,dx\n\\]\n\n```python\nx = 1  # one\n```\nEnd."
)


@pytest.fixture
def shown(theme: Theme, qtbot: QtBot) -> Iterator[Browser]:
    made = Browser()
    qtbot.addWidget(made)
    made.resize(600, 500)
    theme.apply_to(made)
    with qtbot.waitExposed(made):
        made.show()
    yield made


def objects(browser: Browser, kind: int) -> list[int]:
    """The positions of drawings of a kind."""
    document, cursor = browser.document(), QTextCursor(browser.document())
    found = []
    for position in range(document.characterCount() - 1):
        cursor.setPosition(position + 1)
        is_object = document.characterAt(position) == "\N{OBJECT REPLACEMENT CHARACTER}"
        if is_object and cursor.charFormat().objectType() == kind:
            found.append(position)
    return found


def place_of(browser: Browser, position: int) -> QPoint:
    cursor = QTextCursor(browser.document())
    cursor.setPosition(position)
    return browser.cursorRect(cursor).center() + QPoint(4, 0)


def test_formulas_are_drawn_and_copied_as_they_were_written(shown: Browser, qtbot: QtBot) -> None:
    shown.show_text(ANSWER)
    qtbot.waitUntil(lambda: len(objects(shown, FORMULA)) == 3)
    assert objects(shown, STRUT)
    shown.selectAll()
    copied = shown.createMimeDataFromSelection().text()
    for written in ("$x^2 = 4$", r"\(\frac{a}{b}\)", "for $5.", "\\[\n\\int_0^1 x\\,dx\n\\]", "x = 1  # one"):
        assert written in copied
    assert "\N{OBJECT REPLACEMENT CHARACTER}" not in copied
    assert shown.toPlainText() == copied
    assert shown.accessibleDescription() == ANSWER


def test_a_screen_reader_hears_of_this_text_alone(shown: Browser, qtbot: QtBot) -> None:
    def show_a_formula() -> None:
        shown.show_text("So $x^2$.")
        qtbot.waitUntil(lambda: len(objects(shown, FORMULA)) == 1)
        assert shown.accessibleDescription() == "So $x^2$."

    show_a_formula()
    shown.show_text("No.")
    assert shown.accessibleDescription() == ""
    show_a_formula()
    shown.clear()
    assert shown.accessibleDescription() == ""
    shown.set_page(lambda write: f"<p>{write('Is $x^2$?')}</p>")
    assert shown.accessibleDescription() == "Is $x^2$?"


def test_looking_for_fonts_does_not_write_formulas_out(
    shown: Browser, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked = list[str]()
    monkeypatch.setattr(Glyphs, "is_complete", False)
    monkeypatch.setattr(Glyphs, "look", lambda self, text: looked.append(text))
    shown.show_text("日本 $x^2$")
    qtbot.waitUntil(lambda: len(objects(shown, FORMULA)) == 1)
    assert "日本" in looked[-1] and "x^2" not in looked[-1]


def test_a_formula_stands_on_the_line_and_never_wider_than_the_text(shown: Browser, qtbot: QtBot) -> None:
    wide = r"\[ " + " + ".join(f"x_{{{n}}}" for n in range(40)) + r" \]"
    shown.show_text(wide)
    qtbot.waitUntil(lambda: len(objects(shown, FORMULA)) == 1)
    for width in (600, 200):
        shown.resize(width, 400)
        qtbot.waitUntil(lambda: shown.document().idealWidth() <= shown.viewport().width())
        assert shown.horizontalScrollBar().maximum() == 0


def test_a_click_shows_the_source(shown: Browser, qtbot: QtBot) -> None:
    shown.show_text(ANSWER)
    qtbot.waitUntil(lambda: len(objects(shown, FORMULA)) == 3)
    qtbot.mouseClick(
        shown.viewport(), Qt.MouseButton.LeftButton, pos=place_of(shown, objects(shown, FORMULA)[0])
    )
    qtbot.waitUntil(lambda: shown.findChild(FormulaPopup) is not None)
    popup = shown.findChild(FormulaPopup)
    assert popup is not None and popup.written.toPlainText() == "$x^2 = 4$"
    popup.copy.click()
    assert QGuiApplication.clipboard().text() == "x^2 = 4"
    qtbot.waitUntil(lambda: shown.findChild(FormulaPopup) is None)


def test_what_cannot_be_set_stays_as_written_and_says_so(shown: Browser, qtbot: QtBot) -> None:
    text = r"Look: $\foo{x}$. \begin{tabular}{c} a \end{tabular}"
    shown.show_text(text)

    def tip(part: str) -> str:
        return QTextCursor(shown.document().find(part)).charFormat().toolTip()

    for part in (r"\foo", r"\begin{tabular}", r"\end{tabular}"):
        qtbot.waitUntil(lambda part=part: "as it was written" in tip(part))
    assert tip(" a ") == "" and shown.toPlainText() == text


def test_code_is_coloured_and_copied_by_its_link(shown: Browser, theme: Theme, qtbot: QtBot) -> None:
    shown.show_text("```python\ndef f():\n    return 1\n```\nso\n```\nno language\n```")
    first, second = objects(shown, COPY)
    word = shown.document().find("def")
    assert word.charFormat().foreground().color() == theme.colours("accent")
    qtbot.mouseClick(shown.viewport(), Qt.MouseButton.LeftButton, pos=place_of(shown, first))
    assert QGuiApplication.clipboard().text() == "def f():\n    return 1"
    qtbot.mouseClick(shown.viewport(), Qt.MouseButton.LeftButton, pos=place_of(shown, second))
    assert QGuiApplication.clipboard().text() == "no language"
    theme.choose("dark")
    assert shown.document().find("def").charFormat().foreground().color() == theme.colours("accent")
    theme.choose("light")


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("```python\na = 1\n```\n```python\nb = 2\n```", ["a = 1", "b = 2"]),
        ("```\na\n```\n\n```\nb\n```\n\n```\nc", ["a", "b", "c"]),
        ("```\na\n```\n~~~\nb\n~~~", ["a", "b"]),
        ("```\na\n```\n```\n~~~~\nx", ["a", "~~~~\nx"]),
        ("1. So:\n   ```python\n   if a:\n       b()\n   ```", ["if a:\n    b()"]),
        ("````\n```\nx\n```\n````", ["```\nx\n```"]),
    ],
)
def test_each_block_of_code_is_copied_alone(shown: Browser, text: str, codes: list[str]) -> None:
    shown.show_text(text)
    links = objects(shown, COPY)
    assert len(links) == len(codes)
    for number, code in enumerate(codes):
        shown.anchorClicked.emit(QUrl(f"copy:{number}"))
        assert QGuiApplication.clipboard().text() == code


def test_an_unknown_language_is_looked_for_in_no_package(
    shown: Browser, theme: Theme, monkeypatch: pytest.MonkeyPatch
) -> None:
    searches = list[str]()
    monkeypatch.setattr("importlib.metadata.entry_points", lambda **of: searches.append(str(of)) or [])
    shown.show_text("```no-such-language\nx = 1\n```\n```C++\nreturn 1;\n```")
    assert not searches
    assert shown.document().find("return").charFormat().foreground().color() == theme.colours("accent")


def test_a_language_in_braces_is_known(shown: Browser, theme: Theme) -> None:
    shown.show_text("```{.python}\ndef f():\n    pass\n```")
    assert shown.document().find("def").charFormat().foreground().color() == theme.colours("accent")


def test_a_long_line_of_code_is_not_cut(shown: Browser) -> None:
    shown.resize(240, 300)
    shown.show_text("```\n" + "x = 1; " * 30 + "\n```")
    assert shown.document().idealWidth() <= shown.viewport().width() + 1


@pytest.mark.parametrize(
    ("code", "language"),
    [
        ('{"a": [1, null]}', "json"),
        ("def f(x):\n    return x", "python"),
        ("for i in range(3):\n    print(i)", "python"),
        ("x + 1 = 3\nx = 2", ""),
        ("{not json}", ""),
        ("The import of rice", ""),
        ("[" * 5_000, ""),
    ],
)
def test_a_language_is_guessed_only_where_it_is_plain(code: str, language: str) -> None:
    assert guess_language(code) == language


def test_plain_text_is_a_choice_for_all_and_for_one(shown: Browser, theme: Theme, qtbot: QtBot) -> None:
    shown.show_text("**so** `x` and $y$")
    qtbot.waitUntil(lambda: len(objects(shown, FORMULA)) == 1)
    theme.choose_as_written(True)
    assert shown.toPlainText() == "**so** `x` and $y$"
    theme.choose_as_written(False)
    assert shown.toPlainText() == "so x and $y$" and objects(shown, FORMULA)
    event = QContextMenuEvent(
        QContextMenuEvent.Reason.Keyboard, QPoint(10, 10), shown.mapToGlobal(QPoint(10, 10))
    )
    QApplication.sendEvent(shown.viewport(), event)
    (menu,) = shown.findChildren(QMenu)
    actions = {one.text(): one for one in menu.actions()}
    actions["Copy all as written"].trigger()
    assert QGuiApplication.clipboard().text() == "**so** `x` and $y$"
    actions["Show as plain text"].trigger()
    menu.close()
    assert shown.toPlainText() == "**so** `x` and $y$"
    shown.show_text("*another*")
    assert shown.toPlainText() == "another"


def test_more_formulas_than_are_kept_are_not_asked_for_again(
    shown: Browser, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("orca_desk.ui.widgets.formulas.MOST_KEPT", 2)
    rounds = list[None]()
    formulas().ready.connect(lambda: rounds.append(None))
    shown.show_text(" ".join(f"$y_{n}$" for n in range(5)))
    qtbot.waitUntil(lambda: len(objects(shown, FORMULA)) == 2)
    QApplication.processEvents()
    assert len(rounds) == 1 and len(objects(shown, FORMULA)) == 2


def test_formulas_grow_with_the_text(shown: Browser, theme: Theme, qtbot: QtBot) -> None:
    shown.show_text(r"$\frac{a}{b}$")
    qtbot.waitUntil(lambda: len(objects(shown, FORMULA)) == 1)
    before = shown.document().size().height()
    theme.choose_text_size(200)
    qtbot.waitUntil(lambda: shown.document().size().height() > 1.5 * before)
    theme.choose_text_size(100)


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("12\u202e34\u202c", "12‹RLO›34‹PDF›"),
        ("a\u200bb\u2060c", "a‹ZWSP›b‹WJ›c"),
        ("5\u200f - 3", "5‹RLM› - 3"),
        ("الجواب\u200f 5", "الجواب\u200f 5"),
        ("👩\u200d🔬 क\u094d\u200dष", "👩\u200d🔬 क\u094d\u200dष"),
        ("\x1b[31mred", "‹U+001B›[31mred"),
        ("a\tb\nc", "a\tb\nc"),
        ("\U000e0041", "‹U+E0041›"),
    ],
)
def test_hidden_characters_are_named(shown: Browser, text: str, seen: str) -> None:
    assert visible(text) == seen
    shown.set_plain(text)
    assert shown.toPlainText() == seen


def test_the_line_of_writing_of_a_fraction_is_that_of_the_text(shown: Browser, qtbot: QtBot) -> None:
    shown.show_text(r"text $\frac{a}{b}$ text")
    qtbot.waitUntil(lambda: len(objects(shown, FORMULA)) == 1)
    layout = shown.document().firstBlock().layout()
    line = layout.lineAt(0)
    assert line.descent() > 1.5 * shown.fontMetrics().descent()  # room for the denominator
    position = objects(shown, FORMULA)[0]
    look = shown.document().documentLayout().formatAt(QPointF(place_of(shown, position)))
    assert look.objectType() == FORMULA
    assert look.toCharFormat().anchorHref() == "formula:0"


def test_formulas_in_the_apps_own_pages_are_set_and_nothing_in_them_is_markup(
    shown: Browser, theme: Theme, qtbot: QtBot
) -> None:
    texts = (r"What is $\frac{1}{2} < 3$?", "<b>bold</b> & \ue000 $y$", "It costs $5 and $10.")
    shown.set_page(lambda write: "".join(f"<p>{write(text)}</p>" for text in texts))
    qtbot.waitUntil(lambda: len(objects(shown, FORMULA)) == 2)
    written = "\n".join(texts).replace("\ue000", "‹U+E000›")
    assert shown.toPlainText() == written
    theme.choose_as_written(True)
    assert not objects(shown, FORMULA) and shown.toPlainText() == written
    theme.choose_as_written(False)
    assert objects(shown, FORMULA)
    shown.clear()
    theme.choose_as_written(True)
    assert shown.toPlainText() == ""
