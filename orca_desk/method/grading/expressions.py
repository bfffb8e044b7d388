"""Expressions: what is mathematics at all, how it is written in LaTeX, and its unit.

Text that is not mathematics must be told from it: sympy would read "cat" as c times a times t.
"""

import re

from orca_desk.method.grading.markup import REPEATING, repeating_fraction
from orca_desk.method.grading.units import same_things, unit_at
from orca_desk.method.grading.values import is_value

LONGEST = 1_000  # characters of an expression
_COMMANDS = (
    r"[dtc]?frac|sqrt|pi|theta|alpha|beta|gamma|delta|lambda|mu|sigma|omega|phi|sin|cos|tan|cot|sec|csc|log|ln|exp|lim"
    r"|int|sum|prod|infty|cup|cap|in|subset|pm|mp|[lgn]eq?|times|cdot|div|binom|begin|end|emptyset|varnothing|mathbb"
    r"|overline|circ|degree|left|right|partial|vec|hat"
)
_LATEX = re.compile(rf"\\(?:{_COMMANDS})(?![A-Za-z])|\\[{{}}]")
_SIGNS = {
    "≥": r" \geq ", ">=": r" \geq ", "≤": r" \leq ", "<=": r" \leq ", "≠": r" \neq ", "!=": r" \neq ",
    "×": r" \times ", "·": r" \cdot ", "÷": r" \div ", "π": r" \pi ", "∞": r" \infty ", "∪": r" \cup ",
    "∩": r" \cap ", "∈": r" \in ", "±": r" \pm ", "−": "-", "–": "-", "θ": r" \theta ", "∅": r" \emptyset ",
    "**": "^", "°": r"^{\circ}", "≈": r" \approx ",
}  # fmt: skip
_SIGN = re.compile("|".join(re.escape(sign) for sign in sorted(_SIGNS, key=len, reverse=True)))
_ROOT = re.compile(
    r"√\s?(?:\(([^()]{1,80})\)|([\w.]+))|(?<![\\A-Za-z])sqrt\s?(?:\(([^()]{1,80})\)|\{([^{}]{1,80})\})"
)
_FUNCTION = re.compile(
    r"(?<![\\A-Za-z])(sin|cos|tan|cot|sec|csc|log|ln|exp|arcsin|arccos|arctan|pi|infty)(?![a-z])"
)
_INFINITY = re.compile(r"(?<![\\A-Za-z])(?:infinity|inf|oo)(?![A-Za-z])", re.IGNORECASE)
_SUPERSCRIPTS = re.compile("[⁻]?[⁰¹²³⁴⁵⁶⁷⁸⁹]+")
_FROM_SUPERSCRIPT = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")
_EXPONENT = re.compile(r"(?<![\w.])(\d+(?:\.\d+)?)[eE]([+-]?\d{1,4})(?!\w)")
_PLAIN_SET = re.compile(r"\A\{(.*)\}\Z", re.DOTALL)
_EMPTY_SET = re.compile(r"\\varnothing|\\\{\s*\\\}|\A\s*no (?:real )?solutions?\s*\Z", re.IGNORECASE)
_TEXT = re.compile(r"\\(?:text|mathrm|mbox|textbf|operatorname|mathbf)\s?\{([^{}]*)\}")
_OR = re.compile(
    r"\\(?:text|mathrm|mbox)\s?\{\s*(?:and|or)\s*\}|(?<=[\d\s)}])\s(?:and|or)\s(?=[\s\d\\(a-zA-Z-])",
    re.IGNORECASE,
)
_UNIT = re.compile(
    r"(?:(?<=[\d)}π])|(?<=\\pi))\s*(?:\\[ ,;]|~)?\s*"
    r"\\(?:text|mathrm|mbox)\s?\{\s*([^{}]{1,40})\}(?:\^\{?(\d)\}?)?\s*\Z"
)
_WORDS_AFTER = re.compile(r"(?<=[\d)}])\s+([A-Za-z][a-z]{2,}(?: [a-z]{2,})?)\s*\Z")
_LETTERS = re.compile(r"[^\W\d_]{2,}")
_COMMAND = re.compile(r"\\[A-Za-z]+")
_SPACING = re.compile(
    r"\\[,;:! ]|\\q?quad\b|~|\\(?:left|right|displaystyle|bigl?|bigr?|Bigl?|Bigr?)(?![A-Za-z])|\s+"
)
_EXPRESSION = re.compile(r"[\w\s.,+\-*/^=<>()\[\]{}|!']*")
_OPERATION = re.compile(
    r"(?<=[\w)\]}])\s*[+*/^=<>-]\s*(?=[\w(\[{-])|\A\s*[(\[{][^()\[\]{}]*,.*[)\]}]\s*\Z|\d[a-z]\b|\||(?<=[\d)])!\Z"
)
_LETTERS_ONLY = re.compile(r"[A-Za-z]\s*[/-]\s*[A-Za-z]|[A-Z][+-]")
_WORDS = (
    "not but and the are is so or if in to of at we it as by no yes for has can you he she all "
    "was one two ten six an be do go my on up us its"
)
_DECADE = re.compile(r"\d{2,4}['’]?s")
_CHAIN = re.compile(  # an ordering
    r"\d+\s*([<>])\s*\d+(?:\s*\1\s*\d+)+|[A-Za-z]\s*([<>])\s*[A-Za-z](?:\s*\2\s*[A-Za-z])+"
)
_LIST = re.compile(r"\[[^\[\],]+(?:,[^\[\],]+){2,}\]")
_SHORT_WORDS = frozenset(_WORDS.split())
_OPENING = "([{"
_CLOSING = ")]}"


def looks_like_math(reference: str) -> bool:
    """Return whether a reference needs algebra to be compared: "\\sqrt{2}", "2x + 3", "[0, 1)"."""
    text = bare_math(reference)
    if not text or len(text) > LONGEST or is_value(text) or not is_expression(text):
        return False
    if (
        _DECADE.fullmatch(text)
        or _CHAIN.fullmatch(text)
        or _LIST.fullmatch(text)
        or _LETTERS_ONLY.fullmatch(text)
    ):
        return False
    if _LATEX.search(text) or any(sign in text for sign in "√π∞±≥≤∪∩∈"):
        return True
    if not any(character.isdigit() for character in text):
        return (
            text.casefold() == "pi"
            or re.fullmatch(r"-?(?:sin|cos|tan|log|ln|exp)\s?\(.+\)", text) is not None
        )
    return (
        _OPERATION.search(text) is not None
        or _FUNCTION.search(text) is not None
        or _ROOT.search(text) is not None
    )


def is_unsolved(text: str) -> bool:
    """Return whether a text is mathematics without a value: "3 + √2", "(5, ∞)"; not "3 * 4 = 12" and "12"."""
    return looks_like_math(text) and not any(is_value(side) for side in re.split("[=≈]", text))


def is_expression(text: str) -> bool:
    """Return whether a text can be mathematics at all: signs, numbers, names of few letters, no words."""
    if len(text) > LONGEST:
        return False
    latex = to_latex(without_unit(to_latex(text))[0])
    bare = _COMMAND.sub(" ", _OR.sub(",", _TEXT.sub("word", latex)))
    if re.fullmatch(r"[A-Za-z]{2,}", bare.strip()) or any(
        map(_is_word, _LETTERS.findall(_without_environments(bare)))
    ):
        return False
    return _EXPRESSION.fullmatch(bare.replace("\\", " ").replace("&", " ").replace("$", " ")) is not None


def _is_word(letters: str) -> bool:
    """Return whether letters in a row are a word, and no product of variables such as "xyz"."""
    plain = letters.isascii() and (letters.islower() or len(letters) < 3)
    return not plain or len(letters) > 3 or letters.lower() in _SHORT_WORDS


def to_latex(text: str) -> str:
    """Return an expression in LaTeX, where signs and functions may be written without it."""
    text = bare_math(text)
    text = REPEATING.sub(lambda match: r"\frac{{{}}}{{{}}}".format(*repeating_fraction(match)), text)
    text = _EXPONENT.sub(r"\1 \\times 10^{\2}", text)
    text = _SUPERSCRIPTS.sub(lambda match: "^{" + match[0].translate(_FROM_SUPERSCRIPT) + "}", text)
    text = _ROOT.sub(lambda match: r"\sqrt{" + next(group for group in match.groups() if group) + "}", text)
    text = _INFINITY.sub(r"\\infty", _FUNCTION.sub(r"\\\1", text))
    text = _SIGN.sub(lambda match: _SIGNS[match[0]], text)
    text = _EMPTY_SET.sub(r"\\emptyset ", text)
    if braces := _PLAIN_SET.match(text):
        text = r"\{" + braces[1].rstrip("\\") + r"\}"
    return _OR.sub(" , ", text).strip()


def bare_math(text: str) -> str:
    """Return a text without what sets it as mathematics: dollars, \\( \\), bold, full stop, box."""
    text = text.strip().strip("*").strip()
    for _ in range(3):
        text = text.removesuffix(".").strip() if not text.endswith("..") else text
        for opening, closing in (("$$", "$$"), ("$", "$"), (r"\(", r"\)"), (r"\[", r"\]"), ("`", "`")):
            inside = text[len(opening) : -len(closing)]
            if (
                text.startswith(opening)
                and text.endswith(closing)
                and len(text) > len(opening + closing)
                and opening not in inside
            ):
                text = inside.strip()
    boxed = re.fullmatch(r"\\f?boxed\s?\{(.*)\}", text, re.DOTALL) or _TEXT.fullmatch(text)
    return boxed[1].strip() if boxed else text


def written_same(answer: str, expected: str) -> bool:
    """Return whether two expressions are written alike, up to spaces and the size of brackets."""
    return _normal(answer) == _normal(expected)


def _normal(text: str) -> str:
    text = re.sub(r"\\[dtc]frac", r"\\frac", _SPACING.sub("", to_latex(text)))
    text = re.sub(r"\\frac(\d)(\d)", r"\\frac{\1}{\2}", text)
    text = re.sub(r"\\(sqrt|frac\{[^{}]*\})(\w)(?!\w)", r"\\\1{\2}", text)
    text = re.sub(r"\^\{(\w)\}", r"^\1", text)
    return re.sub(r"\\(?:le|ge|ne)(?![a-z])", lambda match: match[0] + "q", text)


def without_unit(latex: str) -> tuple[str, str]:
    """Return an expression and the unit at its end ("\\text{ cm}"), "" where there is none."""
    match = _UNIT.search(latex) or _WORDS_AFTER.search(latex)
    if match is None or unit_at(" " + match[1].strip()) is None:
        return latex, ""
    power = match[2] if match.re is _UNIT and match[2] else ""
    return latex[: match.start()].rstrip(), match[1].strip() + (f"^{power}" if power else "")


def units_agree(answer: str, expected: str) -> bool:
    """Return whether two units are the same, or one is left out."""
    if not answer or not expected or answer == expected:
        return True
    ours, theirs = unit_at(" " + answer), unit_at(" " + expected)
    if ours is None or theirs is None:
        return True
    return same_things(ours, theirs) or ours.readings[:1] == theirs.readings[:1] != ()


def shape(latex: str) -> str:
    """Return what a list is: "ordered" in brackets, "set" in braces; "" for all else.

    The comparer takes (1, 2) for an open interval, which it would find equal to the set {1, 2}.
    """
    text = _SPACING.sub("", latex)
    if text.startswith(r"\{") and text.endswith(r"\}"):
        return "set"
    depth = 0
    for position, character in enumerate(text):
        depth += (character in _OPENING) - (character in _CLOSING)
        if depth == 0 and character == ",":
            return "set"
        if depth == 0 and position < len(text) - 1 and character not in "," and text[0] in "([":
            return ""
    return "ordered" if text[:1] in ("(", "[") and text[-1:] in (")", "]") and "," in text else ""


def _without_environments(text: str) -> str:
    return re.sub(r"\{(?:[pbvB]?matrix|cases|array|aligned)\}", " ", text)
