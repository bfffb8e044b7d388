"""Labels, buttons and cards in the app's style. Labels show plain text only, whoever wrote it."""

import html
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from orca_desk.method.hidden_characters import visible
from orca_desk.ui.icons import room_for_icon
from orca_desk.ui.theme import GRID, Size, font
from orca_desk.ui.theme import Tone as Tone
from orca_desk.ui.words.glossary import tip_of

LONGEST_TIP = 1000  # characters


def label(
    text: str = "",
    *,
    size: Size = "body",
    bold: bool = False,
    tone: Tone = "",
    wrap: bool = False,
    selectable: bool = False,
) -> QLabel:
    """Return a label that shows `text` verbatim, never as markup, and explains the method's terms in it."""
    made = QLabel()
    made.setTextFormat(Qt.TextFormat.PlainText)
    made.setText(text)
    made.setToolTip(safe_tip(tip_of(text)))
    made.setFont(font(size, bold=bold))
    made.setWordWrap(wrap)
    if tone:
        made.setProperty("tone", tone)
    if wrap:
        made.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
    if selectable:
        made.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
    return made


def set_tone(widget: QWidget, tone: Tone) -> None:
    """Change the tone of a label."""
    widget.setProperty("tone", tone)
    widget.style().unpolish(widget)
    widget.style().polish(widget)


def safe_tip(text: str) -> str:
    """Return text by anyone as a tool tip that shows it verbatim, cut off if it is long.

    Qt guesses whether a tip is markup. Escaped and inside a tag it always is, and shows the text.
    """
    return f"<p style='white-space:pre-wrap'>{html.escape(visible(text[:LONGEST_TIP]))}</p>" if text else ""


def button(
    text: str, run: Callable[[], Any] | None = None, *, primary: bool = False, tip: str = ""
) -> QPushButton:
    """Return a push button; `primary` marks the next thing to do on a page."""
    made = QPushButton(text)
    room_for_icon(made)
    if primary:
        made.setProperty("kind", "primary")
    if tip:
        made.setToolTip(tip)
    if run:
        made.clicked.connect(lambda checked=False: run())
    return made


def card() -> tuple[QFrame, QVBoxLayout]:
    """Return a framed card and its layout."""
    frame = QFrame()
    frame.setProperty("kind", "card")
    layout = QVBoxLayout(frame)
    layout.setContentsMargins(2 * GRID, 2 * GRID, 2 * GRID, 2 * GRID)
    layout.setSpacing(GRID)
    return frame, layout
