"""The tour at the first start: four steps that each explain a part of the window."""

from PySide6.QtCore import QPoint, QRect
from PySide6.QtGui import QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import QHBoxLayout, QMainWindow, QWidget

from orca_desk.ui.desk import Desk
from orca_desk.ui.preferences import TOUR_SEEN
from orca_desk.ui.theme import GRID
from orca_desk.ui.widgets.keys import native
from orca_desk.ui.widgets.overlay import SHADE, Overlay
from orca_desk.ui.widgets.text import button, label

WIDTH = 48 * GRID
GAP = 2 * GRID
NEXT, DONE = "Next", "Done"
# The parts of the window that each step explains, by the object names of their widgets.
TARGETS = (
    ("nav-home",),
    ("nav-tasks", "nav-strategies", "nav-teacher", "nav-records", "nav-training", "nav-evaluate", "nav-chat"),
    ("nav-models", "nav-hub", "nav-jobs", "nav-settings"),
    ("help",),
)


class Tour(Overlay):
    """The steps, one at a time; Esc or "Skip" ends it."""

    def __init__(self, window: QMainWindow, desk: Desk) -> None:
        super().__init__(window, desk.theme, width=WIDTH, name="Tour")
        self._window, self._preferences = window, desk.preferences
        self.step = 0
        self.steps = (
            (
                "Home shows the whole method",
                "Collect, pair, instruct, erase, train, test: where you are and what comes next."
                " “Run the demo” does all of it on small bundled models in a few minutes.",
            ),
            (
                "The method, from top to bottom",
                "A teacher answers your tasks, guided by strategies; the strategy is erased from the records;"
                " a student is trained on them, tested, and ready to chat.",
            ),
            (
                "Models, jobs, settings",
                "Add your own models, watch and stop jobs, and resume interrupted ones. Everything works"
                " without a network.",
            ),
            (
                "Two keys to remember",
                f"{native('Ctrl+K')} finds every command, task and training. {native('Ctrl+/')} lists all"
                " shortcuts. You can take this tour again from the Help menu.",
            ),
        )
        self.count = label(size="caption", tone="muted")
        self.title = label(size="heading", bold=True, wrap=True)
        self.text = label(wrap=True)
        self.text.setFixedWidth(WIDTH - 4 * GRID)
        self.skip = button("Skip", self.close_overlay)
        self.back = button("Back", lambda: self.show_step(self.step - 1))
        self.next = button("", lambda: self.show_step(self.step + 1), primary=True)
        row = QHBoxLayout()
        row.setSpacing(GRID)
        row.addWidget(self.skip)
        row.addStretch(1)
        row.addWidget(self.back)
        row.addWidget(self.next)
        for one in (self.count, self.title, self.text):
            self.layout_.addWidget(one)
        self.layout_.addSpacing(GRID)
        self.layout_.addLayout(row)
        self.text.setFixedHeight(max(self._height_of(text) for _, text in self.steps))
        self.next.setFixedWidth(max(self._width_of(text) for text in (NEXT, DONE)))
        self.closed.connect(self._remember)

    def begin(self) -> None:
        """Show the first step."""
        self._fill()
        self.open()

    def show_step(self, step: int) -> None:
        """Show a step, or end the tour after the last one."""
        if step >= len(self.steps):
            self.close_overlay()
            return
        self.step = max(0, step)
        self._fill()
        self.place()
        self.update()

    def first_focus(self) -> QWidget:
        """Return the button to the next step."""
        return self.next

    def place(self) -> None:
        """Put the card beside the sidebar, where it covers no part that it explains.

        It stays there from step to step, so that "Next" does not move away under the pointer.
        """
        self.layout_.activate()
        height = self.card.sizeHint().height()
        beside = max(self.target(step).right() for step in range(len(TARGETS) - 1))
        left = min(beside + GAP, self.width() - WIDTH - GRID)
        top = min(self.target(0).top() + GAP, self.height() - height - GRID)
        self.card.setGeometry(left, top, WIDTH, height)

    def target(self, step: int | None = None) -> QRect:
        """Return the rectangle of the part that a step, by default the present one, explains."""
        found = QRect()
        for name in TARGETS[self.step if step is None else step]:
            if name == "help":
                bar = self._window.menuBar()
                last = bar.actionGeometry(bar.actions()[-1])
                found = QRect(bar.mapTo(self._window, last.topLeft()), last.size())
                continue
            part = self._window.findChild(QWidget, name)
            if part is not None:
                found |= QRect(part.mapTo(self._window, QPoint(0, 0)), part.size())
        return found.adjusted(-4, -4, 4, 4)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Darken everything except the part that the step explains."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        target = self.target()
        whole, hole = QPainterPath(), QPainterPath()
        whole.addRect(self.rect())
        hole.addRoundedRect(target, GRID, GRID)
        shade = self.theme.colours("background" if self.theme.is_dark else "text")
        shade.setAlpha(SHADE + (60 if self.theme.is_dark else 0))
        painter.fillPath(whole.subtracted(hole), shade)
        painter.setPen(QPen(self.theme.colours("accent"), 2))
        painter.drawPath(hole)

    def _height_of(self, text: str) -> int:
        self.text.setText(text)
        return self.text.heightForWidth(WIDTH - 4 * GRID)

    def _width_of(self, text: str) -> int:
        self.next.setText(text)
        return self.next.sizeHint().width()

    def _fill(self) -> None:
        title, text = self.steps[self.step]
        last = self.step == len(self.steps) - 1
        self.count.setText(f"Step {self.step + 1} of {len(self.steps)}")
        self.title.setText(title)
        self.text.setText(text)
        self.next.setText(DONE if last else NEXT)
        self.skip.setVisible(not last)
        self.back.setEnabled(self.step > 0)
        self.setAccessibleDescription(f"{title}. {text}")

    def _remember(self) -> None:
        self._preferences.setValue(TOUR_SEEN, True)
