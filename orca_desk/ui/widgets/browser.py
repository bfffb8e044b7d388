"""Rich text of any origin, shown so that it can load nothing: no image, style sheet, file or address.

Every way in is shut twice: the document refuses each resource, and pictures give way to their description
before anything is laid out. What leaves by copying or dragging is plain text, so that no other program loads
what this one did not.
"""

import re
from typing import Any

from PySide6.QtCore import QEvent, QMimeData, QUrl
from PySide6.QtGui import (
    QBrush,
    QDesktopServices,
    QFontDatabase,
    QImage,
    QPalette,
    QTextBlockFormat,
    QTextCharFormat,
    QTextCursor,
    QTextDocument,
    QTextFormat,
    QTextTable,
)
from PySide6.QtWidgets import QMessageBox, QTextBrowser, QWidget

from orca_desk.ui.theme import GRID
from orca_desk.ui.widgets.message_box import message_box

# Above these a text is shown as it is: laying out rich text takes time, tables far more than the rest
MARKDOWN_LIMIT = 16_000  # characters
CELL_LIMIT = 400  # table cells, and other upright lines
OPENED = ("http", "https", "mailto")  # kinds of links that may be opened, after a question
PICTURE = "\N{OBJECT REPLACEMENT CHARACTER}"
LONG_WORD = re.compile(r"\S{1000}")  # the time to lay out a word grows with the square of its length
FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
DIALECT = QTextDocument.MarkdownFeature.MarkdownDialectGitHub | QTextDocument.MarkdownFeature.MarkdownNoHTML


class NoLoadDocument(QTextDocument):
    """A document that refuses every resource. An empty QImage, unlike None, also keeps local files out."""

    def loadResource(self, type: int, name: QUrl | str) -> Any:  # noqa: N802 - Qt's names
        """Return nothing, whatever is asked for."""
        return QImage()


class Browser(QTextBrowser):
    """Shows HTML that we made or Markdown that anyone wrote. A link is opened only after the user agrees."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setDocument(NoLoadDocument(self))
        self.setOpenLinks(False)
        self.setOpenExternalLinks(False)
        self.setAcceptDrops(False)
        self.anchorClicked.connect(self.ask_to_open)

    def loadResource(self, type: int, name: QUrl | str) -> Any:  # noqa: N802 - Qt's names
        """Return nothing, whatever is asked for."""
        return QImage()

    def doSetSource(  # noqa: N802 - Qt's name
        self,
        name: QUrl | str,
        type: QTextDocument.ResourceType = QTextDocument.ResourceType.UnknownResource,
    ) -> None:
        """Go nowhere: a source is a file."""

    def createMimeDataFromSelection(self) -> QMimeData:  # noqa: N802 - Qt's name
        """Hand out the words alone: markup would name files and addresses for others to load."""
        data = QMimeData()
        data.setText(self.textCursor().selection().toPlainText())
        return data

    def set_markdown(self, text: str) -> None:
        """Show Markdown; HTML in it is shown as the text it is, pictures as their description.

        A line ends where its writer ended it, since models put their steps on lines of their own. A text that
        would take long to lay out is shown as it is.
        """
        if is_heavy(text):
            self.setPlainText(LONG_WORD.sub(lambda word: word[0] + "\n", text))
            return
        document = self.document()
        document.setMarkdown(keep_line_breaks(text), DIALECT)
        if PICTURE in document.toPlainText():
            self._describe_pictures()
        if "`" in text or "    " in text or "~~~" in text:
            self._set_code_apart()
            self._tidy_tables()

    def ask_to_open(self, url: QUrl) -> None:
        """Ask before a link is opened, with the whole address in sight; other kinds of links do nothing."""
        if url.scheme().lower() not in OPENED:
            return
        host = url.host(QUrl.ComponentFormattingOption.FullyEncoded)
        address = url.toString(QUrl.ComponentFormattingOption.FullyEncoded)
        box = message_box(
            self,
            f"Open {host} outside Orca Desk?" if host else "Open this link outside Orca Desk?",
            f"Your browser goes online to:\n{address[:500]}",
        )
        open_it = box.addButton("Open the link", QMessageBox.ButtonRole.AcceptRole)
        stay = box.addButton(QMessageBox.StandardButton.Cancel)
        box.setDefaultButton(stay)
        box.setEscapeButton(stay)
        box.finished.connect(
            lambda: QDesktopServices.openUrl(url) if box.clickedButton() is open_it else None
        )
        box.finished.connect(box.deleteLater)
        box.open()

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802 - Qt's name
        """Give code the ground of another theme."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._set_code_apart()

    def _describe_pictures(self) -> None:
        cursor = QTextCursor(self.document())
        while not (cursor := self.document().find(PICTURE, cursor)).isNull():
            alt = str(cursor.charFormat().property(QTextFormat.Property.ImageAltText) or "")
            words = f"picture not loaded: {alt}" if alt else "picture not loaded"
            plain = QTextCharFormat()
            plain.setFontItalic(True)
            cursor.insertText(f"[{words.replace(PICTURE, '')}]", plain)

    def _tidy_tables(self) -> None:
        """Take out the empty line that Qt leaves in the first cell of a table after a block of code."""
        for frame in self.document().rootFrame().childFrames():
            if isinstance(frame, QTextTable):
                cursor = frame.cellAt(0, 0).firstCursorPosition()
                last = frame.cellAt(0, 0).lastCursorPosition().block()
                if cursor.block() != last and not cursor.block().text():
                    cursor.deleteChar()

    def _set_code_apart(self) -> None:
        """Put blocks of code on a ground of their own, in a font where all letters are as wide."""
        ground = QBrush(self.palette().color(QPalette.ColorRole.AlternateBase))
        fixed = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont).family()
        block = self.document().firstBlock()
        while block.isValid():
            if block.blockFormat().hasProperty(QTextFormat.Property.BlockCodeFence):
                look = QTextBlockFormat()
                look.setBackground(ground)
                look.setLeftMargin(GRID)
                cursor = QTextCursor(block)
                cursor.mergeBlockFormat(look)
                letters = QTextCharFormat()
                letters.setFontFamilies([fixed, "monospace"])
                letters.setFontFixedPitch(True)
                cursor.select(QTextCursor.SelectionType.BlockUnderCursor)
                cursor.mergeCharFormat(letters)
            block = block.next()


def keep_line_breaks(text: str) -> str:
    """Return Markdown in which every end of a line is one, by two spaces before it; code stays as it is."""
    lines, fence = text.split("\n"), ""
    for place, line in enumerate(lines):
        found = FENCE.match(line)
        if found and not fence:
            fence = found[1]
        elif found and found[1].startswith(fence):
            fence = ""
        elif not fence and line.strip():
            lines[place] = line + "  "
    return "\n".join(lines)


def is_heavy(text: str) -> bool:
    """Whether laying `text` out as Markdown could take so long that the screen stands still."""
    return len(text) > MARKDOWN_LIMIT or text.count("|") > CELL_LIMIT or bool(LONG_WORD.search(text))
