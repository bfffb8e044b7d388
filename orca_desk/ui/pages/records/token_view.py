"""A training record as tokens: masked ones dim, trained ones bright, control tokens as chips."""

from bisect import bisect_right
from itertools import groupby

from PySide6.QtCore import QEvent, Signal
from PySide6.QtGui import QMouseEvent, QTextCharFormat, QTextCursor
from PySide6.QtWidgets import QTextEdit, QToolTip

from orca_desk.prompts.renderer import SpanRole
from orca_desk.steps.erase.inspect import InspectedToken, Inspection
from orca_desk.ui.desk import Desk
from orca_desk.ui.pages.records.texts import ReviewBrowser, spaced, utf16_length
from orca_desk.ui.theme import Colours, font

MAX_DRAWN = 20_000  # tokens; records have far fewer
TokenStyle = tuple[bool, bool, bool, bool]  # control token, template text, trained, beyond the limit

ROLES: dict[SpanRole, str] = {
    "control": "template",
    "system": "system message",
    "user": "user text",
    "assistant": "answer",
    "end": "end of the answer",
}


class TokenView(ReviewBrowser):
    """Shows an `Inspection`. `pointed` carries a description of the token under the pointer or the cursor."""

    pointed = Signal(str)

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk
        self._inspection: Inspection | None = None
        self._starts: list[int] = []
        self._pointed: int | None = None
        self.setAccessibleName("Trained and masked tokens")
        self.setTextInteractionFlags(self.textInteractionFlags().TextSelectableByKeyboard
                                     | self.textInteractionFlags().TextSelectableByMouse)  # fmt: skip
        self.setProperty("kind", "flat")
        self.viewport().setMouseTracking(True)
        self.cursorPositionChanged.connect(self._follow_cursor)
        desk.theme.changed.connect(self._draw)

    def show_inspection(self, inspection: Inspection | None) -> None:
        """Show the tokens of a record, or none."""
        if inspection != self._inspection:
            self._inspection = inspection
            self._draw()

    def token_at(self, position: int) -> int | None:
        """Return the index of the token at a position of the text (the last that starts there), or None."""
        index = bisect_right(self._starts, position) - 1
        return index if 0 <= index < len(self._starts) else None

    def describe(self, index: int) -> str:
        """Return the id, the position, the role and the state of a token, in words."""
        assert self._inspection is not None
        token = self._inspection.tokens[index]
        if index >= self._inspection.limit:
            state = "beyond the limit, not trained"
        else:
            state = "trained" if token.trained and index else "masked"
        what = "control token" if token.control else ROLES[token.role]
        count = len(self._inspection.tokens)
        return f"ID {token.id}  ·  token {index + 1:,} of {count:,}  ·  {what}  ·  {state}"

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Describe the token under the pointer."""
        super().mouseMoveEvent(event)
        point = event.position().toPoint()
        cursor = self.cursorForPosition(point)
        position = cursor.position()
        if position and self.cursorRect(cursor).left() > point.x():
            position -= 1
        index = self.token_at(position)
        self._point(index)
        if index is not None:
            QToolTip.showText(event.globalPosition().toPoint(), self.describe(index), self.viewport())

    def leaveEvent(self, event: QEvent) -> None:  # noqa: N802 - Qt's name
        """Stop describing a token."""
        super().leaveEvent(event)
        self._point(None)

    def _follow_cursor(self) -> None:
        if self.hasFocus():
            self._point(self.token_at(self.textCursor().position()))

    def _point(self, index: int | None) -> None:
        if index == self._pointed or self._inspection is None:
            return
        self._pointed = index
        if index is None:
            self.setExtraSelections([])
            self.pointed.emit("")
            return
        mark = QTextEdit.ExtraSelection()
        mark.cursor = QTextCursor(self.document())
        mark.cursor.setPosition(self._starts[index])
        last = index + 1 == len(self._starts)
        end = self.document().characterCount() - 1 if last else self._starts[index + 1]
        mark.cursor.setPosition(end, QTextCursor.MoveMode.KeepAnchor)
        mark.format.setBackground(self.desk.theme.colours.tint("accent", 0.35))
        self.setExtraSelections([mark])
        self.pointed.emit(self.describe(index))

    def _draw(self) -> None:
        self._pointed = None
        self.setExtraSelections([])
        document = self.document()
        document.clear()
        self._starts = []
        if self._inspection is None:
            return
        limit = self._inspection.limit
        colours = self.desk.theme.colours
        cursor = QTextCursor(document)
        cursor.beginEditBlock()
        cursor.setBlockFormat(spaced())
        numbered = enumerate(self._inspection.tokens[:MAX_DRAWN])
        position = 0
        for style, run in groupby(numbered, lambda one: _style_of(one[1], one[0], limit)):
            texts = []
            for _, token in run:
                text = _visible(token)
                self._starts.append(position)
                position += utf16_length(text)
                texts.append(text)
            cursor.insertText("".join(texts), _format(style, colours))
        cursor.endEditBlock()
        self.moveCursor(QTextCursor.MoveOperation.Start)


def _style_of(token: InspectedToken, index: int, limit: int) -> TokenStyle:
    template = token.role in ("control", "end")
    return token.control, template, token.trained and index > 0, index >= limit


def _visible(token: InspectedToken) -> str:
    """Return the text of a token with its control characters visible."""
    text = token.text.replace("\r", "␍")
    if token.control:
        return f"\u2009{text}\u2009"
    return text.replace("\n", "↵\n") if token.role in ("control", "end") else text


def _format(style: TokenStyle, colours: Colours) -> QTextCharFormat:
    control, template, trained, beyond = style
    form = QTextCharFormat()
    form.setFont(font("caption" if control or template else "body", bold=control))
    form.setForeground(colours("text" if trained else "muted"))
    if control:
        form.setForeground(colours("accent"))
        form.setBackground(colours.tint("accent", 0.12))
    elif trained:
        form.setBackground(colours.tint("student", 0.12))
    if trained and not beyond:
        form.setUnderlineStyle(QTextCharFormat.UnderlineStyle.SingleUnderline)
        form.setUnderlineColor(colours("student"))
    if beyond:
        form.setForeground(colours("bad"))
        form.setBackground(colours.tint("bad", 0.08))
        form.setFontStrikeOut(True)
    return form
