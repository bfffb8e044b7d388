"""Formulas in what models write: LaTeX between its delimiters, and never an amount of money.

Only what is plainly a formula is taken out. A dollar sign is one far more often than it is a delimiter where
people count money, so `$5 and $10` stays text, and so does everything in code. `$20 + 30$` may be either: it
is set where the text has other formulas and no amount of money, and otherwise keeps its dollar signs.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

from orca_desk.ui.widgets.markdown import code_lines

LONGEST = 1_500  # characters of a formula; longer ones stay as they were written
_ENVIRONMENTS = (
    r"(?:align|aligned|alignat|equation|gather|gathered|multline|split|cases|array|[pbBvV]?matrix)\*?"
)
_FOUND = re.compile(
    r"(?P<code>(?<!`)(?P<ticks>`+)(?!`).{1,2000}?(?<!`)(?P=ticks)(?!`))"
    rf"|(?<!\\)\\\[(?P<bracket>[^\0]{{1,{LONGEST}}}?)(?<!\\)\\\]"
    rf"|(?<![\\$])\$\$(?P<dollars>[^$]{{1,{LONGEST}}})\$\$(?!\$)"
    rf"|(?<!\\)\\\((?P<round>[^\0]{{1,{LONGEST}}}?)(?<!\\)\\\)"
    r"|(?<![\w$\\])\$(?=[^\s$])(?P<dollar>(?:\\.|[^$\\\n]){1,600})(?<!\s)\$(?![\w${])"
    rf"|(?P<block>\\begin\{{(?P<name>{_ENVIRONMENTS})\}}[^\0]{{1,{LONGEST}}}?\\end\{{(?P=name)\}})"
    # of other environments, such as tabular, the ends: what is between them is looked through like any text
    rf"|(?P<unknown>\\(?:begin|end)\{{(?!{_ENVIRONMENTS}\}})[A-Za-z]+\*?\}})"
    r"|(?P<boxed>\\boxed\{(?:[^{}\n]|\{(?:[^{}\n]|\{[^{}\n]*\})*\}){1,300}\})"
)
_UNFINISHED = re.compile(r"[-+*/=<>,:;(×÷]\s*$")  # an operator that still waits for a number: "$5 - $"
_TEXT = re.compile(r"\\(?:text|mathrm|textbf|textit|mbox|operatorname)\s*\{[^{}]*\}|\\[A-Za-z]+")
_WORD = re.compile(r"[^\W\d_]{3,}")
# words after each other, or one where an operator should be: "total cost", "20 or 30", "5 x 6"
_SENTENCE = re.compile(r"[^\W\d_]{3,}\s+[^\W\d_]{3,}|[^\W_][.,%]?\s+[^\W\d_]{2,}\s+[^\W_]|\d\s+[^\W\d_]\s+\d")
_NUMBERS = re.compile(r"[-+−–*×·÷/=<>≈:;%.,\d\skKMB]*")  # and what joins amounts of money
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_FRACTION = re.compile(r"-?\d+/\d+")
_MONEY = re.compile(r"(?<!\\)\$ ?\d|\d ?\$(?!\w)")
_PROSE = re.compile(r"\\boxed\{([^\\{}]*[^\W\d_]{2,} [^\\{}]*)\}")  # spaces count in it
_OWN_LINE = re.compile(r"\s*(?:#|\||>|[-*+]\s*$|\d+[.)]\s*$)")  # where a line must stay a line


@dataclass(frozen=True)
class Formula:
    """A formula: as it was `written`, delimiters included, and its LaTeX."""

    written: str
    latex: str
    is_display: bool


def mark_formulas(
    text: str, is_set: Callable[[Formula], bool], *, mark: str = ""
) -> tuple[str, list[Formula], str]:
    """Return the text with a mark for each formula that `is_set`, these formulas, and the mark.

    A formula on lines of its own gets a paragraph of its own. `is_set` is asked about every formula; of an
    environment that no formula has it is asked about the ends, which cannot be set. Without `mark`, a
    character that the text lacks is chosen.
    """
    mark = mark or next(one for one in map(chr, range(0xE000, 0xF8FF)) if one not in text)
    formulas: list[Formula] = []
    pieces = list(code_lines(text))

    @cache
    def around() -> tuple[bool, bool]:
        return _certain_and_money([piece for is_code, piece in pieces if not is_code])

    def replace(found: re.Match[str]) -> str:
        formula = _formula(found)
        if formula is None or (_is_amount(formula) and not _is_meant(formula, *around())):
            return found[0]
        if not is_set(formula):
            return found[0]
        formulas.append(formula)
        before = found.string[: found.start()].rpartition("\n")[2]
        if not formula.is_display or _OWN_LINE.match(before):
            return mark
        return f"\n\n{mark}\n\n"

    parts = [piece if is_code else _FOUND.sub(replace, piece) for is_code, piece in pieces]
    return "\n".join(parts), formulas, mark


def _formula(found: re.Match[str]) -> Formula | None:
    """Return what was found as a formula; None for code and for money."""
    written = found[0]
    if found["code"]:
        return None
    for name in ("bracket", "dollars", "round", "dollar", "block", "unknown", "boxed"):
        if (latex := found[name]) is not None:
            break
    if not latex.strip() or (name == "dollar" and (_is_money(latex) or _is_shell(found))):
        return None
    latex = _PROSE.sub(r"\\boxed{\\text{\1}}", latex)
    return Formula(written, latex.strip(), name in ("bracket", "dollars", "block"))


def _is_money(inside: str) -> bool:
    """Return whether what stands between two dollar signs is text with an amount before and after it."""
    bare = _TEXT.sub("+", inside)
    words = _WORD.findall(bare)
    is_pause = inside[0] in ",:;"  # "10 $, 20 $"
    is_text = bool(_UNFINISHED.search(inside) or _SENTENCE.search(bare))
    return is_pause or is_text or len(words) > (0 if inside[0].isdigit() else 2)


def _is_amount(formula: Formula) -> bool:
    """Return whether numbers are all that stands between single dollar signs."""
    is_single = formula.written.startswith("$") and not formula.written.startswith("$$")
    return is_single and _NUMBERS.fullmatch(formula.latex) is not None


def _is_meant(formula: Formula, is_certain: bool, has_money: bool) -> bool:
    """Return whether numbers are meant as a formula: nobody puts one amount between two dollar signs."""
    is_one = _FRACTION.fullmatch(formula.latex) or len(_NUMBER.findall(formula.latex)) < 2
    return not has_money and (is_certain or bool(is_one))


def _certain_and_money(pieces: Sequence[str]) -> tuple[bool, bool]:
    """Return whether a text has a formula that cannot be money, and whether it has money beside formulas."""
    formulas: list[Formula] = []

    def take(found: re.Match[str]) -> str:
        formula = _formula(found)
        formulas.extend([formula] if formula else [])
        return "\n" if formula else found[0]

    rest = [_FOUND.sub(take, piece) for piece in pieces]
    return not all(map(_is_amount, formulas)), any(map(_MONEY.search, rest))


def _is_shell(found: re.Match[str]) -> bool:
    """Return whether one command's output stands before another's: $(a)$(b)."""
    return found["dollar"].startswith("(") and found.string.startswith("(", found.end())
