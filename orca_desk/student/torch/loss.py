"""The training loss: cross-entropy of the trained tokens, with the head run on only those, in chunks."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from peft import PeftModel
from torch import Tensor, nn
from transformers import PreTrainedModel

from orca_desk.errors import UserError
from orca_desk.models.fits import LOGITS_AT_ONCE
from orca_desk.student.accelerator.attention import RowLayout
from orca_desk.student.accelerator.packing import PackedBatch
from orca_desk.student.families import supported
from orca_desk.student.packing import TrainingBatch
from orca_desk.student.torch.matmul import matmul

LOGITS_IN_CACHE = 2**19  # numbers: of them a CPU computes the loss at once
LOGITS_ON_DEVICE = 2**26  # as LOGITS_AT_ONCE on an accelerator, which is slow in small products
SAME = 1e-4  # tolerance for the same layers, and for others in float32: only the order of sums differs
# In bfloat16 another order of sums moves the logits of 30 layers of random weights by 5%, as far as both are
# from float32; an incorrect layer moves them by more than 100%.
NEAR = {"float32": SAME, "bfloat16": 0.25, "float16": 0.05}


@dataclass(frozen=True)
class LogitShape:
    """What a model does to the products of its head: multiplies them, bends them within a cap (0: does not).

    Granite divides them by logits_scaling, Gemma bends them as cap * tanh(logits / cap).
    """

    scale: float = 1.0
    cap: float = 0.0

    @classmethod
    def of(cls, base: PreTrainedModel) -> "LogitShape":
        """Read it from the model's configuration."""
        divisor = getattr(base.config, "logits_scaling", None) or 1.0
        return cls(scale=1.0 / divisor, cap=getattr(base.config, "final_logit_softcapping", None) or 0.0)

    def apply(self, products: Tensor) -> Tensor:
        """Return the logits, of the same shape and type."""
        logits = products * self.scale if self.scale != 1.0 else products
        return torch.tanh(logits / self.cap) * self.cap if self.cap else logits

    def slope(self, logits: Tensor) -> Tensor | float | None:
        """Return the derivative of the logits by the products; None where both are the same."""
        if self.cap:
            return (logits / self.cap).square_().neg_().add_(1.0).mul_(self.scale)
        return None if self.scale == 1.0 else self.scale


class _SummedCrossEntropy(torch.autograd.Function):  # type: ignore[misc]
    """Sum of -log p(target), whose gradient is computed in the forward pass, chunk by chunk.

    The head is frozen, so the backward pass needs only (softmax - one-hot) @ head: it overwrites the products
    of a chunk, which are freed before the next chunk, as in Liger Kernel (arXiv 2410.10989). On a CPU that
    goes by a few rows, which stay in the processor's cache from one pass to the next.
    """

    @staticmethod
    def forward(context: Any, states: Tensor, head: Tensor, targets: Tensor, shape: LogitShape) -> Tensor:
        """states [n, width], head [vocabulary, width], targets [n] -> the summed loss, float32."""
        is_on_cpu = states.device.type == "cpu"
        rows = _rows(LOGITS_AT_ONCE if is_on_cpu else LOGITS_ON_DEVICE, head)
        at_once = _rows(LOGITS_IN_CACHE if is_on_cpu else LOGITS_ON_DEVICE, head)
        total = torch.zeros((), dtype=torch.float32, device=states.device)
        gradient = torch.empty_like(states) if states.requires_grad else None
        for start in range(0, len(states), rows):
            part, wanted = states[start : start + rows], targets[start : start + rows, None]
            products = matmul(part, head)
            for first in range(0, len(part), at_once):
                some = slice(first, first + at_once)
                loss, slopes = _cross_entropy(products[some], wanted[some], shape, gradient is not None)
                total += loss
                if slopes is not None:
                    products[some] = slopes
            if gradient is not None:
                gradient[start : start + rows] = matmul(products, head.T)
        context.gradient = gradient
        return total

    @staticmethod
    def backward(context: Any, upstream: Tensor) -> tuple[Tensor, None, None, None]:
        """Scale the gradient that the forward pass computed."""
        return context.gradient.mul_(upstream.to(context.gradient.dtype)), None, None, None


def _rows(numbers: int, head: Tensor) -> int:
    return max(1, numbers // len(head))


def _cross_entropy(
    products: Tensor, targets: Tensor, shape: LogitShape, wants_slopes: bool
) -> tuple[Tensor, Tensor | None]:
    """Return the summed -log p(target), and, if wanted, its derivative by the products [n, vocabulary]."""
    logits = shape.apply(products.float())
    slope = shape.slope(logits) if wants_slopes else None
    highest, target = logits.amax(1, keepdim=True), logits.gather(1, targets)
    chances = torch.softmax(logits, 1)
    # The highest chance is at least 1 / vocabulary, so that its logarithm is exact where the target's is not.
    loss = (highest - chances.amax(1, keepdim=True).log() - target).sum()
    if not wants_slopes:
        return loss, None
    chances.scatter_add_(1, targets, torch.full_like(highest, -1.0))
    return loss, chances if slope is None else chances.mul_(slope)


def summed_loss(model: PeftModel, batch: TrainingBatch) -> Tensor:
    """Return the cross-entropy, in nats, summed over the batch's trained tokens (float32 scalar)."""
    base = model.get_base_model()
    head = base.get_output_embeddings().weight
    ids, positions, targets = (
        torch.from_numpy(each).to(head.device) for each in (batch.ids, batch.positions, batch.targets)
    )
    packed = packed_arguments(batch, head.device)
    states = base.base_model(input_ids=ids, use_cache=False, **packed).last_hidden_state
    states = states.flatten(0, 1).index_select(0, positions)
    loss: Tensor = _SummedCrossEntropy.apply(states, head, targets, LogitShape.of(base))
    return loss


def packed_arguments(batch: TrainingBatch, device: torch.device) -> dict[str, Any]:
    """Return what a model's body must be told of a packed row beside its ids; nothing for other batches."""
    if not isinstance(batch, PackedBatch):
        return {}
    return {
        "position_ids": torch.from_numpy(batch.places).to(device),
        "layout": RowLayout.of(batch.starts, batch.kernel, device, batch.room),
    }


def require_own_logits(
    base: PreTrainedModel,
    ids: Tensor,
    reference: Tensor,
    tolerance: float,
    packed: Mapping[str, Any] | None = None,
) -> None:
    """Check that body and head, as training runs them, compute the model's own logits.

    `ids` is [1, n], `reference` the logits [1, n, vocabulary] of the loaded model, `tolerance` the largest
    root mean square error as a share of theirs. `packed` is as `packed_arguments`
    returns it. Raises UserError for a model whose layers or logits training here would compute otherwise, and
    for one whose own logits are not finite.
    """
    if not bool(reference.isfinite().all()):
        raise UserError("The model's weights are damaged: its logits are not numbers.", "Download it again.")
    with torch.no_grad():
        states = base.base_model(input_ids=ids, use_cache=False, **(packed or {})).last_hidden_state
        products = nn.functional.linear(states, base.get_output_embeddings().weight)
        logits = LogitShape.of(base).apply(products).float()
    error = (logits - reference.float()).square().mean().sqrt()
    if not error <= tolerance * reference.float().square().mean().sqrt():
        raise UserError(
            f"{type(base).__name__} models compute their logits in a way that Orca Desk cannot train yet.",
            f"Choose another model of one of the families {supported()}.",
        )
