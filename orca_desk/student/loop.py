"""The training loop, from an opened engine to its last step. Read it from top to bottom."""

import itertools
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol

import psutil

from orca_desk.errors import FinalError
from orca_desk.student import checkpoints
from orca_desk.student.checkpoints import TrainingProgress
from orca_desk.student.data import ExampleSets
from orca_desk.student.engine import TrainingEngine
from orca_desk.student.packing import TrainingStep, plan, schedule_steps
from orca_desk.student.schedule import learning_rate
from orca_desk.student.settings import TrainSettings

Emit = Callable[[dict[str, Any]], None]
Ending = Literal["finished", "early", "stopped"]
TAIL = 100  # metrics in a checkpoint
CHECKPOINT_SECONDS = 60.0  # of work, plus a step, that a kill can cost at most where checkpoints are on


class RunControl(Protocol):
    """What the user wants now: the loop reads `state` before each step; `proceed` waits out a pause."""

    @property
    def state(self) -> Literal["run", "pause", "stop"]:
        """Return what the user wants now."""

    def proceed(self) -> bool:
        """Wait while paused; return whether to continue (False: stop)."""


@dataclass(frozen=True, kw_only=True)
class StepResult:
    """What a step measured: mean loss in nats, gradient norm before clipping, learning rate, and work."""

    loss: float
    norm: float
    rate: float
    tokens: int
    trained: int
    seconds: float


class Loop:
    """One training run over `examples`; `run` continues from `progress` to the end or a stop."""

    def __init__(
        self,
        *,
        engine: TrainingEngine,
        examples: ExampleSets,
        settings: TrainSettings,
        folder: Path,
        emit: Emit,
        control: RunControl,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Restore the newest whole checkpoint in `folder` into the new `engine`; `clock` gives seconds."""
        self.engine, self.settings, self.folder = engine, settings, folder
        self.emit, self.control, self._clock = emit, control, clock
        self.training, self.evaluation = examples.training, examples.evaluation
        self.progress: TrainingProgress = checkpoints.restore_newest(folder, engine, self._warn)
        self.saved_step, self._saved_at = self.progress.step, clock()
        lengths = [len(example.ids) for example in self.training]
        self.steps = list(schedule_steps(lengths, settings, packs=engine.packs))

    def run(self) -> Ending:
        """Train until the last step, an early stop or the user's stop, and save the last state."""
        if self.progress.step == 0 and self.evaluation:
            self._note_evaluation(self.evaluate())
        for step in itertools.islice(self.steps, self.progress.step, None):
            if self._has_stopped_improving():
                break
            if self.control.state != "run" and not self._wait():
                return "stopped"
            self._report(step, self._take(step))
            if self.evaluation and self._is_due(self.settings.eval_every, step):
                self._note_evaluation(self.evaluate())
            if self._is_checkpoint_due() or self._is_best():
                self.save()
        self.save()
        return "early" if self.progress.step < len(self.steps) else "finished"

    def save(self) -> None:
        """Write a checkpoint, unless this step already has one."""
        if self.progress.step == self.saved_step:
            return
        checkpoints.save(self.folder, self.engine, self.progress)
        self.saved_step, self._saved_at = self.progress.step, self._clock()

    def evaluate(self) -> float:
        """Return the validation loss: the mean over the evaluation examples, in nats per trained token.

        Raises FinalError when it is not finite: no later loss would count as an improvement on it.
        """
        lengths = [len(example.ids) for example in self.evaluation]
        total = sum(
            self.engine.evaluate([self.evaluation[index] for index in indices])
            for indices in plan(lengths, self.settings.batch_tokens, packs=self.engine.packs)
        )
        if not math.isfinite(total):
            raise FinalError(
                f"The validation loss after step {self.progress.step} is not a number.",
                "Lower the learning rate, or set dtype to float32.",
            )
        return total / sum(example.trained for example in self.evaluation)

    def _take(self, step: TrainingStep) -> StepResult:
        """Take one step. Raises FinalError, before it changes the weights, when the loss is not finite."""
        start = time.perf_counter()
        rate = learning_rate(self.settings, self.progress.step, len(self.steps))
        batches = [[self.training[index] for index in indices] for indices in step.batches]
        numbers = self.engine.take_step(batches, rate=rate, clip=self.settings.clip)
        if not (math.isfinite(numbers.loss) and math.isfinite(numbers.norm)):
            raise FinalError(
                f"The loss of step {self.progress.step + 1} is not a number: training diverged.",
                "Lower the learning rate, or set dtype to float32.",
            )
        examples = [example for batch in batches for example in batch]
        return StepResult(
            loss=numbers.loss,
            norm=numbers.norm,
            rate=rate,
            tokens=sum(len(example.ids) for example in examples),
            trained=sum(example.trained for example in examples),
            seconds=time.perf_counter() - start,
        )

    def _report(self, step: TrainingStep, result: StepResult) -> None:
        """Count the step and emit its metrics."""
        progress = self.progress
        progress.step += 1
        progress.tokens += result.tokens
        progress.trained_tokens += result.trained
        metrics = {
            "event": "metrics",
            "step": progress.step,
            "steps": len(self.steps),
            "epoch": step.epoch,
            "loss": result.loss,
            "lr": result.rate,
            "grad_norm": result.norm,
            "tokens": progress.tokens,
            "trained_tokens": progress.trained_tokens,
            "tokens_per_second": result.tokens / result.seconds,
            "trained_tokens_per_second": result.trained / result.seconds,
            "memory_bytes": psutil.Process().memory_info().rss,
        }
        progress.metrics = [*progress.metrics, metrics][-TAIL:]
        self.emit(metrics)

    def _note_evaluation(self, loss: float) -> None:
        """Emit the validation loss of this step and remember it; step 0 is the untrained student."""
        self.emit({"event": "eval", "step": self.progress.step, "loss": loss})
        self.progress.note_loss(loss, margin=self.settings.early_stop_margin)

    def _wait(self) -> bool:
        """Save, then stop or wait out the pause; return whether to continue."""
        self.save()
        if self.control.state == "pause":
            self.emit({"event": "paused", "step": self.progress.step})
            if self.control.proceed():
                self.emit({"event": "resumed", "step": self.progress.step})
        return self.control.state != "stop"

    def _is_due(self, every: int, step: TrainingStep | None) -> bool:
        """Return whether something that happens every `every` steps (0: at the epoch's end) is due now."""
        if every:
            return self.progress.step % every == 0 or self.progress.step == len(self.steps)
        return step is not None and step.ends_epoch

    def _is_checkpoint_due(self) -> bool:
        """Return whether to save now: by steps, or by time where steps are slow. Saving changes no loss."""
        every = self.settings.checkpoint_every
        is_late = every > 0 and self._clock() - self._saved_at > CHECKPOINT_SECONDS
        return is_late or self._is_due(every, None)

    def _is_best(self) -> bool:
        """Return whether to save this step because its evaluation was the best of a trained step."""
        return self.settings.keep_best and self.progress.adapter_step == self.progress.step

    def _has_stopped_improving(self) -> bool:
        return 0 < self.settings.early_stop <= self.progress.waited

    def _warn(self, sentence: str) -> None:
        self.emit({"event": "warning", "message": sentence})
