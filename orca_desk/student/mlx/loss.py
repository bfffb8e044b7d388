"""The training loss in MLX: cross-entropy of the trained tokens alone, with the head run in chunks."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import mlx.core as mx
import mlx.nn as nn

from orca_desk.models.fits import LOGITS_AT_ONCE
from orca_desk.student.packing import TrainingBatch


@dataclass(frozen=True)
class MlxHead:
    """The frozen head of a model: from states [n, width] to logits [n, vocabulary], float32."""

    project: Callable[[mx.array], mx.array]
    vocabulary: int
    divisor: float = 1.0  # Granite divides its logits
    cap: float = 0.0  # Gemma bends them as cap * tanh(logits / cap); 0: it does not

    @classmethod
    def of(cls, model: nn.Module, config: dict[str, Any]) -> "MlxHead":
        """Read it from the model and its config.json."""
        return cls(
            project=model.lm_head if "lm_head" in model else model.model.embed_tokens.as_linear,
            vocabulary=int(config["vocab_size"]),
            divisor=float(config.get("logits_scaling") or 1.0),
            cap=float(config.get("final_logit_softcapping") or 0.0),
        )

    def logits(self, states: mx.array) -> mx.array:
        """Return the logits of the states."""
        logits = self.project(states).astype(mx.float32) / self.divisor
        return mx.tanh(logits / self.cap) * self.cap if self.cap else logits


def summed_loss(model: nn.Module, head: MlxHead, batch: TrainingBatch) -> mx.array:
    """Return the cross-entropy, in nats, summed over the batch's trained tokens (float32 scalar)."""
    states = model.model(mx.array(batch.ids))
    states = states.reshape(-1, states.shape[-1])[mx.array(batch.positions)]
    return _summed_cross_entropy(states, mx.array(batch.targets), head)


def _summed_cross_entropy(states: mx.array, targets: mx.array, head: MlxHead) -> mx.array:
    """states [n, width], targets [n] -> the summed loss.

    The gradient is computed with the loss, chunk by chunk, so that the logits of one chunk at a time exist.
    """

    def of_chunk(part: mx.array, wanted: mx.array) -> mx.array:
        return nn.losses.cross_entropy(head.logits(part), wanted, reduction="sum")

    rows = max(1, LOGITS_AT_ONCE // head.vocabulary)
    with_gradient = mx.value_and_grad(of_chunk)

    def both(states: mx.array) -> tuple[mx.array, mx.array]:
        losses: list[mx.array] = []
        gradients: list[mx.array] = []
        for at in range(0, states.shape[0], rows):
            part = states[at : at + rows]
            if losses:  # or the logits of all chunks would exist at once
                part = mx.depends(part, [losses[-1], gradients[-1]])
            loss, gradient = with_gradient(part, targets[at : at + rows])
            losses.append(loss)
            gradients.append(gradient)
        return mx.stack(losses).sum(), mx.concatenate(gradients)

    def backward(
        _: mx.array, upstream: tuple[mx.array, mx.array], outputs: tuple[mx.array, mx.array]
    ) -> mx.array:
        return outputs[1] * upstream[0].astype(outputs[1].dtype)

    function = mx.custom_function(both)
    function.vjp(backward)
    return function(states)[0]
