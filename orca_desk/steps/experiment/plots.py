"""The plots of an experiment's report as numbers: where each dot and interval lies, in units of the drawing.

The template draws them as SVG; nothing here knows colours.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from orca_desk.method.statistics import Finding
from orca_desk.steps.evaluate.scoring import OVERALL
from orca_desk.steps.experiment.plan import MessageKind
from orca_desk.steps.experiment.results import ContrastResult, ContrastSet, ExperimentResults
from orca_desk.steps.experiment.wording import ARM_NAMES, MESSAGE_NAMES, contrast_name, points

ROW = 26  # heights and widths in the units of the drawing, about pixels
LABELS, PLOT, VALUES = 380, 300, 190
PANEL_LABELS, PANEL, PANEL_VALUES = 150, 220, 130
STEPS = (1, 2, 5, 10, 20, 25, 50)  # percentage points between the lines of an axis
MOST_LINES = 6


@dataclass(frozen=True, kw_only=True)
class PlotRow:
    """A row: its label, its value in words, and its dot with the interval, left to right.

    `role` names what the dot is: "base" or "student", or a finding. `marks` are smaller dots, one per seed.
    """

    label: str
    value: str
    y: float
    at: float
    low: float
    high: float
    role: str
    marks: tuple[float, ...] = ()


@dataclass(frozen=True, kw_only=True)
class IntervalPlot:
    """A plot of dots with intervals. `lines` are (position, label) of the axis, `zero` is no difference."""

    title: str
    width: float
    height: float
    left: float
    right: float
    rows: tuple[PlotRow, ...]
    lines: tuple[tuple[float, str], ...]
    zero: float | None = None


def share_plot(found: ExperimentResults, message: MessageKind) -> IntervalPlot | None:
    """Return the shares of correct answers of all arms under one message; None while there are none."""
    rows: list[PlotRow] = []
    left, right = float(PANEL_LABELS), float(PANEL_LABELS + PANEL)
    for arm in found.plan.arms:
        result = found.share(arm, message)
        if result is None:
            continue
        share = result.share
        rows.append(
            PlotRow(
                label=ARM_NAMES[arm],
                value=f"{share.share:.1%} ({share.low * 100:.0f}-{share.high * 100:.0f})",
                y=ROW * (len(rows) + 0.5),
                at=left + share.share * PANEL,
                low=left + share.low * PANEL,
                high=left + share.high * PANEL,
                role="base" if arm == "base" else "student",
                marks=tuple(left + one * PANEL for one in result.by_seed) if share.seeds > 1 else (),
            )
        )
    if not rows:
        return None
    return IntervalPlot(
        title=MESSAGE_NAMES[message],
        width=right + PANEL_VALUES,
        height=ROW * (len(rows) + 1),
        left=left,
        right=right,
        rows=tuple(rows),
        lines=tuple((left + share * PANEL, f"{share:.0%}") for share in (0, 0.25, 0.5, 0.75, 1)),
    )


def contrast_plot(found: ExperimentResults) -> IntervalPlot | None:
    """Return the overall differences between arms, in points; None while there are none."""
    contrasts = [one for one in found.of_set(ContrastSet.ARMS) if one.family == OVERALL]
    return _differences(contrasts) if contrasts else None


def _differences(contrasts: Sequence[ContrastResult]) -> IntervalPlot:
    found = [one.difference for one in contrasts]
    low = min(0.0, *(one.low for one in found)) * 100
    high = max(0.0, *(one.high for one in found)) * 100
    step = next((one for one in STEPS if (high - low) / one <= MOST_LINES), STEPS[-1])
    first, last = math.floor(low / step) * step, math.ceil(high / step) * step
    last = max(last, first + step)

    def place(share: float) -> float:
        return LABELS + (share * 100 - first) / (last - first) * PLOT

    rows = tuple(
        PlotRow(
            label=contrast_name(one),
            value=points(one.difference).replace(" points", ""),
            y=ROW * (index + 0.5),
            at=place(one.difference.difference),
            low=place(one.difference.low),
            high=place(one.difference.high),
            role=_role(one.finding),
        )
        for index, one in enumerate(contrasts)
    )
    return IntervalPlot(
        title="Difference in percentage points",
        width=LABELS + PLOT + VALUES,
        height=ROW * (len(rows) + 1),
        left=LABELS,
        right=LABELS + PLOT,
        rows=rows,
        lines=tuple((place(at / 100), f"{at:+d}" if at else "0") for at in range(first, last + 1, step)),
        zero=place(0.0),
    )


def _role(finding: Finding) -> str:
    return {"better": "better", "worse": "worse"}.get(finding, "unclear")
