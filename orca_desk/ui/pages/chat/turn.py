"""One turn on screen: the question across all columns, the answers side by side below it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QBoxLayout,
    QFrame,
    QHBoxLayout,
    QLabel,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from orca_desk.counting import counted
from orca_desk.method.turns import said_before
from orca_desk.steps.chat.models import ChatModel
from orca_desk.steps.chat.transcript import Turn
from orca_desk.steps.chat.wording import column_names
from orca_desk.ui.icons import icon, icon_size, pixmap
from orca_desk.ui.pages.chat.answer import BUTTON_ICON, PART_NAMES, AnswerCard
from orca_desk.ui.pages.chat.arrange import Arrangement
from orca_desk.ui.theme import GRID, Theme, grown
from orca_desk.ui.widgets.fitting_browser import FittingBrowser
from orca_desk.ui.widgets.markdown import has_markup
from orca_desk.ui.widgets.text import label

LONGEST_SHOWN = 1_600  # characters of a question
QWIDGETSIZE_MAX = 2**24 - 1  # px, Qt's limit, which PySide does not export
LINE_HEIGHT = 27  # px of a question's first line, with the buttons beside it


@dataclass(frozen=True, kw_only=True)
class TurnActions:
    """What the buttons of a turn do; numbers count the turns, columns the answers of a turn.

    `regenerate_one` and `retry`, each for a column, are for the last turn; `look` gets the number of a turn
    and a column.
    """

    edit: Callable[[int], None]
    save: Callable[[int], None]
    branch: Callable[[int], None]
    regenerate: Callable[[], None]
    regenerate_one: Callable[[int], None]
    retry: Callable[[int], None]
    look: Callable[[int, int], None]


class QuestionCard(QFrame):
    """What the user asked, with the reference answer if it came from a task, and buttons to act on it."""

    def __init__(self, theme: Theme, turn: Turn, number: int, actions: TurnActions) -> None:
        super().__init__()
        self._theme = theme
        task = turn.task
        self.setObjectName("question")
        self.setAccessibleName("Your message")
        row = QHBoxLayout(self)
        row.setContentsMargins(GRID + 4, GRID, GRID // 2, GRID)
        row.setSpacing(GRID)
        self._icon = QLabel()
        self._icon.setFixedHeight(grown(LINE_HEIGHT))
        row.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignTop)
        words = QVBoxLayout()
        words.setContentsMargins(0, GRID // 2 + 1, 0, 0)
        words.setSpacing(GRID // 2)
        if turn.before:
            self.before = label(
                f"{counted(len(turn.before), 'earlier turn')}:\n{_shortened(said_before(turn.before))}",
                size="caption",
                tone="muted",
                wrap=True,
                selectable=True,
            )
            words.addWidget(self.before)
        words.addWidget(_question(_shortened(turn.question)))
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
        self.edit = self._tool("pencil", "Edit and send again (Ctrl+E for the last message)")
        self.edit.clicked.connect(lambda: actions.edit(number))
        self.regenerate = self._tool("refresh-cw", "Regenerate the answers (Ctrl+R)")
        self.regenerate.clicked.connect(lambda: actions.regenerate())
        self.save = self._tool("list-checks", "Save as a task…")
        self.save.clicked.connect(lambda: actions.save(number))
        self.branch = self._tool("git-branch", "Branch: copy the chat up to these answers")
        self.branch.clicked.connect(lambda: actions.branch(number))
        self._tools = (self.edit, self.regenerate, self.save, self.branch)
        for made in self._tools:
            row.addWidget(made, 0, Qt.AlignmentFlag.AlignTop)
        theme.changed.connect(self._paint)
        self._paint()

    def _tool(self, image: str, tip: str) -> QToolButton:
        made = QToolButton()
        made.setIconSize(icon_size(BUTTON_ICON))
        made.setToolTip(tip)
        made.setAccessibleName(tip)
        made.setProperty("image", image)
        return made

    def _paint(self) -> None:
        colours = self._theme.colours
        ground = colours.tint("accent", 0.07, "background").name()
        self.setStyleSheet(f"#question {{ background: {ground}; border-radius: 6px; }}")
        self._icon.setPixmap(pixmap("user", colours, "accent", 16))
        for made in self._tools:
            made.setIcon(icon(str(made.property("image")), colours, "muted"))


class TurnView(QWidget):
    """A question and the answers of all columns."""

    def __init__(
        self,
        theme: Theme,
        number: int,
        turn: Turn,
        models: Sequence[ChatModel],
        actions: TurnActions,
        *,
        note: str = "",
    ) -> None:
        """`note` announces a new system message."""
        super().__init__()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, GRID)
        layout.setSpacing(GRID)
        if note:
            layout.addWidget(label(note, size="caption", tone="muted", wrap=True))
        self.question = QuestionCard(theme, turn, number, actions)
        self._asked = QHBoxLayout()
        self._asked.addWidget(self.question, 1)
        self._asked.addStretch(0)
        layout.addLayout(self._asked)
        self._row = row = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        row.setSpacing(GRID)
        self.answers = [AnswerCard(theme, one.part, PART_NAMES[one.part]) for one in models]
        for card, name in zip(self.answers, column_names(models), strict=True):
            card.name.setText(name)
        for column, (card, answer, verdict, vote) in enumerate(
            zip(self.answers, turn.answers, turn.verdicts, turn.votes, strict=True)
        ):
            row.addWidget(card, 1)
            card.retried.connect(lambda column=column: actions.retry(column))
            card.regenerated.connect(lambda column=column: actions.regenerate_one(column))
            card.looked.connect(lambda column=column: actions.look(number, column))
            if answer is not None:
                card.show_answer(answer, verdict, vote)
            else:
                card.show_nothing()
        layout.addLayout(row)

    def arrange(self, arrangement: Arrangement, room: int) -> None:
        """Lay the answers beside each other or stack them; the question keeps to `room` px, all in sight."""
        stacked = arrangement == "stacked"
        way = QBoxLayout.Direction.TopToBottom if stacked else QBoxLayout.Direction.LeftToRight
        self._row.setDirection(way)
        for card in self.answers:
            card.name.setVisible(stacked)
        self.question.setMaximumWidth(room if arrangement == "sideways" else QWIDGETSIZE_MAX)

    def keep_in_sight(self, x: int) -> None:
        """Begin the question at `x` px, where the columns are scrolled to."""
        self._asked.setContentsMargins(x, 0, 0, 0)

    def set_busy(self, busy: bool, *, is_last: bool) -> None:
        """Enable only what can be done now."""
        self.question.edit.setEnabled(not busy)
        self.question.branch.setEnabled(not busy)
        self.question.regenerate.setVisible(is_last)
        self.question.regenerate.setEnabled(not busy)
        for card in self.answers:
            card.retry.setEnabled(is_last and not busy)
            card.again.setVisible(is_last and len(self.answers) > 1)
            card.again.setEnabled(not busy)


def _shortened(text: str) -> str:
    """Return the ends of a long question: all of it would bury the answers and take long to lay out."""
    if len(text) <= LONGEST_SHOWN:
        return text
    half = LONGEST_SHOWN // 2
    left_out = f"[{len(text) - 2 * half:,} characters not shown]"
    return f"{text[:half].rstrip()}\n\n{left_out}\n\n{text[-half:].lstrip()}"


def _question(text: str) -> QWidget:
    """Return a view of a question; its formulas and code are set."""
    if not has_markup(text):
        return label(text, wrap=True, selectable=True)
    made = FittingBrowser("Your message")
    made.show_text(text)
    return made
