"""One column's answer on screen: as it streams, when it is whole, or why there is none."""

import time

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QGuiApplication, QTextCursor
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QToolButton, QVBoxLayout

from orca_desk.counting import counted
from orca_desk.errors import UserError
from orca_desk.library.chats import ChatMessage
from orca_desk.method.agreement import Agreement
from orca_desk.method.grading import Verdict
from orca_desk.method.hidden_characters import visible
from orca_desk.method.thoughts import split_thoughts
from orca_desk.steps.chat.events import Piece, Sampled
from orca_desk.steps.chat.models import Part
from orca_desk.steps.chat.wording import PART_NAMES as PART_NAMES
from orca_desk.ui.icons import icon, icon_size, pixmap
from orca_desk.ui.pages.chat.thoughts import FoldedThoughts
from orca_desk.ui.pages.chat.vote import VoteView
from orca_desk.ui.theme import GRID, Role, Theme, text_display
from orca_desk.ui.widgets.browser import is_heavy
from orca_desk.ui.widgets.fitting_browser import FittingBrowser
from orca_desk.ui.widgets.text import button, label, set_tone
from orca_desk.ui.words.grading import verdict_reason

REST = 12  # pause between two renderings, as a multiple of what the last one took
LONGEST_BLOCK = 4_000  # characters of a very long answer that each new piece lays out again
BUTTON_ICON = 15  # px, as SIZE
PART_ICONS: dict[Part, str] = {"student": "target", "base": "box", "teacher": "graduation-cap"}
PART_ROLES: dict[Part, Role] = {"student": "student", "base": "base", "teacher": "teacher"}


class AnswerCard(QFrame):
    """One column's answer to a question.

    `retried` asks for it again after it failed, `regenerated` for another one in its place, `looked` for its
    steps and tokens.
    """

    retried = Signal()
    regenerated = Signal()
    looked = Signal()

    def __init__(self, theme: Theme, part: Part, title: str) -> None:
        super().__init__()
        self._theme, self._part = theme, part
        self.text = ""
        self._shown = 0  # characters of `text` that are on screen
        self._shown_answer = 0  # of what follows its thoughts
        self._tokens = 0  # of `text`
        self._is_coming = False  # whether more text may come
        self._is_between = False  # whether the next text is that of one more answer
        self._samples = ""  # which of several answers is coming
        self._plain = False
        self._not_before = 0.0
        self._verdict: Verdict | None = None
        self._progress = ""
        self.setObjectName("answer")
        self.setAccessibleName(f"Answer of {title}")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(GRID + 4, GRID, GRID, GRID // 2)
        layout.setSpacing(GRID // 2)
        self.name = label(size="caption", bold=True, tone=part, wrap=True)  # where columns are stacked
        self.name.hide()
        layout.addWidget(self.name)
        self.thoughts = FoldedThoughts(theme, title)
        layout.addWidget(self.thoughts)
        self.browser = FittingBrowser()
        self.browser.setAccessibleName(self.accessibleName())
        self.browser.as_written_chosen.connect(self.show_again)
        text_display().changed.connect(self.show_again)
        layout.addWidget(self.browser)
        self.vote = VoteView(theme, title)
        layout.addWidget(self.vote)
        self.failure = label(tone="bad", wrap=True, selectable=True)
        self.retry = button("Retry", self.retried.emit)
        self.retry.setAccessibleName(f"Retry: {title}")
        layout.addWidget(self.failure)
        layout.addWidget(self.retry, 0, Qt.AlignmentFlag.AlignLeft)
        self.failure.hide()
        self.retry.hide()
        layout.addStretch(1)
        layout.addLayout(self._grade_row())
        layout.addLayout(self._footer(title))
        theme.changed.connect(self._paint)
        self._paint()

    def _grade_row(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(GRID // 2)
        self._mark = QLabel()
        self.grade = label(size="caption", bold=True)
        self.reason = label(size="caption", tone="muted", wrap=True)
        row.addWidget(self._mark, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(self.grade, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(self.reason, 1)
        for widget in (self._mark, self.grade, self.reason):
            widget.hide()
        return row

    def _footer(self, title: str) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(GRID // 2)
        self.caption = label(size="caption", tone="muted", wrap=True)
        row.addWidget(self.caption, 1)
        self.copy = QToolButton()
        self.copy.setIconSize(icon_size(BUTTON_ICON))
        self.copy.setToolTip("Copy this answer")
        self.copy.setAccessibleName(f"Copy the answer of {title}")
        self.copy.clicked.connect(self._copy)
        self.look = QToolButton()
        self.look.setIconSize(icon_size(BUTTON_ICON))
        self.look.setToolTip("Show the steps, and how likely the model found each token")
        self.look.setAccessibleName(f"Steps and tokens of the answer of {title}")
        self.look.clicked.connect(self.looked)
        self.again = QToolButton()
        self.again.setIconSize(icon_size(BUTTON_ICON))
        self.again.setToolTip("Regenerate only this answer")
        self.again.setAccessibleName(f"Regenerate the answer of {title}")
        self.again.clicked.connect(self.regenerated)
        self.again.hide()
        row.addWidget(self.again, 0, Qt.AlignmentFlag.AlignBottom)
        row.addWidget(self.look, 0, Qt.AlignmentFlag.AlignBottom)
        row.addWidget(self.copy, 0, Qt.AlignmentFlag.AlignBottom)
        return row

    def begin(self) -> None:
        """Show that an answer is on its way."""
        self.failure.hide()
        self.retry.hide()
        self._show_parts(True)
        self.copy.setEnabled(False)
        self.look.setEnabled(False)
        self._show_verdict(None)
        self.vote.show_vote(None, None)
        self._samples = ""
        self._tokens, self._is_coming = 0, True
        self._set_text("")
        self.caption.setText("Waiting for the model…")
        set_tone(self.caption, "muted")

    def add(self, piece: Piece) -> None:
        """Take more text; `render_news` shows it."""
        if self._is_between:  # the text so far was another answer's
            self._is_between = False
            self._set_text("")
        self.text += piece.text
        self._tokens = piece.tokens
        self._progress = self._samples + _size(piece.tokens, piece.rate)

    def show_sample(self, event: Sampled) -> None:
        """Show that one of several answers has ended; the next one replaces its text."""
        self._is_between = True
        self._samples = f"Answer {event.count + 1} of {event.of}  ·  " if event.count < event.of else ""
        self.vote.show_count(event.count, event.of, event.vote)

    @property
    def has_news(self) -> bool:
        """Whether some text waits to be rendered."""
        return len(self.text) != self._shown

    def render_news(self) -> None:
        """Show the text that `add` took, unless rendering has taken its share of the time lately."""
        now = time.perf_counter()
        if not self.has_news or now < self._not_before:
            return
        self._render()
        self._not_before = now + (time.perf_counter() - now) * REST
        self.caption.setText(self._progress)

    def show_answer(
        self, answer: ChatMessage, verdict: Verdict | None, vote: Agreement | None = None
    ) -> None:
        """Show a whole answer with its grade, and its vote if several were asked for."""
        self._tokens, self._is_coming, self._is_between = answer.completion_tokens or 0, False, False
        self.vote.show_vote(vote, answer.sampled)
        if answer.content != self.text or self.has_news:
            self._set_text(answer.content)
        else:
            self._render_thoughts(*split_thoughts(self.text))
        self._show_parts(True)
        self.copy.setEnabled(True)
        self.look.setEnabled(True)
        self.caption.setText(_facts(answer))
        is_cut = answer.finish_reason == "length"
        set_tone(self.caption, "warn" if is_cut else "muted")
        why = "The maximum answer length is set under Sampling; a long conversation leaves less room."
        self.caption.setToolTip(why if is_cut else "")
        self._show_verdict(verdict)

    def show_failure(self, error: Exception) -> None:
        """Show why the answer is missing or incomplete."""
        self._is_coming = False
        self._render()
        is_bug = not isinstance(error, UserError)
        self.failure.setText("Orca Desk hit a bug while writing this answer." if is_bug else str(error))
        self.failure.show()
        self.retry.show()
        self._show_parts(bool(self.text))
        self.copy.setEnabled(True)
        self.caption.setText("")

    def show_nothing(self) -> None:
        """Show that there is no answer to this question."""
        self._show_parts(False)
        self.caption.setText("No answer.")

    def show_again(self) -> None:
        """Show the text as it was written, or as Markdown, whichever the user prefers now."""
        self._plain, self._shown, self._shown_answer = False, 0, 0
        self._render()

    def _show_parts(self, some: bool) -> None:
        """Show the text and its copy button, or neither."""
        self.browser.setVisible(some)
        self.copy.setVisible(some)
        self.look.setVisible(some)

    def _set_text(self, text: str) -> None:
        self.text, self._plain, self._not_before, self._shown_answer = text, False, 0.0, 0
        self._render()

    def _render(self) -> None:
        """Show `text`. A very long one continues as plain text, which costs only what is new."""
        thoughts, answer = split_thoughts(self.text)
        if self.browser.is_as_written:
            thoughts, answer = "", self.text
        self._render_thoughts(thoughts, answer)
        if self._plain and self._shown_answer:
            cursor = QTextCursor(self.browser.document())
            cursor.movePosition(QTextCursor.MoveOperation.End)
            if cursor.block().length() > LONGEST_BLOCK:
                cursor.insertBlock()
            cursor.insertText(visible(answer[self._shown_answer :]))
        else:
            self._plain = self.browser.is_as_written or is_heavy(answer)
            self.browser.show_text(answer, is_same=True)
        self._shown, self._shown_answer = len(self.text), len(answer)

    def _render_thoughts(self, thoughts: str, answer: str) -> None:
        """Fold the thoughts; their tokens are a share of all, by characters."""
        share = 1.0 - len(answer) / max(1, len(self.text))
        self.thoughts.show_thoughts(
            "" if self.browser.is_as_written else thoughts,
            round(self._tokens * share),
            thinking=self._is_coming and bool(thoughts) and not answer,
            answered=bool(answer),
        )

    def _show_verdict(self, verdict: Verdict | None) -> None:
        self._verdict = verdict
        for widget in (self._mark, self.grade, self.reason):
            widget.setVisible(verdict is not None)
        if verdict:
            self.grade.setText("Correct" if verdict.correct else "Incorrect")
            set_tone(self.grade, "good" if verdict.correct else "bad")
            self.reason.setText(verdict_reason(verdict.reason))
            self._paint_mark()

    def _paint_mark(self) -> None:
        if self._verdict:
            name = "circle-check" if self._verdict.correct else "circle-x"
            role: Role = "good" if self._verdict.correct else "bad"
            self._mark.setPixmap(pixmap(name, self._theme.colours, role, 14))

    def _paint(self) -> None:
        css = self._theme.colours.css
        self.setStyleSheet(
            f"#answer {{ background: {css('surface')}; border: 1px solid {css('border')};"
            f" border-left: 3px solid {css(self._part)}; border-radius: 6px; }}"
        )
        self.copy.setIcon(icon("copy", self._theme.colours, "muted"))
        self.look.setIcon(icon("scan-text", self._theme.colours, "muted"))
        self.again.setIcon(icon("refresh-cw", self._theme.colours, "muted"))
        self._paint_mark()
        self.thoughts.paint()
        self.vote.paint()
        if self.text and not self._plain:  # its links and code still have the colours of the old theme
            self.show_again()

    def _copy(self) -> None:
        """Copy the answer; with its thoughts only where they are shown as written."""
        whole = self.browser.is_as_written
        QGuiApplication.clipboard().setText(self.text if whole else split_thoughts(self.text)[1])
        self.caption.setText("Copied.")


def _facts(answer: ChatMessage) -> str:
    """Return an answer's length, speed and, where it was cut, why: "42 tokens  ·  31 tokens/s"."""
    parts = []
    if answer.completion_tokens is not None:
        rate = answer.completion_tokens / answer.seconds if answer.seconds else None
        parts.append(_size(answer.completion_tokens, rate))
    if answer.finish_reason == "length":
        parts.append("cut off at the length limit")
    elif answer.finish_reason == "cancelled":
        parts.append("stopped")
    return "  ·  ".join(parts)


def _size(tokens: int, rate: float | None) -> str:
    """Return a length with its speed, where it is known."""
    return counted(tokens, "token") + (f"  ·  {rate:,.0f} tokens/s" if rate else "")
