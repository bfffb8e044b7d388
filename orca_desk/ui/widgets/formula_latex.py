"""LaTeX as models write it, in the words that the library of formulas knows.

The rules of tables, which that library leaves out, become marks in the first cell of the row below them:
`formula_tables` takes them out again, and draws the rules.
"""

import re

ROW_RULE = "\ue000"  # a rule above the row
COLUMN_RULE = 0xE001  # and the following ones: a rule before the first column, the second, …
MOST_COLUMNS = 40
PRIVATE = re.compile("[\ue000-\uf8ff]")

_RENAMED = (
    (re.compile(r"\\begin\{alignat\*?\}\s*\{\d+\}"), r"\\begin{align*}"),
    (re.compile(r"\\end\{alignat\*?\}"), r"\\end{align*}"),
    # a line of an alignment gets no number of its own
    (re.compile(r"\\(begin|end)\{(align|gather|equation|multline)\}"), r"\\\1{\2*}"),
    (re.compile(r"\\begin\{eqnarray\*?\}"), r"\\begin{array}{rcl}"),
    (re.compile(r"\\end\{eqnarray\*?\}"), r"\\end{array}"),
    (re.compile(r"\\(begin|end)\{dcases\}"), r"\\\1{cases}"),
    (re.compile(r"\\begin\{rcases\}"), r"\\left.\\begin{array}{ll}"),
    (re.compile(r"\\end\{rcases\}"), r"\\end{array}\\right\\}"),
    (re.compile(r"\\tag\*?\{([^{}]*)\}"), r"\\qquad \\text{(\1)}"),
    (re.compile(r"\\(?:nonumber|notag)(?![A-Za-z])|\\label\{[^{}]*\}"), ""),
    (re.compile(r"\\operatorname\*"), r"\\operatorname"),
    # what such a command holds would not be drawn: it only tells TeX about spaces
    (re.compile(r"\\math(?:op|rel|bin|ord|open|close|punct|inner)(?![A-Za-z])"), ""),
    (re.compile(r"\\not\s*="), r"\\ne "),
    (re.compile(r"\\hdots(?![A-Za-z])"), r"\\ldots "),
    (re.compile(r"\\hfill(?![A-Za-z])"), r"\\quad "),
    (re.compile(r"(?<=\d),(?=\d{3}(?!\d))"), "{,}"),  # no space after the comma of 1,000
)
_TEXT = re.compile(r"(\\(?:text(?:bf|it|rm|sf|tt)?|mbox)\s*)\{((?:\\.|[^{}\\])*)\}")
# A sign after one of these belongs to the number behind it: the library would set it apart, as in 3 - 5
_SIGNED = re.compile(
    rf"{_TEXT.pattern}|((?:[=<>(\[,;:*/+-]|\\\{{"
    r"|\\(?:leq?(?:slant)?|geq?(?:slant)?|neq?|approx|sim|equiv|times|cdot|div|pm|mp|in|to|mapsto|implies"
    r"|iff|(?:long)?rightarrow|(?:Long)?[rR]ightarrow)(?![A-Za-z]))\s*)([-+])(?=\s*[\w\\.(])"
)
_MATHS_IN_TEXT = re.compile(r"(?<!\\)\$(?=\S)([^$\\]+)(?<=\S)\$(?!\w)")
_UNSAFE = re.compile(r"(\\&|<)")  # the library does not escape them in text
_ESCAPED = re.compile(r"\\([$%#_])")
_ARRAY = re.compile(r"\\begin\{array\}\s*(?:\[\w\]\s*)?\{((?:[^{}]|\{[^{}]*\})*)\}")
_STRANGE_ARRAY = re.compile(r"\\begin\{array\}(?!\{[lcr]+\})")
_SPACERS = re.compile(r"[@!<>]\{[^{}]*\}|\s+")
_PARAGRAPH = re.compile(r"[pmb]\{[^{}]*\}")
_REPEATED = re.compile(r"\*\{(\d{1,2})\}\{([lcr|]+)\}")
_ENVIRONMENT = re.compile(r"\\begin\{(\w+\*?)\}(?:(?!\\begin).)*?\\end\{\1\}", re.DOTALL)


def known_latex(latex: str) -> str:
    """Return LaTeX for the library. Raises ValueError for what would be drawn in part only."""
    for old, new in _RENAMED:
        latex = old.sub(new, latex)
    latex = _SIGNED.sub(lambda found: f"{found[3]}{{{found[4]}}}" if found[4] else found[0], latex)
    latex = _TEXT.sub(_plain_text, latex)
    latex = _ARRAY.sub(_marked_array, latex)
    if _STRANGE_ARRAY.search(latex):
        raise ValueError("columns of a table")
    latex = re.sub(r"\\hline(?![A-Za-z])", rf"\\text{{{ROW_RULE}}}", latex)
    return rf"\begin{{align*}}{latex}\end{{align*}}" if _has_bare_columns(latex) else latex


def _plain_text(found: re.Match[str]) -> str:
    """Return text whose characters stand for themselves, with formulas in it as formulas."""
    command, pieces = found[1], _MATHS_IN_TEXT.split(found[2])
    made = ""
    for place, piece in enumerate(pieces):
        for text in [] if place % 2 else _UNSAFE.split(_ESCAPED.sub(r"\1", piece).replace("~", " ")):
            made += text if _UNSAFE.fullmatch(text) else f"{command}{{{text}}}" if text else ""
        made += piece if place % 2 else ""
    return made or "{}"


def _marked_array(found: re.Match[str]) -> str:
    """Return the start of a table with plain columns, and marks for the rules between them."""
    columns = _SPACERS.sub("", found[1])
    columns = _REPEATED.sub(lambda many: many[2] * int(many[1]), columns)
    columns = _PARAGRAPH.sub("l", columns)
    plain = columns.replace("|", "")
    if not plain or len(plain) > MOST_COLUMNS or plain.strip("lcr"):
        raise ValueError("columns of a table")
    rules = {len(columns[:place].replace("|", "")) for place, one in enumerate(columns) if one == "|"}
    marks = "".join(chr(COLUMN_RULE + place) for place in sorted(rules))
    return rf"\begin{{array}}{{{plain}}}" + (rf"\text{{{marks}}}" if marks else "")


def _has_bare_columns(latex: str) -> bool:
    """Return whether there are columns outside of every table: x &= 1."""
    if "&" not in latex:
        return False
    outside = latex.replace("\\&", "")
    while (inner := _ENVIRONMENT.sub("", outside)) != outside:
        outside = inner
    return "&" in outside
