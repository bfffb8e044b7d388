"""An answer whose tokens show how likely the model found them: shaded, and described under the pointer."""

import math
from collections.abc import Sequence

from PySide6.QtCore import QEvent, QPoint, Qt, Signal
from PySide6.QtGui import QMouseEvent, QTextCharFormat, QTextCursor
from PySide6.QtWidgets import QPlainTextEdit, QTextEdit, QToolTip

from orca_desk.steps.token_scores import ScoredToken
from orca_desk.ui.theme import Theme, font
from orca_desk.ui.widgets.text import safe_tip

MOST_DRAWN = 4_000  # tokens
# The least probability of each shade, and how strong it is; the lowest are underlined too
SHADES = ((0.5, 0.0), (0.1, 0.14), (0.01, 0.28), (0.0, 0.45))
UNDERLINED = 0.1


class ScoredTextView(QPlainTextEdit):
    """Read-only text. `described` carries what there is to say of the token under the pointer or cursor."""

    described = Signal(str)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._text = ""
        self._tokens: list[ScoredToken] = []
        self._starts: list[int] = []  # of the tokens, in UTF-16 units
        self.setReadOnly(True)
        self.setAccessibleName("The answer, by tokens")
        self.setTabChangesFocus(True)
        self.setMouseTracking(True)
        self.viewport().setMouseTracking(True)
        self.setFont(font("body"))
        self.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self.cursorPositionChanged.connect(self._follow_cursor)
        theme.changed.connect(self._draw)

    def show_text(self, text: str) -> None:
        """Show an answer without scores."""
        self._text, self._tokens = text, []
        self._draw()

    def show_tokens(self, tokens: Sequence[ScoredToken]) -> None:
        """Show the same answer with the scores of its tokens."""
        self._tokens = list(tokens[:MOST_DRAWN])
        self._draw()

    def select_part(self, start: int, end: int) -> None:
        """Select a part of the answer, given by its characters."""
        shown = self.toPlainText()
        offset = 0 if not self._tokens else shown.find(self._text)
        if offset < 0:  # the tokens write it otherwise: nothing can be told apart
            return
        mark = QTextEdit.ExtraSelection()
        mark.cursor = QTextCursor(self.document())
        mark.cursor.setPosition(_units(shown[: offset + start]))
        length = min(_units(shown[: offset + end].rstrip()), self.document().characterCount() - 1)
        mark.cursor.setPosition(length, QTextCursor.MoveMode.KeepAnchor)
        mark.format.setBackground(self._theme.colours.tint("accent", 0.3))
        self.setExtraSelections([mark])
        view = QTextCursor(mark.cursor)
        view.setPosition(mark.cursor.anchor())
        self.setTextCursor(view)
        self.ensureCursorVisible()

    def tokens_within(self, start: int, end: int) -> list[ScoredToken]:
        """Return the tokens that begin in a part of the answer, given by its characters."""
        offset = "".join(one.text for one in self._tokens).find(self._text)
        found, position = [], 0
        for token in self._tokens if offset >= 0 else ():
            if offset + start <= position < offset + end:
                found.append(token)
            position += len(token.text)
        return found

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Describe the token under the pointer."""
        super().mouseMoveEvent(event)
        words = self._at(event.position().toPoint())
        if words:
            QToolTip.showText(event.globalPosition().toPoint(), safe_tip(words), self.viewport())
        else:
            QToolTip.hideText()
        self.described.emit(words)

    def leaveEvent(self, event: QEvent) -> None:  # noqa: N802 - Qt's name
        """Stop describing."""
        super().leaveEvent(event)
        self.described.emit("")

    def _follow_cursor(self) -> None:
        if self.hasFocus():
            self.described.emit(self._describe(self.textCursor().position()))

    def _at(self, point: QPoint) -> str:
        return self._describe(self.cursorForPosition(point).position())

    def _describe(self, position: int) -> str:
        """Return what there is to say of the token at a position in the text."""
        place = next((n for n in range(len(self._starts) - 1, -1, -1) if self._starts[n] <= position), None)
        if place is None or place >= len(self._tokens):
            return ""
        token = self._tokens[place]
        words = f"{shown(token.text)}  {percent(token.probability)}, log-probability {token.logprob:.2f}"
        others = [(text, value) for text, value in token.best if text != token.text]
        if others:
            listed = ", ".join(f"{shown(text)} {percent(math.exp(value))}" for text, value in others)
            words += f"\nInstead: {listed}"
        return words

    def _draw(self) -> None:
        self.setExtraSelections([])
        self._starts = []
        cursor = QTextCursor(self.document())
        cursor.beginEditBlock()
        cursor.select(QTextCursor.SelectionType.Document)
        cursor.removeSelectedText()
        if not self._tokens:
            cursor.insertText(self._text, QTextCharFormat())
        position = 0
        for token in self._tokens:
            self._starts.append(position)
            text = token.text.replace("\r", "␍")
            cursor.insertText(text, self._format(token.probability))
            position += _units(text)
        cursor.endEditBlock()
        self.moveCursor(QTextCursor.MoveOperation.Start)

    def _format(self, probability: float) -> QTextCharFormat:
        made = QTextCharFormat()
        made.setForeground(self._theme.colours("text"))
        strength = next(strength for least, strength in SHADES if probability >= least)
        if strength:
            made.setBackground(self._theme.colours.tint("warn", strength))
        if probability < UNDERLINED:
            made.setUnderlineStyle(QTextCharFormat.UnderlineStyle.DotLine)
            made.setUnderlineColor(self._theme.colours("warn"))
        return made


def shown(text: str) -> str:
    """Return a token between quotation marks, with line ends made visible."""
    return f"“{text}”".replace("\n", "↵")


def percent(share: float) -> str:
    """Return a probability as people read it: 93%, 0.4%, under 0.01%."""
    if share >= 0.01:
        return f"{share:.0%}"
    return f"{share:.2%}" if share >= 0.0001 else "under 0.01%"


def _units(text: str) -> int:
    """Return the length of a text in Qt's units."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2
