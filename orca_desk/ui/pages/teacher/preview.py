"""Five answers before a whole run, each with its question, strategy, verdict and time."""

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QScrollArea, QStackedLayout, QVBoxLayout, QWidget

from orca_desk.counting import counted
from orca_desk.method.fitness import Unfit
from orca_desk.method.records import Task
from orca_desk.steps.instruct.preview import PreviewAnswer, TeachPreview, TimeEstimate
from orca_desk.ui.desk import Desk
from orca_desk.ui.icons import pixmap
from orca_desk.ui.jobs import Job
from orca_desk.ui.pages.teacher.verdicts import VerdictTone, verdict_look
from orca_desk.ui.theme import GRID
from orca_desk.ui.widgets.empty import EmptyState
from orca_desk.ui.widgets.fitting_browser import FittingBrowser
from orca_desk.ui.widgets.text import card, label
from orca_desk.ui.words.progress import JOB_STATES, duration
from orca_desk.ui.words.shorten import shorten

LONGEST = 1200  # characters of a question or an answer that a card shows


class TeacherPreview(QWidget):
    """The answers of the latest preview, and an estimate for a whole run."""

    def __init__(self, desk: Desk, *, start: Callable[[], None]) -> None:
        super().__init__()
        self.desk = desk
        self.cards: list[QFrame] = []
        self._signs: list[tuple[QLabel, str, VerdictTone]] = []
        desk.theme.changed.connect(self._paint)
        self._preview: TeachPreview | None = None
        self._job: Job | None = None
        self._missing: int | None = None
        self._stack = QStackedLayout(self)
        self._stack.addWidget(
            EmptyState(
                desk.theme,
                image="eye",
                title="Try five first",
                text=(
                    "The teacher answers five of the selected tasks, chosen at random. Their grades and times"
                    " show what to expect of a whole run. Nothing is saved."
                ),
                action="Preview five",
                run=start,
            )
        )
        filled = QWidget()
        column = QVBoxLayout(filled)
        column.setContentsMargins(0, GRID + GRID // 2, 0, 0)
        column.setSpacing(GRID)
        self.summary = label(bold=True, wrap=True)
        self.note = label(tone="muted", size="caption", wrap=True)
        column.addWidget(self.summary)
        column.addWidget(self.note)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setAccessibleName("Answers of the preview")
        inside = QWidget()
        self._list = QVBoxLayout(inside)
        self._list.setContentsMargins(0, 0, GRID, 0)
        self._list.setSpacing(GRID)
        self._list.addStretch(1)
        scroll.setWidget(inside)
        column.addWidget(scroll, 1)
        self._stack.addWidget(filled)

    def begin(self, job: Job) -> None:
        """Clear the last preview; `job` makes the new one."""
        for frame in self.cards:
            frame.hide()
            frame.deleteLater()
        self.cards.clear()
        self._signs.clear()
        self._preview = None
        self._job = job
        job.state_changed.connect(self._show_state)
        self._show_state()
        self.note.setText("Nothing is saved.")
        self._stack.setCurrentIndex(1)

    def _show_state(self) -> None:
        """Show what the first answer is waiting for."""
        if self._job is not None and not self._job.is_over and not self.cards:
            self.summary.setText(JOB_STATES[self._job.state] or "The teacher is loading…")

    def add(self, answer: PreviewAnswer) -> None:
        """Show a new answer."""
        record = answer.answer.record
        tokens = f"{counted(record.provenance.completion_tokens or 0, 'token')} in {_took(answer.seconds)}"
        about = f"{record.family}  ·  {answer.strategy.title}  ·  {tokens}"
        words, image, tone = verdict_look(answer.answer, answer.rejected)
        self._add_card(about, _with_reference(words, answer), image, tone, record.user, record.response)
        self.summary.setText(f"{len(self.cards)} answered…")

    def finish(self, made: TeachPreview | None) -> None:
        """Show the failures and the estimate of a finished preview; None if it was stopped or failed."""
        self._preview = made
        if made is None or not (made.answers or made.failed):
            self.summary.setText("No answer was generated.")
            return
        for task, reason in made.failed:
            self._add_failure(task, reason)
        self._show_estimate()

    def show_missing(self, missing: int | None) -> None:
        """Show the estimate for this many answers."""
        self._missing = missing
        self._show_estimate()

    def _show_estimate(self) -> None:
        made = self._preview
        if made is None:
            return
        if not made.answers:
            self.summary.setText(f"None of {len(made.failed)} tasks could be answered.")
            return
        usable = [each for each in made.answers if each.rejected is None]
        ungraded = sum(each.answer.verdict is None for each in usable)
        asked = len(made.answers) + len(made.failed)
        words = [f"{len(usable)} of {asked} usable for training, {made.rate:,.0f} tokens/s."]
        if ungraded:
            words.append(f"{ungraded} of them not graded.")
        if self._missing and (estimate := made.time_for(self._missing)):
            words.append(f"All {self._missing:,} will take {_about(estimate)}.")
        self.summary.setText(" ".join(words))
        cut = sum(each.answer.record.provenance.finish_reason == "length" for each in made.answers)
        self.note.setText(
            f"{counted(cut, 'answer')} cut off by the length limit: allow more tokens."
            if cut
            else (
                "Estimated from the length of these answers and their speed. A whole run generates more"
                " answers in parallel and is often faster. Nothing is saved."
            )
        )

    def _add_failure(self, task: Task, reason: str) -> None:
        question = shorten(task.user_text, keep_lines=True)
        self._add_card(task.family, "failed", "circle-x", "bad", question, reason)

    def _add_card(
        self, about: str, words: str, image: str, tone: VerdictTone, question: str, answer: str
    ) -> None:
        frame, layout = card()
        layout.setSpacing(GRID // 2)
        row = QHBoxLayout()
        sign = QLabel()
        self._signs.append((sign, image, tone))
        row.addWidget(label(about, size="caption", tone="muted"), 1)
        row.addWidget(sign)
        row.addWidget(label(words, size="caption", bold=True, tone=tone))
        layout.addLayout(row)
        asked = FittingBrowser("The question")
        asked.show_text(shorten(question, LONGEST, keep_lines=True))
        layout.addWidget(asked)
        if answer:
            said = FittingBrowser("The answer")
            said.show_text(shorten(answer, LONGEST, keep_lines=True))
            layout.addWidget(said)
        frame.setAccessibleName(f"{about}. {words}")
        self._paint()
        self.cards.append(frame)
        self._list.insertWidget(self._list.count() - 1, frame)

    def _paint(self) -> None:
        for sign, image, tone in self._signs:
            sign.setPixmap(pixmap(image, self.desk.theme.colours, tone, 16))


def _with_reference(words: str, answer: PreviewAnswer) -> str:
    """Return the words for a verdict with what was expected, where that explains it."""
    reference = answer.task.answer
    if reference is None:
        return f"{words}: no reference answer" if answer.answer.verdict is None else words
    if answer.rejected is Unfit.INCORRECT:
        return f"{words}, expected {shorten(reference, 40)}"
    return words


def _about(estimate: TimeEstimate) -> str:
    """Write an estimate with its interval."""
    low, high = duration(estimate.low), duration(estimate.high)
    return f"about {duration(estimate.seconds)}" + (f" ({low} to {high})" if low != high else "")


def _took(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds >= 1 else f"{1000 * seconds:.0f} ms"
