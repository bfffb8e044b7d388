"""The texts of a record on the screen: what was erased and what replaced it, and where an answer leaks.

Texts are written as characters with a format, never as markup, so nothing in them can do anything.
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
from orca_desk.method.leaks import Leak
from orca_desk.ui.desk import Desk
from orca_desk.ui.theme import GRID, Colours, font
from orca_desk.ui.widgets.browser import Browser

# Characters that are laid out at once; the rest is shown when asked for. A table takes longer than plain text
LONGEST, LONGEST_CELL = 20_000, 8_000


class ReviewBrowser(Browser):
    """A Browser that leaves plain letters to the page's keys."""

    def event(self, event: QEvent) -> bool:
        """Keep Qt from taking letters as if they could be typed here."""
        if event.type() == QEvent.Type.ShortcutOverride and _is_letter(event):
            event.ignore()
            return False
        return bool(super().event(event))


class CompareView(ReviewBrowser):
    """Two columns: the teacher's system instruction and user text, and the student's."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk
        self._segments: Sequence[Segment] = ()
        self._whole = False
        self.setAccessibleName("Teacher record and training record")
        desk.theme.changed.connect(self._draw)

    @property
    def is_shortened(self) -> bool:
        """Whether a text is so long that only its beginning is shown."""
        return not self._whole and any(
            len(segment.text) > LONGEST_CELL for segment in self._segments if segment.role != "assistant"
        )

    def show_segments(self, segments: Sequence[Segment], *, whole: bool = False) -> None:
        """Show what erasure did; `whole`: however long it is."""
        self._segments, self._whole = segments, whole
        self._draw()

    def _draw(self) -> None:
        document = self.document()
        document.clear()
        document.setDocumentMargin(0)
        cursor = QTextCursor(document)
        cursor.beginEditBlock()  # else the whole table is laid out anew with each insertion
        rows = [(role, list(group)) for role, group in groupby(self._segments, lambda one: one.role)]
        rows = [(role, group) for role, group in rows if role != "assistant"]
        if not rows or rows[0][0] != "system":
            rows.insert(0, ("system", []))
        table = cursor.insertTable(len(rows), 2, _table_format())
        titles = {"system": "System instruction", "user": "User text"}
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
            cursor.insertText("   " + "✕ erased", _mark(colours, "bad"))
        if "inserted" in states:
            cursor.insertText("   " + "✓ in its place", _mark(colours, "good"))
        cursor.insertBlock(spaced())
        if not segments:
            words = "No system message: the student is told nothing."
            cursor.insertText(words if column else "No system instruction.", _quiet(colours))
        for segment in segments:
            text = segment.text if self._whole else segment.text[:LONGEST_CELL]
            cursor.insertText(text, _look(segment, colours))
            if len(text) < len(segment.text):
                more = len(segment.text) - len(text)
                cursor.insertText(" … {} more characters".format(f"{more:,}"), _quiet(colours))


class AnswerView(QPlainTextEdit):
    """The answer, with its leaks marked in place; it becomes the editor of the user's own version.

    `saved` comes with the text on Ctrl+Enter, `left` on Esc.
    """

    saved = Signal(str)
    left = Signal()

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk
        self._text = self._begun = ""
        self._leaks: Sequence[Leak] = ()
        self._whole = False
        self.setAccessibleName("Response")
        self.setReadOnly(True)
        self.setTabChangesFocus(True)
        self.setCursorWidth(2)
        self.document().setDocumentMargin(0)
        desk.theme.changed.connect(self._paint)
        self._paint()

    @property
    def is_editing(self) -> bool:
        """Whether the user writes."""
        return not self.isReadOnly()

    @property
    def is_changed(self) -> bool:
        """Whether the user wrote something else than what was there when the edit began."""
        return self.is_editing and self.toPlainText() != self._begun

    @property
    def is_shortened(self) -> bool:
        """Whether the answer is so long that only its beginning is shown."""
        return not self.is_editing and not self._whole and len(self._text) > LONGEST

    def show_answer(self, text: str, leaks: Sequence[Leak], *, whole: bool = False) -> None:
        """Show an answer; `whole`: however long it is."""
        self.setReadOnly(True)
        self._text, self._leaks, self._whole = text, leaks, whole
        self._put(text[:LONGEST] if self.is_shortened else text)
        self._paint()

    def edit(self, text: str) -> None:
        """Let the user write, from `text` on."""
        self._leaks = ()
        self._put(text)
        self._begun = self.toPlainText()
        self.setReadOnly(False)
        self._paint()
        self.moveCursor(QTextCursor.MoveOperation.Start)
        self.setFocus()

    def show_leak(self, leak: Leak) -> None:
        """Select a leak in the text."""
        if self.is_editing:
            return
        if self.is_shortened and leak.end > LONGEST:
            self.show_answer(self._text, self._leaks, whole=True)
        self.setTextCursor(self._cursor(leak))
        self.ensureCursorVisible()

    def event(self, event: QEvent) -> bool:
        """While nothing can be typed here leave letters to the page's keys."""
        if self.isReadOnly() and event.type() == QEvent.Type.ShortcutOverride and _is_letter(event):
            event.ignore()
            return False
        return bool(super().event(event))

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Save with Ctrl+Enter, leave with Esc."""
        if self.is_editing:
            enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
            if enter and event.modifiers() & Qt.KeyboardModifier.ControlModifier:
                self.saved.emit(self.toPlainText())
                return
            if event.key() == Qt.Key.Key_Escape:
                self.left.emit()
                return
        super().keyPressEvent(event)

    def _put(self, text: str) -> None:
        if text != self.toPlainText():
            self.setPlainText(text)

    def _paint(self) -> None:
        """What cannot be written in has no frame."""
        bare = "QPlainTextEdit { border: none; padding: 0px; background: transparent; }"
        wanted = bare if self.isReadOnly() else ""
        if self.styleSheet() != wanted:
            self.setStyleSheet(wanted)
        self._mark()

    def _mark(self) -> None:
        """Leaks are on tinted ground and underlined with a wave."""
        colours = self.desk.theme.colours
        marks = []
        for leak in self._leaks:
            if self.is_shortened and leak.end > LONGEST:
                continue
            mark = QTextEdit.ExtraSelection()
            mark.cursor = self._cursor(leak)
            mark.format.setBackground(colours.tint("warn", 0.22))
            mark.format.setUnderlineStyle(QTextCharFormat.UnderlineStyle.WaveUnderline)
            mark.format.setUnderlineColor(colours("warn"))
            marks.append(mark)
        self.setExtraSelections(marks)

    def _cursor(self, leak: Leak) -> QTextCursor:
        """Qt counts UTF-16 units, a leak counts characters."""
        text = self._text
        cursor = QTextCursor(self.document())
        cursor.setPosition(utf16_length(text[: leak.start]))
        cursor.setPosition(utf16_length(text[: leak.end]), QTextCursor.MoveMode.KeepAnchor)
        return cursor


def utf16_length(text: str) -> int:
    """Return the length of `text` as Qt counts it: characters beyond the first plane count twice."""
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
    """Return the format of a paragraph with room between its lines."""
    form = QTextBlockFormat()
    form.setLineHeight(120, QTextBlockFormat.LineHeightTypes.ProportionalHeight.value)
    return form


def _heading(colours: Colours) -> QTextCharFormat:
    form = QTextCharFormat()
    form.setFont(font("caption", bold=True))
    form.setForeground(colours("muted"))
    return form


def _mark(colours: Colours, role: str) -> QTextCharFormat:
    form = _heading(colours)
    form.setForeground(colours(role))  # type: ignore[arg-type]
    return form


def _quiet(colours: Colours) -> QTextCharFormat:
    form = QTextCharFormat()
    form.setFont(font("body"))
    form.setFontItalic(True)
    form.setForeground(colours("muted"))
    return form


def _look(segment: Segment, colours: Colours) -> QTextCharFormat:
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
