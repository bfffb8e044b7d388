"""What a training does in some seconds, measured alike on both sides."""

import time
from pathlib import Path
from typing import Any

from benchmarks.training import Memory, body_weights


class Timed:
    """A control that stops a training once it was measured for some seconds, after `warm` steps.

    It waits for the device where measuring begins and ends, and nowhere between: a trainer that runs ahead of
    its device is not slowed down.
    """

    def __init__(self, seconds: float, *, warm: int = 2, steps: int = 0) -> None:
        """Measure `steps` steps, or if 0, as many as `seconds` hold."""
        self._seconds, self._warm, self._most = seconds, warm, steps
        self._began = self._ended = 0.0
        self._memory = Memory()
        self.steps = 0
        self.tokens: Any = 0  # or a number on the device
        self.trained: Any = 0

    def step(self, tokens: Any, trained: Any) -> None:
        """Note the end of a step in which these tokens were computed and trained."""
        self.steps += 1
        if self.steps > self._warm:
            self.tokens, self.trained = self.tokens + tokens, self.trained + trained
            self._ended = time.perf_counter()
            if self.is_over:
                wait_for_device()
                self._ended = time.perf_counter()
        elif self.steps == self._warm:  # loading, and what is tried before training, are not training
            wait_for_device()
            self._forget_peak()
            self._began = time.perf_counter()

    @property
    def is_over(self) -> bool:
        """Whether enough was measured."""
        measured = self.steps - self._warm
        return measured >= self._most if self._most else measured > 0 and self._passed > self._seconds

    @property
    def state(self) -> str:
        """For our loop: "run" or "stop"."""
        return "stop" if self.is_over else "run"

    def proceed(self) -> bool:
        """Never pause."""
        return True

    @property
    def _passed(self) -> float:
        return self._ended - self._began

    def result(self, base: Path) -> dict[str, Any]:
        """Return the figures; operations are counted as `benchmarks.training` does."""
        from orca_desk.student.base import read_base

        peak = self._peak()
        tokens, trained = int(self.tokens), int(self.trained)
        if not tokens:
            return {"failed": f"only {self.steps} steps were taken"}
        model = read_base(base)
        operations = 4 * body_weights(model) * tokens + 4 * model.vocab * model.width * trained
        return {
            "tokens_per_second": tokens / self._passed,
            "trained_tokens_per_second": trained / self._passed,
            "steps": self.steps - self._warm,
            "seconds": self._passed,
            "flops_per_second": operations / self._passed,
            "memory_bytes": peak,
        }

    def _forget_peak(self) -> None:
        import torch

        if torch.cuda.is_available():
            torch.cuda.reset_peak_memory_stats()
        self._memory.start()

    def _peak(self) -> int:
        """Return the most memory that torch took of the device; on the CPU, what this process held."""
        import torch

        self._memory.stop()
        if torch.cuda.is_available():
            return int(torch.cuda.max_memory_allocated())
        if torch.backends.mps.is_available():
            return int(torch.mps.driver_allocated_memory())  # it keeps freed memory: nearly the most
        return self._memory.peak


def wait_for_device() -> None:
    """Wait until the device has computed everything."""
    import torch

    if torch.accelerator.is_available():
        torch.accelerator.synchronize()


def forget() -> None:
    """Give the device's memory back, so that the next way begins with all of it."""
    import gc

    import torch

    gc.collect()
    if torch.accelerator.is_available():
        torch.accelerator.empty_cache()
    torch._dynamo.reset()
