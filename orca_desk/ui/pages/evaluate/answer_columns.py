"""One task and the answer of each evaluation, side by side."""

from collections.abc import Callable, Sequence
from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QScrollArea,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from orca_desk.counting import counted
from orca_desk.library.answers import AskedQuestion, AskedTask
from orca_desk.library.evaluations import Answered
from orca_desk.method.answer_reading import AnswerReading
from orca_desk.method.records import Task
from orca_desk.ui.desk import Desk
from orca_desk.ui.icons import icon, pixmap
from orca_desk.ui.pages.evaluate.answers_table import RESULT_ICONS
from orca_desk.ui.pages.evaluate.candidate_list import role_of
from orca_desk.ui.theme import GRID, grown
from orca_desk.ui.widgets.answer_steps import AnswerStepsView
from orca_desk.ui.widgets.browser import Browser
from orca_desk.ui.widgets.elided import ElidedLabel
from orca_desk.ui.widgets.text import label
from orca_desk.ui.words.answers import question_text, reference_text
from orca_desk.ui.words.grading import verdict_reason

NARROWEST = 26 * GRID  # px, of a column


class AnswerColumns(QWidget):
    """Shows the question with its reference answer on the left, then a column per evaluation."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk
        self.columns: list[AnswerColumn] = []
        self.asked: AskedQuestion | None = None
        self._task: str | None = None
        self._row = QHBoxLayout()
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(GRID + GRID // 2)
        inside = QWidget()
        inside.setLayout(self._row)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(inside)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, GRID, 0, 0)
        outer.addWidget(scroll)
        self._row.addWidget(self._question(), 1)
        self.clear("Reading the answers…")
        desk.theme.changed.connect(self._paint)

    def set_names(self, names: Sequence[str], look: Callable[[int], None]) -> None:
        """Create a column for each evaluation; `look` opens the answer of one of them."""
        if [one.name for one in self.columns] == list(names):
            return
        for one in self.columns:
            one.hide()
            one.deleteLater()
        self.columns = [
            AnswerColumn(self.desk, name, partial(look, number)) for number, name in enumerate(names)
        ]
        for one in self.columns:
            one.show_steps(self.steps.isChecked())
            self._row.addWidget(one, 1)

    def show_answers(
        self,
        asked: AskedTask,
        question: AskedQuestion | None,
        answers: Sequence[Answered | None],
        readings: Sequence[AnswerReading | None],
        *,
        task: Task | None,
    ) -> None:
        """Show what was asked, with the answers and how they read. `task` is the task now, if it exists."""
        self.asked = question
        self._task = None if task is None else task.id
        self.family.show_text(", ".join(filter(None, (asked.family, _change(task, question)))))
        self.question.show_text(question_text(question))
        self.reference.show_text(reference_text(question))
        for tool in (self.open_task, self.try_it):
            tool.setEnabled(task is not None)
        for column, answer, reading, outcome in zip(
            self.columns, answers, readings, asked.outcomes, strict=True
        ):
            column.show_answer(answer, reading, None if outcome is None else outcome.paired)

    def clear(self, reason: str) -> None:
        """Show no task, and the reason."""
        self._task = None
        self.family.show_text("")
        self.question.setPlaceholderText(reason)
        self.question.clear()
        self.reference.clear()
        for tool in (self.open_task, self.try_it):
            tool.setEnabled(False)
        for column in self.columns:
            column.clear()

    def _show_steps(self, shown: bool) -> None:
        for one in self.columns:
            one.show_steps(shown)

    def _tool(self, words: str, page: str) -> QToolButton:
        made = QToolButton()
        made.setToolTip(words)
        made.setAccessibleName(words)
        made.setEnabled(False)
        made.clicked.connect(lambda checked=False: self.desk.open(page, task=self._task))
        return made

    def _paint(self) -> None:
        colours = self.desk.theme.colours
        self._asked.setMinimumWidth(grown(NARROWEST))
        self.open_task.setIcon(icon("external-link", colours))
        self.try_it.setIcon(icon("message-circle", colours))

    def _question(self) -> QWidget:
        self._asked = frame = QFrame()
        frame.setProperty("kind", "card")
        frame.setMinimumWidth(grown(NARROWEST))
        layout = QVBoxLayout(frame)
        layout.setContentsMargins(GRID + 4, GRID, GRID + 4, GRID + 4)
        layout.setSpacing(GRID // 2)
        self.family = ElidedLabel(size="caption", tone="muted")
        self.open_task = self._tool("Open the task", "tasks")
        self.try_it = self._tool("Try the task in a chat", "chat")
        self.steps = QToolButton()
        self.steps.setText("Steps")
        self.steps.setCheckable(True)
        self.steps.setToolTip("Show each answer as numbered steps, the first incorrect one marked")
        self.steps.setAccessibleName("Show the answers as steps")
        self.steps.toggled.connect(self._show_steps)
        self._paint()
        self.question = _text("Question")
        self.reference = _text("Reference answer")
        self.reference.setFixedHeight(grown(6 * GRID))
        self.reference.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        head = QHBoxLayout()
        head.addWidget(ElidedLabel("Question", bold=True), 1)
        head.addWidget(self.family, 1)
        head.addWidget(self.steps)
        head.addWidget(self.open_task)
        head.addWidget(self.try_it)
        layout.addLayout(head)
        layout.addWidget(self.question, 1)
        layout.addWidget(label("Reference answer", bold=True))
        layout.addWidget(self.reference)
        return frame


class AnswerColumn(QFrame):
    """Shows one model's answer: whether it is correct and why, the strategy it follows, its text."""

    def __init__(self, desk: Desk, name: str, look: Callable[[], None]) -> None:
        super().__init__()
        self.desk, self.name = desk, name
        self.answer: Answered | None = None
        self.reading: AnswerReading | None = None
        self.paired: str | None = None
        self._result: bool | str | None = ""
        self.setProperty("kind", "card")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(GRID + 4, GRID, GRID + 4, GRID + 4)
        layout.setSpacing(GRID // 2)
        self._marker, self._icon = QLabel(), QLabel()
        self.title = label(name, bold=True, wrap=True)
        self.verdict = label(bold=True)
        head = QHBoxLayout()
        head.addWidget(self._marker)
        head.addWidget(self.title, 1)
        head.addWidget(self._icon)
        head.addWidget(self.verdict)
        self.look = QToolButton()
        self.look.setToolTip("Show the steps, and how likely the model found each token")
        self.look.setAccessibleName(f"Steps and tokens of the answer of {name}")
        self.look.setEnabled(False)
        self.look.clicked.connect(lambda: look())
        head.addWidget(self.look)
        layout.addLayout(head)
        self.reason = label(size="caption", tone="muted", wrap=True, selectable=True)
        self.strategy = label(size="caption", tone="muted", wrap=True)
        self.text = _text(f"The answer of {name}")
        layout.addWidget(self.reason)
        layout.addWidget(self.strategy)
        self.steps = AnswerStepsView(desk.theme, name, tells_strategy=False)
        self.steps.hide()
        layout.addWidget(self.text, 1)
        layout.addWidget(self.steps, 1)
        desk.theme.changed.connect(self._paint)
        self._paint()

    def show_steps(self, shown: bool) -> None:
        """Show the steps instead of the text, or the text again."""
        self.steps.setVisible(shown)
        self.text.setVisible(not shown)

    def show_answer(self, answer: Answered | None, reading: AnswerReading | None, paired: str | None) -> None:
        """Show an answer, or that it is missing."""
        self.answer, self.reading, self.paired = answer, reading, paired
        self.look.setEnabled(answer is not None and reading is not None)
        self.steps.show_reading(reading)
        if answer is None:
            self.clear()
            self.verdict.setText("no answer")
            self._paint()
            return
        self._result = answer.correct
        words = {True: "correct", False: "incorrect", None: "not graded"}
        self.verdict.setText(words[answer.correct])
        self.reason.setText(verdict_reason(answer.reason))
        self.strategy.setText(self._strategy_words(answer, paired))
        self.text.show_text(answer.response)
        self._paint()

    def clear(self) -> None:
        """Show nothing."""
        self._result = ""
        self.answer = self.reading = None
        self.look.setEnabled(False)
        self.steps.show_reading(None)
        for part in (self.verdict, self.reason, self.strategy):
            part.setText("")
        self.text.clear()
        self._icon.clear()

    def _strategy_words(self, answer: Answered, paired: str | None) -> str:
        words = f"Follows {answer.recognised}" if answer.recognised else "No clear strategy"
        if paired is not None:
            words += ", the paired strategy" if paired == answer.recognised else f"; paired: {paired}"
        words += f" · {counted(answer.completion_tokens, 'token')}"
        if answer.finish_reason == "length":
            words += " · cut off by the length limit"
        return words

    def _paint(self) -> None:
        self.setMinimumWidth(grown(NARROWEST))
        colours = self.desk.theme.colours
        role = role_of(self.name)
        self._marker.setPixmap(pixmap("target", colours, role))
        self.title.setStyleSheet(f"color: {colours.css(role)};")
        self.look.setIcon(icon("scan-text", colours, "muted"))
        if self.verdict.text():
            image, tone = RESULT_ICONS[self._result]
            self._icon.setPixmap(pixmap(image, colours, tone))


def _change(task: Task | None, question: AskedQuestion | None) -> str:
    """Return what happened to a task since it was asked."""
    if task is None:
        return "task deleted"
    if question is None or (task.conversation, task.answer) == (question.conversation, question.answer):
        return ""
    return "task edited since"


def _text(name: str) -> Browser:
    made = Browser()
    made.setAccessibleName(name)
    made.setTabChangesFocus(True)
    made.setMinimumHeight(5 * GRID)
    made.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Ignored)
    return made
