"""What the training loop asks of a library of arithmetic. `engines` opens one; torch and mlx implement it."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from orca_desk.errors import UserError
from orca_desk.student.data import Example


class UnsuitedError(UserError):
    """The engine cannot be loaded, or cannot train this model as transformers computes it."""


@dataclass(frozen=True, kw_only=True)
class StepNumbers:
    """A step's loss (mean over its trained tokens, in nats) and gradient norm before clipping."""

    loss: float
    norm: float


class TrainingEngine(Protocol):
    """The base, its adapter and the optimizer of one run, on one library and one device.

    It starts as a new adapter of the run's seed. It never reads or writes the run's progress, which is the
    loop's; it knows neither schedules nor epochs.
    """

    packs: bool
    """Whether a batch's records follow one another in one row: batch_tokens then counts no padding."""

    def describe(self) -> dict[str, Any]:
        """Return what the report says: parameters, adapter_parameters, and what was really used."""

    def take_step(self, batches: Sequence[Sequence[Example]], *, rate: float, clip: float) -> StepNumbers:
        """Take one optimizer step on the batches together, and return its numbers.

        The loss is summed over the trained tokens of all batches and divided by their number. `clip` limits
        the gradient's norm (0: no limit). Leaves the adapter and the optimizer as they were where loss or
        norm are not finite.
        """

    def evaluate(self, examples: Sequence[Example]) -> float:
        """Return the loss of one batch in nats, summed over its trained tokens; nothing is dropped out."""

    def save_adapter(self, folder: Path) -> None:
        """Write the adapter into the new folder `folder` as PEFT does; equal weights give equal bytes."""

    def save_state(self, path: Path) -> None:
        """Write the rest of its state, optimizer and random generators, to the safetensors file `path`."""

    def load(self, adapter: Path, state: Path) -> None:
        """Take over what `save_adapter` and `save_state` wrote: the run continues as if never interrupted."""
