"""LaTeX set as mathematics: an SVG drawing, by ziamath, which knows neither files nor networks.

Whatever would be left out of the drawing, such as an unknown command or a character that the font lacks, is a
reason not to draw it: the formula is then shown as it was written. So is one that takes too long.
"""

import functools
import re
import sys
import time
import unicodedata
import warnings
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from types import FrameType
from typing import Any
from xml.etree.ElementTree import Element, fromstring

from orca_desk.ui.widgets.formula_latex import known_latex
from orca_desk.yielding import pause_for_ui

EM = 20.0  # px, the size of letters in the drawing
WIDEST, HIGHEST = 250.0, 80.0  # em of a drawing
DEEPEST = 40  # braces, environments and delimiters inside each other
SIMPLE = 120  # characters that need no watch on the time
LIBRARIES = ("ziamath", "ziafont", "latex2mathml")
TOKENS = ("mi", "mn", "mo", "mtext", "ms")
SIGNS = "+-=<>/()"
LONGEST_TIME = 0.6  # s of the processor's time
REFUSED = re.compile(
    r"\\(?:def|gdef|edef|let|newcommand|renewcommand|providecommand|input|include\w*|href|url|char)\b|\0|[\ue000-\uf8ff]"
)
_BINOMIAL = re.compile(r"\\[dt]?binom(?!\s*\{[^{}]*\}\s*\{[^{}]*\})")
# What is written in a formula and never drawn: names of commands, and of environments with their columns
_UNDRAWN = re.compile(
    r"\\begin\{alignat\*?\}\s*\{[^{}]*\}|\\begin\{array\}\s*(?:\[\w\]\s*)?\{[^{}]*\}|\\(?:begin|end)\s*\{[^{}]*\}"
    r"|\\(?:label|hspace\*?|vspace\*?|phantom|[hv]phantom|color|textcolor|mathcolor|kern|mkern|mspace)\s*(?:\{[^{}]*\}|-?[\d.]+\s*[a-z]{2})"
    r"|\\\\\s*\[[^\[\]]*\]|\\[A-Za-z]+|\\rule(?:\[[^\]]*\])?\{[^{}]*\}\{[^{}]*\}"
)


@dataclass(frozen=True)
class SetFormula:
    """A formula as a drawing in one colour. `width`, `ascent` and `descent` are in em."""

    svg: str
    width: float
    ascent: float
    descent: float


class CannotSetError(Exception):
    """A formula cannot be drawn whole."""


class _TooSlowError(BaseException):
    """Not an Exception, so that no library takes it for one of its own errors."""


@functools.lru_cache(maxsize=1_000)
def set_formula(latex: str, *, is_display: bool) -> SetFormula:
    """Return the drawing of a formula.

    Raises CannotSetError if something of it would be missing, or if it takes too long or too much room.
    """
    if REFUSED.search(latex) or _BINOMIAL.search(latex) or _depth(latex) > DEEPEST:
        raise CannotSetError(latex)
    is_simple = len(latex) <= SIMPLE and _depth(latex) <= 6
    try:
        drawn, svg = _draw(latex, is_display) if is_simple else _draw_in_time(latex, is_display)
    except (Exception, _TooSlowError) as error:  # a library of parsers fails in many ways
        raise CannotSetError(latex) from error
    box = drawn.node.bbox
    made = SetFormula(svg, (box.xmax - box.xmin) / EM, box.ymax / EM, -box.ymin / EM)
    if not (0 < made.width <= WIDEST and 0 < made.ascent + made.descent <= HIGHEST):
        raise CannotSetError(latex)
    return made


def _draw(latex: str, is_display: bool) -> tuple[Any, str]:
    ziamath, tables = _ziamath()
    known = known_latex(latex)
    mathml = fromstring(ziamath.tex.tex2mml(known, inline=not is_display))
    tables.take_marks(mathml)
    tables.lengthen_bars(mathml)
    drawn = ziamath.Math(mathml, size=EM, margin=0)
    _check_whole(known, drawn)
    return drawn, drawn.svg()


def _draw_in_time(latex: str, is_display: bool) -> tuple[Any, str]:
    """Draw, and stop when the time is over. The watch costs two thirds of the time."""
    end = time.thread_time() + LONGEST_TIME

    def watch(frame: FrameType, event: str, argument: Any) -> None:
        pause_for_ui()
        if time.thread_time() > end and str(frame.f_globals.get("__name__")).startswith(LIBRARIES):
            raise _TooSlowError

    before = sys.gettrace()
    sys.settrace(watch)
    try:
        return _draw(latex, is_display)
    finally:
        sys.settrace(before)


def _check_whole(latex: str, drawn: Any) -> None:
    """Raise CannotSetError if a letter, digit or sign would be missing, or a command was not understood."""
    text = "".join(_texts(drawn.mathml))
    if re.search(r"\\[A-Za-z]", text):
        raise CannotSetError(latex)
    shown = _UNDRAWN.sub(" ", latex)
    missing = (_letters(shown) - _letters(text)) | (_signs(shown) - _signs(text))
    if missing or any(_lacks(drawn.font, one) for one in set(text) if not one.isascii()):
        raise CannotSetError(latex)


def _texts(element: Element) -> Iterator[str]:
    """Yield what is drawn: what a symbol holds besides its own text is not."""
    yield element.text or ""
    for child in () if element.tag in TOKENS else element:
        yield from _texts(child)
        yield child.tail or ""


def _signs(text: str) -> Counter[str]:
    """Count signs that change what a formula says."""
    plain = re.sub(r"\\[^A-Za-z]|\|\|", " ", text).replace("\N{MINUS SIGN}", "-")
    return Counter(one for one in plain if one in SIGNS)


def _letters(text: str) -> Counter[str]:
    """Count letters and digits, in whichever style they are written."""
    return Counter(one for one in unicodedata.normalize("NFKD", text) if one.isalnum())


def _lacks(font: Any, character: str) -> bool:
    if character.isspace() or unicodedata.category(character) in ("Cf", "Zs"):
        return False
    return bool(font.glyphindex(character) == 0)


def _depth(latex: str) -> int:
    """Return how deep a formula is nested."""
    depth = most = 0
    for found in re.finditer(r"\\left\b|\\right\b|\\begin\b|\\end\b|(?<!\\)[{}]|[\^_]", latex):
        if found[0] in ("{", "\\left", "\\begin"):
            depth += 1
            most = max(most, depth)
        elif found[0] in ("}", "\\right", "\\end"):
            depth -= 1
    return most


@functools.cache
def _ziamath() -> tuple[Any, Any]:
    """Return the library, and what adds rules to its tables, imported at the first formula."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it finds its font in an old way
        import ziamath

        from orca_desk.ui.widgets import formula_tables

    ziamath.config.svg2 = False  # glyphs are drawn where they stand
    return ziamath, formula_tables
