"""What to do next: one sentence and one button, from the library's numbers and the state of the demo."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, NamedTuple

from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout

from orca_desk.library.overview import Advice, LibraryOverview, advice
from orca_desk.steps.demo.state import DemoState, DemoStudent
from orca_desk.ui.icons import icon, pixmap
from orca_desk.ui.theme import GRID, Theme
from orca_desk.ui.widgets.flow_row import FlowRow
from orca_desk.ui.widgets.text import button, label
from orca_desk.ui.words.demo import JOB_TITLES

DEMO = "demo"  # the `page` of a step that runs the demo


@dataclass(frozen=True, kw_only=True)
class NextStep:
    """A sentence, a hint, and a button that opens `page` at `target`."""

    sentence: str
    hint: str
    action: str
    page: str
    target: Mapping[str, Any] = field(default_factory=dict)
    image: str


class Alternative(NamedTuple):
    """What the user may do instead: a button's text, its action, and its tooltip."""

    text: str
    run: Callable[[], Any]
    tip: str = ""


RESUMED = NextStep(
    sentence="Resume {demo}: it was stopped before it finished.",
    hint="Everything it has done so far is saved.",
    action="Resume the demo",
    page=DEMO,
    image="play",
)
FIRST = NextStep(
    sentence="See the whole method at work: run the demo.",
    hint="A small teacher answers sample tasks, its instructions are erased, and a small student trains on"
    " the rest and is tested. One to three minutes; nothing is downloaded.",
    action="Run the demo",
    page=DEMO,
    image="play",
)
STEPS: dict[Advice, NextStep] = {
    "collect": NextStep(
        sentence="Collect tasks: the questions that the student learns from.",
        hint="Import JSONL or CSV, or write your own. Several families with reference answers work best.",
        action="Import tasks…",
        page="tasks",
        target={"do": "import"},
        image="file-input",
    ),
    "collect-train": NextStep(
        sentence="All tasks are held out for testing: collect some for training.",
        hint="Import more, or move some of them to training.",
        action="Open the tasks",
        page="tasks",
        image="list-checks",
    ),
    "pair": NextStep(
        sentence="Pair each family with the strategy that serves it best.",
        hint="Families without a strategy: {unpaired:,} of {families:,}. The teacher tries each strategy on a"
        " few tasks.",
        action="Open the strategies",
        page="strategies",
        image="route",
    ),
    "instruct": NextStep(
        sentence="Have the teacher answer your tasks.",
        hint="Each task is answered under its family's strategy. You can preview five first.",
        action="Open the teacher",
        page="teacher",
        image="graduation-cap",
    ),
    "regenerate": NextStep(
        sentence="No record can be used for training ({records:,} in all). See why.",
        hint="Keep some after review, or try another strategy or teacher.",
        action="Read the records",
        page="records",
        image="columns-2",
    ),
    "erase": NextStep(
        sentence="Erase the instructions and freeze a snapshot to train on.",
        hint="Usable for training: {usable:,} of {records:,}. Not reviewed: {unreviewed:,}.",
        action="Review the records",
        page="records",
        image="eraser",
    ),
    "train": NextStep(
        sentence="Train a student on the snapshot.",
        hint="Training records in the snapshot: {frozen:,}. Memory and time are estimated before you start.",
        action="Open the training",
        page="training",
        image="chart-line",
    ),
    "hold-out": NextStep(
        sentence="Hold out some tasks to test the student on.",
        hint="Select tasks of every family that no training run has used.",
        action="Open the tasks",
        page="tasks",
        image="list-checks",
    ),
    "test": NextStep(
        sentence="Test the trained student on the held-out tasks.",
        hint="Held-out tasks: {heldout:,}. Compare it with its base and with the teacher.",
        action="Open the evaluation",
        page="evaluate",
        image="target",
    ),
    "chat": NextStep(
        sentence="Chat with the student you trained.",
        hint="Ask the tuned student and its base model the same question, side by side.",
        action="Open the chat",
        page="chat",
        target={"do": "new"},
        image="message-circle",
    ),
}
STUDENT_PAGES = ("evaluate", "chat")  # these open at the newest training


def is_demo_first(numbers: LibraryOverview, demos: Mapping[DemoStudent, DemoState], *, is_own: bool) -> bool:
    """Return whether the demo is what to do next: it can run, and the user did not make an empty library.

    An empty library that the user made is for tasks of their own: there the demo is an alternative.
    """
    can_run = demos.get("mini") == "fresh" and "finished" not in demos.values()
    return can_run and (numbers.tasks > 0 or not is_own)


def next_step(
    numbers: LibraryOverview, demos: Mapping[DemoStudent, DemoState], *, is_own: bool = False
) -> NextStep:
    """Return what to do next, worded with the library's numbers; `demos` are the states of the demos.

    `is_own`: the user made this library, rather than the app at its first start.
    """
    step = STEPS[advice(numbers)]
    if resumed := next((student for student in demos if demos[student] == "started"), None):
        what = JOB_TITLES[resumed]
        sentence = RESUMED.sentence.format(demo=what[0].lower() + what[1:])
        return replace(RESUMED, sentence=sentence, target={"student": resumed})
    if is_demo_first(numbers, demos, is_own=is_own):
        step = FIRST
    values = {
        "heldout": numbers.heldout,
        "families": numbers.pairable,
        "unpaired": numbers.pairable - numbers.paired,
        "records": numbers.records,
        "usable": numbers.usable,
        "unreviewed": numbers.unreviewed,
        "frozen": numbers.frozen,
    }
    at_training = step.page in STUDENT_PAGES and numbers.newest_training
    return replace(
        step,
        sentence=step.sentence.format(**values),
        hint=step.hint.format(**values),
        target={"training": numbers.newest_training} if at_training else step.target,
    )


class NextCard(QFrame):
    """Shows the next step with its primary button, and sometimes alternatives below its hint."""

    def __init__(self, theme: Theme, run: Callable[[NextStep], Any]) -> None:
        super().__init__()
        self._theme, self._run = theme, run
        self.shown: NextStep | None = None
        self._alternatives: list[Alternative] = []
        self._shown_alternatives: list[QPushButton] = []
        self.setProperty("kind", "card")
        row = QHBoxLayout(self)
        row.setContentsMargins(2 * GRID, 2 * GRID, 2 * GRID, 2 * GRID)
        row.setSpacing(2 * GRID)
        self._icon = QLabel()
        row.addWidget(self._icon)
        words = QVBoxLayout()
        words.setSpacing(4)
        self.sentence = label(size="heading", bold=True, wrap=True)
        self.hint = label(tone="muted", wrap=True)
        words.addWidget(self.sentence)
        words.addWidget(self.hint)
        self._others = FlowRow()
        self._others.setContentsMargins(0, GRID // 2, 0, 0)
        words.addLayout(self._others)
        self.button = button("", self._press, primary=True)
        self.button.setObjectName("next")
        flowing = FlowRow(spacing=2 * GRID)
        flowing.addLayout(words, 1)
        flowing.addWidget(self.button)
        row.addLayout(flowing, 1)
        theme.changed.connect(self._paint)
        self.hide()

    def show_next(self, shown: NextStep, alternatives: Sequence[Alternative] = ()) -> None:
        """Show the next step, and what the user may do instead."""
        self.shown = shown
        self.sentence.setText(shown.sentence)
        self.hint.setText(shown.hint)
        self.button.setText(shown.action)
        self._show_alternatives(list(alternatives))
        self._paint()
        self.show()

    def _show_alternatives(self, alternatives: list[Alternative]) -> None:
        """Replace the buttons only where their texts change: the page shows its numbers every second."""
        texts = [one.text for one in self._alternatives]
        self._alternatives = alternatives
        if texts == [one.text for one in alternatives]:
            return
        for old in self._shown_alternatives:
            old.hide()
            old.deleteLater()
        self._shown_alternatives = [
            button(one.text, partial(self._take, place), tip=one.tip)
            for place, one in enumerate(alternatives)
        ]
        for place, made in enumerate(self._shown_alternatives):
            self._others.insertWidget(place, made)

    def _take(self, place: int) -> None:
        self._alternatives[place].run()

    def _press(self) -> None:
        if self.shown:
            self._run(self.shown)

    def _paint(self) -> None:
        colours = self._theme.colours
        self._icon.setPixmap(pixmap("lightbulb", colours, "accent", 3 * GRID))
        if self.shown:
            self.button.setIcon(icon(self.shown.image, colours, "on_accent"))
