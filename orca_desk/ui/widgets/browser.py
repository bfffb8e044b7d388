"""Shows rich text of any origin such that it can load nothing: no image, style sheet, file or address.

Every way in is shut twice: the document refuses each resource, and pictures give way to their description
before anything is laid out. What leaves by copying or dragging is plain text, so that no other program loads
what this one did not.
"""

import re
from collections.abc import Callable
from functools import partial
from html import escape
from typing import Any, ClassVar

from PySide6.QtCore import QEvent, QMimeData, Qt, QUrl, Signal
from PySide6.QtGui import (
    QBrush,
    QContextMenuEvent,
    QCursor,
    QGuiApplication,
    QImage,
    QPalette,
    QResizeEvent,
    QTextCharFormat,
    QTextCursor,
    QTextDocument,
    QTextFormat,
    QTextOption,
    QTextTable,
)
from PySide6.QtWidgets import QTextBrowser, QToolTip, QWidget

from orca_desk.method.hidden_characters import visible
from orca_desk.ui.outside import open_outside
from orca_desk.ui.theme import GRID, current_colours, text_display
from orca_desk.ui.widgets.formula_popup import FormulaPopup
from orca_desk.ui.widgets.formula_text import Formula, mark_formulas
from orca_desk.ui.widgets.formulas import COPY, FORMULA, STRUT, FormulaDrawer, formulas
from orca_desk.ui.widgets.glyphs import glyphs
from orca_desk.ui.widgets.markdown import readable_markdown
from orca_desk.ui.widgets.message_box import MessageBox
from orca_desk.ui.widgets.rich_text import (
    COPY_LINK,
    FORMULA_LINK,
    add_copy_links,
    as_copied,
    codes_of,
    mark_unset,
    place_formulas,
    set_code_apart,
)
from orca_desk.ui.widgets.text import LONGEST_TIP
from orca_desk.yielding import ui_busy

# Longer texts are shown as plain text: laying out rich text takes time, and tables take the most
MARKDOWN_LIMIT = 16_000  # characters
LONGEST_LINE = 110 * GRID  # px
CELL_LIMIT = 400  # table cells, counted by their vertical bars
OPENED = ("http", "https", "mailto")  # schemes of links that open after a question
PAGE_MARK = "\ue000"  # stands for a formula in HTML
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

    as_written_chosen = Signal()  # the user chose how this text is shown
    longest_line: ClassVar[int] = LONGEST_LINE

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setDocument(NoLoadDocument(self))
        self.setOpenLinks(False)
        self.setOpenExternalLinks(False)
        self.setAcceptDrops(False)
        self.setWordWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        self.anchorClicked.connect(self._follow)
        self.textChanged.connect(self._look_for_glyphs)
        self._written: str | None = None  # the text of `show_text`
        self._source = ""  # of Markdown
        self._make: Callable[[Callable[[str], str]], str] | None = None  # what made the HTML of `set_page`
        self._only_here: bool | None = None  # the user's choice for this text alone: as written or not
        self._formulas: list[Formula] = []
        self._waits = False
        self._asks = True  # whether formulas that are not set yet are asked for
        self._drawer = FormulaDrawer(self)
        for kind in (FORMULA, STRUT, COPY):
            self.document().documentLayout().registerHandler(kind, self._drawer)
        text_display().changed.connect(self._show_again)
        formulas().ready.connect(self._show_set)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Leave the right side of a very wide view empty: long lines are hard to read."""
        super().resizeEvent(event)
        empty = max(0, self.width() - self.longest_line)
        if self.viewportMargins().right() != empty:
            self.setViewportMargins(0, 0, empty, 0)
            # Before a view is visible, Qt does not lay the text out anew for what that changed
            super().resizeEvent(QResizeEvent(self.viewport().size(), event.size()))

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
        data.setText(as_copied(self.textCursor(), self._formulas))
        return data

    def toPlainText(self) -> str:  # noqa: N802 - Qt's name
        """Return the text, with its formulas as they were written."""
        if not self._formulas and not self._drawer.codes:
            return super().toPlainText()
        cursor = QTextCursor(self.document())
        cursor.select(QTextCursor.SelectionType.Document)
        return as_copied(cursor, self._formulas)

    @property
    def is_as_written(self) -> bool:
        """Whether a text of `show_text` is shown as it was written."""
        return text_display().as_written if self._only_here is None else self._only_here

    def show_text(self, text: str, *, is_same: bool = False) -> None:
        """Show a text as Markdown with formulas and code, or as it was written if the user prefers that.

        The user's choice for one text ends with another, unless that `is_same`, such as more of it.
        """
        if text != self._written and not is_same:
            self._only_here = None
        if self.is_as_written:
            self.set_plain(text)
        else:
            self.set_markdown(text)
        self._written = text

    @ui_busy()
    def set_markdown(self, text: str) -> None:
        """Show Markdown, with HTML in it as plain text and images as their descriptions.

        Only plain markup counts (see `readable_markdown`). A text that would take long to lay out is shown as
        it is. Formulas are set in a thread, and shown as they were written until they are ready.
        """
        if is_heavy(text):
            self.set_plain(text)
            return
        self._written, self._source, self._waits, self._make = None, text, False, None
        text = visible(text)
        unset: list[Formula] = []
        marked, found, mark = mark_formulas(text, partial(self._is_set, unset=unset))
        document = self.document()
        document.setMarkdown(readable_markdown(marked), DIALECT)
        if document.toPlainText().count(mark) != len(found):  # one was in what is not shown as text
            found, unset = [], []
            document.setMarkdown(readable_markdown(text), DIALECT)
        if PICTURE in document.toPlainText():
            self._describe_pictures()
        self._formulas, self._drawer.codes = found, []
        self._drawer.drawn = [drawn for one in found if (drawn := formulas().look_up(one))]
        if "`" in text or "    " in text or "~~~" in text:
            self._set_code_apart()
            self._tidy_tables()
            self._drawer.codes = codes_of(document)
            add_copy_links(document, self._code_ground())
        if unset:
            mark_unset(document, unset, current_colours())
        if found:
            place_formulas(document, mark, found, self._drawer.drawn)
        self.setAccessibleDescription(text[:LONGEST_TIP] if found else "")

    def set_page(self, make: Callable[[Callable[[str], str]], str]) -> None:
        """Show the app's own HTML with texts by anyone in it, whose formulas are set.

        `make` gets a function that escapes a text for the HTML, and returns the HTML. It is called again when
        the formulas are ready or the user wants to see texts as they were written.
        """
        self._written, self._source, self._waits, self._make = None, "", False, make
        found: list[Formula] = []

        def write(text: str) -> str:
            text = visible(text).replace(PAGE_MARK, f"‹U+{ord(PAGE_MARK):04X}›")  # no font has it anyway
            if text_display().as_written or is_heavy(text):
                return escape(text)
            marked, some, _ = mark_formulas(text, partial(self._is_set, unset=[]), mark=PAGE_MARK)
            found.extend(some)
            return escape(marked)

        html = make(write)
        self._formulas, self._drawer.codes = [], []
        self.setHtml(html)
        self._drawer.drawn = [drawn for one in found if (drawn := formulas().look_up(one))]
        if found and self.document().toPlainText().count(PAGE_MARK) == len(found):
            self._formulas = found
            place_formulas(self.document(), PAGE_MARK, found, self._drawer.drawn)
        self.setAccessibleDescription(self.toPlainText()[:LONGEST_TIP] if self._formulas else "")

    def clear(self) -> None:
        """Show nothing."""
        self.set_plain("")

    def set_plain(self, text: str) -> None:
        """Show a text as it is; only a very long word is broken, and hidden characters are named."""
        self._written, self._source, self._waits, self._make = None, "", False, None
        self._formulas, self._drawer.codes = [], []
        self.setAccessibleDescription("")
        self.setPlainText(LONG_WORD.sub(lambda word: word[0] + "\n", visible(text)))

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:  # noqa: N802 - Qt's name
        """Offer to copy all of a text, and to show it the other way."""
        menu = self.createStandardContextMenu(event.pos())
        if (text := self._written) is not None:
            menu.addSeparator()
            menu.addAction("Copy all as written").triggered.connect(
                lambda: QGuiApplication.clipboard().setText(text)
            )
            plain = menu.addAction("Show as plain text")
            plain.setCheckable(True)
            plain.setChecked(self.is_as_written)
            plain.toggled.connect(self.show_as_written)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(event.globalPos())

    def show_as_written(self, as_written: bool) -> None:
        """Show this text as it was written, or not, whatever the user chose for all."""
        self._only_here = as_written
        self._show_again()
        self.as_written_chosen.emit()

    def _show_again(self) -> None:
        if (text := self._written) is not None:
            self.show_text(text)
        elif self._make is not None:
            self.set_page(self._make)

    def _show_set(self) -> None:
        """Show the formulas that were not set when the text was laid out.

        Those that are forgotten by now stay as they were written: a text with more of them than are
        kept would ask for them for ever.
        """
        if self._waits:
            self._asks = False
            written, bar = self._written, self.verticalScrollBar().value()
            if self._make is not None:
                self.set_page(self._make)
            else:
                self.set_markdown(self._source)
                self._written = written
            self.verticalScrollBar().setValue(bar)
            self._asks = True

    def _is_set(self, formula: Formula, *, unset: list[Formula]) -> bool:
        if not self._asks and not formulas().is_known(formula):
            return False
        if formulas().look_up(formula) is not None:
            return True
        if formulas().cannot_set(formula):
            unset.append(formula)
        else:
            self._waits = True
        return False

    def _follow(self, url: QUrl) -> None:
        """Show how a formula was written, copy code, or ask before a link opens."""
        number = int(url.path()) if url.path().isdecimal() else -1
        if url.scheme() == FORMULA_LINK and 0 <= number < len(self._formulas):
            FormulaPopup(self, self._formulas[number], self._drawer.drawn[number]).show_at_cursor()
        elif url.scheme() == COPY_LINK and 0 <= number < len(self._drawer.codes):
            QGuiApplication.clipboard().setText(self._drawer.codes[number][1])
            QToolTip.showText(QCursor.pos(), "Copied.", self)
        else:
            self.ask_to_open(url)

    def ask_to_open(self, url: QUrl) -> None:
        """Ask before opening a link, and show its whole address; links of other schemes do nothing."""
        if url.scheme().lower() not in OPENED:
            return
        host = url.host(QUrl.ComponentFormattingOption.FullyEncoded)
        address = url.toString(QUrl.ComponentFormattingOption.FullyEncoded)
        box = MessageBox(
            self,
            f"Open {host} outside Orca Desk?" if host else "Open this link outside Orca Desk?",
            f"Your browser will go online to:\n{address[:500]}",
        )
        box.offer("Open link", lambda: open_outside(url))
        box.leave()
        box.open()

    def _look_for_glyphs(self) -> None:
        if not glyphs().is_complete:  # drawings need no font; to write them out would lay out all of the text
            glyphs().look(super().toPlainText())

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802 - Qt's name
        """Repaint code in the colours of another theme."""
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
        """Give code a background, a fixed-width font and colours."""
        set_code_apart(self.document(), current_colours(), self._code_ground())

    def _code_ground(self) -> QBrush:
        return QBrush(self.palette().color(QPalette.ColorRole.AlternateBase))


def is_heavy(text: str) -> bool:
    """Return whether laying out `text` as Markdown could freeze the screen."""
    return len(text) > MARKDOWN_LIMIT or text.count("|") > CELL_LIMIT or bool(LONG_WORD.search(text))
