"""What the scores of evaluations leave out or count as incorrect, in words that stand beside them."""

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from orca_desk.counting import counted
from orca_desk.ui.words.shorten import shorten

if TYPE_CHECKING:  # every start of the desktop imports this module
    from orca_desk.library.repeats import Repeats
    from orca_desk.method.statistics import Comparison, Share
    from orca_desk.steps.evaluate.comparison import EvaluationSummary, ModelComparison
    from orca_desk.steps.evaluate.scoring import Evaluated

NOT_NOTED = "an unrecorded engine"
NEAR_TIES = "Where two tokens are nearly as likely, that alone can change a greedy answer."


def interval(share: "Share") -> str:
    """Return a share with its interval, "83.6% (72.4 to 90.8)", or a dash without any measurement."""
    if not share.n:
        return "–"
    return f"{share.share:.1%} ({100 * share.low:.1f} to {100 * share.high:.1f})"


def score_notes(found: "Evaluated") -> list[str]:
    """Return a sentence for everything that one evaluation's scores leave out or count as incorrect."""
    lines = []
    if found.unasked:
        lines.append(unasked_text(found.unasked, found.failed))
    if found.unanswered:
        lines.append(f"Stopped: {counted(found.unanswered, 'task')} not answered yet, and in no score.")
    if found.ungraded:
        lines.append(f"{counted(found.ungraded, 'answer')} not graded, and in no score.")
    if found.cut:
        lines.append(f"{counted(found.cut, 'answer')} cut off by the length limit. Allow more tokens.")
    if found.repeats and (found.repeats.exact or found.repeats.near):
        lines.append(repeats_text(found.repeats))
    return lines


def repeats_text(found: "Repeats") -> str:
    """Return how many of an evaluation's questions the model was trained on."""
    count = found.exact + found.near
    verb = "repeats" if count == 1 else "repeat"
    return (
        f"{counted(count, 'question')} {verb} what the model was trained on in the snapshot"
        f" {shorten(found.snapshot)} ({found.exact:,} exactly, {found.near:,} nearly): it may only remember"
        " the answers."
    )


def unasked_text(count: int, reasons: Mapping[str, int]) -> str:
    """Return how many tasks could not be asked, that they count as incorrect, and why."""
    why = "; ".join(reason.rstrip(".") for reason in reasons)
    verb = "counts" if count == 1 else "count"
    return f"{counted(count, 'task')} could not be asked and {verb} as incorrect{f': {why}' if why else ''}."


def comparison_base(found: "ModelComparison") -> str:
    """Return which tasks the scores of several evaluations are measured on; "" for one evaluation alone."""
    if len(found.summaries) < 2:
        return ""
    edited = f" {counted(found.edited, 'task')} edited in between, so not the same." if found.edited else ""
    if not found.tasks:
        return f"These evaluations share no task, so their scores cannot be compared.{edited}"
    text = f"Scored on the {counted(found.tasks, 'task')} that these evaluations share."
    left_out = [f"{counted(one.left_out, 'task')} of {one.name}" for one in found.summaries if one.left_out]
    return f"{text} Left out of the scores: {', '.join(left_out)}.{edited}" if left_out else text


def points(found: "Comparison") -> str:
    """Write a difference in percentage points: +62.0 points (+57.1 to +66.8, p < 0.001)."""
    low, high = found.low * 100, found.high * 100
    return f"{found.difference * 100:+.1f} points ({low:+.1f} to {high:+.1f}, {p_value(found.p)})"


def p_value(p: float) -> str:
    """Return a p-value as text, with as many digits as tell on which side of 0.05 it is."""
    if p < 0.001:
        return "p < 0.001"
    return f"p = {p:.5f}" if f"{p:.3f}" == "0.050" else f"p = {p:.3f}"


def gain_text(gain: "Comparison") -> str:
    """Return what training did to the student: a gain or a loss only where the difference is clear."""
    if gain.finding == "better":
        return f"Training gained {points(gain)}."
    if gain.finding == "worse":
        return f"Training lost {points(gain)}."
    return f"Training made no clear difference: {points(gain)}."


def gap_text(gap: "Comparison") -> str:
    """Return how the teacher, which is given the strategy, compares with the tuned student."""
    if gap.finding == "better":
        return f"The teacher, which is given the strategy, is ahead by {points(gap)}."
    if gap.finding == "worse":
        return f"The teacher, though given the strategy, is behind by {points(gap)}."
    return f"There is no clear difference to the teacher, which is given the strategy: {points(gap)}."


def plot_note(one: "EvaluationSummary") -> str:
    """Return what the legend of a plot says of the tasks behind a model's shares; "" if there is nothing."""
    parts = [f"{one.left_out:,} left out"] if one.left_out else []
    if one.results.unasked:
        parts.append(f"{one.results.unasked:,} not asked")
    return ", ".join(parts)


def comparison_notes(found: "ModelComparison") -> list[str]:
    """Return a line for everything that a model's scores leave out or count as incorrect, with its name.

    The last says where evaluations of one model file were computed by different engines.
    """
    lines = [f"{one.name}: {line}" for one in found.summaries for line in _notes(one)]
    for model in dict.fromkeys(one.model for one in found.summaries):
        of_it = [one for one in found.summaries if one.model == model]
        if len({one.engines for one in of_it}) > 1:
            by = [f"{one.name} by {' and '.join(sorted(one.engines)) or NOT_NOTED}" for one in of_it]
            lines.append(f"{model.name} was computed in different ways: {'; '.join(by)}. {NEAR_TIES}")
    return lines


def _notes(one: "EvaluationSummary") -> list[str]:
    return score_notes(replace(one.results, unanswered=one.unanswered, ungraded=one.ungraded))
