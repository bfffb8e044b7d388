"""Shows rich text of any origin such that it can load nothing: no image, style sheet, file or address.

Every way in is shut twice: the document refuses each resource, and pictures give way to their description
before anything is laid out. What leaves by copying or dragging is plain text, so that no other program loads
what this one did not.
"""

import re
from typing import Any, ClassVar

from PySide6.QtCore import QEvent, QMimeData, QUrl
from PySide6.QtGui import (
    QBrush,
    QFontDatabase,
    QImage,
    QPalette,
    QResizeEvent,
    QTextBlockFormat,
    QTextCharFormat,
    QTextCursor,
    QTextDocument,
    QTextFormat,
    QTextTable,
)
from PySide6.QtWidgets import QMessageBox, QTextBrowser, QWidget

from orca_desk.ui.outside import open_outside
from orca_desk.ui.theme import GRID
from orca_desk.ui.widgets.glyphs import glyphs
from orca_desk.ui.widgets.markdown import readable_markdown
from orca_desk.ui.widgets.message_box import message_box

# Longer texts are shown as plain text: laying out rich text takes time, and tables take the most
MARKDOWN_LIMIT = 16_000  # characters
LONGEST_LINE = 110 * GRID  # px
CELL_LIMIT = 400  # table cells, counted by their vertical bars
OPENED = ("http", "https", "mailto")  # schemes of links that open after a question
PICTURE = "\N{OBJECT REPLACEMENT CHARACTER}"
LONG_WORD = re.compile(r"\S{1000}")  # the time to lay out a word grows with the square of its length
DIALECT = QTextDocument.MarkdownFeature.MarkdownDialectGitHub | QTextDocument.MarkdownFeature.MarkdownNoHTML


class NoLoadDocument(QTextDocument):
    """A document that refuses every resource. An empty QImage, unlike None, keeps out local files too."""

    def loadResource(self, type: int, name: QUrl | str) -> Any:  # noqa: N802 - Qt's names
        """Refuse every resource."""
        return QImage()


class Browser(QTextBrowser):
    """Shows the app's own HTML, or Markdown by anyone. A link opens only after the user agrees."""

    longest_line: ClassVar[int] = LONGEST_LINE

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setDocument(NoLoadDocument(self))
        self.setOpenLinks(False)
        self.setOpenExternalLinks(False)
        self.setAcceptDrops(False)
        self.anchorClicked.connect(self.ask_to_open)
        self.textChanged.connect(self._look_for_glyphs)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Leave the right side of a very wide view empty: long lines are hard to read."""
        super().resizeEvent(event)
        empty = max(0, self.width() - self.longest_line)
        if self.viewportMargins().right() != empty:
            self.setViewportMargins(0, 0, empty, 0)

    def loadResource(self, type: int, name: QUrl | str) -> Any:  # noqa: N802 - Qt's names
        """Refuse every resource."""
        return QImage()

    def doSetSource(  # noqa: N802 - Qt's name
        self,
        name: QUrl | str,
        type: QTextDocument.ResourceType = QTextDocument.ResourceType.UnknownResource,
    ) -> None:
        """Do nothing: a source would be a file."""

    def createMimeDataFromSelection(self) -> QMimeData:  # noqa: N802 - Qt's name
        """Return plain text only: markup would name files and addresses for other programs to load."""
        data = QMimeData()
        data.setText(self.textCursor().selection().toPlainText())
        return data

    def set_markdown(self, text: str) -> None:
        """Show Markdown, with HTML in it as plain text and images as their descriptions.

        Only plain markup counts (see `readable_markdown`). A text that would take long to lay out is shown as
        it is.
        """
        if is_heavy(text):
            self.set_plain(text)
            return
        document = self.document()
        document.setMarkdown(readable_markdown(text), DIALECT)
        if PICTURE in document.toPlainText():
            self._describe_pictures()
        if "`" in text or "    " in text or "~~~" in text:
            self._set_code_apart()
            self._tidy_tables()

    def set_plain(self, text: str) -> None:
        """Show a text as it is; only a very long word is broken."""
        self.setPlainText(LONG_WORD.sub(lambda word: word[0] + "\n", text))

    def ask_to_open(self, url: QUrl) -> None:
        """Ask before opening a link, and show its whole address; links of other schemes do nothing."""
        if url.scheme().lower() not in OPENED:
            return
        host = url.host(QUrl.ComponentFormattingOption.FullyEncoded)
        address = url.toString(QUrl.ComponentFormattingOption.FullyEncoded)
        box = message_box(
            self,
            f"Open {host} outside Orca Desk?" if host else "Open this link outside Orca Desk?",
            f"Your browser will go online to:\n{address[:500]}",
        )
        open_it = box.addButton("Open link", QMessageBox.ButtonRole.AcceptRole)
        stay = box.addButton(QMessageBox.StandardButton.Cancel)
        box.setDefaultButton(stay)
        box.setEscapeButton(stay)
        box.finished.connect(lambda: open_outside(url) if box.clickedButton() is open_it else None)
        box.finished.connect(box.deleteLater)
        box.open()

    def _look_for_glyphs(self) -> None:
        if not glyphs().is_complete:
            glyphs().look(self.toPlainText())

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802 - Qt's name
        """Repaint the background of code in the colours of another theme."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._set_code_apart()

    def _describe_pictures(self) -> None:
        cursor = QTextCursor(self.document())
        while not (cursor := self.document().find(PICTURE, cursor)).isNull():
            alt = str(cursor.charFormat().property(QTextFormat.Property.ImageAltText) or "")
            words = f"image not loaded: {alt}" if alt else "image not loaded"
            plain = QTextCharFormat()
            plain.setFontItalic(True)
            cursor.insertText(f"[{words.replace(PICTURE, '')}]", plain)

    def _tidy_tables(self) -> None:
        """Remove the empty line that Qt leaves in the first cell of a table that follows a code block."""
        for frame in self.document().rootFrame().childFrames():
            if isinstance(frame, QTextTable):
                cursor = frame.cellAt(0, 0).firstCursorPosition()
                last = frame.cellAt(0, 0).lastCursorPosition().block()
                if cursor.block() != last and not cursor.block().text():
                    cursor.deleteChar()

    def _set_code_apart(self) -> None:
        """Give code blocks a background and a fixed-width font."""
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


def is_heavy(text: str) -> bool:
    """Return whether laying out `text` as Markdown could freeze the screen."""
    return len(text) > MARKDOWN_LIMIT or text.count("|") > CELL_LIMIT or bool(LONG_WORD.search(text))
