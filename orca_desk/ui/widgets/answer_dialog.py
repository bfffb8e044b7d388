"""One answer looked at closely: its steps with their checks, and how likely the model found each token."""

import math
from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QHBoxLayout, QVBoxLayout, QWidget

from orca_desk.counting import counted
from orca_desk.method.answer_reading import AnswerReading
from orca_desk.steps import token_scores
from orca_desk.steps.token_scores import ScoredToken, known_scores, mean_logprob, score_tokens
from orca_desk.ui.desk import Desk
from orca_desk.ui.jobs import Job, Tools
from orca_desk.ui.theme import GRID
from orca_desk.ui.widgets.answer_steps import AnswerStepsView
from orca_desk.ui.widgets.dialog_buttons import closing_buttons
from orca_desk.ui.widgets.job_panel import JobPanel
from orca_desk.ui.widgets.notice import Notice
from orca_desk.ui.widgets.panes import Panes
from orca_desk.ui.widgets.scored_text import MOST_DRAWN, ScoredTextView
from orca_desk.ui.widgets.text import button, label

SCORES_TIP = (
    "Runs the answer through the model that wrote it. The log-probability of a token (natural logarithm) is 0"
    " where the model was certain, and falls with every other token that it found likely too."
)
UNSCORED = "Point to a token after scoring to see how likely the model found it."
LEGEND = "Shaded: the model gave the token less than 50%, 10% (dotted) or 1%."


@dataclass(frozen=True, kw_only=True)
class LookedAt:
    """An answer to look at. `scored` says how to score its tokens; where it is None, `why_not` says why."""

    title: str
    response: str
    reading: AnswerReading
    scored: token_scores.ScoredText | None = None
    why_not: str = ""


class AnswerDialog(QDialog):
    """Shows the steps at the left and the tokens at the right. Closing it stops the scoring."""

    def __init__(self, desk: Desk, answer: LookedAt, parent: QWidget) -> None:
        super().__init__(parent)
        self.desk, self._answer = desk, answer
        self.job: Job | None = None
        self._tokens: list[ScoredToken] = []
        self.setWindowTitle("Steps and tokens of an answer")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.resize(120 * GRID, 70 * GRID)
        self.steps = AnswerStepsView(desk.theme, answer.title)
        self.text = ScoredTextView(desk.theme)
        self.text.show_text(answer.response)
        self.mean = label(wrap=True)
        self.pointed = label(UNSCORED if answer.scored else answer.why_not, tone="muted", wrap=True)
        self.score = button("&Score the tokens", self.start_scoring, tip=SCORES_TIP)
        self.score.setVisible(answer.scored is not None)
        self.score.setAutoDefault(False)
        self.panel = JobPanel(desk)
        self.panel.pause.hide()
        self.panel.stop.setAutoDefault(False)
        self.notice = Notice(desk)
        self._lay_out()
        self.steps.step_chosen.connect(self._choose)
        self.text.described.connect(lambda words: self.pointed.setText(words or self._nothing_pointed()))
        self.steps.show_reading(answer.reading)
        self._read_known()

    def start_scoring(self) -> None:
        """Ask a worker for the log-probabilities, as a job."""
        scored = self._answer.scored
        if scored is None or self.job is not None:
            return
        library = self.desk.library

        def work(tools: Tools) -> list[ScoredToken] | None:
            return score_tokens(library, scored, progress=tools.progress, control=tools.control)

        self.notice.hide()
        self.score.setEnabled(False)
        self.job = job = self.desk.jobs.start("Score an answer's tokens", "score", work, heavy=False)
        self.panel.follow(job)
        job.ended.connect(self._scored)

    def done(self, result: int) -> None:
        """Close; a scoring that is under way stops."""
        if self.job is not None:
            self.job.ended.disconnect(self._scored)
            self.job.stop()
            self.job = None
        super().done(result)

    def _lay_out(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(3 * GRID, 2 * GRID, 3 * GRID, 2 * GRID)
        layout.setSpacing(GRID)
        layout.addWidget(label(self._answer.title, size="heading", bold=True, wrap=True))
        layout.addWidget(self.notice)
        right = QWidget()
        column = QVBoxLayout(right)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID // 2)
        row = QHBoxLayout()
        row.addWidget(self.mean, 1)
        row.addWidget(self.score)
        column.addLayout(row)
        column.addWidget(self.panel)
        column.addWidget(self.text, 1)
        self.legend = label(LEGEND, size="caption", tone="muted", wrap=True)
        self.legend.hide()
        column.addWidget(self.legend)
        self.pointed.setMinimumHeight(2 * self.pointed.fontMetrics().height())
        self.pointed.setAlignment(Qt.AlignmentFlag.AlignTop)
        column.addWidget(self.pointed)
        splitter = Panes()
        splitter.addWidget(self.steps)
        splitter.addWidget(right)
        splitter.setSizes([55 * GRID, 60 * GRID])
        layout.addWidget(splitter, 1)
        layout.addWidget(closing_buttons(self))
        self._show_mean([])

    def _read_known(self) -> None:
        scored = self._answer.scored
        if scored is None:
            return
        library = self.desk.library
        self.desk.background.run(
            self, lambda: known_scores(library, scored), self._show_known, failed=self.notice.show_error
        )

    def _show_known(self, tokens: list[ScoredToken] | None) -> None:
        if tokens is not None and self.job is None:
            self._show(tokens)

    def _scored(self) -> None:
        job, self.job = self.job, None
        self.score.setEnabled(True)
        if job is None:
            return
        if job.error is not None:
            self.notice.show_error(job.error)
        elif job.result:
            self._show(job.result)

    def _show(self, tokens: list[ScoredToken]) -> None:
        self._tokens = tokens
        self.score.hide()
        self.legend.show()
        self.text.show_tokens(tokens)
        self._show_mean(tokens)
        self.pointed.setText(self._nothing_pointed())
        if len(tokens) > MOST_DRAWN:
            self.legend.setText(f"{LEGEND} The first {MOST_DRAWN:,} of {len(tokens):,} tokens are shown.")
        row = self.steps.steps.currentRow()
        if row >= 0:
            step = self._answer.reading.steps[row]
            self._choose(step.start, step.end)

    def _choose(self, start: int, end: int) -> None:
        self.text.select_part(start, end)
        self._show_mean(self.text.tokens_within(start, end), is_step=True)

    def _show_mean(self, tokens: list[ScoredToken], *, is_step: bool = False) -> None:
        if not self._tokens:
            self.mean.setText("Not scored yet" if self._answer.scored else "Tokens cannot be scored")
            return
        whole = mean_words(self._tokens)
        self.mean.setText(f"{whole}\nThis step: {mean_words(tokens)}" if is_step and tokens else whole)

    def _nothing_pointed(self) -> str:
        if self._tokens:
            return "Point to a token, or move the cursor, to see how likely the model found it."
        return UNSCORED if self._answer.scored else self._answer.why_not


def mean_words(tokens: list[ScoredToken]) -> str:
    """Return the mean log-probability in words, with the probability that it stands for."""
    mean = mean_logprob(tokens)
    shown = f"{mean:.2f}".replace("-0.00", "0.00")
    return f"Mean log-probability {shown} per token ({math.exp(mean):.0%}), {counted(len(tokens), 'token')}"
