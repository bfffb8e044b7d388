"""Markup that carries no meaning, and how an answer reads without it.

Only what surrounds or sets text is taken away; signs, digits, brackets and marks on letters stay.
"""

import re

from orca_desk.method.grading.latex import plain_latex

_HTML = re.compile(r"</?(?:b|strong|i|em|u|code|p|span|mark|sub|big|center)>|<br ?/?>|&nbsp;", re.IGNORECASE)
_BLOCK_QUOTE = re.compile(r"\A>\s+(?=[^\W\d_]{2})")
_STRUCK = re.compile(r"~~[^~\n]{1,200}~~")
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


def clean(text: str) -> str:
    """Return `text` without Markdown, HTML and LaTeX markup that only sets it."""
    if "\\" in text:
        text = plain_latex(text)
    if "<" in text or "&" in text:
        wrapped = _WRAPPING_TAG.match(text)
        text = _HTML.sub(" ", wrapped[2] if wrapped else text)
    if text.startswith(">"):
        text = _BLOCK_QUOTE.sub("", text)
    if "](" in text:
        text = _LINK.sub(r"\1", text)
    if "~~" in text:
        text = _STRUCK.sub(" ", text)
    if "*" in text or "`" in text or "_" in text:
        text = _without_emphasis(text)
    text = text.strip()
    if text.startswith("$") and text.count("$") > 1:
        text = _DOLLARS.sub(r"\1", text)
    return text


def _without_emphasis(text: str) -> str:
    """Return `text` without emphasis and code marks; "2**10", "A*" and "__init__" are no emphasis."""
    code = _CODE.fullmatch(text.strip())
    if code:
        return code[1]
    text = _STRONG.sub(r"\1", text.replace("`", ""))
    text = _LONE_STRONG.sub("", text)
    text = _UNDERLINED.sub(r"\1", text)
    return _EMPHASIS.sub(r"\2", text.strip())
