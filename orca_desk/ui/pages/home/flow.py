"""The method as cards joined by arrows: what each step does, its numbers in this library, its state."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QEnterEvent, QKeyEvent, QPainter, QPaintEvent, QPen, QPolygonF, QResizeEvent
from PySide6.QtWidgets import QAbstractButton, QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from orca_desk.library.overview import STEPS, Step
from orca_desk.ui.icons import pixmap
from orca_desk.ui.theme import GRID, Role, Theme, grown
from orca_desk.ui.widgets.text import Tone, label, set_tone
from orca_desk.ui.words.runs import PAUSED

State = Literal["done", "next", "waiting", "running", "paused"]
GAP = 3 * GRID  # px between two cards, where the arrows are
NARROWEST = 18 * GRID  # px, of a card
COLUMNS = (6, 3, 2, 1)  # cards per row: the most of these that fit
# Each state has an icon, a colour and a word
STATE_LOOKS: dict[State, tuple[str, Role, str]] = {
    "done": ("circle-check", "good", "Done"),
    "next": ("arrow-right", "accent", "Next"),
    "waiting": ("clock", "muted", "Waiting"),
    "running": ("activity", "accent", "Running"),
    "paused": (PAUSED.image, PAUSED.role, PAUSED.word),
}


@dataclass(frozen=True, kw_only=True)
class StepFigures:
    """The content of a card: a number with its unit, a line below it, and the state of the step."""

    value: str
    unit: str
    detail: str
    state: State


class StepCard(QAbstractButton):
    """One step: a button that looks like a card. Return, Enter, Space and a click press it."""

    def __init__(self, theme: Theme, *, number: int, name: str, image: str, role: Role, about: str) -> None:
        super().__init__()
        self._theme, self._image, self._role, self._name = theme, image, role, name
        self.figures = StepFigures(value="", unit="", detail="", state="waiting")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self._icon, self._state_icon = QLabel(), QLabel()
        self._value, self._unit = label(size="title", bold=True), label(tone="muted")
        self._detail = label(size="caption", tone="muted", wrap=True)
        self._state = label(size="caption")
        heading = label(f"{number}  {name}", bold=True)
        self._layout = layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 12, 12, 10)
        layout.setSpacing(4)
        layout.addLayout(_row(self._icon, heading))
        layout.addWidget(label(about, size="caption", tone="muted", wrap=True))
        layout.addSpacing(4)
        layout.addStretch(1)
        layout.addLayout(_row(self._value, self._unit))
        layout.addWidget(self._detail)
        layout.addSpacing(4)
        layout.addLayout(_row(self._state_icon, self._state))
        for part in self.findChildren(QLabel):
            part.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._detail.setAlignment(Qt.AlignmentFlag.AlignTop)
        self._unit.setAlignment(Qt.AlignmentFlag.AlignBottom)
        self._unit.setContentsMargins(0, 0, 0, 3)
        theme.changed.connect(self._paint_icons)
        theme.changed.connect(self._fit_text)
        self._fit_text()
        self.show_figures(self.figures)

    def show_figures(self, figures: StepFigures) -> None:
        """Show new numbers and a new state."""
        self.figures = figures
        word = STATE_LOOKS[figures.state][2]
        self._value.setText(figures.value)
        self._unit.setText(figures.unit)
        self._detail.setText(figures.detail)
        self._state.setText(word)
        tones: dict[State, Tone] = {
            "done": "good",
            "next": "accent",
            "waiting": "muted",
            "running": "accent",
            "paused": "warn",
        }
        set_tone(self._state, tones[figures.state])
        self.setAccessibleName(self._name)
        self.setAccessibleDescription(f"{word}. {figures.value} {figures.unit}. {figures.detail}")
        self._paint_icons()
        self.update()

    def _fit_text(self) -> None:
        # Two lines on every card, so that the numbers of all cards align
        self._detail.setMinimumHeight(2 * self._detail.fontMetrics().lineSpacing())

    def hasHeightForWidth(self) -> bool:  # noqa: N802 - Qt's name
        """Return True: in less width the labels have more lines."""
        return True

    def heightForWidth(self, width: int) -> int:  # noqa: N802 - Qt's name
        """Return the height in pixels that the labels need at this width."""
        return self._layout.totalHeightForWidth(width)

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Return the size that the labels need."""
        return self._layout.sizeHint()

    def enterEvent(self, event: QEnterEvent) -> None:  # noqa: N802 - Qt's name
        """Highlight the card under the pointer."""
        super().enterEvent(event)
        self.update()

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Press the card with Return and Enter too."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.click()
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Draw the card. The next step has a frame in the accent colour, the focused one a thick frame."""
        colours = self._theme.colours
        ground = colours.tint("accent", 0.06) if self.underMouse() else colours("surface")
        stands_out = (
            self.hasFocus() or self.underMouse() or self.figures.state in ("next", "running", "paused")
        )
        width = 2.0 if self.hasFocus() else 1.0
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(colours("accent" if stands_out else "border"), width))
        painter.setBrush(ground)
        inset = width / 2
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(inset, inset, -inset, -inset), GRID, GRID)
        painter.end()

    def _paint_icons(self) -> None:
        colours = self._theme.colours
        image, role, _ = STATE_LOOKS[self.figures.state]
        self._icon.setPixmap(pixmap(self._image, colours, self._role, 20))
        self._state_icon.setPixmap(pixmap(image, colours, role, 14))


class Flow(QWidget):
    """The six cards joined by arrows, in one row, or in more where there is less width."""

    chosen = Signal(str)  # a Step

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        about = {
            "collect": ("Collect", "Questions of many families, some held out for testing"),
            "pair": ("Pair", "Measure which strategy serves each family best"),
            "instruct": ("Instruct", "The teacher answers under that strategy"),
            "erase": ("Erase", "Remove the instruction, then freeze a snapshot"),
            "train": ("Train", "The student learns to choose the strategy itself"),
            "test": ("Test", "Grade it on tasks it has never seen"),
        }
        looks: dict[Step, tuple[str, Role]] = {
            "collect": ("list-checks", "text"),
            "pair": ("route", "text"),
            "instruct": ("graduation-cap", "teacher"),
            "erase": ("eraser", "text"),
            "train": ("chart-line", "student"),
            "test": ("target", "student"),
        }
        self._heights: dict[int, int] = {}  # of a card by its width
        self.cards: dict[Step, StepCard] = {}
        for number, step in enumerate(STEPS, 1):
            image, role = looks[step]
            name, what = about[step]
            made = StepCard(theme, number=number, name=name, image=image, role=role, about=what)
            made.setObjectName(f"step-{step}")
            made.setParent(self)
            made.clicked.connect(lambda checked=False, step=step: self.chosen.emit(step))
            self.cards[step] = made
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        theme.changed.connect(self._fit_text)
        self._fit_text()

    def _fit_text(self) -> None:
        """Follow the theme and the size of text."""
        self.setMinimumWidth(grown(NARROWEST))
        self._heights.clear()
        self._arrange()
        self.updateGeometry()

    @property
    def columns(self) -> int:
        """The number of cards per row."""
        return _columns(self.width())

    def hasHeightForWidth(self) -> bool:  # noqa: N802 - Qt's name
        """Tell Qt that the height depends on the width."""
        return True

    def heightForWidth(self, width: int) -> int:  # noqa: N802 - Qt's name
        """Return the height of all rows."""
        rows = len(self.cards) // _columns(width)
        return rows * self._card_height(width) + (rows - 1) * GAP

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Return the size of one row."""
        width = COLUMNS[0] * (grown(NARROWEST) + GAP)
        return QSize(width, self.heightForWidth(width))

    def minimumSizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Return the height needed at the current width."""
        return QSize(self.minimumWidth(), self.heightForWidth(max(self.width(), self.minimumWidth())))

    def show_figures(self, figures: dict[Step, StepFigures]) -> None:
        """Show the numbers and states of some or all steps."""
        new = {step: shown for step, shown in figures.items() if self.cards[step].figures != shown}
        for step, shown in new.items():
            self.cards[step].show_figures(shown)
        if new:
            self._heights.clear()
            self._arrange()
            self.updateGeometry()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Arrange the cards."""
        super().resizeEvent(event)
        self._arrange()

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Move between the cards with the arrow keys."""
        moves = {
            Qt.Key.Key_Right: 1,
            Qt.Key.Key_Left: -1,
            Qt.Key.Key_Down: self.columns,
            Qt.Key.Key_Up: -self.columns,
        }
        cards = list(self.cards.values())
        focused = next((n for n, card in enumerate(cards) if card.hasFocus()), None)
        move = moves.get(Qt.Key(event.key()))
        if focused is None or move is None or not 0 <= focused + move < len(cards):
            super().keyPressEvent(event)
            return
        cards[focused + move].setFocus(Qt.FocusReason.TabFocusReason)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Draw the arrows from each card to the next."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colour = self._theme.colours("muted")
        painter.setPen(QPen(colour, 1.5))
        painter.setBrush(colour)
        for before, after in pairwise(self.cards.values()):
            _draw_arrow(painter, _path(QRectF(before.geometry()), QRectF(after.geometry())))
        painter.end()

    def _card_height(self, width: int) -> int:
        one = self._card_width(width)
        if one not in self._heights:  # measuring wraps the texts of all six cards
            self._heights[one] = max(card.heightForWidth(one) for card in self.cards.values())
        return self._heights[one]

    def _card_width(self, width: int) -> int:
        columns = _columns(width)
        return (width - (columns - 1) * GAP) // columns

    def _arrange(self) -> None:
        width, height = self._card_width(self.width()), self._card_height(self.width())
        for index, card in enumerate(self.cards.values()):
            row, column = divmod(index, self.columns)
            card.setGeometry(column * (width + GAP), row * (height + GAP), width, height)
        self.update()


def _columns(width: int) -> int:
    fitting = (n for n in COLUMNS if width >= n * grown(NARROWEST) + (n - 1) * GAP)
    return next(fitting, COLUMNS[-1])


def _row(*widgets: QWidget) -> QHBoxLayout:
    row = QHBoxLayout()
    row.setSpacing(6)
    for widget in widgets:
        row.addWidget(widget)
    row.addStretch(1)
    return row


def _path(before: QRectF, after: QRectF) -> list[QPointF]:
    """Return the corners of the arrow from one card to the next: straight, or down to the row below."""
    if after.top() < before.bottom():
        y = before.center().y()
        return [QPointF(before.right() + 4, y), QPointF(after.left() - 3, y)]
    middle = (before.bottom() + after.top()) / 2
    return [
        QPointF(before.center().x(), before.bottom() + 3),
        QPointF(before.center().x(), middle),
        QPointF(after.center().x(), middle),
        QPointF(after.center().x(), after.top() - 3),
    ]


def _draw_arrow(painter: QPainter, corners: Sequence[QPointF]) -> None:
    tip, start = corners[-1], corners[-2]
    painter.drawPolyline(corners)
    along = QPointF(1, 0) if tip.y() == start.y() else QPointF(0, 1)
    across = QPointF(along.y(), along.x())
    back = tip - along * 5
    painter.drawPolygon(QPolygonF([tip, back + across * 3.5, back - across * 3.5]))
