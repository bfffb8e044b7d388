"""The answer budget: how many questions a model answers correctly within a number of tokens."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from orca_desk.method.statistics import Share, share_of

MOST_POINTS = 64  # of a curve; more are no finer than a screen


@dataclass(frozen=True, kw_only=True)
class TimedAnswer:
    """An answer's verdict and its tokens; `ended` is False for one that a length limit cut off."""

    correct: bool
    tokens: int
    ended: bool


@dataclass(frozen=True, kw_only=True)
class BudgetPoint:
    """The share of questions that are answered correctly within `tokens` tokens each."""

    tokens: int
    accuracy: Share


@dataclass(frozen=True, kw_only=True)
class BudgetCurve:
    """Accuracy by allowed tokens, of one model.

    `cut_correct` counts the answers that were cut off at the evaluation's own limit and yet graded correct:
    no budget counts them, as nobody knows at how many tokens they would have ended. `longest` is the number
    of tokens of the longest answer that ended; from there on the curve is level.
    """

    points: tuple[BudgetPoint, ...]
    n: int
    cut: int
    cut_correct: int
    longest: int

    def at(self, tokens: int) -> Share:
        """Return the share at a budget: that of the last point that is not above it."""
        place = bisect_right([point.tokens for point in self.points], tokens)
        return self.points[place - 1].accuracy if place else share_of(0, self.n)


def budget_curve(answers: Iterable[TimedAnswer], *, budgets: Sequence[int] | None = None) -> BudgetCurve:
    """Return the curve of some answers, one per question; a question without an answer has 0 tokens.

    An answer counts at a budget only if it is correct and ended by itself within it. Grading the first tokens
    of a longer answer instead would credit a model with an answer that it has not given: what an unfinished
    solution says last is often an intermediate result. `budgets` are the points; by default those where the
    curve rises, thinned out to at most 64 in equal steps of the share.
    """
    known = list(answers)
    lengths = sorted(one.tokens for one in known if one.correct and one.ended)
    ended = [one.tokens for one in known if one.ended]
    cut = [one for one in known if not one.ended and one.tokens]
    chosen = _rises(lengths, max(ended, default=0)) if budgets is None else sorted(set(budgets))
    return BudgetCurve(
        points=tuple(
            BudgetPoint(tokens=at, accuracy=share_of(bisect_right(lengths, at), len(known))) for at in chosen
        ),
        n=len(known),
        cut=len(cut),
        cut_correct=sum(one.correct for one in cut),
        longest=max(ended, default=0),
    )


def _rises(lengths: Sequence[int], longest: int) -> list[int]:
    """Return the budgets at which the curve rises, the longest answer's length, and 0 as its beginning."""
    distinct = sorted(set(lengths))
    if len(distinct) > MOST_POINTS:
        places = (len(lengths) * (k + 1) // MOST_POINTS - 1 for k in range(MOST_POINTS))
        distinct = sorted({lengths[place] for place in places})
    return sorted({0, *distinct, *([longest] if longest else [])})
