"""What to do next: one sentence and one button, from what the library holds and where the demo stands."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QVBoxLayout

from orca_desk.jobs.demo_place import Standing
from orca_desk.library.overview import Advice, Overview, advice
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
    target: dict[str, Any]
    image: str


def next_of(tr: Callable[[str], str], seen: Overview, standing: Standing) -> Next:
    """Return what to do next."""
    if standing == "begun":
        return Next(
            sentence=tr("Go on with the demo: it was stopped before its end."),
            hint=tr("Everything it has done so far is kept, and it goes on from there."),
            action=tr("Go on with the demo"),
            page=DEMO,
            target={},
            image="play",
        )
    if standing == "fresh":
        return Next(
            sentence=tr("See the whole method work: run the demo."),
            hint=tr(
                "A small teacher answers {} sample tasks, its instructions are erased, and a small student"
                " is trained on what is left, then tested. One to three minutes; nothing is downloaded."
            ).format(f"{seen.tasks - seen.heldout:,}"),
            action=tr("Run the demo"),
            page=DEMO,
            target={},
            image="play",
        )
    return _step(tr, advice(seen), seen)


def _step(tr: Callable[[str], str], wanted: Advice, seen: Overview) -> Next:
    unpaired = seen.families - seen.paired
    texts: dict[Advice, tuple[str, str, str, str, dict[str, Any], str]] = {
        "collect": (
            tr("Collect tasks: the questions that the student is to learn from."),
            tr("Import JSONL or CSV, or write some. Several families, with reference answers, teach best."),
            tr("Import tasks…"),
            "tasks",
            {"do": "import"},
            "file-input",
        ),
        "collect-train": (
            tr("All tasks are held out for the test: collect some to learn from."),
            tr("Import more, or give some of them to training."),
            tr("Open the tasks"),
            "tasks",
            {},
            "list-checks",
        ),
        "pair": (
            tr("Pair each family with the strategy that serves it best."),
            tr(
                "Families without a strategy: {} of {}. The teacher tries each strategy on a few tasks."
            ).format(f"{unpaired:,}", f"{seen.families:,}"),
            tr("Open the strategies"),
            "strategies",
            {},
            "route",
        ),
        "instruct": (
            tr("Have the teacher answer your tasks."),
            tr("Each task goes to the teacher under its family's strategy. Preview five before all."),
            tr("Open the teacher"),
            "teacher",
            {},
            "graduation-cap",
        ),
        "regenerate": (
            tr("None of {} records is fit for training: look at what went wrong.").format(
                f"{seen.records:,}"
            ),
            tr("Keep records by hand, or try another strategy or teacher."),
            tr("Read the records"),
            "records",
            {},
            "columns-2",
        ),
        "erase": (
            tr("Erase the instructions and freeze a snapshot to train on."),
            tr("{} of {} records are fit for training; {} are not reviewed.").format(
                f"{seen.kept:,}", f"{seen.records:,}", f"{seen.unreviewed:,}"
            ),
            tr("Review the records"),
            "records",
            {},
            "eraser",
        ),
        "train": (
            tr("Train a student on the snapshot."),
            tr("{} training records are frozen. Memory and time are estimated before the start.").format(
                f"{seen.frozen:,}"
            ),
            tr("Open the training"),
            "training",
            {},
            "chart-line",
        ),
        "hold-out": (
            tr("Hold some tasks out, to test the student on what it never saw."),
            tr("Choose tasks that no training has used, best of every family."),
            tr("Open the tasks"),
            "tasks",
            {},
            "list-checks",
        ),
        "test": (
            tr("Test the trained student on the held-out tasks."),
            tr("{} tasks are held out. Compare it with its base and with the teacher.").format(
                f"{seen.heldout:,}"
            ),
            tr("Open the evaluation"),
            "evaluate",
            {"training": seen.newest_training} if seen.newest_training else {},
            "target",
        ),
        "chat": (
            tr("Talk to the student that you have trained."),
            tr("Ask the tuned student and its base the same thing, side by side."),
            tr("Open the chat"),
            "chat",
            {"training": seen.newest_training} if seen.newest_training else {"do": "new"},
            "message-circle",
        ),
    }
    sentence, hint, action, page, target, image = texts[wanted]
    return Next(sentence=sentence, hint=hint, action=action, page=page, target=target, image=image)


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
