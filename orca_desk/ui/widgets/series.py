"""The points of a curve, in arrays that double when they are full: each point costs the same."""

from collections.abc import Iterable, Mapping
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

FIRST = 1024  # points of the first array
SMOOTHING = 0.08  # weight of the newest point in the smoothed curve

Axis = Literal["step", "tokens", "seconds"]  # what a curve is plotted over
Event = Mapping[str, Any]
Points = tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]  # steps and values


class StepValues:
    """Values ordered by step, with a smoothed copy."""

    def __init__(self) -> None:
        self._steps = np.empty(FIRST, np.float64)
        self._values = np.empty(FIRST, np.float64)
        self._smooth = np.empty(FIRST, np.float64)
        self._count = 0

    def __len__(self) -> int:
        return self._count

    @property
    def steps(self) -> npt.NDArray[np.float64]:
        """The steps; a view, not a copy."""
        return self._steps[: self._count]

    @property
    def values(self) -> npt.NDArray[np.float64]:
        """The value at each step; a view."""
        return self._values[: self._count]

    @property
    def smooth(self) -> npt.NDArray[np.float64]:
        """The exponential mean up to each step; a view."""
        return self._smooth[: self._count]

    def put(self, step: float, value: float) -> None:
        """Add a point. A point at an earlier step, as after a resume, replaces all points from there on."""
        if self._count and step <= self._steps[self._count - 1]:
            self._count = int(np.searchsorted(self.steps, step))
        if self._count == len(self._steps):
            self._steps, self._values, self._smooth = map(_doubled, (self._steps, self._values, self._smooth))
        before = self._smooth[self._count - 1] if self._count else value
        self._steps[self._count] = step
        self._values[self._count] = value
        self._smooth[self._count] = before + SMOOTHING * (value - before)
        self._count += 1

    def before(self, step: float) -> float:
        """Return the value of the last point before `step`; 0 where there is none."""
        place = int(np.searchsorted(self.steps, step))
        return float(self._values[place - 1]) if place else 0.0

    def clear(self) -> None:
        """Remove all points."""
        self._count = 0

    def some(self, low: float, high: float, most: int) -> Points:
        """Return about `most` evenly spaced points from step `low` to `high`, and the last one."""
        first, last = self._range(low, high)
        if last - first <= most:
            return self._steps[first:last], self._values[first:last]
        chosen = np.unique(np.linspace(first, last - 1, most).astype(np.intp))
        return self._steps[chosen], self._values[chosen]

    def lines(self, low: float, high: float, buckets: int) -> tuple[Points, Points]:
        """Return (the values, the smoothed values) from step `low` to `high` with few points.

        Each bucket of steps gives its lowest and its highest value, so that no spike is lost, and one
        smoothed one. That is far cheaper to draw than all points, and looks the same.
        """
        first, last = self._range(low, high)
        steps, values = self._steps[first:last], self._values[first:last]
        smooth = self._smooth[first:last]
        if len(steps) <= 2 * buckets:
            return (steps, values), (steps, smooth)
        starts = np.linspace(0, len(steps), buckets, endpoint=False).astype(np.intp)
        ends = np.append(starts[1:], len(steps)) - 1
        spikes = np.stack([np.minimum.reduceat(values, starts), np.maximum.reduceat(values, starts)], axis=1)
        places = np.stack([steps[starts], steps[ends]], axis=1)
        return (places.ravel(), spikes.ravel()), (steps[ends], smooth[ends])

    def _range(self, low: float, high: float) -> tuple[int, int]:
        """Return the index range from `low` to `high`, one wider on each side to reach both edges."""
        first = int(np.searchsorted(self.steps, low)) - 1
        last = int(np.searchsorted(self.steps, high, "right")) + 1
        return max(0, first), min(self._count, last)

    def nearest(self, step: float) -> int | None:
        """Return the index of the point nearest to `step`, or None without points."""
        if not self._count:
            return None
        after = int(np.searchsorted(self.steps, step))
        near = (place for place in (after - 1, after) if 0 <= place < self._count)
        return min(near, key=lambda place: abs(self._steps[place] - step))


class TrainingPoints:
    """All curves of one training, and the tokens and the seconds that it took until each step.

    The seconds are those of its steps: neither validations nor pauses count. A background thread may fill it.
    """

    def __init__(self) -> None:
        self.loss, self.evaluation, self.rate = StepValues(), StepValues(), StepValues()
        self.tokens, self.seconds = StepValues(), StepValues()

    def add(self, metrics: Iterable[Event], evaluations: Iterable[Event]) -> None:
        """Add "metrics" and "eval" events of the trainer."""
        for event in metrics:
            self.loss.put(event["step"], event["loss"])
            self.rate.put(event["step"], event["lr"])
            self._add_work(event)
        for event in evaluations:
            self.evaluation.put(event["step"], event["loss"])

    def take(self, other: "TrainingPoints") -> None:
        """Take over the points of another."""
        self.loss, self.evaluation, self.rate = other.loss, other.evaluation, other.rate
        self.tokens, self.seconds = other.tokens, other.seconds

    def across(self, steps: npt.NDArray[np.float64], axis: Axis) -> npt.NDArray[np.float64]:
        """Return where steps lie on an axis."""
        work = self._work(axis)
        return steps if work is None else np.interp(steps, *_from_zero(work))

    def step_at(self, place: float, axis: Axis) -> float:
        """Return the step at a place on an axis."""
        work = self._work(axis)
        if work is None or not np.isfinite(place):
            return place
        steps, values = _from_zero(work)
        return float(np.interp(place, values, steps))

    def _work(self, axis: Axis) -> StepValues | None:
        return None if axis == "step" else self.tokens if axis == "tokens" else self.seconds

    def _add_work(self, event: Event) -> None:
        """Note the tokens and the seconds until a step; earlier builds reported none."""
        tokens, rate = event.get("tokens"), event.get("tokens_per_second")
        if tokens is None or not rate:
            return
        new = tokens - self.tokens.before(event["step"])
        seconds = self.seconds.before(event["step"]) + max(0, new) / rate
        self.tokens.put(event["step"], tokens)
        self.seconds.put(event["step"], seconds)


def _from_zero(work: StepValues) -> Points:
    """Return steps and values with the beginning of the training before them."""
    return np.concatenate([[0.0], work.steps]), np.concatenate([[0.0], work.values])


def _doubled(old: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    new = np.empty(2 * len(old), np.float64)
    new[: len(old)] = old
    return new
