"""What to do next: one sentence and one button, from what the library holds and where the demo stands."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QVBoxLayout

from orca_desk.library.overview import Advice, Overview, advice
from orca_desk.steps.demo.place import Standing
from orca_desk.ui.icons import icon, pixmap
from orca_desk.ui.theme import GRID, Theme
from orca_desk.ui.widgets.text import button, label

DEMO = "demo"  # the page of a `Next` that runs the demo


@dataclass(frozen=True, kw_only=True)
class Next:
    """A sentence, why or what it takes, and a button that opens `page` there at `target`."""

    sentence: str
    hint: str
    action: str
    page: str
    target: Mapping[str, Any] = field(default_factory=dict)
    image: str


DEMO_STEPS: dict[Standing, Next] = {
    "begun": Next(
        sentence="Go on with the demo: it was stopped before its end.",
        hint="Everything it has done so far is kept, and it goes on from there.",
        action="Go on with the demo",
        page=DEMO,
        image="play",
    ),
    "fresh": Next(
        sentence="See the whole method work: run the demo.",
        hint="A small teacher answers {train:,} sample tasks, its instructions are erased, and a small"
        " student is trained on what is left, then tested. One to three minutes; nothing is downloaded.",
        action="Run the demo",
        page=DEMO,
        image="play",
    ),
}
STEPS: dict[Advice, Next] = {
    "collect": Next(
        sentence="Collect tasks: the questions that the student is to learn from.",
        hint="Import JSONL or CSV, or write some. Several families, with reference answers, teach best.",
        action="Import tasks…",
        page="tasks",
        target={"do": "import"},
        image="file-input",
    ),
    "collect-train": Next(
        sentence="All tasks are held out for the test: collect some to learn from.",
        hint="Import more, or give some of them to training.",
        action="Open the tasks",
        page="tasks",
        image="list-checks",
    ),
    "pair": Next(
        sentence="Pair each family with the strategy that serves it best.",
        hint="Families without a strategy: {unpaired:,} of {families:,}. The teacher tries each strategy on a"
        " few tasks.",
        action="Open the strategies",
        page="strategies",
        image="route",
    ),
    "instruct": Next(
        sentence="Have the teacher answer your tasks.",
        hint="Each task goes to the teacher under its family's strategy. Preview five before all.",
        action="Open the teacher",
        page="teacher",
        image="graduation-cap",
    ),
    "regenerate": Next(
        sentence="None of {records:,} records is fit for training: look at what went wrong.",
        hint="Keep records by hand, or try another strategy or teacher.",
        action="Read the records",
        page="records",
        image="columns-2",
    ),
    "erase": Next(
        sentence="Erase the instructions and freeze a snapshot to train on.",
        hint="{kept:,} of {records:,} records are fit for training; {unreviewed:,} are not reviewed.",
        action="Review the records",
        page="records",
        image="eraser",
    ),
    "train": Next(
        sentence="Train a student on the snapshot.",
        hint="{frozen:,} training records are frozen. Memory and time are estimated before the start.",
        action="Open the training",
        page="training",
        image="chart-line",
    ),
    "hold-out": Next(
        sentence="Hold some tasks out, to test the student on what it never saw.",
        hint="Choose tasks that no training has used, best of every family.",
        action="Open the tasks",
        page="tasks",
        image="list-checks",
    ),
    "test": Next(
        sentence="Test the trained student on the held-out tasks.",
        hint="{heldout:,} tasks are held out. Compare it with its base and with the teacher.",
        action="Open the evaluation",
        page="evaluate",
        image="target",
    ),
    "chat": Next(
        sentence="Talk to the student that you have trained.",
        hint="Ask the tuned student and its base the same thing, side by side.",
        action="Open the chat",
        page="chat",
        target={"do": "new"},
        image="message-circle",
    ),
}
OF_THE_STUDENT = ("evaluate", "chat")  # pages that are opened at the newest training, if there is one


def next_of(seen: Overview, standing: Standing) -> Next:
    """Return what to do next, in the user's language and with the library's numbers."""
    step = DEMO_STEPS.get(standing) or STEPS[advice(seen)]
    numbers = {
        "train": seen.tasks - seen.heldout,
        "heldout": seen.heldout,
        "families": seen.families,
        "unpaired": seen.families - seen.paired,
        "records": seen.records,
        "kept": seen.kept,
        "unreviewed": seen.unreviewed,
        "frozen": seen.frozen,
    }
    at_training = step.page in OF_THE_STUDENT and seen.newest_training
    return replace(
        step,
        sentence=step.sentence.format(**numbers),
        hint=step.hint.format(**numbers),
        action=step.action,
        target={"training": seen.newest_training} if at_training else step.target,
    )


class NextCard(QFrame):
    """Shows a `Next`, its primary button, and a second way where there is one."""

    def __init__(self, theme: Theme, run: Callable[[Next], Any]) -> None:
        super().__init__()
        self._theme, self._run = theme, run
        self.shown: Next | None = None
        self._second: Callable[[], Any] = lambda: None
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
        row.addLayout(words, 1)
        self.second = button("", lambda: self._second())
        self.second.hide()
        row.addWidget(self.second)
        self.button = button("", self._press, primary=True)
        self.button.setObjectName("next")
        row.addWidget(self.button)
        theme.changed.connect(self._paint)
        self.hide()

    def show_next(self, shown: Next, second: tuple[str, Callable[[], Any]] | None = None) -> None:
        """Show what is next, and a second button with what it does."""
        self.shown = shown
        self.sentence.setText(shown.sentence)
        self.hint.setText(shown.hint)
        self.button.setText(shown.action)
        self.second.setVisible(second is not None)
        if second:
            self.second.setText(second[0])
            self._second = second[1]
        self._paint()
        self.show()

    def _press(self) -> None:
        if self.shown:
            self._run(self.shown)

    def _paint(self) -> None:
        colours = self._theme.colours
        self._icon.setPixmap(pixmap("lightbulb", colours, "accent", 3 * GRID))
        if self.shown:
            self.button.setIcon(icon(self.shown.image, colours, "on_accent"))
