"""Formulas and code in a document that was laid out from Markdown: drawn, coloured, with their links.

A drawing is one character of the document. What is copied has the formula as it was written in its place.
"""

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import (
    QBrush,
    QFont,
    QFontDatabase,
    QTextBlockFormat,
    QTextCharFormat,
    QTextCursor,
    QTextDocument,
)

from orca_desk.ui.theme import GRID, Colours
from orca_desk.ui.widgets.code_blocks import code_blocks, colour_code, language_of, text_of
from orca_desk.ui.widgets.formula_setting import SetFormula
from orca_desk.ui.widgets.formula_text import Formula
from orca_desk.ui.widgets.formulas import COPY, FORMULA, NUMBER, STRUT

OBJECT = "\N{OBJECT REPLACEMENT CHARACTER}"
NO_STRUT = 0.2  # em below the line of writing, for which a line has room anyway
FORMULA_LINK, COPY_LINK = "formula", "copy"  # schemes of links inside the app
CANNOT = "Shown as it was written: this LaTeX cannot be set whole."


def place_formulas(
    document: QTextDocument, mark: str, found: Sequence[Formula], drawn: Sequence[SetFormula]
) -> None:
    """Put the drawings in the places of their marks."""
    cursor = QTextCursor(document)
    cursor.beginEditBlock()
    for number, (formula, drawing) in enumerate(zip(found, drawn, strict=True)):
        cursor = document.find(mark, cursor)
        look = QTextCharFormat(cursor.charFormat())
        look.setAnchor(True)
        look.setAnchorHref(f"{FORMULA_LINK}:{number}")
        look.setObjectType(FORMULA)
        look.setProperty(NUMBER, number)
        look.setToolTip("Show how it was written")
        cursor.insertText(OBJECT, look)
        if drawing.descent > NO_STRUT:
            strut = QTextCharFormat()
            strut.setObjectType(STRUT)
            strut.setProperty(NUMBER, number)
            strut.setVerticalAlignment(QTextCharFormat.VerticalAlignment.AlignMiddle)
            cursor.insertText(OBJECT, strut)
        if formula.is_display and not cursor.block().text().strip(OBJECT + " "):
            alone = QTextBlockFormat()
            alone.setAlignment(Qt.AlignmentFlag.AlignHCenter)
            alone.setTopMargin(GRID // 2)
            alone.setBottomMargin(GRID // 2)
            cursor.mergeBlockFormat(alone)
    cursor.endEditBlock()


def mark_unset(document: QTextDocument, formulas: Sequence[Formula], colours: Colours) -> None:
    """Mark the formulas that stay as they were written, quietly."""
    look = QTextCharFormat()
    look.setUnderlineStyle(QTextCharFormat.UnderlineStyle.DotLine)
    look.setUnderlineColor(colours("muted"))
    look.setToolTip(CANNOT)
    cursor = QTextCursor(document)
    for formula in formulas:
        found = document.find(formula.written.split("\n")[0], cursor)
        if not found.isNull():
            found.mergeCharFormat(look)
            cursor = found


def set_code_apart(document: QTextDocument, colours: Colours, ground: QBrush) -> None:
    """Give code a background, a fixed-width font and the colours of its language."""
    fixed = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont).family()
    look = QTextBlockFormat()
    look.setBackground(ground)
    look.setLeftMargin(GRID)
    look.setNonBreakableLines(False)  # a long line is broken rather than cut
    letters = QTextCharFormat()
    letters.setFontFamilies([fixed, "monospace"])
    letters.setFontFixedPitch(True)
    for lines in code_blocks(document):
        for line in lines:
            cursor = QTextCursor(line)
            cursor.mergeBlockFormat(look)
            cursor.select(QTextCursor.SelectionType.BlockUnderCursor)
            cursor.mergeCharFormat(letters)
        colour_code(lines, colours)


def codes_of(document: QTextDocument) -> list[tuple[str, str]]:
    """Return the language, as far as it is named, and the text of each block of code."""
    return [(language_of(lines[0]), text_of(lines)) for lines in code_blocks(document)]


def add_copy_links(document: QTextDocument, ground: QBrush) -> None:
    """Put a line with a link that copies the code above each block of it."""
    places = [lines[0].position() for lines in code_blocks(document)]
    for number, position in reversed(list(enumerate(places))):
        cursor = QTextCursor(document)
        cursor.setPosition(position)
        code = cursor.blockFormat()
        cursor.insertBlock(code)
        cursor.movePosition(QTextCursor.MoveOperation.PreviousBlock)
        above = QTextBlockFormat()
        above.setBackground(ground)
        above.setLeftMargin(code.leftMargin())
        above.setAlignment(Qt.AlignmentFlag.AlignRight)
        cursor.setBlockFormat(above)
        link = QTextCharFormat()
        link.setAnchor(True)
        link.setAnchorHref(f"{COPY_LINK}:{number}")
        link.setObjectType(COPY)
        link.setProperty(NUMBER, number)
        link.setToolTip("Copy this code")
        link.setFontWeight(QFont.Weight.Normal)
        cursor.insertText(OBJECT, link)


def as_copied(cursor: QTextCursor, formulas: Sequence[Formula]) -> str:
    """Return the selected text, with each formula as it was written."""
    text = cursor.selection().toPlainText()
    if OBJECT not in text:
        return text
    place, pieces = QTextCursor(cursor.document()), iter(text.split(OBJECT))
    copied = [next(pieces)]
    for position in range(cursor.selectionStart(), cursor.selectionEnd()):
        if cursor.document().characterAt(position) == OBJECT:
            place.setPosition(position + 1)
            look, rest = place.charFormat(), next(pieces, "")
            if look.objectType() == COPY:  # a line of its own, which nobody wrote
                copied.append(rest.removeprefix("\n"))
            elif look.objectType() == FORMULA:
                copied += [formulas[int(look.property(NUMBER))].written, rest]
            else:
                copied += ["" if look.objectType() == STRUT else OBJECT, rest]
    return "".join(copied)
