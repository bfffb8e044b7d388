"""The texts of a record: what erasure removed and inserted, and the answer with its leaks.

Texts are inserted as characters with a format, never as markup, so nothing in them is interpreted.
"""

from collections.abc import Sequence
from itertools import groupby

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import (
    QKeyEvent,
    QTextBlockFormat,
    QTextCharFormat,
    QTextCursor,
    QTextLength,
    QTextTable,
    QTextTableFormat,
)
from PySide6.QtWidgets import QPlainTextEdit, QTextEdit

from orca_desk.method.erasure import Segment
from orca_desk.method.hidden_characters import visible
from orca_desk.method.leaks import Leak
from orca_desk.ui.desk import Desk
from orca_desk.ui.theme import GRID, Colours, Role, font
from orca_desk.ui.widgets.browser import Browser

# Characters that are shown until the user asks for the full text; a table takes longer to lay out
MAX_RESPONSE, MAX_CELL = 20_000, 8_000


class ReviewBrowser(Browser):
    """A Browser that leaves single letters to the shortcuts of the page."""

    def event(self, event: QEvent) -> bool:
        """Keep Qt from handling letters as input."""
        if event.type() == QEvent.Type.ShortcutOverride and _is_letter(event):
            event.ignore()
            return False
        return bool(super().event(event))


class ErasureView(ReviewBrowser):
    """Two columns: the system instruction and the user text of the teacher, and those of the student."""

    longest_line = 2 * Browser.longest_line

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk
        self._segments: Sequence[Segment] = ()
        self._whole = False
        self.setAccessibleName("Teacher record and training record")
        desk.theme.changed.connect(self._draw)

    @property
    def is_shortened(self) -> bool:
        """Whether only the beginning of a text is shown."""
        return not self._whole and any(
            len(segment.text) > MAX_CELL for segment in self._segments if segment.role != "assistant"
        )

    def show_segments(self, segments: Sequence[Segment], *, whole: bool = False) -> None:
        """Show what erasure did; `whole` shows long texts in full."""
        self._segments, self._whole = segments, whole
        self._draw()

    def _draw(self) -> None:
        document = self.document()
        document.clear()
        document.setDocumentMargin(0)
        cursor = QTextCursor(document)
        cursor.beginEditBlock()  # without it, each insertion lays out the whole table again
        rows = [(role, list(group)) for role, group in groupby(self._segments, lambda one: one.role)]
        rows = [(role, group) for role, group in rows if role != "assistant"]
        if not rows or rows[0][0] != "system":
            rows.insert(0, ("system", []))
        table = cursor.insertTable(len(rows), 2, _table_format())
        titles = {"system": "System instruction", "turns": "Earlier turns", "user": "User text"}
        for row, (role, segments) in enumerate(rows):
            for column, hidden in enumerate(("inserted", "erased")):
                shown = [segment for segment in segments if segment.state != hidden]
                self._fill(table, row, column, titles[role], shown)
        cursor.endEditBlock()
        self.moveCursor(QTextCursor.MoveOperation.Start)
        self.verticalScrollBar().setValue(0)

    def _fill(
        self, table: QTextTable, row: int, column: int, title: str, segments: Sequence[Segment]
    ) -> None:
        colours = self.desk.theme.colours
        cell = table.cellAt(row, column)
        ground = cell.format().toTableCellFormat()
        ground.setBackground(colours.tint("student" if column else "teacher", 0.05))
        ground.setPadding(GRID + 4)
        cell.setFormat(ground)
        cursor = cell.firstCursorPosition()
        cursor.setBlockFormat(spaced())
        cursor.insertText(title, _heading(colours))
        states = {segment.state for segment in segments}
        if "erased" in states:
            cursor.insertText("   ✕ erased", _mark(colours, "bad"))
        if "inserted" in states:
            cursor.insertText("   ✓ replacement", _mark(colours, "good"))
        cursor.insertBlock(spaced())
        if not segments:
            words = "No system message." if column else "No system instruction."
            cursor.insertText(words, _quiet(colours))
        for segment in segments:
            text = segment.text if self._whole else segment.text[:MAX_CELL]
            cursor.insertText(visible(text), _segment_format(segment, colours))
            if len(text) < len(segment.text):
                more = len(segment.text) - len(text)
                cursor.insertText(f" … {more:,} more characters", _quiet(colours))


class ResponseView(QPlainTextEdit):
    """The answer with its leaks marked, and the editor for the user's own version.

    `save_requested` carries the text on Ctrl+Enter; `cancelled` follows Esc.
    """

    save_requested = Signal(str)
    cancelled = Signal()

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk
        self._text = self._original = ""
        self._leaks: Sequence[Leak] = ()
        self._whole = False
        self.setAccessibleName("Response")
        self.setReadOnly(True)
        self.setTabChangesFocus(True)
        self.setCursorWidth(2)
        self.document().setDocumentMargin(0)
        # Every line is broken, but Qt offers to scroll by the space at the end of one
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        desk.theme.changed.connect(self._paint)
        self._paint()

    @property
    def is_editing(self) -> bool:
        """Whether the user is editing."""
        return not self.isReadOnly()

    @property
    def is_changed(self) -> bool:
        """Whether the text differs from what it was when the edit began."""
        return self.is_editing and self.toPlainText() != self._original

    @property
    def is_shortened(self) -> bool:
        """Whether only the beginning of the answer is shown."""
        return not self.is_editing and not self._whole and len(self._text) > MAX_RESPONSE

    def show_answer(self, text: str, leaks: Sequence[Leak], *, whole: bool = False) -> None:
        """Show an answer and its leaks; `whole` shows a long answer in full."""
        self.setReadOnly(True)
        self._text, self._leaks, self._whole = text, leaks, whole
        self._put(text[:MAX_RESPONSE] if self.is_shortened else text)
        self._paint()

    def edit(self, text: str) -> None:
        """Let the user edit `text`."""
        self._leaks = ()
        self._put(text)
        self._original = self.toPlainText()
        self.setReadOnly(False)
        self._paint()
        self.moveCursor(QTextCursor.MoveOperation.Start)
        self.setFocus()

    def show_leak(self, leak: Leak) -> None:
        """Select a leak in the text."""
        if self.is_editing:
            return
        if self.is_shortened and leak.end > MAX_RESPONSE:
            self.show_answer(self._text, self._leaks, whole=True)
        self.setTextCursor(self._cursor(leak))
        self.ensureCursorVisible()

    def event(self, event: QEvent) -> bool:
        """Leave letters to the shortcuts of the page unless the user is editing."""
        if self.isReadOnly() and event.type() == QEvent.Type.ShortcutOverride and _is_letter(event):
            event.ignore()
            return False
        return bool(super().event(event))

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Save on Ctrl+Enter, cancel on Esc."""
        if self.is_editing:
            enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
            if enter and event.modifiers() & Qt.KeyboardModifier.ControlModifier:
                self.save_requested.emit(self.toPlainText())
                return
            if event.key() == Qt.Key.Key_Escape:
                self.cancelled.emit()
                return
        super().keyPressEvent(event)

    def _put(self, text: str) -> None:
        if text != self.toPlainText():
            self.setPlainText(text)

    def _paint(self) -> None:
        """Show a frame only while the user can edit."""
        wanted = "flat" if self.isReadOnly() else ""
        if self.property("kind") != wanted:
            self.setProperty("kind", wanted)
            self.style().unpolish(self)
            self.style().polish(self)
        self._mark()

    def _mark(self) -> None:
        """Mark leaks by a tinted background and a wavy underline."""
        colours = self.desk.theme.colours
        marks = []
        for leak in self._leaks:
            if self.is_shortened and leak.end > MAX_RESPONSE:
                continue
            mark = QTextEdit.ExtraSelection()
            mark.cursor = self._cursor(leak)
            mark.format.setBackground(colours.tint("warn", 0.22))
            mark.format.setUnderlineStyle(QTextCharFormat.UnderlineStyle.WaveUnderline)
            mark.format.setUnderlineColor(colours("warn"))
            marks.append(mark)
        self.setExtraSelections(marks)

    def _cursor(self, leak: Leak) -> QTextCursor:
        """Return a cursor that selects a leak. Qt counts UTF-16 units, a leak counts characters."""
        text = self._text
        cursor = QTextCursor(self.document())
        cursor.setPosition(utf16_length(text[: leak.start]))
        cursor.setPosition(utf16_length(text[: leak.end]), QTextCursor.MoveMode.KeepAnchor)
        return cursor


def utf16_length(text: str) -> int:
    """Return the length of `text` in UTF-16 units, as Qt counts it."""
    return len(text) + sum(character > "\uffff" for character in text)


def _is_letter(event: QEvent) -> bool:
    return (
        isinstance(event, QKeyEvent)
        and event.modifiers() == Qt.KeyboardModifier.NoModifier
        and (Qt.Key.Key_A <= event.key() <= Qt.Key.Key_Z)
    )


def _table_format() -> QTextTableFormat:
    form = QTextTableFormat()
    form.setBorder(0)
    form.setCellSpacing(1)
    form.setCellPadding(GRID + 4)
    form.setWidth(QTextLength(QTextLength.Type.PercentageLength, 100))
    half = QTextLength(QTextLength.Type.PercentageLength, 50)
    form.setColumnWidthConstraints([half, half])
    return form


def spaced() -> QTextBlockFormat:
    """Return the format of a paragraph with 1.2 times the usual line height."""
    form = QTextBlockFormat()
    form.setLineHeight(120, QTextBlockFormat.LineHeightTypes.ProportionalHeight.value)
    return form


def _heading(colours: Colours) -> QTextCharFormat:
    form = QTextCharFormat()
    form.setFont(font("caption", bold=True))
    form.setForeground(colours("muted"))
    return form


def _mark(colours: Colours, role: Role) -> QTextCharFormat:
    form = _heading(colours)
    form.setForeground(colours(role))
    return form


def _quiet(colours: Colours) -> QTextCharFormat:
    form = QTextCharFormat()
    form.setFont(font("body"))
    form.setFontItalic(True)
    form.setForeground(colours("muted"))
    return form


def _segment_format(segment: Segment, colours: Colours) -> QTextCharFormat:
    form = QTextCharFormat()
    form.setFont(font("body"))
    form.setForeground(colours("text"))
    if segment.state == "erased":
        form.setForeground(colours("bad"))
        form.setBackground(colours.tint("bad", 0.1))
        form.setFontStrikeOut(True)
    elif segment.state == "inserted":
        form.setForeground(colours("good"))
        form.setBackground(colours.tint("good", 0.12))
    return form
