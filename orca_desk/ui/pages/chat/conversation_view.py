"""The scrolled conversation: its turns, the newest in sight; and what an empty one shows instead."""

import time
from collections.abc import Callable, Sequence

from PySide6.QtCore import QSize, Qt, QTimer
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QLabel, QLayout, QPushButton, QScrollArea, QVBoxLayout, QWidget

from orca_desk.method.records import Task
from orca_desk.steps.chat.events import (
    BUSY,
    AnswerBegan,
    AnswerEnded,
    AnswerFailed,
    Event,
    Piece,
    Sampled,
    Shown,
    StateChanged,
    TurnAdded,
    TurnsCut,
)
from orca_desk.steps.chat.models import ChatModel
from orca_desk.steps.chat.transcript import Turn
from orca_desk.ui.icons import pixmap
from orca_desk.ui.pages.chat.answer import AnswerCard
from orca_desk.ui.pages.chat.arrange import arrange, width_of
from orca_desk.ui.pages.chat.turn import TurnActions, TurnView
from orca_desk.ui.theme import GRID, Theme
from orca_desk.ui.widgets.elided_button import ElidedButton
from orca_desk.ui.widgets.text import button, label
from orca_desk.ui.words.shorten import shorten

SCROLL_BAR = 2 * GRID  # room for it beside the columns, and beside their heads
SHOWN = 20  # turns at first, and more with each click
LONGEST_NOTE = 200  # characters of a system message in the note that announces it
LONGEST_EXAMPLE = 110  # characters of a question on its button
LONGEST_NAME = 400  # characters that a screen reader reads of it


class ConversationView(QScrollArea):
    """Shows what a conversation's events tell. Follows the end while the end is in sight.

    Creates one turn per pass of the event loop, the newest first, so that a long chat opens at once.
    """

    def __init__(self, theme: Theme, actions: TurnActions) -> None:
        super().__init__()
        self._theme, self._actions = theme, actions
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName("Conversation")
        self._turns: list[Turn] = []
        self._models: Sequence[ChatModel] = ()
        self.views: dict[int, TurnView] = {}
        self._streaming: list[AnswerCard] = []  # those with text that is not rendered; the next one first
        self._first = 0
        self._busy = False
        self._follow = True
        self._inside = _Inside(self)
        self._layout = QVBoxLayout(self._inside)
        self._layout.setSpacing(GRID)
        self.earlier = button("Show earlier turns", self._show_earlier)
        self._layout.addWidget(self.earlier, 0, Qt.AlignmentFlag.AlignHCenter)
        self._layout.addStretch(1)
        self.setWidget(self._inside)
        self._making = QTimer(self)
        self._making.setInterval(0)
        self._making.timeout.connect(self._make_one)
        self.horizontalScrollBar().valueChanged.connect(self._keep_questions)
        bar = self.verticalScrollBar()
        bar.rangeChanged.connect(self._fit)
        bar.valueChanged.connect(self._moved)
        self._fit(0, 0)
        self._show_turns((), ())

    @property
    def last(self) -> TurnView | None:
        """The view of the newest turn."""
        return self.views.get(len(self._turns) - 1)

    def handle(self, event: Event) -> None:
        """Show what happened. Streamed text waits for `render_news`."""
        if isinstance(event, Shown):
            self._show_turns(event.turns, event.models)
        elif isinstance(event, StateChanged):
            self._busy = event.state in BUSY
            self._enable_all()
        elif isinstance(event, TurnsCut):
            self._cut(event.number)
        elif isinstance(event, TurnAdded):
            self._add(event.turn)
        elif isinstance(event, AnswerBegan | Piece | Sampled | AnswerEnded | AnswerFailed) and self.last:
            self._show_answer(self.last.answers[event.column], event)

    def render_news(self, seconds: float) -> None:
        """Show streamed text until so much time has passed; the column that is left out comes first next."""
        end = time.perf_counter() + seconds
        waiting, self._streaming = self._streaming, []
        while waiting and time.perf_counter() < end:
            card = waiting.pop(0)
            card.render_news()
            if card.has_news:
                self._streaming.append(card)
        self._streaming = waiting + self._streaming

    def _show_answer(
        self, card: AnswerCard, event: AnswerBegan | Piece | Sampled | AnswerEnded | AnswerFailed
    ) -> None:
        if isinstance(event, AnswerBegan):
            card.begin()
        elif isinstance(event, Sampled):
            card.show_sample(event)
        elif isinstance(event, Piece):
            card.add(event)
            if card not in self._streaming:
                self._streaming.append(card)
        elif isinstance(event, AnswerFailed):
            if event.vote is not None and event.answer is not None:
                card.show_answer(event.answer, None, event.vote)
            card.show_failure(event.error)
        elif event.answer is not None:
            card.show_answer(event.answer, event.verdict, event.vote)
        else:
            card.show_nothing()

    def _show_turns(self, turns: Sequence[Turn], models: Sequence[ChatModel]) -> None:
        for view in self.views.values():
            view.hide()
            view.deleteLater()
        self.views = {}
        self._streaming = []
        self._turns, self._models = list(turns), models
        self._arrange()
        self._first = max(0, len(self._turns) - SHOWN)
        self._follow = True
        self._make_missing()

    def _add(self, turn: Turn) -> None:
        """Show one more turn at the end, whose answers are on their way."""
        self._turns.append(turn)
        self._follow = True
        view = self._make(len(self._turns) - 1)
        for card in view.answers:
            card.begin()
        self._layout.insertWidget(self._layout.count() - 1, view)
        self._enable_all()

    def _cut(self, number: int) -> None:
        """Remove turn `number` and all later ones."""
        for place in [n for n in self.views if n >= number]:
            view = self.views.pop(place)
            view.hide()
            view.deleteLater()
        self._streaming = []
        del self._turns[number:]
        self._first = min(self._first, max(0, len(self._turns) - 1))
        self._make_missing()
        self._enable_all()

    def _make_missing(self) -> None:
        self.earlier.setVisible(self._first > 0)
        if len(self.views) < len(self._turns) - self._first:
            self._making.start()

    def _make_one(self) -> None:
        missing = [n for n in range(len(self._turns) - 1, self._first - 1, -1) if n not in self.views]
        if missing:
            view = self._make(missing[0])
            self._layout.insertWidget(1, view)
            view.set_busy(self._busy, is_last=missing[0] == len(self._turns) - 1)
        if len(missing) <= 1:
            self._making.stop()

    def _make(self, number: int) -> TurnView:
        turn = self._turns[number]
        note = ""
        if number and turn.system != self._turns[number - 1].system:
            note = f"System message from here on: {shorten(turn.system, LONGEST_NOTE) or 'none'}"
        view = TurnView(self._theme, number, turn, self._models, self._actions, note=note)
        self.views[number] = view
        room = self.width() - SCROLL_BAR
        view.arrange(arrange(len(self._models), room), room)
        view.keep_in_sight(self.horizontalScrollBar().value())
        return view

    def _enable_all(self) -> None:
        for number, view in self.views.items():
            view.set_busy(self._busy, is_last=number == len(self._turns) - 1)

    def _show_earlier(self) -> None:
        self._first = max(0, self._first - SHOWN)
        self._follow = False
        self._make_missing()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Lay the columns out for the new width."""
        super().resizeEvent(event)
        self._arrange()

    def _arrange(self) -> None:
        """Lay the columns beside each other, wider than the page if there are many, or stack them."""
        count, room = len(self._models), self.width() - SCROLL_BAR
        arrangement = arrange(count, room)
        is_wide = arrangement == "sideways"
        on, off = Qt.ScrollBarPolicy.ScrollBarAsNeeded, Qt.ScrollBarPolicy.ScrollBarAlwaysOff
        self.setHorizontalScrollBarPolicy(on if is_wide else off)
        self._inside.columns_width = width_of(count) if is_wide else 0
        for view in self.views.values():
            view.arrange(arrangement, room)
        self._keep_questions(self.horizontalScrollBar().value() if is_wide else 0)

    def _keep_questions(self, x: int) -> None:
        """Keep the questions in sight while the columns scroll sideways below them."""
        for view in self.views.values():
            view.keep_in_sight(x)

    def _fit(self, _lowest: int, highest: int) -> None:
        """Keep the answers below the heads of their columns, with a scroll bar and without."""
        room = SCROLL_BAR - (self.verticalScrollBar().sizeHint().width() if highest else 0)
        self._layout.setContentsMargins(0, 0, max(0, room), 0)
        self._to_end()

    def _to_end(self) -> None:
        if self._follow:
            self.verticalScrollBar().setValue(self.verticalScrollBar().maximum())

    def _moved(self, value: int) -> None:
        self._follow = value >= self.verticalScrollBar().maximum() - 2 * GRID


class _Inside(QWidget):
    """As high as its turns are at their current width; Qt's own hint is for the narrowest width."""

    def __init__(self, area: QScrollArea) -> None:
        super().__init__()
        self._area = area
        self.columns_width = 0  # px, where the columns are wider than the area

    def minimumSizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Return the height for the current width."""
        layout, width = self.layout(), self._area.viewport().width()
        if self.columns_width and layout:
            wide = self.columns_width + layout.contentsMargins().right()
            return QSize(wide, _height_at(layout, max(wide, width)))
        return QSize(0, _height_at(layout, width) if layout else 0)

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Return the same."""
        return self.minimumSizeHint()


def _height_at(layout: QLayout, width: int) -> int:
    """Return the height (px) of a layout at a width, which does not change that of everything in it."""
    at_width = layout.totalHeightForWidth(width)
    return at_width if at_width >= 0 else layout.totalMinimumSize().height()


class ExampleQuestions(QWidget):
    """What an empty chat shows: what it is for, and a button per example; `ask` gets its task."""

    def __init__(self, theme: Theme, ask: Callable[[Task], None]) -> None:
        super().__init__()
        self._theme, self._ask = theme, ask
        layout = QVBoxLayout(self)
        layout.setSpacing(GRID)
        layout.addStretch(2)
        self._picture = QLabel()
        layout.addWidget(self._picture, 0, Qt.AlignmentFlag.AlignHCenter)
        title = label("Ask every model the same question", size="heading", bold=True)
        layout.addWidget(title, 0, Qt.AlignmentFlag.AlignHCenter)
        text = label(
            "Each column above is one model on this machine. They answer side by side.",
            tone="muted",
            wrap=True,
        )
        text.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        layout.addWidget(text)
        layout.addSpacing(GRID)
        self._offered: list[QPushButton] = []
        self._buttons = QVBoxLayout()
        self._buttons.setSpacing(GRID)
        layout.addLayout(self._buttons)
        layout.addStretch(3)
        theme.changed.connect(self._paint)
        self._paint()

    def set_tasks(self, tasks: Sequence[Task]) -> None:
        """Offer these questions."""
        for made in self._offered:
            self._buttons.removeWidget(made)
            made.deleteLater()
        self._offered = []
        for task in tasks:
            made = ElidedButton(shorten(task.query, LONGEST_EXAMPLE))
            made.setAccessibleName(f"Ask: {shorten(task.query, LONGEST_NAME)}")
            made.setStyleSheet("text-align: left;")
            made.setMaximumWidth(88 * GRID)
            made.clicked.connect(lambda checked=False, task=task: self._ask(task))
            self._offered.append(made)
            self._buttons.addWidget(made, 0, Qt.AlignmentFlag.AlignHCenter)

    def _paint(self) -> None:
        self._picture.setPixmap(pixmap("message-circle", self._theme.colours, "muted", 5 * GRID))
