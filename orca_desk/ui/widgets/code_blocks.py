"""Code in answers: coloured by what it means, in the theme's colours, where the language is known."""

import ast
import json
import re
from collections.abc import Iterator
from functools import lru_cache

from pygments.lexer import Lexer
from pygments.lexers import LEXERS, find_lexer_class
from pygments.token import Token, _TokenType
from PySide6.QtGui import QTextBlock, QTextCharFormat, QTextCursor, QTextDocument, QTextFormat

from orca_desk.ui.theme import Colours, Role

LONGEST = 8_000  # characters that are coloured
# What a kind of token looks like; the first that it belongs to counts
LOOKS: tuple[tuple[_TokenType, Role, bool], ...] = (
    (Token.Comment, "muted", True),
    (Token.Keyword, "accent", False),
    (Token.Operator.Word, "accent", False),
    (Token.Literal.String, "good", False),
    (Token.Literal.Number, "teacher", False),
    (Token.Name.Function, "student", False),
    (Token.Name.Class, "student", False),
    (Token.Name.Builtin, "student", False),
    (Token.Name.Decorator, "warn", False),
    (Token.Name.Tag, "accent", False),
    (Token.Name.Attribute, "student", False),
    (Token.Generic.Deleted, "bad", False),
    (Token.Generic.Inserted, "good", False),
)
_PYTHON = re.compile(
    r"^\s*(def \w+\(|class \w+|import \w+|from \w+ import |print\(|for \w+ in .*:)", re.MULTILINE
)


def code_blocks(document: QTextDocument) -> Iterator[list[QTextBlock]]:
    """Yield the lines of each block of code; one begins where the language or the fence changes, too."""
    block, lines = document.firstBlock(), list[QTextBlock]()
    while block.isValid():
        is_code = block.blockFormat().hasProperty(QTextFormat.Property.BlockCodeFence)
        if lines and (not is_code or _kind(block) != _kind(lines[0])):
            yield lines
            lines = []
        if is_code:
            lines.append(block)
        block = block.next()
    if lines:
        yield lines


def _kind(line: QTextBlock) -> tuple[str, str]:
    return language_of(line), str(line.blockFormat().property(QTextFormat.Property.BlockCodeFence))


def language_of(line: QTextBlock) -> str:
    """Return the language that a block of code names, or nothing."""
    named = str(line.blockFormat().property(QTextFormat.Property.BlockCodeLanguage) or "")
    return named.strip("{.}")  # {.python}


def text_of(lines: list[QTextBlock]) -> str:
    """Return the code of a block."""
    return "\n".join(line.text() for line in lines)


def colour_code(lines: list[QTextBlock], colours: Colours) -> None:
    """Colour a block of code by the language that it names, or that it plainly is."""
    code = text_of(lines)
    lexer = _lexer(language_of(lines[0]) or guess_language(code)) if len(code) <= LONGEST else None
    if lexer is None:
        return
    cursor, start = QTextCursor(lines[0].document()), lines[0].position()
    for place, kind, text in lexer.get_tokens_unprocessed(code):
        look = next(((role, slanted) for of, role, slanted in LOOKS if kind in of), None)
        if look is not None and text.strip():
            first = start + _units(code[:place])
            cursor.setPosition(first)
            cursor.setPosition(first + _units(text), QTextCursor.MoveMode.KeepAnchor)
            made = QTextCharFormat()
            made.setForeground(colours(look[0]))
            made.setFontItalic(look[1])
            cursor.mergeCharFormat(made)


def guess_language(code: str) -> str:
    """Return "json" or "python" for code that is plainly one of them, else nothing."""
    if code.lstrip()[:1] in ("{", "["):
        try:
            return "json" if isinstance(json.loads(code), dict | list) else ""
        except (ValueError, RecursionError):
            return ""
    if not _PYTHON.search(code):
        return ""
    try:
        ast.parse(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ""
    return "python"


@lru_cache(maxsize=64)
def _lexer(name: str) -> Lexer | None:
    """Return the lexer of a language. Pygments' own search would look for plug-ins in every package."""
    titles = [title for _, title, names, _, _ in LEXERS.values() if name.lower() in names]
    return find_lexer_class(titles[0])() if titles else None


def _units(text: str) -> int:
    """Return the length of a text in Qt's units."""
    return len(text) + sum(one > "\uffff" for one in text)
