"""A curve's points in arrays that grow by doubling, so that a long training costs no more a point."""

import numpy as np
import numpy.typing as npt

FIRST = 1024  # points that fit at once
SMOOTHING = 0.08  # weight of the newest point in the smoothed curve


class Series:
    """Values by step, in the order of the steps, with a smoothed copy."""

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
        """Add a point. One at a step that is there already, as after a resume, begins anew from there."""
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
        """Forget all points."""
        self._count = 0

    def nearest(self, step: float) -> int | None:
        """Return the place of the point nearest to `step`; None when there is none."""
        if not self._count:
            return None
        after = int(np.searchsorted(self.steps, step))
        near = (place for place in (after - 1, after) if 0 <= place < self._count)
        return min(near, key=lambda place: abs(self._steps[place] - step))


def _doubled(old: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    new = np.empty(2 * len(old), np.float64)
    new[: len(old)] = old
    return new
