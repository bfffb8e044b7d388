"""A tour of four steps for the first start: each points at a part of the window and says what it is for."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QRect
from PySide6.QtGui import QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import QHBoxLayout, QWidget

from orca_desk.ui.first_start import KEY
from orca_desk.ui.theme import GRID
from orca_desk.ui.widgets.keys import native
from orca_desk.ui.widgets.overlay import SHADE, Overlay
from orca_desk.ui.widgets.text import button, label

if TYPE_CHECKING:
    from orca_desk.ui.window import Window

WIDTH = 48 * GRID
GAP = 2 * GRID
# What to point at: the object names of widgets of the window.
TARGETS = (
    ("nav-home",),
    ("nav-tasks", "nav-strategies", "nav-teacher", "nav-records", "nav-training", "nav-evaluate", "nav-chat"),
    ("nav-models", "nav-jobs", "nav-settings"),
    ("help",),
)


class Tour(Overlay):
    """The steps, one at a time; Esc or "Skip" ends it."""

    def __init__(self, window: "Window") -> None:
        super().__init__(window, window.desk.theme, width=WIDTH, name="Tour")
        self._window = window
        self.step = 0
        self.steps = (
            (
                "Home shows the whole method",
                ("Collect, pair, instruct, erase, train, test: where you are and what comes next. "
                        "“Run the demo” does all of it on small bundled models in a few minutes."),
            ),
            (
                "From top to bottom, as the work goes",
                ("Tasks are answered by a teacher under strategies; the strategy is erased from the "
                        "records; a student is trained on them, tested, and talked to."),
            ),
            (
                "Models, jobs, settings",
                ("Add your own models, watch and stop what runs, and go on where something was cut "
                        "off. Everything stays on this machine: the sign below says so."),
            ),
            (
                "Two keys to remember",
                ("{} finds every command, task and training. {} lists all keys. "
                        "This tour is in the Help menu.").format(native("Ctrl+K"), native("Ctrl+/")),
            ),
        )  # fmt: skip
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
        self.closed.connect(self._remember)

    def begin(self) -> None:
        """Show the first step."""
        self._fill()
        self.open()

    def show_step(self, step: int) -> None:
        """Show a step; past the last one the tour ends."""
        if step >= len(self.steps):
            self.close_overlay()
            return
        self.step = max(0, step)
        self._fill()
        self.place()
        self.update()

    def first_focus(self) -> QWidget:
        """Return the button that goes on."""
        return self.next

    def place(self) -> None:
        """Put the card beside what it points at, wholly inside the window."""
        self.layout_.activate()
        height = self.card.sizeHint().height()
        target = self.target()
        at = QPoint(target.right() + GAP, target.top())
        if "help" in TARGETS[self.step]:  # a menu: the card goes below it
            at = QPoint(target.left(), target.bottom() + GAP)
        left = min(max(GRID, at.x()), self.width() - WIDTH - GRID)
        top = min(max(GRID, at.y()), self.height() - height - GRID)
        self.card.setGeometry(left, top, WIDTH, height)

    def target(self) -> QRect:
        """Return where the part lies that the step is about."""
        found = QRect()
        for name in TARGETS[self.step]:
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
        """Darken everything but what the step is about."""
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

    def _fill(self) -> None:
        title, text = self.steps[self.step]
        last = self.step == len(self.steps) - 1
        self.count.setText(f"Step {self.step + 1} of {len(self.steps)}")
        self.title.setText(title)
        self.text.setText(text)
        self.text.setFixedHeight(self.text.heightForWidth(WIDTH - 4 * GRID))
        self.next.setText("Done" if last else "Next")
        self.skip.setVisible(not last)
        self.back.setEnabled(self.step > 0)
        self.setAccessibleDescription(f"{title}. {text}")

    def _remember(self) -> None:
        self._window.desk.places.setValue(KEY, True)
