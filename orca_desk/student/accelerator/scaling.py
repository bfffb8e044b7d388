"""Scaling the loss, so that float16 can hold its gradients.

float16 has no value below 6e-8 and none above 65504. The loss is multiplied by a scale before the backward
pass and the gradients are divided by it. Where they overflow, the same step is computed again with half the
scale, so no record is left out, as would be in the usual way (`torch.amp.GradScaler` skips such a step).
"""

from dataclasses import dataclass

START = 2.0**15
SMALLEST = 2.0**-14  # below it the loss itself, not its scale, is why gradients are not finite
STEADY = 500  # steps without an overflow after which a larger scale is tried


@dataclass
class LossScale:
    """The scale of a run in float16; `steady` counts the steps since it changed."""

    value: float = START
    steady: int = 0

    def shrink(self) -> bool:
        """Halve the scale after an overflow; return False where that would not help."""
        self.value /= 2
        self.steady = 0
        return self.value >= SMALLEST

    def note_step(self) -> None:
        """Note a step without an overflow: after many of them the scale is doubled."""
        self.steady += 1
        if self.steady >= STEADY:
            self.value *= 2
            self.steady = 0
