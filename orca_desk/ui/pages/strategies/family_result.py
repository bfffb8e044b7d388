"""What was measured for the selected family: the choice or why there is none, a plot, the held-out score."""

from collections.abc import Mapping

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from orca_desk.counting import counted
from orca_desk.method.evidence import Basis, Evidence
from orca_desk.method.pairing import Decision, PairingReason, Standing
from orca_desk.steps.pair.family_result import FamilyResult, Measurement
from orca_desk.ui.pages.strategies.interval_plot import IntervalRow, Mark, StrategyPlot
from orca_desk.ui.theme import GRID, Theme
from orca_desk.ui.widgets.text import button, label
from orca_desk.ui.widgets.when import when
from orca_desk.ui.words.pairing import (
    ABOUT_BASES,
    ABOUT_CHOICE,
    ABOUT_INTERVAL,
    BASES,
    SHARES,
    held_out_text,
    no_choice,
    overruled,
    pairing_reason,
    score,
)

BESIDE = 88 * GRID  # px, from which the plot stands beside the words
NOT_MEASURED = "Measure the strategies, or select one in the table and pair the family with it."


class FamilyResultView(QScrollArea):
    """Shows one family. `more_wanted` asks for a measurement with so many more tasks."""

    more_wanted = Signal(str, int)  # the family, and how many more tasks

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setAccessibleName("What was measured for the family")
        self._more = ("", 0)
        self.heading = label(bold=True, wrap=True)
        self.reason = label(tone="muted", wrap=True, selectable=True)
        self.reason.setToolTip(ABOUT_CHOICE)
        self.by_hand = label(tone="muted", wrap=True, selectable=True)
        self.plot = StrategyPlot(theme)
        self.legend = label(tone="muted", size="caption", wrap=True)
        self.legend.setToolTip(ABOUT_INTERVAL)
        self.held_out = label(tone="muted", wrap=True, selectable=True)
        self.held_out.setToolTip(
            "The strategy that measures best owes that partly to luck. Tasks that did not choose it show how"
            " good it is."
        )
        self.more = button("Measure more tasks", self._ask_for_more)
        self.more_note = label(tone="muted", size="caption", wrap=True)
        inside = QWidget()
        self._columns = columns = QBoxLayout(QBoxLayout.Direction.LeftToRight, inside)
        columns.setContentsMargins(2 * GRID, GRID + GRID // 2, 2 * GRID, GRID)
        columns.setSpacing(4 * GRID)
        columns.addLayout(self._words())
        columns.addLayout(self._picture())
        self.setWidget(inside)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Put the plot below the words where it has too little room beside them."""
        super().resizeEvent(event)
        direction = QBoxLayout.Direction
        is_wide = self.width() >= BESIDE
        self._columns.setDirection(direction.LeftToRight if is_wide else direction.TopToBottom)
        for place, share in enumerate((2, 3)):
            self._columns.setStretch(place, share if is_wide else place)

    def _words(self) -> QVBoxLayout:
        column = QVBoxLayout()
        column.setSpacing(GRID)
        for widget in (self.heading, self.reason, self.more_note, self.more, self.by_hand, self.held_out):
            column.addWidget(
                widget, 0, Qt.AlignmentFlag.AlignLeft if widget is self.more else Qt.AlignmentFlag(0)
            )
        column.addStretch(1)
        return column

    def _picture(self) -> QVBoxLayout:
        column = QVBoxLayout()
        column.setSpacing(GRID)
        column.addWidget(self.plot)
        self._below = QHBoxLayout()
        self._below.setSpacing(GRID)
        self._below.addWidget(self.legend, 1)
        column.addLayout(self._below)
        column.addStretch(1)
        return column

    def add_below_plot(self, button: QWidget) -> None:
        """Put a button beside the plot's legend."""
        self._below.addWidget(button, 0, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignTop)

    def show_result(self, result: FamilyResult, titles: Mapping[str, str], tasks: int) -> None:
        """Show a family; `titles` are the strategies' by name, `tasks` those that it has to measure on."""
        found, current = result.measurement, result.current
        name = titles.get(current.strategy, current.strategy) if current else "not paired"
        self.heading.setText(f"{result.family}: {name}")
        self._show_reason(result, titles)
        self.plot.show_rows(
            _rows(found.decision, current.strategy if current else "", titles) if found else ()
        )
        self.legend.setVisible(found is not None)
        self.legend.setText(_legend(found, result.basis) if found else "")
        held_out = held_out_text(found.held_out, result.basis, titles) if found else ""
        self.held_out.setText(held_out)
        self.held_out.setVisible(bool(held_out))
        self._offer_more(result, tasks)

    def _show_reason(self, result: FamilyResult, titles: Mapping[str, str]) -> None:
        found, current = result.measurement, result.current
        lines = []
        if found is None:
            lines.append(f"Not measured {BASES[result.basis]}." if current is not None else NOT_MEASURED)
        else:
            pairing = found.decision.pairing
            said = (
                pairing_reason(pairing, found.decision.rule, titles) if pairing else no_choice(found.decision)
            )
            lines.append(f"Measured {BASES[result.basis]}, {when(found.measured_at)}: {said}")
        self.reason.setText("\n".join(lines))
        by_hand = overruled(current, titles) if current else ""
        self.by_hand.setText(by_hand)
        self.by_hand.setVisible(bool(by_hand))

    def _offer_more(self, result: FamilyResult, tasks: int) -> None:
        """Offer to measure just as many more tasks as would probably settle the choice."""
        decision = result.measurement.decision if result.measurement else None
        wanted = decision.more_tasks if decision and decision.reason == PairingReason.OPEN else None
        used = max((one.tasks for one in decision.evidence), default=0) if decision else 0
        available = max(0, tasks - used)
        count = min(wanted or 0, available)
        self._more = (result.family, count)
        self.more.setVisible(bool(count))
        if count:
            self.more.setText(f"Measure {counted(count, 'more task')}")
        note = ""
        if wanted and not available:
            note = "All training tasks of this family are measured: import more, or choose by hand."
        elif wanted and available < wanted:
            note = f"The family has no more than {counted(available, 'more task')}."
        self.more_note.setText(note)
        self.more_note.setVisible(bool(note))

    def _ask_for_more(self) -> None:
        self.more_wanted.emit(*self._more)


def _legend(found: Measurement, basis: Basis) -> str:
    share = "Share of correct answers" if basis == Basis.REFERENCE else f"Share {SHARES[basis]}"
    note = "" if basis == Basis.REFERENCE else f" {ABOUT_BASES[basis]}"
    marks = "✓ paired  ● chosen by the measurement  ◉ not worse than the best  ○ open  × clearly worse"
    return f"{share} with its 95% interval. {marks}.{note}"


def _rows(decision: Decision, current: str, titles: Mapping[str, str]) -> list[IntervalRow]:
    """Return a row per strategy, the best first."""
    standings = {one.strategy: one for one in decision.standings}
    ordered = sorted(decision.evidence, key=lambda one: (-one.accuracy, one.mean_tokens, one.strategy))
    return [
        _row(
            one,
            _mark(one, decision, standings.get(one.strategy)),
            standings.get(one.strategy),
            titles,
            is_current=one.strategy == current,
        )
        for one in ordered
    ]


def _mark(evidence: Evidence, decision: Decision, standing: Standing | None) -> Mark:
    if evidence.strategy == decision.strategy:
        return "chosen"
    if standing is None:
        return "open"
    if standing.not_worse:
        return "not worse"
    return "worse" if standing.high < 0 else "open"


def _row(
    evidence: Evidence, mark: Mark, standing: Standing | None, titles: Mapping[str, str], *, is_current: bool
) -> IntervalRow:
    low, high = evidence.interval
    title = titles.get(evidence.strategy, evidence.strategy)
    sentence = (
        f"{title}: {score(evidence)}, {evidence.accuracy:.0%} (95% interval {low:.0%} to {high:.0%}),"
        f" {evidence.mean_tokens:.0f} tokens per answer; {mark}."
    )
    if standing is not None:
        rival = titles.get(standing.rival, standing.rival)
        sentence += (
            f" Against {rival}, on {counted(standing.tasks, 'task')}"
            f"{'' if standing.paired else ' (not the same ones)'}: {100 * standing.difference:+.0f} points"
            f" ({100 * standing.low:+.0f} to {100 * standing.high:+.0f}), p {standing.adjusted_p:.2g} after"
            " correction."
        )
    return IntervalRow(
        title=title,
        share=evidence.accuracy,
        low=low,
        high=high,
        figures=f"{evidence.correct:,}/{evidence.n:,} · {evidence.mean_tokens:,.0f} tokens · {mark}",
        sentence=sentence,
        mark=mark,
        is_current=is_current,
    )
