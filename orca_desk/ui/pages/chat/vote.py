"""The vote behind an answer on screen: a bar for each final answer, and the other answers, folded."""

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QGridLayout, QSizePolicy, QVBoxLayout, QWidget

from orca_desk.counting import counted, plural_of
from orca_desk.library.chats import SampledAnswers
from orca_desk.method.agreement import Agreement
from orca_desk.ui.pages.chat.folded import fold_button, paint_folded
from orca_desk.ui.theme import GRID, Role, Theme
from orca_desk.ui.widgets.elided import ElidedLabel
from orca_desk.ui.widgets.fitting_browser import FittingBrowser
from orca_desk.ui.widgets.text import label
from orca_desk.ui.words.votes import HELP, NO_VOTE_HELP, candidate_votes, vote_summary

BAR = GRID  # px, height
MOST_BARS = 5


class VoteView(QWidget):
    """What several answers to one message came to; hidden for a message that was asked once."""

    def __init__(self, theme: Theme, title: str) -> None:
        super().__init__()
        self._theme = theme
        self._sampled: SampledAnswers | None = None
        self._vote: Agreement | None = None
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID // 2)
        self.summary = label(size="caption", tone="muted", wrap=True)
        self.summary.setToolTip(HELP)
        column.addWidget(self.summary)
        self._bars = QGridLayout()
        self._bars.setHorizontalSpacing(GRID)
        self._bars.setVerticalSpacing(GRID // 2)
        self._bars.setColumnStretch(0, 2)
        self._bars.setColumnStretch(1, 3)
        column.addLayout(self._bars)
        self.others = fold_button()
        self.others.toggled.connect(self._fold)
        column.addWidget(self.others, 0, Qt.AlignmentFlag.AlignLeft)
        self.browser = FittingBrowser()
        self.browser.setAccessibleName(f"Other answers of {title}")
        self.browser.hide()
        column.addWidget(self.browser)
        self.hide()

    def show_count(self, count: int, of: int, vote: Agreement) -> None:
        """Show the vote so far, while more answers are on their way."""
        self._sampled = None
        self._show_bars(vote)
        self.summary.setText(f"{count} of {of} {plural_of('answer')} so far")
        self.others.hide()
        self.browser.hide()
        self.show()

    def show_vote(self, vote: Agreement | None, sampled: SampledAnswers | None) -> None:
        """Show a vote that has ended; nothing without one."""
        self.setVisible(vote is not None and sampled is not None)
        if vote is None or sampled is None:
            return
        self._vote, self._sampled = vote, sampled
        self._show_bars(vote)
        self.summary.setText(vote_summary(vote, sampled.asked))
        rest = len(sampled.samples) - 1
        self.others.setVisible(rest > 0)
        self.others.setChecked(False)
        self.others.setText(f"Show {counted(rest, 'other answer')}")
        self.others.setAccessibleName(self.others.text())
        self.paint()

    def paint(self) -> None:
        """Take the colours of the theme."""
        paint_folded(self.others, self.browser, self._theme)

    def _show_bars(self, vote: Agreement) -> None:
        while (item := self._bars.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        rows = [(one.answer, one.votes, candidate_votes(one, vote)) for one in vote.candidates[:MOST_BARS]]
        more = sum(one.votes for one in vote.candidates[MOST_BARS:])
        if more:
            rows.append(("other answers", more, f"{more} of {vote.n} ({more / vote.n:.0%})"))
        silent = len(vote.without_vote)
        if silent:
            rows.append(("no final answer", silent, f"{silent} of {vote.n} ({silent / vote.n:.0%})"))
        for row, (answer, votes, said) in enumerate(rows):
            is_winner = row == 0 and vote.winner is not None
            name = ElidedLabel(size="caption", bold=is_winner, tone="" if is_winner else "muted")
            name.show_text(" ".join(answer.split()))
            if silent and row == len(rows) - 1:
                name.setToolTip(NO_VOTE_HELP)
            bar = _Bar(self._theme, votes / vote.n, "accent" if is_winner else "muted")
            bar.setAccessibleName(f"{answer}: {said}")
            self._bars.addWidget(name, row, 0)
            self._bars.addWidget(bar, row, 1, Qt.AlignmentFlag.AlignVCenter)
            self._bars.addWidget(label(said, size="caption", tone="muted"), row, 2)

    def _fold(self, shown: bool) -> None:
        if shown and self._sampled is not None and self._vote is not None:
            self.browser.set_plain(_other_answers(self._sampled, self._vote))
        self.browser.setVisible(shown)
        self.paint()


class _Bar(QWidget):
    """A share as a bar."""

    def __init__(self, theme: Theme, share: float, role: Role) -> None:
        super().__init__()
        self._theme, self._share, self._role = theme, share, role
        self.setFixedHeight(BAR)
        self.setMinimumWidth(6 * GRID)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        theme.changed.connect(self.update)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Draw the share over the whole."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        whole = QRectF(self.rect())
        for width, colour in (
            (whole.width(), self._theme.colours.tint("muted", 0.18)),
            (whole.width() * self._share, self._theme.colours(self._role)),
        ):
            painter.setBrush(colour)
            painter.drawRoundedRect(QRectF(0, 0, width, whole.height()), 3, 3)
        painter.end()


def _other_answers(sampled: SampledAnswers, vote: Agreement) -> str:
    """Return all answers but the one that is shown, each under its number and its vote."""
    parts = []
    for number, sample in enumerate(sampled.samples):
        if number == sampled.shown:
            continue
        votes = vote.votes_for(number)
        said = f"{votes} of {vote.n} agree" if votes else "no vote"
        if sample.finish_reason == "cancelled":
            said = "stopped"
        elif sample.finish_reason == "length":
            said += ", cut off at the length limit"
        parts.append(f"Answer {number + 1} ({said}):\n{sample.content.strip()}")
    return "\n\n".join(parts)
