"""The points of a curve, in arrays that double when they are full: each point costs the same."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

FIRST = 1024  # points of the first array
SMOOTHING = 0.08  # weight of the newest point in the smoothed curve

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
    """All curves of one training. A background thread may fill it."""

    def __init__(self) -> None:
        self.loss, self.evaluation, self.rate = StepValues(), StepValues(), StepValues()

    def add(self, metrics: Iterable[Event], evaluations: Iterable[Event]) -> None:
        """Add "metrics" and "eval" events of the trainer."""
        for event in metrics:
            self.loss.put(event["step"], event["loss"])
            self.rate.put(event["step"], event["lr"])
        for event in evaluations:
            self.evaluation.put(event["step"], event["loss"])

    def take(self, other: "TrainingPoints") -> None:
        """Take over the points of another."""
        self.loss, self.evaluation, self.rate = other.loss, other.evaluation, other.rate


def _doubled(old: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    new = np.empty(2 * len(old), np.float64)
    new[: len(old)] = old
    return new
