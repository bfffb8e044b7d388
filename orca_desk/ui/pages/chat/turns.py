"""The conversation on screen: each question across all columns, the answers to it side by side below."""

import math
import time
from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QGuiApplication, QTextCursor, QWheelEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QToolButton, QVBoxLayout, QWidget

from orca_desk.errors import UserError
from orca_desk.library.chats import ChatMessage
from orca_desk.method.grading import Verdict
from orca_desk.method.records import Task
from orca_desk.steps.chat.asking import Ending, Reply
from orca_desk.steps.chat.conversation import Turn
from orca_desk.steps.chat.models import Part
from orca_desk.ui.icons import icon, pixmap
from orca_desk.ui.theme import GRID, Role, Theme
from orca_desk.ui.widgets.browser import Browser, is_heavy
from orca_desk.ui.widgets.text import button, label, set_tone

REST = 12  # times as long as rendering took, nothing is rendered again: it may take a twelfth of the time
LONGEST_SHOWN = 1_600  # characters of a question
LONGEST_BLOCK = 4_000  # characters of a very long answer that are laid out again with each piece
LINE_HEIGHT = 27  # px of a question's first line, with the buttons beside it
CLICK_ICON = QSize(15, 15)


class AnswerView(QFrame):
    """One column's answer to a question: as it streams, when it is whole, or why there is none."""

    again = Signal()

    def __init__(self, theme: Theme, part: Part, title: str) -> None:
        super().__init__()
        self._theme, self._part = theme, part
        self.text = ""
        self._shown = 0  # characters of `text` that are on screen
        self._plain = False
        self._not_before = 0.0
        self._verdict: Verdict | None = None
        self.setObjectName("answer")
        self.setAccessibleName(f"Answer of {title}")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(GRID + 4, GRID, GRID, GRID // 2)
        layout.setSpacing(GRID // 2)
        self.browser = _Fitting()
        self.browser.setAccessibleName(self.accessibleName())
        layout.addWidget(self.browser)
        self.failure = label(tone="bad", wrap=True, selectable=True)
        self.retry = button("Start it again", self.again.emit)
        self.retry.setAccessibleName(f"Start {title} again")
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
        self.copy.setIconSize(CLICK_ICON)
        self.copy.setToolTip("Copy this answer")
        self.copy.setAccessibleName(f"Copy the answer of {title}")
        self.copy.clicked.connect(self._copy)
        row.addWidget(self.copy, 0, Qt.AlignmentFlag.AlignBottom)
        return row

    def begin(self) -> None:
        """Wait for an answer."""
        self.failure.hide()
        self.retry.hide()
        self._show_parts(True)
        self.copy.setEnabled(False)
        self._show_verdict(None)
        self._set_text("")
        self.caption.setText("Waiting for the model…")
        set_tone(self.caption, "muted")

    def add(self, reply: Reply) -> None:
        """Show what has come since, unless showing it would take too much of the time."""
        self.text += reply.take()
        now = time.perf_counter()
        if len(self.text) == self._shown or now < self._not_before:
            return
        self._render()
        took = time.perf_counter() - now
        self._not_before = now + took * REST
        rate = f"  ·  {reply.rate:,.0f} a second" if reply.rate else ""
        self.caption.setText(f"{reply.tokens:,} tokens{rate}")

    def finish(self, ending: Ending) -> None:
        """Show how the answer ended."""
        if ending.error is not None:
            if len(self.text) != self._shown:
                self._render()
            self.show_failure(ending.error)
        elif ending.answer is not None:
            self.show_answer(ending.answer, ending.verdict)

    def show_answer(self, answer: ChatMessage, verdict: Verdict | None) -> None:
        """Show a whole answer with its grade."""
        if answer.content != self.text or self._shown != len(self.text):
            self._set_text(answer.content)
        self._show_parts(True)
        self.copy.setEnabled(True)
        self.caption.setText(_facts(self, answer))
        is_cut = answer.finish_reason == "length"
        set_tone(self.caption, "warn" if is_cut else "muted")
        why = "Sampling sets the longest answer; a long conversation leaves less room than that."
        self.caption.setToolTip(why if is_cut else "")
        self._show_verdict(verdict)

    def show_failure(self, error: Exception) -> None:
        """Say why there is no answer, or no whole one."""
        text = str(error) if isinstance(error, UserError) else "The answer ended in a bug of Orca Desk."
        self.failure.setText(text)
        self.failure.show()
        self.retry.show()
        self._show_parts(bool(self.text))
        self.copy.setEnabled(True)
        self.caption.setText("")

    def show_nothing(self) -> None:
        """Say that there is no answer to this question."""
        self._show_parts(False)
        self.caption.setText("No answer.")

    def _show_parts(self, some: bool) -> None:
        """Leave no room for a text that is not there, and no button to copy it."""
        self.browser.setVisible(some)
        self.copy.setVisible(some)

    def _set_text(self, text: str) -> None:
        self.text, self._plain, self._not_before = text, False, 0.0
        self._render()

    def _render(self) -> None:
        """Show `text`; a very long one is continued as plain text, which costs only what is new."""
        if self._plain and self._shown:
            cursor = QTextCursor(self.browser.document())
            cursor.movePosition(QTextCursor.MoveOperation.End)
            if cursor.block().length() > LONGEST_BLOCK:
                cursor.insertBlock()
            cursor.insertText(self.text[self._shown :])
        else:
            self._plain = is_heavy(self.text)
            self.browser.set_markdown(self.text)
        self._shown = len(self.text)

    def _show_verdict(self, verdict: Verdict | None) -> None:
        self._verdict = verdict
        for widget in (self._mark, self.grade, self.reason):
            widget.setVisible(verdict is not None)
        if verdict:
            self.grade.setText("Right" if verdict.correct else "Wrong")
            set_tone(self.grade, "good" if verdict.correct else "bad")
            self.reason.setText(verdict.reason)
            self._paint_mark()

    def _paint_mark(self) -> None:
        if self._verdict:
            name, role = ("circle-check", "good") if self._verdict.correct else ("circle-x", "bad")
            self._mark.setPixmap(pixmap(name, self._theme.colours, role, 14))  # type: ignore[arg-type]

    def _paint(self) -> None:
        css = self._theme.colours.css
        self.setStyleSheet(
            f"#answer {{ background: {css('surface')}; border: 1px solid {css('border')};"
            f" border-left: 3px solid {css(self._part)}; border-radius: 6px; }}"
        )
        flat = "background: transparent; padding: 0; margin: 0"
        self.browser.setStyleSheet(
            f"QTextBrowser {{ border: 1px solid transparent; {flat}; }}"
            f"QTextBrowser:focus {{ border: 1px solid {css('accent')}; {flat}; }}"
        )
        self.copy.setIcon(icon("copy", self._theme.colours, "muted"))
        self._paint_mark()
        if self.text and not self._plain:  # its links and code have the colours of the theme before
            self.browser.set_markdown(self.text)

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self.text)
        self.caption.setText("Copied.")


class QuestionView(QFrame):
    """What the user asked, with the reference answer when it is a task, and what may be done with it."""

    edit = Signal()
    again = Signal()
    save = Signal()

    def __init__(self, theme: Theme, text: str, task: Task | None) -> None:
        super().__init__()
        self._theme = theme
        self.setObjectName("question")
        self.setAccessibleName("Your message")
        row = QHBoxLayout(self)
        row.setContentsMargins(GRID + 4, GRID, GRID // 2, GRID)
        row.setSpacing(GRID)
        self._icon = QLabel()
        self._icon.setFixedHeight(LINE_HEIGHT)
        row.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignTop)
        words = QVBoxLayout()
        words.setContentsMargins(0, GRID // 2 + 1, 0, 0)
        words.setSpacing(GRID // 2)
        self.text = label(_shortened(self, text), wrap=True, selectable=True)
        words.addWidget(self.text)
        if task:
            answer = task.answer or "none"
            self.reference = label(
                f"Task of {task.family}.  Reference answer: {answer}",
                size="caption",
                tone="muted",
                wrap=True,
                selectable=True,
            )
            words.addWidget(self.reference)
        words.addStretch(1)
        row.addLayout(words, 1)
        self.buttons: dict[str, QToolButton] = {}
        for name, image, tip, signal in (
            ("edit", "pencil", "Edit and send again (Ctrl+E for the last message)", self.edit),
            ("again", "refresh-cw", "Answer again (Ctrl+R)", self.again),
            ("save", "list-checks", "Save as a task…", self.save),
        ):  # fmt: skip
            made = QToolButton()
            made.setIconSize(CLICK_ICON)
            made.setToolTip(tip)
            made.setAccessibleName(tip)
            made.setProperty("image", image)
            made.clicked.connect(signal)
            self.buttons[name] = made
            row.addWidget(made, 0, Qt.AlignmentFlag.AlignTop)
        theme.changed.connect(self._paint)
        self._paint()

    def _paint(self) -> None:
        colours = self._theme.colours
        ground = colours.tint("accent", 0.07, "background").name()
        self.setStyleSheet(f"#question {{ background: {ground}; border-radius: 6px; }}")
        self._icon.setPixmap(pixmap("user", colours, "accent", 16))
        for made in self.buttons.values():
            made.setIcon(icon(str(made.property("image")), colours, "muted"))


class TurnView(QWidget):
    """A question and the answers of all columns."""

    def __init__(
        self, theme: Theme, turn: Turn, parts: Sequence[tuple[Part, str]], *, note: str = ""
    ) -> None:
        """`parts` are what each column is and its name; `note` says that the system message is another."""
        super().__init__()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, GRID)
        layout.setSpacing(GRID)
        if note:
            layout.addWidget(label(note, size="caption", tone="muted", wrap=True))
        self.question = QuestionView(theme, turn.question, turn.task)
        layout.addWidget(self.question)
        row = QHBoxLayout()
        row.setSpacing(GRID)
        self.answers = [AnswerView(theme, part, title) for part, title in parts]
        for place, view in enumerate(self.answers):
            row.addWidget(view, 1)
            answer = turn.answers[place] if place < len(turn.answers) else None
            if answer is not None:
                view.show_answer(answer, turn.verdicts[place])
            else:
                view.show_nothing()
        layout.addLayout(row)

    def set_busy(self, busy: bool, *, is_last: bool) -> None:
        """Offer only what can be done now."""
        self.question.buttons["edit"].setEnabled(not busy)
        self.question.buttons["again"].setVisible(is_last)
        self.question.buttons["again"].setEnabled(not busy)
        for view in self.answers:
            view.retry.setEnabled(is_last and not busy)


class _Fitting(Browser):
    """A browser as high as its text: the conversation scrolls, not each answer."""

    def __init__(self) -> None:
        super().__init__()
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setWordWrapMode(self.wordWrapMode().WrapAtWordBoundaryOrAnywhere)
        self.setMinimumWidth(10 * GRID)
        self.document().setDocumentMargin(1)
        self.document().documentLayout().documentSizeChanged.connect(self._fit)
        self._fit()

    def wheelEvent(self, event: QWheelEvent) -> None:  # noqa: N802 - Qt's name
        """Leave the wheel to the conversation."""
        event.ignore()

    def _fit(self) -> None:
        height = math.ceil(self.document().size().height()) + 4
        if height != self.height():
            self.setFixedHeight(height)


def _shortened(view: QWidget, text: str) -> str:
    """Return a question as it is shown: a long context would bury the answers, and take long to lay out."""
    if len(text) <= LONGEST_SHOWN:
        return text
    half = LONGEST_SHOWN // 2
    left_out = f"[{len(text) - 2 * half:,} characters are not shown]"
    return f"{text[:half].rstrip()}\n\n{left_out}\n\n{text[-half:].lstrip()}"


def _facts(view: QWidget, answer: ChatMessage) -> str:
    """Return an answer's size, speed and, where it was cut, why: "42 tokens  ·  31 a second"."""
    parts = []
    if answer.completion_tokens is not None:
        parts.append(f"{answer.completion_tokens:,} tokens")
        if answer.seconds and answer.completion_tokens:
            parts.append(f"{answer.completion_tokens / answer.seconds:,.0f} a second")
    if answer.finish_reason == "length":
        parts.append("cut off at the length limit")
    elif answer.finish_reason == "cancelled":
        parts.append("stopped")
    return "  ·  ".join(parts)


def part_name(widget: QWidget, part: Part) -> str:
    """Return what a column is, for people."""
    names: dict[Part, str] = {
        "student": "Tuned student",
        "base": "Base, untuned",
        "teacher": "Teacher",
    }
    return names[part]


PART_ICONS: dict[Part, str] = {"student": "target", "base": "box", "teacher": "graduation-cap"}
PART_ROLES: dict[Part, Role] = {"student": "student", "base": "base", "teacher": "teacher"}
