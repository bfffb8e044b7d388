"""The frozen base in 4 bits (NF4, arXiv 2305.14314), by bitsandbytes: a quarter of the memory of 16 bits.

Only the linear layers of the body are packed; embedding, norms and head stay as they are. An adapter trained
on them is merged into the unquantised weights, like any other: packed weights are never saved.
"""

import importlib.util
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from orca_desk.errors import UserError

BLOCK = 64  # weights that share a scale


@dataclass(frozen=True, eq=False)
class PackedWeight:
    """A weight [out, in] in 4 bits."""

    codes: Tensor
    state: Any  # bitsandbytes' scales

    def unpack(self) -> Tensor:
        """Return the weight in the number format that it had."""
        from bitsandbytes.functional import dequantize_4bit

        weight: Tensor = dequantize_4bit(self.codes, self.state)
        return weight


class FourBitLinear(nn.Linear):  # type: ignore[misc]
    """A frozen linear layer whose weight is packed: `weight` is empty, `packed` holds it."""

    packed: PackedWeight

    def forward(self, x: Tensor) -> Tensor:
        """x [..., in] -> [..., out]; the weight is unpacked for each pass."""
        y: Tensor = _Product.apply(x, self.packed)
        return y if self.bias is None else y + self.bias


class _Product(torch.autograd.Function):  # type: ignore[misc]
    """x @ weight.T, unpacking the weight again in the backward pass rather than storing it."""

    @staticmethod
    def forward(context: Any, x: Tensor, packed: PackedWeight) -> Tensor:
        """x [..., in] -> [..., out]."""
        context.packed = packed
        return x @ packed.unpack().to(x.dtype).t()

    @staticmethod
    def backward(context: Any, gradient: Tensor) -> tuple[Tensor, None]:
        """Return the gradient of x."""
        return gradient @ context.packed.unpack().to(gradient.dtype), None


def require_bitsandbytes() -> None:
    """Raise UserError where bitsandbytes is not installed."""
    if importlib.util.find_spec("bitsandbytes") is None:
        raise UserError(
            "A base in 4 bits needs bitsandbytes, which is not installed.",
            "Install it (pip install 'orca-desk[gpu]'), or set base_bits to 16.",
        )


def pack_linears(body: nn.Module, device: torch.device) -> int:
    """Replace each linear layer of `body` by one in 4 bits on `device`; return how many were replaced.

    Weights are moved one at a time, so the device never holds all of them unpacked.
    """
    require_bitsandbytes()
    from bitsandbytes.functional import quantize_4bit

    found = [
        (module, name, child)
        for module in body.modules()
        for name, child in module.named_children()
        if type(child) is nn.Linear
    ]
    for module, name, child in found:
        codes, state = quantize_4bit(
            child.weight.data.to(device), blocksize=BLOCK, quant_type="nf4", compress_statistics=True
        )
        layer = FourBitLinear(child.in_features, child.out_features, bias=False, device="meta")
        layer.packed = PackedWeight(codes, state)
        layer.weight = nn.Parameter(torch.empty(0, dtype=child.weight.dtype, device=device), False)
        layer.bias = child.bias if child.bias is None else nn.Parameter(child.bias.to(device), False)
        setattr(module, name, layer)
    return len(found)
