"""The scrolled conversation: its turns, the newest in sight, older ones when asked for."""

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtWidgets import QFrame, QScrollArea, QVBoxLayout, QWidget

from orca_desk.steps.chat.conversation import Turn
from orca_desk.steps.chat.models import Part
from orca_desk.ui.pages.chat.turns import TurnView
from orca_desk.ui.theme import GRID, Theme
from orca_desk.ui.widgets.text import button

SCROLL_BAR = 2 * GRID  # room for it beside the columns, and beside their heads
SHOWN = 20  # turns at first, and more with each click


class ConversationView(QScrollArea):
    """Shows turns. It follows the end while the end is in sight.

    Turns are made one a pass of the event loop, the newest first, so that a long chat opens at once.
    """

    edit = Signal(int)
    again = Signal()
    save = Signal(int)
    retry = Signal(int)  # the column

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName("Conversation")
        self._turns: list[Turn] = []
        self._parts: list[tuple[Part, str]] = []
        self.views: dict[int, TurnView] = {}
        self._first = 0
        self._busy = False
        self._follow = True
        inside = _Inside(self)
        self._layout = QVBoxLayout(inside)
        self._layout.setSpacing(GRID)
        self.earlier = button("Show earlier turns", self._show_earlier)
        self._layout.addWidget(self.earlier, 0, Qt.AlignmentFlag.AlignHCenter)
        self._layout.addStretch(1)
        self.setWidget(inside)
        self._making = QTimer(self)
        self._making.setInterval(0)
        self._making.timeout.connect(self._make_one)
        bar = self.verticalScrollBar()
        bar.rangeChanged.connect(self._fit)
        bar.valueChanged.connect(self._moved)
        self._fit(0, 0)
        self.show_turns([], [])

    def show_turns(self, turns: Sequence[Turn], parts: Sequence[tuple[Part, str]]) -> None:
        """Show another conversation; `parts` are what its columns are, and their names."""
        for view in self.views.values():
            view.hide()
            view.deleteLater()
        self.views = {}
        self._turns, self._parts = list(turns), list(parts)
        self._first = max(0, len(self._turns) - SHOWN)
        self._follow = True
        self._go_on()

    def add_turn(self, turn: Turn) -> TurnView:
        """Show one more turn at the end."""
        self._turns.append(turn)
        self._follow = True
        view = self._make(len(self._turns) - 1)
        self._layout.insertWidget(self._layout.count() - 1, view)
        self._tell_all()
        return view

    def cut(self, number: int) -> None:
        """Take away turn `number` and all after it."""
        for gone in [n for n in self.views if n >= number]:
            view = self.views.pop(gone)
            view.hide()
            view.deleteLater()
        del self._turns[number:]
        self._first = min(self._first, max(0, len(self._turns) - 1))
        self._go_on()
        self._tell_all()

    def last(self) -> TurnView | None:
        """Return the newest turn's view."""
        return self.views.get(len(self._turns) - 1)

    def set_busy(self, busy: bool) -> None:
        """Say whether answers are on their way."""
        self._busy = busy
        self._tell_all()

    def _go_on(self) -> None:
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
            text = " ".join(turn.system.split())
            note = "From here with the system message: {}".format(text[:200] or "none")
        view = TurnView(self._theme, turn, self._parts, note=note)
        view.question.edit.connect(lambda: self.edit.emit(number))
        view.question.save.connect(lambda: self.save.emit(number))
        view.question.again.connect(self.again)
        for column, answer in enumerate(view.answers):
            answer.again.connect(lambda column=column: self.retry.emit(column))
        self.views[number] = view
        return view

    def _tell_all(self) -> None:
        for number, view in self.views.items():
            view.set_busy(self._busy, is_last=number == len(self._turns) - 1)

    def _show_earlier(self) -> None:
        self._first = max(0, self._first - SHOWN)
        self._follow = False
        self._go_on()

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
    """As high as its turns are at their width; Qt's own hint is for the narrowest they could be."""

    def __init__(self, area: QScrollArea) -> None:
        super().__init__()
        self._area = area

    def minimumSizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Return the height for the width of today."""
        layout, width = self.layout(), self._area.viewport().width()
        return QSize(0, layout.totalHeightForWidth(width) if layout else 0)

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Return the same."""
        return self.minimumSizeHint()
