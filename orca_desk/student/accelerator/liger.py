"""Norm and gating by Liger Kernel's Triton kernels (arXiv 2410.10989), where they are faster than torch's.

An optional extra for CUDA and ROCm. `variants` measures and compares before a training uses it.
"""

import importlib.util
from types import MethodType
from typing import Any

from torch import Tensor, nn

from orca_desk.errors import UserError
from orca_desk.student.torch.kernels import GATED, NORMS, apply_linears, is_known_gate


def is_installed() -> bool:
    """Return whether liger-kernel and Triton are there."""
    return all(importlib.util.find_spec(name) is not None for name in ("liger_kernel", "triton"))


def require_liger() -> None:
    """Raise UserError where a training that uses Liger Kernel cannot go on."""
    if not is_installed():
        raise UserError(
            "This training began with Liger Kernel, which is no longer installed.",
            "Install it to resume (pip install 'orca-desk[gpu]'); or start a new training: another seed "
            "makes one.",
        )


def use_liger(body: nn.Module) -> int:
    """Replace the norms and gates of `body` that Liger computes alike, in place; return how many."""
    count = 0
    for module in body.modules():
        kind = type(module).__name__
        if kind in NORMS:
            module.forward = MethodType(_norm_forward, module)
        elif kind in GATED and is_known_gate(module):
            module.forward = MethodType(_gated_forward, module)
        else:
            continue
        count += 1
    return count


def _norm_forward(self: Any, hidden_states: Tensor) -> Tensor:
    from liger_kernel.ops.rms_norm import LigerRMSNormFunction

    # Not in place: the residual beside a norm needs the same gradient.
    normed: Tensor = LigerRMSNormFunction.apply(
        hidden_states, self.weight, self.variance_epsilon, 0.0, "llama", False
    )
    return normed


def _gated_forward(self: Any, x: Tensor) -> Tensor:
    from liger_kernel.ops.swiglu import LigerSiLUMulFunction

    gate, up = apply_linears(x, self.gate_proj, self.up_proj)
    return apply_linears(LigerSiLUMulFunction.apply(gate, up), self.down_proj)[0]
