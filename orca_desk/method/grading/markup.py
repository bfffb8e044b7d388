"""Markup that carries no meaning, and how an answer reads without it: Markdown, HTML, plain LaTeX.

Only what surrounds or sets text is taken away; signs, digits, brackets and marks on letters stay. LaTeX that
writes a number or a sign becomes plain text ("\\frac34", "12{,}000", "45^\\circ"); what stands for real
mathematics (roots, matrices, integrals) is left for `mathematics`.
"""

import re

_HTML = re.compile(r"</?(?:b|strong|i|em|u|code|p|span|mark|sub|big|center)>|<br ?/?>|&nbsp;", re.IGNORECASE)
_BLOCK_QUOTE = re.compile(r"\A>\s+(?=[^\W\d_]{2})")
_STRUCK = re.compile(r"~~[^~\n]{1,200}~~|<(del|strike)>[^<>\n]{1,200}</\1>", re.IGNORECASE)
_WRAPPING_TAG = re.compile(r"\A\s*<(\w{1,30})>(.*)</\1>\s*\Z", re.DOTALL)
_DOLLARS = re.compile(r"\A\${1,2}(?![\s$])([^$\n]{1,400}?)(?<!\s)\${1,2}[.,]?\Z")
_CODE = re.compile(r"`{1,2}([^`\n]+)`{1,2}[.]?")
_STRONG = re.compile(r"(?<![A-Za-z0-9)\]])\*\*(?=\S)([^*\n]{1,400}?)(?<=\S)\*\*")
_LONE_STRONG = re.compile(  # "2**10" and "x ** 2" are powers
    r"(?<![A-Za-z0-9)\]\s])\*\*|\*\*(?![A-Za-z0-9(\[\s-])|(?<=\s)\*\*(?=\S)|(?<=\S)\*\*(?=\s)"
)
_UNDERLINED = re.compile(r"(?<!\w)__(?![a-z_]+__)(?=\S)([^_\n]{1,400}?)(?<=\S)__(?!\w)")
_EMPHASIS = re.compile(r"(?<![\w*])([*_])(?=[^\s*_])([^*_\n]{1,400}?)(?<=[^\s*_])\1(?![\w*])")
_LINK = re.compile(r"\[([^\]\n]{1,200})\]\((?:https?://|#|/)[^)\s]{0,400}\)")
# LaTeX.
_WORD = re.compile(
    r"\\(?:text|textbf|textit|textrm|textsf|emph|underline|mathrm|mathbf|mathit|mathsf|mathtt|boldsymbol|mbox"
    r"|operatorname|(?:text)?color\s?\{\w{1,20}\})\s?\{([^{}]{0,200})\}"
)
_FRACTION = re.compile(
    r"(?:(?P<whole>\d)\s?)?\\[dtc]?frac\s?"
    r"(?:\{(?P<over>[^{}]{1,40})\}|(?P<o>\d))\s?(?:\{(?P<under>[^{}]{1,40})\}|(?P<u>\d))"
)
REPEATING = re.compile(r"(\d{0,12})\.(\d{0,12})\\(?:overline|bar|dot)\s?\{(\d{1,12})\}")
_SPACE = re.compile(r"\\[,;:! ]|\\q?quad\b|~")
_SPACES = re.compile(r"(?<=\S) {2,}(?=\S)")
_NOTHING = re.compile(r"\\(?:displaystyle|left|right|bigl?|bigr?|Bigl?|Bigr?)(?![A-Za-z])|\\[()\[\]]")
_GROUP_COMMA = re.compile(r"\{,\}|\{\\,\}|(?<=\d)\\,(?=\d{3})")
_BRACED_INDEX = re.compile(r"_\s?\{\s?(\w{1,6})\s?\}")
_BRACED_POWER = re.compile(r"\^\s?\{\s?([+-]?\d{1,6})\s?\}")
_DEGREES = re.compile(r"\s?\^\s?(?:\{\s?\\circ\s?\}|\\circ(?![A-Za-z]))|\\degree(?![A-Za-z])")
_SIGNS = {
    "times": "×", "cdot": "×", "div": "÷", "pm": "±", "pi": "π", "approx": "≈", "rightarrow": "→", "to": "→",
    "leq": "≤", "le": "≤", "geq": "≥", "ge": "≥", "neq": "≠", "ne": "≠", "infty": "∞", "pounds": "£",
    "euro": "€", "sim": "~", "colon": ":", "ldots": "...", "dots": "...",
}  # fmt: skip
_SIGN = re.compile(rf"\\({'|'.join(_SIGNS)})(?![A-Za-z]) ?")
_DOLLAR = "\ufdd0"  # a character that is none: it stands for an escaped dollar sign meanwhile
_ESCAPED = re.compile(r"\\([%#&_{}])")
_MATH_DOLLARS = re.compile(r"\$\$?(?=[^\s$])([^$\n]{1,400}?)(?<=[^\s\\$])\$\$?(?!\d)")
_AMOUNT_ONLY = re.compile(r"[\d.,]*\d[\d.,]*\s[^=\\^]*[A-Za-z]")  # "$5 and $": two amounts of money


def clean(text: str) -> str:
    """Return `text` without Markdown, HTML and LaTeX markup that only sets it."""
    if "\\" in text or "_{" in text or "^{" in text:
        text = plain_latex(text)
    if "~~" in text or "</" in text:
        text = _STRUCK.sub(" ", text)
    if "<" in text or "&" in text:
        wrapped = _WRAPPING_TAG.match(text)
        text = _HTML.sub(" ", wrapped[2] if wrapped else text)
    if text.startswith(">"):
        text = _BLOCK_QUOTE.sub("", text)
    if "](" in text:
        text = _LINK.sub(r"\1", text)
    if "*" in text or "`" in text or "_" in text:
        text = _without_emphasis(text)
    text = text.strip()
    if text.startswith("$") and text.count("$") > 1:
        text = _DOLLARS.sub(r"\1", text)
    return text


def _without_emphasis(text: str) -> str:
    """Return `text` without emphasis and code marks; "2**10", "A*" and "__init__" are not emphasis."""
    code = _CODE.fullmatch(text.strip())
    if code:
        return code[1]
    text = _STRONG.sub(r"\1", text.replace("`", ""))
    text = _LONE_STRONG.sub("", text)
    text = _UNDERLINED.sub(r"\1", text)
    return _EMPHASIS.sub(r"\2", text.strip())


def repeating_fraction(match: re.Match[str]) -> tuple[int, int]:
    """Return the fraction of a match of `REPEATING`: 0.1\\overline{6} is 15/90."""
    whole, fixed, period = match[1] or "0", match[2], match[3]
    return int(whole + fixed + period) - int(whole + fixed), (10 ** len(period) - 1) * 10 ** len(fixed)


def plain_latex(text: str) -> str:
    """Return `text` with its plain LaTeX written as people write it without; other text as it is."""
    if "\\" not in text and "{" not in text:
        return _MATH_DOLLARS.sub(_without_dollars, text) if "$" in text else text
    text = _MATH_DOLLARS.sub(_without_dollars, text.replace("\\$", _DOLLAR)).replace(_DOLLAR, "$")
    text = REPEATING.sub(lambda match: "{}/{}".format(*repeating_fraction(match)), text)
    text = _DEGREES.sub("°", _GROUP_COMMA.sub(",", text))
    text = _NOTHING.sub("", _SPACE.sub(" ", text))
    text = _SIGN.sub(lambda match: _SIGNS[match[1]], _WORD.sub(r"\1", text))
    text = _FRACTION.sub(_slashed, text)
    text = _BRACED_INDEX.sub(r"_\1", _BRACED_POWER.sub(r"^\1", text))
    return _SPACES.sub(" ", _ESCAPED.sub(r"\1", text))


def _without_dollars(match: re.Match[str]) -> str:
    """Return the inside of "$x$"; "$5 and $" of "$5 and $6" is not mathematics and stays."""
    return match[0] if _AMOUNT_ONLY.match(match[1]) else match[1]


def _slashed(match: re.Match[str]) -> str:
    """Return a fraction as over/under, with brackets around what is more than a number or a name."""
    over, under = ((match["over"] or match["o"]).strip(), (match["under"] or match["u"]).strip())
    bare = "/".join(side if re.fullmatch(r"-?[\w.,]+|-?π", side) else f"({side})" for side in (over, under))
    return f"{match['whole']} {bare}" if match["whole"] else bare
