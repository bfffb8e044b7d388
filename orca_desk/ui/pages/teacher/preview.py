"""Five answers before a whole run: question, strategy, answer, verdict and time of each."""

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QScrollArea, QStackedLayout, QVBoxLayout, QWidget

from orca_desk.method.records import Task
from orca_desk.steps.instruct.preview import Duration, Preview, Previewed
from orca_desk.steps.teaching import rejection
from orca_desk.ui.desk import Desk
from orca_desk.ui.icons import pixmap
from orca_desk.ui.jobs import Job
from orca_desk.ui.theme import GRID, Role
from orca_desk.ui.widgets.empty import EmptyState
from orca_desk.ui.widgets.job_panel import STATES, duration
from orca_desk.ui.widgets.text import Tone, card, label
from orca_desk.ui.words.shorten import shorten

LONGEST = 1200  # characters of a question or an answer that a card shows


class TeacherPreview(QWidget):
    """The answers of the newest preview, and what a whole run would take."""

    def __init__(self, desk: Desk, *, start: Callable[[], None]) -> None:
        super().__init__()
        self.desk = desk
        self._cards: list[QFrame] = []
        self._signs: list[tuple[QLabel, str, Role]] = []
        desk.theme.changed.connect(self._paint)
        self._preview: Preview | None = None
        self._job: Job | None = None
        self._missing: int | None = None
        self._stack = QStackedLayout(self)
        self._stack.addWidget(
            EmptyState(
                desk.theme,
                image="eye",
                title="Try five first",
                text=(
                    "Five of the chosen tasks, taken at random, are answered and graded, so that you see what"
                    " a whole run would bring and how long it would take. Nothing of a preview is kept."
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
        """Forget the preview before this one; `job` makes the new one."""
        for frame in self._cards:
            frame.hide()
            frame.deleteLater()
        self._cards.clear()
        self._signs.clear()
        self._preview = None
        self._job = job
        job.state_changed.connect(self._show_state)
        self._show_state()
        self.note.setText("Nothing of a preview is kept.")
        self._stack.setCurrentIndex(1)

    def _show_state(self) -> None:
        """Say what the preview's first answer waits for."""
        if self._job is not None and not self._job.is_over and not self._cards:
            self.summary.setText(STATES[self._job.state] or "The teacher is loading…")

    def add(self, answer: Previewed) -> None:
        """Show an answer that came."""
        record = answer.answer.record
        tokens = f"{record.provenance.completion_tokens:,} tokens in {_took(answer.seconds)}"
        about = f"{record.family}  ·  {answer.strategy.title}  ·  {tokens}"
        words, image, role = verdict_words(answer)
        self._add_card(about, words, image, role, record.user, record.response)
        self.summary.setText(f"{len(self._cards)} answered…")

    def finish(self, made: Preview | None) -> None:
        """Show what could not be answered, and the estimate; None: it was stopped or failed."""
        self._preview = made
        if made is None or not (made.answers or made.failed):
            self.summary.setText("No answer came.")
            return
        for task, reason in made.failed:
            self._add_failure(task, reason)
        self._show_estimate()

    def show_missing(self, missing: int | None) -> None:
        """Say for how many answers the estimate is to be."""
        self._missing = missing
        self._show_estimate()

    def _show_estimate(self) -> None:
        made = self._preview
        if made is None:
            return
        if not made.answers:
            self.summary.setText(f"None of {len(made.failed)} could be answered.")
            return
        kept = sum(not rejection(each.answer) for each in made.answers)
        asked = len(made.answers) + len(made.failed)
        words = [f"{kept} of {asked} fit for training, {made.rate:,.0f} tokens/s."]
        if self._missing and (estimate := made.duration(self._missing)):
            words.append(f"All {self._missing:,} take {_about(estimate)}.")
        self.summary.setText(" ".join(words))
        cut = sum(each.answer.record.provenance.finish_reason == "length" for each in made.answers)
        self.note.setText(
            f"{cut} of them were cut off by the length limit: allow more tokens."
            if cut
            else (
                "Estimated from the length of these answers at this speed; a whole run, which writes more of"
                " them at once, is often faster. Nothing of a preview is kept."
            )
        )

    def _add_failure(self, task: Task, reason: str) -> None:
        question = shorten(task.user_text, keep_lines=True)
        self._add_card(task.family, "failed", "circle-x", "bad", question, reason)

    def _add_card(self, about: str, words: str, image: str, role: Role, question: str, answer: str) -> None:
        frame, layout = card()
        layout.setSpacing(GRID // 2)
        row = QHBoxLayout()
        sign = QLabel()
        self._signs.append((sign, image, role))
        row.addWidget(label(about, size="caption", tone="muted"), 1)
        row.addWidget(sign)
        tone: Tone = role if role in ("good", "bad", "warn") else "muted"  # type: ignore[assignment]
        row.addWidget(label(words, size="caption", bold=True, tone=tone))
        layout.addLayout(row)
        texts = [label(shorten(question, LONGEST, keep_lines=True), tone="muted", wrap=True, selectable=True)]
        if answer:
            texts.append(label(shorten(answer, LONGEST, keep_lines=True), wrap=True, selectable=True))
        for text in texts:
            text.setMinimumWidth(1)  # a word without end must not widen the column
            layout.addWidget(text)
        frame.setAccessibleName(f"{about}. {words}")
        self._paint()
        self._cards.append(frame)
        self._list.insertWidget(self._list.count() - 1, frame)

    def _paint(self) -> None:
        for sign, image, role in self._signs:
            sign.setPixmap(pixmap(image, self.desk.theme.colours, role, 16))


def verdict_words(answer: Previewed) -> tuple[str, str, Role]:
    """Return what is thought of an answer in words, its icon and the icon's colour."""
    if reason := rejection(answer.answer):
        right = answer.task.answer
        if reason == "wrong answer" and right is not None:
            reason = f"wrong answer, {shorten(right, 40)} is right"
        return reason, "circle-x", "bad"
    if answer.answer.verdict is None:
        return "not graded: no reference answer", "circle-help", "muted"
    return "right", "circle-check", "good"


def _about(estimate: Duration) -> str:
    """Write an estimate with its interval."""
    low, high = duration(estimate.low), duration(estimate.high)
    return f"about {duration(estimate.seconds)}" + (f" ({low} to {high})" if low != high else "")


def _took(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds >= 1 else f"{1000 * seconds:.0f} ms"
